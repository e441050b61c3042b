#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Swish weighs its input with the sigmoid of beta times it") {
  const Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 2.0F});
  CHECK(relative_error(computed<nuq::detail::SwishLayer>(layer_alone("Swish", ""), {input}).values,
                       {0.0, -3.0 / (1.0 + std::exp(3.0)), 0.0, 0.25 / (1.0 + std::exp(-0.25)),
                        2.0 / (1.0 + std::exp(-2.0))}) < 1e-6);
  CHECK(relative_error(
            computed<nuq::detail::SwishLayer>(layer_alone("Swish", "swish_param { beta: 0.5 }"), {input}).values,
            {0.0, -3.0 / (1.0 + std::exp(1.5)), 0.0, 0.25 / (1.0 + std::exp(-0.125)), 2.0 / (1.0 + std::exp(-1.0))}) <
        1e-6);
}
