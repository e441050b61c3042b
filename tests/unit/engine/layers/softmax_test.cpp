#include "nuq/engine/layers/softmax.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

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

TEST_CASE("softmax of large values neither overflows nor loses the differences") {
  const Tensor output = computed<nuq::detail::SoftmaxLayer>(layer_alone("Softmax", ""),
                                                            {Tensor({2, 2}, {1000.0F, 1001.0F, -1000.0F, -1001.0F})});
  const double larger = 1.0 / (1.0 + std::exp(-1.0));
  CHECK(relative_error(output.values, {1.0 - larger, larger, larger, 1.0 - larger}) < 1e-6);
}

}  // namespace engine_layers_softmax_test
