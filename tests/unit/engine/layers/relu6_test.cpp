#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("ReLU6 cuts at 0 and at 6") {
  const Tensor input({5}, {-2.0F, 0.0F, 0.5F, 6.0F, 7.0F});
  CHECK(computed<nuq::detail::Relu6Layer>(layer_alone("ReLU6", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 6.0F, 6.0F});
}

TEST_CASE("ReLU6 takes the slope of negative values from its own parameters or from those of ReLU") {
  const Tensor input({3}, {-2.0F, 0.5F, 7.0F});
  for (const std::string name : {"relu6_param", "relu_param"}) {
    const auto node = layer_alone("ReLU6", name + " { negative_slope: 0.25 }");
    CHECK(computed<nuq::detail::Relu6Layer>(node, {input}).values == std::vector<float>{-0.5F, 0.5F, 6.0F});
  }
}

TEST_CASE("ReLU6 does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(computed<nuq::detail::Relu6Layer>(layer_alone("ReLU6", ""), {input}).values[0]));
}
