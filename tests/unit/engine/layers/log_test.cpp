#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Log is the logarithm, to the base e unless another is given, of the scaled and shifted input") {
  const Tensor input({4}, {0.125F, 0.5F, 3.0F, 100.0F});
  const auto check = [&](const std::string& parameters, double base, double scale, double shift) {
    CAPTURE(parameters);
    std::vector<double> expected;
    for (const float x : input.values) {
      expected.push_back(std::log(shift + scale * static_cast<double>(x)) / std::log(base));
    }
    const auto node = layer_alone("Log", "log_param { " + parameters + " }");
    CHECK(relative_error(computed<nuq::detail::LogLayer>(node, {input}).values, expected) < 1e-6);
  };
  check("", std::exp(1.0), 1.0, 0.0);
  check("scale: 0.5 shift: 1", std::exp(1.0), 0.5, 1.0);
  check("base: 10", 10.0, 1.0, 0.0);
  check("base: 0.5 scale: 3", 0.5, 3.0, 0.0);
}

TEST_CASE("the logarithm of a negative value is not a number") {
  CHECK(std::isnan(computed<nuq::detail::LogLayer>(layer_alone("Log", ""), {Tensor({1}, {-1.0F})}).values[0]));
}
