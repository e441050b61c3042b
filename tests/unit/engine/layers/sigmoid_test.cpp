#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "../layer_alone.hpp"

TEST_CASE("sigmoid is 1 / (1 + exp(-x)), from one end to the other") {
  const nuq::Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 200.0F});
  const std::vector<float> output = computed<nuq::detail::SigmoidLayer>(layer_alone("Sigmoid", ""), {input}).values;
  CHECK(relative_error(output, {0.0, 1.0 / (1.0 + std::exp(3.0)), 0.5, 1.0 / (1.0 + std::exp(-0.25)), 1.0}) < 1e-6);
}
