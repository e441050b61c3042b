#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("BNLL is log(1 + exp(x)), from one end to the other") {
  const Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 200.0F});
  const std::vector<float> output = computed<nuq::detail::BnllLayer>(layer_alone("BNLL", ""), {input}).values;
  const std::vector<double> expected = {0.0, std::log(1.0 + std::exp(-3.0)), std::log(2.0),
                                        std::log(1.0 + std::exp(0.25)), 200.0};
  for (std::size_t index = 0; index < expected.size(); ++index) {
    CAPTURE(index);
    CHECK(relative_error({output[index]}, {expected[index]}) < 1e-6);
  }
}
