#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "../layer_alone.hpp"

TEST_CASE("TanH is the hyperbolic tangent, from one end to the other") {
  const nuq::Tensor input({4}, {-100.0F, -0.5F, 1e-4F, 100.0F});
  const std::vector<float> output = computed<nuq::detail::TanhLayer>(layer_alone("TanH", ""), {input}).values;
  CHECK(relative_error(output, {-1.0, std::tanh(-0.5), std::tanh(1e-4), 1.0}) < 1e-6);
}
