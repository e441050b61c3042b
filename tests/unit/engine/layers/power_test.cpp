#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Power scales, shifts and raises") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  const auto power = [&](const std::string& parameters) {
    return computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { " + parameters + " }"), {input})
        .values;
  };
  CHECK(power("") == input.values);
  CHECK(relative_error(power("scale: 0.5 shift: -3"), {-4.0, -3.0, -2.75, -1.5}) < 1e-6);
  CHECK(relative_error(power("power: 2"), {4.0, 0.0, 0.25, 9.0}) < 1e-6);
  CHECK(relative_error(power("power: 0.5 scale: 2 shift: 4"), {0.0, 2.0, std::sqrt(5.0), std::sqrt(10.0)}) < 1e-6);
  CHECK(relative_error(power("power: -1 shift: 3"), {1.0, 1.0 / 3.0, 1.0 / 3.5, 1.0 / 6.0}) < 1e-6);
}

TEST_CASE("the power 0 and the scale 0 give constants") {
  const Tensor input({3}, {-2.0F, 0.0F, 3.0F});
  CHECK(computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { power: 0 }"), {input}).values ==
        std::vector<float>(3, 1.0F));
  CHECK(computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { power: 3 scale: 0 shift: 2 }"), {input})
            .values == std::vector<float>(3, 8.0F));
}
