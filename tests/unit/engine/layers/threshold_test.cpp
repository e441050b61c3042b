#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Threshold tells what is above it") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ThresholdLayer>(layer_alone("Threshold", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 1.0F, 1.0F});
  CHECK(computed<nuq::detail::ThresholdLayer>(layer_alone("Threshold", "threshold_param { threshold: 0.5 }"), {input})
            .values == std::vector<float>{0.0F, 0.0F, 0.0F, 1.0F});
}
