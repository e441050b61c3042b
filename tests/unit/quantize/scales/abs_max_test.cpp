#include "nuq/quantize/scales/abs_max.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../../error_of.hpp"
#include "../../random_values.hpp"
#include "nuq/quantize/scales/contracts.hpp"

namespace quantize_scales_abs_max_test {

using Weights = std::vector<float>;

nuq::QuantizedWeights quantize(const Weights& weights, std::size_t rows, nuq::Granularity granularity) {
  return nuq::AbsMaxQuantizer{}.quantize({weights.data(), rows, weights.size() / rows}, granularity);
}

/// The manual's formulas for one group of weights that shares a scale, written for reading.
void check_group(const Weights& weights, float scale, const std::int8_t* levels) {
  const float max = *std::max_element(weights.begin(), weights.end());
  const float min = *std::min_element(weights.begin(), weights.end());
  const float expected = max >= std::fabs(min) ? max / 127.0F : std::fabs(min) / 128.0F;
  CHECK(scale == expected);
  for (std::size_t index = 0; index < weights.size(); ++index) {
    const double rounded = std::round(static_cast<double>(weights[index]) / static_cast<double>(expected));
    CHECK(static_cast<double>(levels[index]) == std::min(std::max(rounded, -128.0), 127.0));
  }
}

static_assert(nuq::is_weight_quantizer_v<nuq::AbsMaxQuantizer>);
static_assert(!nuq::is_weight_quantizer_v<int>);

TEST_CASE("every row has the manual's scale and levels of its own") {
  const Weights weights = random_values(12 * 50, 1, 0.3F);
  const nuq::QuantizedWeights quantized = quantize(weights, 12, nuq::Granularity::per_channel);
  REQUIRE(quantized.rows == 12);
  REQUIRE(quantized.cols == 50);
  REQUIRE(quantized.scales.size() == 12);
  for (std::size_t row = 0; row < 12; ++row) {
    const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(row * 50);
    check_group(Weights(begin, begin + 50), quantized.scales[row], &quantized.levels[row * 50]);
  }
}

TEST_CASE("per tensor there is one scale for all rows") {
  const Weights weights = random_values(12 * 50, 2, 0.3F);
  const nuq::QuantizedWeights quantized = quantize(weights, 12, nuq::Granularity::per_tensor);
  REQUIRE(quantized.scales.size() == 1);
  check_group(weights, quantized.scales[0], quantized.levels.data());
}

TEST_CASE("a dominant negative weight becomes -128, a dominant positive one 127") {
  const Weights weights = {-2.56F, 1.0F, 2.54F, -1.0F, 3.0F, -3.0F};
  const nuq::QuantizedWeights quantized = quantize(weights, 3, nuq::Granularity::per_channel);
  CHECK(quantized.scales == std::vector<float>{2.56F / 128.0F, 2.54F / 127.0F, 3.0F / 127.0F});
  CHECK(quantized.levels == std::vector<std::int8_t>{-128, 50, 127, -50, 127, -127});
}

TEST_CASE("halves go away from zero") {
  const Weights weights = {127.0F, 0.5F, -0.5F, 1.5F, -1.5F, 0.49F};
  CHECK(quantize(weights, 1, nuq::Granularity::per_tensor).levels == std::vector<std::int8_t>{127, 1, -1, 2, -2, 0});
}

TEST_CASE("rows of zeros and of tiny weights get scale 1 and level 0") {
  const Weights weights = {0.0F, 0.0F, 1e-6F, -1e-6F};
  const nuq::QuantizedWeights quantized = quantize(weights, 2, nuq::Granularity::per_channel);
  CHECK(quantized.scales == std::vector<float>{1.0F, 1.0F});
  CHECK(quantized.levels == std::vector<std::int8_t>(4, 0));
}

TEST_CASE("a weight too large for any legal scale is refused") {
  const Weights weights = {1.0F, 2.0F, 3.0F, 1e30F};
  const CaughtError by_row =
      error_of<nuq::ModelError>([&] { (void)quantize(weights, 2, nuq::Granularity::per_channel); });
  CHECK(by_row.code == nuq::ErrorCode::scale_out_of_range);
  CHECK(by_row.says("row 1: the quantization scale is 7.874016e+27"));
  CHECK(error_of<nuq::ModelError>([&] { (void)quantize(weights, 2, nuq::Granularity::per_tensor); }).code ==
        nuq::ErrorCode::scale_out_of_range);
}

TEST_CASE("a weight that is not finite is refused by place and value") {
  Weights weights(6, 1.0F);
  weights[5] = (std::numeric_limits<float>::quiet_NaN)();
  const CaughtError nan = error_of<nuq::ModelError>([&] { (void)quantize(weights, 2, nuq::Granularity::per_channel); });
  CHECK(nan.code == nuq::ErrorCode::non_finite_value);
  CHECK(nan.says("the weight in row 1, column 2 is nan, wanted a finite number"));
  weights[3] = -(std::numeric_limits<float>::infinity)();
  CHECK(error_of<nuq::ModelError>([&] {
          (void)quantize(weights, 2, nuq::Granularity::per_tensor);
        }).says("row 1, column 0 is -inf"));
}

}  // namespace quantize_scales_abs_max_test
