#include "nuq/engine/layers/normalize.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_normalize_test {

constexpr std::size_t channels = 3;
constexpr std::size_t plane = 20;

/// For an input [2, 3, 4, 5].
std::vector<double> normalised(const Tensor& input, bool across_spatial, const Tensor& factors, double eps) {
  const auto square = [&](std::size_t index) { return std::pow(static_cast<double>(input.values[index]), 2.0); };
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const std::size_t item = index / (channels * plane);
    double sum = eps;
    for (std::size_t other = item * channels * plane; other < (item + 1) * channels * plane; ++other) {
      if (across_spatial || other % plane == index % plane) sum += square(other);
    }
    const float factor = factors.values[index / plane % channels % factors.values.size()];
    output.push_back(static_cast<double>(input.values[index]) / std::sqrt(sum) * static_cast<double>(factor));
  }
  return output;
}

TEST_CASE("normalize divides by the length of an item or of each position's channels, then weighs") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const Tensor one_factor({1}, {20.0F});
  const Tensor factors = random_tensor({3}, 2);
  for (const bool across : {false, true}) {
    const std::string area = std::string("across_spatial: ") + (across ? "true" : "false");
    CAPTURE(area);
    CHECK(relative_error(computed<nuq::detail::NormalizeLayer>(
                             layer_alone("Normalize", "norm_param { " + area + " }", {one_factor}), {input})
                             .values,
                         normalised(input, across, one_factor, 1e-10)) < 1e-6);
    const auto node = layer_alone("Normalize", "norm_param { " + area + " channel_shared: false eps: 0.5 }", {factors});
    CHECK(relative_error(computed<nuq::detail::NormalizeLayer>(node, {input}).values,
                         normalised(input, across, factors, 0.5)) < 1e-6);
  }
}

TEST_CASE("zeros stay zeros") {
  const Tensor input(Shape{1, 3, 2, 2});
  CHECK(computed<nuq::detail::NormalizeLayer>(layer_alone("Normalize", "", {Tensor({1}, {20.0F})}), {input}).values ==
        input.values);
}

TEST_CASE("factors of another number are refused by name") {
  const CaughtError error = error_of<nuq::ModelError>([] {
    computed<nuq::detail::NormalizeLayer>(layer_alone("Normalize", "", {Tensor(Shape{3})}),
                                          {Tensor(Shape{1, 3, 2, 2})});
  });
  CHECK(error.says("layer 'layer1': blob 0 has shape [3], wanted [1]"));
}

}  // namespace engine_layers_normalize_test
