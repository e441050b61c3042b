#include "nuq/core/quantized_weights.hpp"

#include <doctest/doctest.h>

TEST_CASE("a weight's value is its level times its row's scale") {
  const nuq::QuantizedWeights weights{2, 3, {0.5F, 2.0F}, {-128, 0, 1, 3, -4, 127}};
  CHECK(weights.value(0, 0) == -64.0F);
  CHECK(weights.value(0, 2) == 0.5F);
  CHECK(weights.value(1, 0) == 6.0F);
  CHECK(weights.value(1, 2) == 254.0F);
}

TEST_CASE("one scale serves all rows") {
  const nuq::QuantizedWeights weights{2, 1, {0.25F}, {4, -8}};
  CHECK(weights.scale(0) == 0.25F);
  CHECK(weights.scale(1) == 0.25F);
  CHECK(weights.value(1, 0) == -2.0F);
}

TEST_CASE("the shape is the weights' extents and number of scales") {
  const nuq::LayerShape shape = nuq::shape_of({2, 3, {1.0F, 1.0F}, {0, 0, 0, 0, 0, 0}});
  CHECK(shape.rows == 2);
  CHECK(shape.cols == 3);
  CHECK(shape.scales == 2);
  CHECK(shape.weights() == 6);
}
