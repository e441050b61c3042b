#include "nuq/engine/layers/reduction.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

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
