#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("ELU bends what is negative towards -alpha") {
  const Tensor input({5}, {-200.0F, -1.5F, 0.0F, 0.25F, 30.0F});
  CHECK(relative_error(computed<nuq::detail::EluLayer>(layer_alone("ELU", ""), {input}).values,
                       {-1.0, std::exp(-1.5) - 1.0, 0.0, 0.25, 30.0}) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::EluLayer>(layer_alone("ELU", "elu_param { alpha: 40 }"), {input}).values,
                       {-40.0, 40.0 * (std::exp(-1.5) - 1.0), 0.0, 0.25, 30.0}) < 1e-6);
}
