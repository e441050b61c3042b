#ifndef NUQ_QUANTIZE_SCALES_MSE_SCALE_HPP
#define NUQ_QUANTIZE_SCALES_MSE_SCALE_HPP

#include <array>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Moments of the magnitudes |w| / largest in equal bins, summed up from zero: what evenly spaced levels err is told
/// without another pass over the weights. A bin goes to one level as a whole.
class MagnitudeMoments {
 public:
  /// `largest` > 0. Column c of the row-major `weights` counts mean_squares[c] times; once where that is empty.
  NUQ_FUNCTION MagnitudeMoments(ArrayView<const float> weights, double largest, const Vector& mean_squares);

  /// Squared error, in units of largest², when every weight takes the nearest of `count` levels, the middles of equal
  /// cells that cover [−range, range], 0 < range ≤ 1. What lies outside takes the end levels.
  NUQ_FUNCTION [[nodiscard]] double error(double range, int count) const noexcept;

 private:
  static constexpr std::size_t num_bins = 2048;
  static constexpr double bins_per_unit = 2048.0;

  struct Moments {
    double weight = 0.0;
    double sum = 0.0;
    double square = 0.0;

    NUQ_FUNCTION void add(const Moments& other) noexcept {
      weight += other.weight;
      sum += other.sum;
      square += other.square;
    }
    NUQ_FUNCTION [[nodiscard]] double error(double level) const noexcept {
      return square - level * (2.0 * sum - level * weight);
    }
  };

  std::array<Moments, num_bins + 1> below_{};  // of all bins before this one
};

}  // namespace detail

/// Clips what would cost more to keep: every row (or the matrix) gets the scale of the range in which `num_steps`
/// evenly spaced levels replace its weights with the least squared error, r times AbsMaxQuantizer's for r = 0.40, 0.41
/// … 1.00. Levels are the middles of equal cells, weights beyond the range take the end level, columns count by the
/// second moments of their inputs where those are known. Of equal ranges the widest.
///
/// For selectors that spread their levels over the whole int8 range (UniformStepCodebook); one that places every level
/// where it is needed (OptimalCodebook) leaves a gap before rare large weights by itself and only loses them here.
/// Plain int8 (no purpose, or 256 levels) is AbsMaxQuantizer's. Complexity: O(weights + 61 · num_steps) per scale.
/// @throws ModelError as AbsMaxQuantizer.
struct MseScaleQuantizer {
  NUQ_FUNCTION [[nodiscard]] QuantizedWeights quantize(MatrixView<const float> weights, Granularity granularity) const;

  NUQ_FUNCTION [[nodiscard]] std::vector<float> scales(MatrixView<const float> weights, Granularity granularity,
                                                       const QuantizationPurpose& purpose) const;

 private:
  NUQ_FUNCTION [[nodiscard]] static float scale_of(ArrayView<const float> values, const QuantizationPurpose& purpose);

  /// As a share of the widest.
  NUQ_FUNCTION [[nodiscard]] static double best_range(const detail::MagnitudeMoments& moments, int num_steps) noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <cmath>

#include "nuq/core/scale.hpp"
#include "nuq/quantize/scales/finite_weights.hpp"
#include "nuq/quantize/scales/row_scales.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION MagnitudeMoments::MagnitudeMoments(ArrayView<const float> weights, double largest,
                                                  const Vector& mean_squares) {
  const auto cols = static_cast<std::size_t>(mean_squares.size());
  for (std::size_t at = 0; at < weights.size(); ++at) {
    const double magnitude = std::abs(static_cast<double>(weights[at])) / largest;
    const double weight = cols == 0 ? 1.0 : mean_squares[static_cast<std::ptrdiff_t>(at % cols)];
    const std::size_t bin = (std::min)(static_cast<std::size_t>(magnitude * bins_per_unit), num_bins - 1);
    below_[bin + 1].add({weight, weight * magnitude, weight * magnitude * magnitude});
  }
  for (std::size_t bin = 0; bin < num_bins; ++bin) below_[bin + 1].add(below_[bin]);
}

NUQ_DEFINITION double MagnitudeMoments::error(double range, int count) const noexcept {
  const double cell = 2.0 * range / count;
  const int levels = (count + 1) / 2;  // not negative
  double level = count % 2 == 0 ? 0.5 * cell : 0.0;
  double error = 0.0;
  std::size_t begin = 0;
  for (int index = 0; index < levels; ++index, level += cell) {
    const bool is_last = index + 1 == levels;
    const std::size_t end = is_last ? num_bins : static_cast<std::size_t>((level + 0.5 * cell) * bins_per_unit + 0.5);
    error += below_[end].error(level) - below_[begin].error(level);
    begin = end;
  }
  return error;
}

}  // namespace detail

NUQ_DEFINITION QuantizedWeights MseScaleQuantizer::quantize(MatrixView<const float> weights,
                                                            Granularity granularity) const {
  return AbsMaxQuantizer{}.quantize(weights, granularity);
}

NUQ_DEFINITION std::vector<float> MseScaleQuantizer::scales(MatrixView<const float> weights, Granularity granularity,
                                                            const QuantizationPurpose& purpose) const {
  if (purpose.num_steps >= 256) return AbsMaxQuantizer{}.scales(weights, granularity, purpose);
  require_finite_weights(weights);
  const auto clipped_scale = [&purpose](ArrayView<const float> values) { return scale_of(values, purpose); };
  return row_scales(weights, granularity, clipped_scale);
}

NUQ_DEFINITION float MseScaleQuantizer::scale_of(ArrayView<const float> values, const QuantizationPurpose& purpose) {
  const ValueRange range = range_with_zero(values);
  const float widest = max_abs_scale(range.min, range.max);
  if (!is_legal_scale(widest)) return widest;
  const double largest = static_cast<double>((std::max)(range.max, -range.min));
  const Vector unknown;
  const detail::MagnitudeMoments moments(values, largest,
                                         purpose.statistics == nullptr ? unknown : purpose.statistics->mean_squares);
  const float clipped = static_cast<float>(best_range(moments, purpose.num_steps)) * widest;
  return is_legal_scale(clipped) ? clipped : widest;
}

NUQ_DEFINITION double MseScaleQuantizer::best_range(const detail::MagnitudeMoments& moments, int num_steps) noexcept {
  double best = 1.0;
  double least = moments.error(best, num_steps);
  for (int percent = 99; percent >= 40; --percent) {
    const double range = percent / 100.0;
    const double error = moments.error(range, num_steps);
    if (error < least) {
      least = error;
      best = range;
    }
  }
  return best;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_MSE_SCALE_HPP
