#include "nuq/engine/layers/arg_max.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
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
