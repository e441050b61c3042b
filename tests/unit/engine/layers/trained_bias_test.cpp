#include "nuq/engine/layers/trained_bias.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "../layer_alone.hpp"

namespace engine_layers_trained_bias_test {

using nuq::Tensor;

nuq::Node with_bias(const std::vector<float>& bias) {
  const nuq::Shape shape = {static_cast<std::int64_t>(bias.size())};
  return layer_alone("InnerProduct", "", {Tensor(nuq::Shape{1}), Tensor(shape, bias)});
}

TEST_CASE("a bias is what was trained, and nothing without bias_term") {
  const nuq::Node node = with_bias({0.3F, -1.0F});
  CHECK(nuq::detail::trained_bias(node, true, 2) == std::vector<float>{0.3F, -1.0F});
  CHECK(nuq::detail::trained_bias(node, false, 2).empty());
  CHECK_THROWS_AS(static_cast<void>(nuq::detail::trained_bias(node, true, 3)), nuq::ModelError);
}

TEST_CASE("where sums are counted in scales, the bias is a whole number of them") {
  nuq::Node node = with_bias({0.3F, -1.0F, 0.375F, 7.0F});
  node.sum_scales = {0.25F};
  CHECK(nuq::detail::trained_bias(node, true, 4) == std::vector<float>{0.25F, -1.0F, 0.5F, 7.0F});
  node.sum_scales = {0.5F, 3.0F, 0.0F, 2.0F};
  CHECK(nuq::detail::trained_bias(node, true, 4) == std::vector<float>{0.5F, 0.0F, 0.375F, 8.0F});
}

}  // namespace engine_layers_trained_bias_test
