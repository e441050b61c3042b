#include "nuq/quantize/scales/round_to_scales.hpp"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("weights are rounded to given scales and clamped to int8") {
  const std::vector<float> weights = {0.24F, 0.26F, -100.0F, 100.0F, 7.0F, -7.0F};
  const nuq::QuantizedWeights by_row = nuq::round_to_scales({weights.data(), 2, 3}, {0.5F, 4.0F});
  CHECK(by_row.scales == std::vector<float>{0.5F, 4.0F});
  CHECK(by_row.levels == std::vector<std::int8_t>{0, 1, -128, 25, 2, -2});
  const nuq::QuantizedWeights whole = nuq::round_to_scales({weights.data(), 2, 3}, {0.5F});
  CHECK(whole.levels == std::vector<std::int8_t>{0, 1, -128, 127, 14, -14});
}

TEST_CASE("the quotient is taken in double: what is just below a half there is not rounded up by float") {
  const float weight = 0x1.800002p+0F;
  const float scale = 0x1.000002p+0F;
  const float in_float = weight / scale;
  REQUIRE(in_float == 1.5F);
  CHECK(nuq::round_to_scales({&weight, 1, 1}, {scale}).levels == std::vector<std::int8_t>{1});
}
