#ifndef NUQ_CALIBRATION_CENTRED_STATISTICS_HPP
#define NUQ_CALIBRATION_CENTRED_STATISTICS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Statistics with the moments of x − `origin` in the place of those of x. They must have the second-moment matrix and
/// the mean; a factor is dropped.
NUQ_FUNCTION [[nodiscard]] LayerStatistics centred(LayerStatistics statistics, const Vector& origin);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <cstddef>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION LayerStatistics centred(LayerStatistics statistics, const Vector& origin) {
  // E[(x − o)(x − o)ᵀ] = cov(x) + (E[x] − o)(E[x] − o)ᵀ
  const Vector& mean = statistics.input_mean;
  Matrix& moments = statistics.second_moments;
  for (std::ptrdiff_t col = 0; col < moments.cols(); ++col) {
    const double offset = mean[col] - origin[col];
    for (std::ptrdiff_t row = 0; row < moments.rows(); ++row)
      moments(row, col) = (moments(row, col) - mean[row] * mean[col]) + (mean[row] - origin[row]) * offset;
  }
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.is_centred = true;
  statistics.factor.reset();
  return statistics;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_CENTRED_STATISTICS_HPP
