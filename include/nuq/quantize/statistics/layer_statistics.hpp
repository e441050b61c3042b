#ifndef NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP
#define NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What is known of a layer's inputs x: rows of the im2col matrix of a convolution, the input vector of an inner
/// product; [in] matches the columns of the layer's weights. Filled by calibration, only read by everything else.
struct LayerStatistics {
  std::uint64_t samples = 0;        ///< number of vectors x seen
  Vector mean_squares;              ///< [in] E[x_i²]; empty where unknown
  Matrix second_moments;            ///< [in × in] E[x xᵀ]; empty where only the diagonal is known, or the factor
  Vector input_mean;                ///< [in] E[x]; empty where unknown
  Vector mean_deviation;            ///< [in] half the difference of E[x] over two halves of the data; empty: unknown
  bool is_centred = false;          ///< the moments are those of x − E[x]: the bias is to make up for mean errors
  std::optional<InputPrior> prior;  ///< how x_i/√E[x_i²] are expected to correlate where that is not known
  double sensitivity = 1.0;         ///< how many times the moments count already, see `weigh`
  std::optional<SecondMomentFactor> factor;  ///< of E[x xᵀ]; absent: made by whoever needs it, each time

  /// Whether it is known how inputs vary together: by `second_moments` or by their factor.
  NUQ_FUNCTION [[nodiscard]] bool has_second_moments() const noexcept;

  /// Weight of column `col` in an output error: E[x_col²], or 1 where it is unknown.
  NUQ_FUNCTION [[nodiscard]] double importance(std::size_t col) const;

  /// Makes an error of this layer count `by` > 0 times: the moments, which all errors are measured by, are
  /// multiplied by it, so that errors of different layers have one unit.
  NUQ_FUNCTION void weigh(double by);
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cmath>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool LayerStatistics::has_second_moments() const noexcept {
  return second_moments.size() > 0 || factor.has_value();
}

NUQ_DEFINITION double LayerStatistics::importance(std::size_t col) const {
  return mean_squares.empty() ? 1.0 : mean_squares[static_cast<std::ptrdiff_t>(col)];
}

NUQ_DEFINITION void LayerStatistics::weigh(double by) {
  sensitivity *= by;
  mean_squares *= by;
  second_moments *= by;
  if (factor) {
    factor->upper *= static_cast<float>(std::sqrt(by));
    factor->damping *= by;
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_STATISTICS_LAYER_STATISTICS_HPP
