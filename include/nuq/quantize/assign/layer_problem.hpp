#ifndef NUQ_QUANTIZE_ASSIGN_LAYER_PROBLEM_HPP
#define NUQ_QUANTIZE_ASSIGN_LAYER_PROBLEM_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer at the moment its weights are mapped to levels.
struct LayerProblem {
  MatrixView<const float> weights;              ///< [out × in], finite
  ArrayView<const float> scales;                ///< 1 or `out` legal scales
  const LayerStatistics* statistics = nullptr;  ///< of the layer's inputs; null without calibration data
  Parallel* parallel = nullptr;                 ///< never null

  NUQ_FUNCTION [[nodiscard]] double scale(std::size_t row) const noexcept;
  /// Weight of a column in the output error: E[x_col²], or 1 where it is unknown.
  NUQ_FUNCTION [[nodiscard]] double importance(std::size_t col) const;
  /// True where the statistics know how inputs vary together, not each alone.
  NUQ_FUNCTION [[nodiscard]] bool has_second_moments() const noexcept;
  /// True where that is only guessed.
  NUQ_FUNCTION [[nodiscard]] bool has_prior() const noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double LayerProblem::scale(std::size_t row) const noexcept {
  return static_cast<double>(scales[scales.size() == 1 ? 0 : row]);
}

NUQ_DEFINITION double LayerProblem::importance(std::size_t col) const {
  return statistics == nullptr ? 1.0 : statistics->importance(col);
}

NUQ_DEFINITION bool LayerProblem::has_second_moments() const noexcept {
  return statistics != nullptr && statistics->has_second_moments();
}

NUQ_DEFINITION bool LayerProblem::has_prior() const noexcept {
  return statistics != nullptr && !statistics->has_second_moments() && statistics->prior.has_value();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_LAYER_PROBLEM_HPP
