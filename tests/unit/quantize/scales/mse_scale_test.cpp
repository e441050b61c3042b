#include "nuq/quantize/scales/mse_scale.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "../../error_of.hpp"
#include "../../random_values.hpp"
#include "nuq/quantize/scales/round_to_scales.hpp"

namespace quantize_scales_mse_scale_test {

constexpr std::size_t rows = 12;
constexpr std::size_t cols = 500;

/// Products of three bell-shaped values: many small ones, few large ones. The rows have different sizes.
std::vector<float> heavy_tailed(std::uint32_t seed) {
  std::vector<float> values = random_values(rows * cols, seed);
  const std::vector<float> second = random_values(rows * cols, seed + 1);
  const std::vector<float> third = random_values(rows * cols, seed + 2);
  for (std::size_t at = 0; at < values.size(); ++at)
    values[at] *= second[at] * third[at] * static_cast<float>(1 + at / cols);
  return values;
}

nuq::MatrixView<const float> view_of(const std::vector<float>& weights) {
  return {weights.data(), rows, cols};
}

nuq::QuantizedWeights clipped(const std::vector<float>& weights, nuq::Granularity granularity,
                              const nuq::QuantizationPurpose& purpose) {
  return nuq::round_to_scales(view_of(weights),
                              nuq::MseScaleQuantizer{}.scales(view_of(weights), granularity, purpose));
}

/// Squared error of weights replaced by the nearest of `count` levels in the middles of equal cells over ±range.
double substitution_error(const std::vector<float>& weights, const std::vector<double>& importance, double range,
                          int count) {
  double error = 0.0;
  for (std::size_t at = 0; at < weights.size(); ++at) {
    const double weight = static_cast<double>(weights[at]);
    double least = (std::numeric_limits<double>::max)();
    for (int index = 0; index < count; ++index) {
      const double level = range * ((2.0 * index + 1.0) / count - 1.0);
      least = (std::min)(least, (weight - level) * (weight - level));
    }
    error += importance[at % importance.size()] * least;
  }
  return error;
}

/// Checks that the range `share` of the widest is on the grid and errs no more than the best there, as nearly as bins
/// can tell. Says whether it is narrower than the widest.
bool check_range(const std::vector<float>& weights, const std::vector<double>& importance, int count, double share) {
  double largest = 0.0;
  for (const float weight : weights) largest = (std::max)(largest, std::abs(static_cast<double>(weight)));
  double least = (std::numeric_limits<double>::max)();
  for (int percent = 40; percent <= 100; ++percent)
    least = (std::min)(least, substitution_error(weights, importance, largest * percent / 100.0, count));
  const double nearest = std::round(100.0 * share);
  CHECK(std::abs(100.0 * share - nearest) < 1e-4);
  CHECK(nearest >= 40.0);
  CHECK(nearest <= 100.0);
  CHECK(substitution_error(weights, importance, share * largest, count) <= 1.002 * least);
  return nearest < 100.0;
}

TEST_CASE("each row's range is the one in which evenly spaced levels err least") {
  for (const std::vector<float>& weights : {heavy_tailed(1), random_values(rows * cols, 2)}) {
    const nuq::QuantizedWeights widest =
        nuq::AbsMaxQuantizer{}.quantize(view_of(weights), nuq::Granularity::per_channel);
    for (const int count : {2, 3, 16, 31, 64}) {
      const nuq::QuantizedWeights quantized = clipped(weights, nuq::Granularity::per_channel, {count, nullptr});
      REQUIRE(quantized.scales.size() == rows);
      int clipped = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(row * cols);
        const double share = static_cast<double>(quantized.scales[row]) / static_cast<double>(widest.scales[row]);
        clipped += check_range({begin, begin + cols}, {1.0}, count, share) ? 1 : 0;
      }
      CHECK((clipped > 0 || count == 64));
    }
  }
}

TEST_CASE("per tensor the range is that of the whole matrix") {
  const std::vector<float> weights = heavy_tailed(3);
  const nuq::QuantizedWeights widest = nuq::AbsMaxQuantizer{}.quantize(view_of(weights), nuq::Granularity::per_tensor);
  const nuq::QuantizedWeights quantized = clipped(weights, nuq::Granularity::per_tensor, {16, nullptr});
  REQUIRE(quantized.scales.size() == 1);
  CHECK(check_range(weights, {1.0}, 16,
                    static_cast<double>(quantized.scales[0]) / static_cast<double>(widest.scales[0])));
}

TEST_CASE("columns count by the second moments of their inputs") {
  std::vector<float> weights = random_values(rows * cols, 4);
  for (std::size_t row = 0; row < rows; ++row) weights[row * cols + 7] = 12.0F;
  nuq::LayerStatistics statistics;
  std::vector<double> importance(cols, 1.0);
  const auto share_with = [&](double important, nuq::Granularity granularity) {
    importance[7] = important;
    statistics.mean_squares = Eigen::Map<const Eigen::VectorXd>(importance.data(), cols);
    return static_cast<double>(clipped(weights, granularity, {16, &statistics}).scales.back()) * 127.0 / 12.0;
  };
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    CHECK(share_with(0.0, granularity) == doctest::Approx(0.4));
    CHECK(share_with(1e6, granularity) > 0.9);
  }
  const std::vector<float> last(weights.end() - static_cast<std::ptrdiff_t>(cols), weights.end());
  CHECK(check_range(last, importance, 16, share_with(2.0, nuq::Granularity::per_channel)));
}

TEST_CASE("weights beyond the range take the end levels") {
  std::vector<float> weights = random_values(rows * cols, 5, 0.1F);
  weights[3] = 1.0F;
  weights[cols + 3] = -1.0F;
  const nuq::QuantizedWeights quantized = clipped(weights, nuq::Granularity::per_channel, {16, nullptr});
  REQUIRE(quantized.scales[0] < 0.8F / 127.0F);
  CHECK(quantized.levels[3] == 127);
  CHECK(quantized.levels[cols + 3] == -128);
  for (std::size_t at = 0; at < weights.size(); ++at) {
    const double nearest =
        std::round(static_cast<double>(weights[at]) / static_cast<double>(quantized.scale(at / cols)));
    CHECK(quantized.levels[at] == std::clamp(nearest, -128.0, 127.0));
  }
}

TEST_CASE("of ranges that err alike the widest is taken") {
  const std::vector<float> weights = random_values(rows * cols, 6);
  const nuq::QuantizedWeights widest = nuq::AbsMaxQuantizer{}.quantize(view_of(weights), nuq::Granularity::per_channel);
  const auto scales_for = [&](const std::vector<float>& values, int num_steps) {
    return nuq::MseScaleQuantizer{}.scales({values.data(), rows, cols}, nuq::Granularity::per_channel,
                                           {num_steps, nullptr});
  };
  CHECK(scales_for(weights, 1) == widest.scales);  // one level, zero, in any range
  CHECK(scales_for(std::vector<float>(rows * cols, 0.0F), 16) == std::vector<float>(rows, 1.0F));
  CHECK(scales_for(std::vector<float>(rows * cols, 1e-6F), 16) == std::vector<float>(rows, 1.0F));
}

TEST_CASE("a scale that clipping would make too small stays") {
  std::vector<float> weights = random_values(rows * cols, 7, 1e-6F);
  weights[0] = 1.6e-5F;  // scale 1.26e-7, the limit is 1.19e-7
  const nuq::QuantizedWeights quantized = clipped(weights, nuq::Granularity::per_tensor, {16, nullptr});
  CHECK(quantized.scales == std::vector<float>{1.6e-5F / 127.0F});
}

TEST_CASE("plain int8 is not clipped") {
  const std::vector<float> weights = heavy_tailed(8);
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    const nuq::QuantizedWeights widest = nuq::AbsMaxQuantizer{}.quantize(view_of(weights), granularity);
    const nuq::QuantizedWeights all = clipped(weights, granularity, {256, nullptr});
    CHECK(all.scales == widest.scales);
    CHECK(all.levels == widest.levels);
    CHECK(nuq::MseScaleQuantizer{}.quantize(view_of(weights), granularity).levels == widest.levels);
  }
}

TEST_CASE("weights without a legal scale are refused as for plain int8") {
  std::vector<float> weights = random_values(rows * cols, 9);
  weights[cols] = (std::numeric_limits<float>::quiet_NaN)();
  const auto run = [&] { (void)clipped(weights, nuq::Granularity::per_channel, {16, nullptr}); };
  CHECK(error_of<nuq::ModelError>(run).says("the weight in row 1, column 0 is nan"));
  weights[cols] = 1e30F;
  const CaughtError error = error_of<nuq::ModelError>(run);
  CHECK(error.code == nuq::ErrorCode::scale_out_of_range);
  CHECK(error.says("row 1: the quantization scale is 7.874016e+27"));
}

}  // namespace quantize_scales_mse_scale_test
