#ifndef NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP
#define NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "nuq/core/matrix.hpp"
#include "nuq/quantize/statistics/feedback_factor.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What is known of a layer's inputs x: rows of the im2col matrix of a convolution, the input vector of an inner
/// product; [in] matches the columns of the layer's weights. Filled by calibration, only read by everything else.
struct LayerStatistics {
  std::uint64_t samples = 0;        ///< number of vectors x seen
  Vector second_moment;             ///< [in] E[x_i²]; empty where unknown
  Matrix covariance;                ///< [in × in] E[x xᵀ]; empty where only the diagonal is known
  Vector input_mean;                ///< [in] E[x]; empty where unknown
  Vector mean_deviation;            ///< [in] half the difference of E[x] over two halves of the data; empty: unknown
  bool is_centred = false;          ///< the moments are those of x − E[x]: the bias is to make up for mean errors
  std::optional<InputPrior> prior;  ///< in place of the covariance where that is unknown: how x_i/√E[x_i²] correlate
  double sensitivity = 1.0;         ///< how many times the moments count already, see `weigh`
  std::optional<FeedbackFactor> factor;  ///< of `covariance`; absent: made by whoever needs it, each time

  /// Weight of column `col` in an output error: E[x_col²], or 1 where it is unknown.
  [[nodiscard]] double importance(std::size_t col) const {
    return second_moment.empty() ? 1.0 : second_moment[static_cast<std::ptrdiff_t>(col)];
  }

  /// Makes an error of this layer count `by` > 0 times: the moments, which all errors are measured by, are
  /// multiplied by it, so that errors of different layers have one unit.
  void weigh(double by) {
    sensitivity *= by;
    second_moment *= by;
    covariance *= by;
    if (factor) {
      factor->upper *= std::sqrt(by);
      factor->damping *= by;
    }
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP
