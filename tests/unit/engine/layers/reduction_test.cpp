#include "nuq/engine/layers/reduction.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_arg_max_test {

Tensor arg_max(const std::string& parameters, const Tensor& input) {
  return computed<nuq::detail::ArgMaxLayer>(layer_alone("ArgMax", "argmax_param { " + parameters + " }"), {input});
}

TEST_CASE("without an axis the largest values of each item are found") {
  const Tensor input({2, 4}, {3, 9, -1, 5, 0, -2, -3, -1});
  CHECK(arg_max("", input).shape == Shape{2, 1, 1});
  CHECK(arg_max("", input).values == std::vector<float>{1, 0});
  CHECK(arg_max("top_k: 3", input).values == std::vector<float>{1, 3, 0, 0, 3, 1});
  const Tensor with_values = arg_max("top_k: 2 out_max_val: true", input);
  CHECK(with_values.shape == Shape{2, 2, 2});
  CHECK(with_values.values == std::vector<float>{1, 3, 9, 5, 0, 3, 0, -1});
}

TEST_CASE("an image counts as one run of values per item") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const Tensor output = arg_max("out_max_val: true", input);
  CHECK(output.shape == Shape{2, 2, 1, 1});
  for (const std::size_t item : {0U, 1U}) {
    const auto begin = input.values.begin() + static_cast<std::ptrdiff_t>(60 * item);
    const auto largest = std::max_element(begin, begin + 60);
    CHECK(output.values[2 * item] == static_cast<float>(largest - begin));
    CHECK(output.values[2 * item + 1] == *largest);
  }
}

TEST_CASE("along an axis, places or values replace the axis") {
  const Tensor input({1, 3, 2}, {1, 6, 5, 2, 3, 4});
  CHECK(arg_max("axis: 1", input).shape == Shape{1, 1, 2});
  CHECK(arg_max("axis: 1", input).values == std::vector<float>{1, 0});
  CHECK(arg_max("axis: 1 top_k: 2", input).values == std::vector<float>{1, 0, 2, 2});
  CHECK(arg_max("axis: 1 top_k: 2 out_max_val: true", input).values == std::vector<float>{5, 6, 3, 4});
  CHECK(arg_max("axis: -1", input).values == std::vector<float>{1, 0, 1});
}

TEST_CASE("of equal values the later one comes first, as in Caffe") {
  CHECK(arg_max("top_k: 2", Tensor({1, 4}, {7, 1, 7, 0})).values == std::vector<float>{2, 0});
}

TEST_CASE("more values than there are, and none, are refused by name") {
  const Tensor input(Shape{2, 3, 4});
  const auto problem = [&](const std::string& parameters) {
    return error_of<nuq::ModelError>([&] { arg_max(parameters, input); });
  };
  CHECK(problem("top_k: 13").says("layer 'layer1': top_k is 13, wanted 1 to 12"));
  CHECK(problem("top_k: 4 axis: 1").says("layer 'layer1': top_k is 4, wanted 1 to 3"));
  CHECK(problem("top_k: 0").says("layer 'layer1': top_k is 0"));
}

}  // namespace engine_layers_arg_max_test

namespace engine_layers_reduction_test {

/// Reduces groups of `size` values with `add`, which takes a sum and the next value.
template <class Add>
std::vector<double> reduced(const Tensor& input, std::size_t size, double coefficient, Add add) {
  std::vector<double> output;
  for (std::size_t begin = 0; begin < input.values.size(); begin += size) {
    double sum = 0.0;
    for (std::size_t at = begin; at < begin + size; ++at) sum = add(sum, static_cast<double>(input.values[at]));
    output.push_back(sum * coefficient);
  }
  return output;
}

TEST_CASE("reduction sums up, in one of four ways, what lies behind its axis") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const auto plain = [](double sum, double x) { return sum + x; };
  const auto magnitude = [](double sum, double x) { return sum + std::fabs(x); };
  const auto square = [](double sum, double x) { return sum + x * x; };
  const auto error = [&](const std::string& parameters, const std::vector<double>& expected) {
    const auto node = layer_alone("Reduction", "reduction_param { " + parameters + " }");
    return relative_error(computed<nuq::detail::ReductionLayer>(node, {input}).values, expected);
  };
  CHECK(error("axis: 1", reduced(input, 60, 1.0, plain)) < 1e-6);
  CHECK(error("axis: -1 coeff: 0.5", reduced(input, 5, 0.5, plain)) < 1e-6);
  CHECK(error("axis: 2 operation: ASUM coeff: -2", reduced(input, 20, -2.0, magnitude)) < 1e-6);
  CHECK(error("axis: 2 operation: SUMSQ", reduced(input, 20, 1.0, square)) < 1e-6);
  CHECK(error("axis: 2 operation: MEAN coeff: 3", reduced(input, 20, 3.0 / 20.0, plain)) < 1e-6);
}

TEST_CASE("a whole input gives one value") {
  const Tensor output =
      computed<nuq::detail::ReductionLayer>(layer_alone("Reduction", ""), {Tensor({2, 2}, {1, 2, 3, 4})});
  CHECK(output.shape == nuq::Shape{1});
  CHECK(output.values == std::vector<float>{10});
}

}  // namespace engine_layers_reduction_test

namespace engine_layers_softmax_test {

std::vector<double> normalised(const Tensor& input, std::int64_t extent, std::int64_t inner) {
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const std::int64_t place = static_cast<std::int64_t>(index);
    const std::int64_t first = place / (extent * inner) * extent * inner + place % inner;
    double sum = 0.0;  // relative to this value: no overflow
    for (std::int64_t at = 0; at < extent; ++at) {
      sum += std::exp(static_cast<double>(input.values[static_cast<std::size_t>(first + at * inner)]) -
                      static_cast<double>(input.values[index]));
    }
    output.push_back(1.0 / sum);
  }
  return output;
}

TEST_CASE("softmax normalises along its axis") {
  const Tensor input = random_tensor({3, 4, 5, 2}, 1);
  const auto softmax = [](const std::string& axis) { return layer_alone("Softmax", "softmax_param { " + axis + " }"); };
  CHECK(relative_error(computed<nuq::detail::SoftmaxLayer>(softmax(""), {input}).values, normalised(input, 4, 10)) <
        1e-6);
  CHECK(relative_error(computed<nuq::detail::SoftmaxLayer>(softmax("axis: 2"), {input}).values,
                       normalised(input, 5, 2)) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::SoftmaxLayer>(softmax("axis: -1"), {input}).values,
                       normalised(input, 2, 1)) < 1e-6);
}

TEST_CASE("softmax of many values is as exact as of few") {
  const Tensor input = random_tensor({1, 100000}, 3);
  std::vector<double> expected;
  double sum = 0.0;
  for (const float value : input.values) {
    expected.push_back(std::exp(static_cast<double>(value)));
    sum += expected.back();
  }
  for (double& value : expected) value /= sum;
  CHECK(relative_error(computed<nuq::detail::SoftmaxLayer>(layer_alone("Softmax", ""), {input}).values, expected) <
        6e-7);
}

TEST_CASE("softmax of large values neither overflows nor loses the differences") {
  const Tensor output = computed<nuq::detail::SoftmaxLayer>(layer_alone("Softmax", ""),
                                                            {Tensor({2, 2}, {1000.0F, 1001.0F, -1000.0F, -1001.0F})});
  const double larger = 1.0 / (1.0 + std::exp(-1.0));
  CHECK(relative_error(output.values, {1.0 - larger, larger, larger, 1.0 - larger}) < 1e-6);
}

}  // namespace engine_layers_softmax_test

TEST_CASE("reduce takes values along any axes together") {
  const Tensor input({2, 3, 2}, {1, -2, 3, 4, -5, 6, 7, 8, 9, 10, 11, -12});
  const auto of = [&](nuq::ops::ReduceMethod method, std::vector<std::int64_t> axes, bool keeps) {
    return computed<nuq::detail::ReduceLayer>(operation_alone(nuq::ops::Reduce{method, std::move(axes), keeps}),
                                              {input});
  };
  using Method = nuq::ops::ReduceMethod;
  const Tensor sum = of(Method::sum, {1}, true);
  CHECK(sum.shape == nuq::Shape{2, 1, 2});
  CHECK(sum.values == std::vector<float>{-1, 8, 27, 6});
  const Tensor mean = of(Method::mean, {0, -1}, false);
  CHECK(mean.shape == nuq::Shape{3});
  CHECK(mean.values == std::vector<float>{14.0F / 4, 26.0F / 4, 0});
  CHECK(of(Method::maximum, {0}, false).values == std::vector<float>{7, 8, 9, 10, 11, 6});
  CHECK(of(Method::minimum, {2}, false).values == std::vector<float>{-2, 3, -5, 7, 9, -12});
  CHECK(of(Method::product, {1}, false).values == std::vector<float>{-15, -48, 693, -960});
  CHECK(of(Method::sum_of_magnitudes, {1}, false).values == std::vector<float>{9, 12, 27, 30});
  CHECK(of(Method::sum_of_squares, {2}, false).values == std::vector<float>{5, 25, 61, 113, 181, 265});
  CHECK(of(Method::norm, {2}, false).values[1] == 5.0F);
  const Tensor all = of(Method::sum, {}, false);
  CHECK(all.shape == nuq::Shape{1});
  CHECK(all.values == std::vector<float>{40});
  CHECK_THROWS_AS(of(Method::sum, {3}, false), nuq::ModelError);
}
