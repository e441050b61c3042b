#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Clip keeps values within its range") {
  const Tensor input({5}, {-9.0F, -2.0F, 0.5F, 3.0F, 4.0F});
  CHECK(computed<nuq::detail::ClipLayer>(layer_alone("Clip", "clip_param { min: -2 max: 3 }"), {input}).values ==
        std::vector<float>{-2.0F, -2.0F, 0.5F, 3.0F, 3.0F});
}

TEST_CASE("Clip does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(
      computed<nuq::detail::ClipLayer>(layer_alone("Clip", "clip_param { min: -2 max: 3 }"), {input}).values[0]));
}
