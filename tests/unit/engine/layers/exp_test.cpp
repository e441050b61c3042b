#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Exp raises its base, e unless another is given, to a scaled and shifted power") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  const auto check = [&](const std::string& parameters, double base, double scale, double shift) {
    CAPTURE(parameters);
    std::vector<double> expected;
    for (const float x : input.values) expected.push_back(std::pow(base, shift + scale * static_cast<double>(x)));
    const auto node = layer_alone("Exp", "exp_param { " + parameters + " }");
    CHECK(relative_error(computed<nuq::detail::ExpLayer>(node, {input}).values, expected) < 1e-6);
  };
  check("", std::exp(1.0), 1.0, 0.0);
  check("scale: 0.5 shift: -3", std::exp(1.0), 0.5, -3.0);
  check("base: 2 scale: 3 shift: 1", 2.0, 3.0, 1.0);
  check("base: 0.25 scale: -1", 0.25, -1.0, 0.0);
}
