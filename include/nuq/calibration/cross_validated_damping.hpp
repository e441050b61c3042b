#ifndef NUQ_CALIBRATION_CROSS_VALIDATED_DAMPING_HPP
#define NUQ_CALIBRATION_CROSS_VALIDATED_DAMPING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "nuq/calibration/centred_statistics.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/scales/row_scales.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A damping, as a share of the mean second moment, and the error it was chosen for.
struct ValidatedDamping {
  double damping = 0.0;
  double error = 0.0;
};

namespace detail {

/// Weights at nine levels whose range is 0.8 of each row's: what a damping is tried with.
template <class Real>
class DampingTrial {
 public:
  /// At most `max_rows` rows, evenly spaced, stand for all.
  DampingTrial(MatrixView<const float> weights, Parallel& parallel) : cols_(weights.cols()), parallel_(parallel) {
    constexpr std::size_t max_rows = 96;
    const std::size_t rows = (std::min)(weights.rows(), max_rows);
    for (std::size_t index = 0; index < rows; ++index) {
      const ArrayView<const float> row = weights.row(index * weights.rows() / rows);
      const float largest = largest_magnitude(row);
      weights_.insert(weights_.end(), row.begin(), row.end());
      scales_.push_back(largest > 0.0F ? 0.2F * largest : 1.0F);
    }
  }

  /// Error on `other` of weights that were assigned with `known` damped.
  [[nodiscard]] double error(const LayerStatistics& known, const LayerStatistics& other, double damping) const {
    constexpr std::array<int, 9> levels = {-4, -3, -2, -1, 0, 1, 2, 3, 4};
    const MatrixView<const float> weights(weights_.data(), scales_.size(), cols_);
    const Assignment assignment = ErrorFeedback{damping}.assign<Real>({weights, scales_, &known, &parallel_},
                                                                      Codebook(levels.begin(), levels.end()));
    return output_error<Real>({weights, scales_, &other, &parallel_}, assignment.levels);
  }

 private:
  std::size_t cols_;
  Parallel& parallel_;
  std::vector<float> weights_;
  std::vector<float> scales_;
};

/// Walks downhill from `start`, or what is next above it, on the grid 0.0003, 0.001, 0.003 … 1; not at all where the
/// error there is not below `bound`.
template <class ErrorAt>
[[nodiscard]] ValidatedDamping least_error_damping(const ErrorAt& error_at, double start = default_damping,
                                                   double bound = (std::numeric_limits<double>::infinity)()) {
  constexpr std::array<double, 8> grid = {0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0};
  std::array<std::optional<double>, grid.size()> errors;
  const auto error = [&](std::size_t index) {
    if (!errors[index]) errors[index] = error_at(grid[index]);
    return *errors[index];
  };
  auto best = static_cast<std::size_t>(std::lower_bound(grid.begin(), grid.end() - 1, start) - grid.begin());
  if (!(error(best) < bound)) return {grid[best], error(best)};
  while (best + 1 < grid.size() && error(best + 1) < error(best)) ++best;
  while (best > 0 && error(best - 1) < error(best)) --best;
  return {grid[best], error(best)};
}

}  // namespace detail

/// How strongly the second moments of a layer are to be damped: the value with which weights that were assigned on one
/// half of the data err least on the other half, and the other way round, of 0.0003, 0.001, 0.003 … 1. Both halves need
/// the second-moment matrix.
template <class Real = double>
[[nodiscard]] ValidatedDamping cross_validated_damping(MatrixView<const float> weights, const LayerStatistics& even,
                                                       const LayerStatistics& odd, Parallel& parallel) {
  const detail::DampingTrial<Real> trial(weights, parallel);
  return detail::least_error_damping(
      [&](double damping) { return trial.error(even, odd, damping) + trial.error(odd, even, damping); });
}

/// The same for centred moments and a bias that makes up for the mean error: both are those of the half on which the
/// weights were assigned. Searched for where that errs less than `uncentred` at the same damping.
template <class Real = double>
[[nodiscard]] ValidatedDamping cross_validated_centred_damping(
    MatrixView<const float> weights, const LayerStatistics& even, const LayerStatistics& odd, Parallel& parallel,
    const ValidatedDamping& uncentred = {default_damping, (std::numeric_limits<double>::infinity)()}) {
  const detail::DampingTrial<Real> trial(weights, parallel);
  const LayerStatistics even_for_itself = centred(even, even.input_mean);
  const LayerStatistics odd_for_even = centred(odd, even.input_mean);
  const LayerStatistics odd_for_itself = centred(odd, odd.input_mean);
  const LayerStatistics even_for_odd = centred(even, odd.input_mean);
  return detail::least_error_damping(
      [&](double damping) {
        return trial.error(even_for_itself, odd_for_even, damping) + trial.error(odd_for_itself, even_for_odd, damping);
      },
      uncentred.damping, uncentred.error);
}

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_CROSS_VALIDATED_DAMPING_HPP
