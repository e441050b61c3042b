#include "nuq/activation/activation_scale.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../error_of.hpp"
#include "../random_values.hpp"

TEST_CASE("an asymmetric grid spans its range with 255 steps and holds zero") {
  const nuq::ActivationScale relu = nuq::asymmetric_scale(0.0F, 5.1F);
  CHECK(relu.scale == 5.1F / 255.0F);
  CHECK(relu.offset == -128);
  CHECK(relu.with_offset);
  const nuq::ActivationScale both = nuq::asymmetric_scale(-1.0F, 3.0F);
  CHECK(both.scale == 4.0F / 255.0F);
  CHECK(both.offset == 64 - 128);  // round(63.75)
  CHECK(nuq::asymmetric_scale(-2.0F, 0.0F).offset == 127);
  CHECK(nuq::fake_quantize(0.0F, both) == 0.0F);
}

TEST_CASE("a symmetric grid has no offset and follows the dominant side") {
  CHECK(nuq::symmetric_scale(-1.0F, 2.0F).scale == 2.0F / 127.0F);
  CHECK(nuq::symmetric_scale(-2.0F, 1.0F).scale == 2.0F / 128.0F);
  CHECK(nuq::symmetric_scale(-2.0F, 1.0F).offset == 0);
  CHECK_FALSE(nuq::symmetric_scale(-2.0F, 1.0F).with_offset);
}

TEST_CASE("a range of zero has scale 1, one too wide for a scale is refused") {
  CHECK(nuq::asymmetric_scale(0.0F, 0.0F).scale == 1.0F);
  CHECK(nuq::asymmetric_scale(0.0F, 0.0F).offset == -128);
  CHECK(nuq::symmetric_scale(0.0F, 0.0F).scale == 1.0F);
  CHECK(error_of<nuq::ModelError>([] { (void)nuq::asymmetric_scale(0.0F, 3e9F); }).code ==
        nuq::ErrorCode::scale_out_of_range);
  CHECK(error_of<nuq::ModelError>([] {
          (void)nuq::asymmetric_scale(-3e38F, 3e38F);
        }).says("the activations: the quantization scale is inf"));
}

TEST_CASE("fake quantization is the manual's formula") {
  for (const nuq::ActivationScale& grid : {nuq::asymmetric_scale(-0.7F, 1.1F), nuq::asymmetric_scale(0.0F, 0.9F),
                                           nuq::asymmetric_scale(-3.0F, 0.0F), nuq::symmetric_scale(-1.0F, 0.8F)}) {
    for (const float x : random_values(3000, 31, 1.5F)) {
      const float unclamped = std::round(x / grid.scale) + static_cast<float>(grid.offset);
      const float level = std::min(std::max(unclamped, -128.0F), 127.0F);
      CHECK(nuq::fake_quantize(x, grid) == (level - static_cast<float>(grid.offset)) * grid.scale);
    }
  }
}

TEST_CASE("values far outside the grid are clamped") {
  const nuq::ActivationScale grid = nuq::asymmetric_scale(-1.0F, 1.0F);
  CHECK(nuq::fake_quantize(3e38F, grid) == static_cast<float>(127 - grid.offset) * grid.scale);
  CHECK(nuq::fake_quantize(-3e38F, grid) == static_cast<float>(-128 - grid.offset) * grid.scale);
}
