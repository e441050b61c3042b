#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("AbsVal drops the sign") {
  const Tensor input({4}, {-2.5F, 0.0F, 0.5F, -1e30F});
  CHECK(computed<nuq::detail::AbsValLayer>(layer_alone("AbsVal", ""), {input}).values ==
        std::vector<float>{2.5F, 0.0F, 0.5F, 1e30F});
}
