#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("ReLU keeps what is positive and weighs the rest with its slope") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", "relu_param { negative_slope: 0.25 }"), {input}).values ==
        std::vector<float>{-0.5F, 0.0F, 0.5F, 3.0F});
}

TEST_CASE("ReLU does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", ""), {input}).values[0]));
}
