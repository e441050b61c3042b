#ifndef NUQ_QUANTIZE_ASSIGN_SCALE_REFIT_HPP
#define NUQ_QUANTIZE_ASSIGN_SCALE_REFIT_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/support/row_blocks.hpp"
#include "nuq/core/support/rows_as_columns.hpp"
#include "nuq/quantize/assign/detail/prior_rows.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The best scales for given levels.
struct RefittedScales {
  std::vector<float> scales;  ///< 1 or `out`
  double gain = 0.0;          ///< by how much `output_error` falls with them
};

namespace detail {

/// The two sums of a row (or of a matrix) whose quotient is its best scale.
struct ScaleFit {
  double weight_level = 0.0;  ///< wᵀ H L
  double level_level = 0.0;   ///< Lᵀ H L

  /// Adds a term of each sum: weight and level in one coordinate, which counts `importance` times.
  NUQ_FUNCTION void add(double weight, double level, double importance = 1.0) noexcept;

  /// The quotient where it is a legal scale, else `present`.
  NUQ_FUNCTION [[nodiscard]] float scale_or(float present) const noexcept;

  /// By how much the error (w − s·L)ᵀH(w − s·L) falls.
  NUQ_FUNCTION [[nodiscard]] double gain(float from, float to) const noexcept;
};

NUQ_FUNCTION [[nodiscard]] ScaleFit diagonal_row_fit(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                                     std::size_t row);

/// The fits of rows [first, last) with the full matrix H.
template <class Real>
void second_order_row_fits(const LayerProblem& problem, ArrayView<const std::int8_t> levels, std::size_t first,
                           std::size_t last, std::vector<ScaleFit>& fits) {
  const std::size_t cols = problem.weights.cols();
  const DenseMatrix<Real> weight = rows_as_columns(problem.weights.data(), cols, first, last);
  const DenseMatrix<Real> level = rows_as_columns(levels.data(), cols, first, last);
  DenseMatrix<Real> weighted_level;
  linear_algebra::multiply(problem.statistics->second_moments.block(), level.block(), weighted_level);
  for (std::size_t row = first; row < last; ++row) {
    const auto column = static_cast<std::ptrdiff_t>(row - first);
    fits[row] = {linear_algebra::dot(weight.column(column), weighted_level.column(column)),
                 linear_algebra::dot(level.column(column), weighted_level.column(column))};
  }
}

/// The same with the factor of H damped: wᵀR and LᵀR, less the damping. Products are of floats.
template <class Real = float>
void factor_row_fits(const LayerProblem& problem, const SecondMomentFactor& factor, ArrayView<const std::int8_t> levels,
                     std::size_t first, std::size_t last, std::vector<ScaleFit>& fits) {
  const auto rows = static_cast<std::ptrdiff_t>(last - first);
  DenseMatrix<Real> weight(rows, factor.upper.cols());
  DenseMatrix<Real> level(rows, factor.upper.cols());
  for (std::size_t row = first; row < last; ++row) {
    const auto at = static_cast<std::ptrdiff_t>(row - first);
    fits[row] = {};
    for (std::ptrdiff_t k = 0; k < level.cols(); ++k) {
      const std::size_t col = factor.order[static_cast<std::size_t>(k)];
      weight(at, k) = problem.weights(row, col);
      level(at, k) = static_cast<Real>(levels[row * problem.weights.cols() + col]);
      fits[row].add(static_cast<double>(weight(at, k)), static_cast<double>(level(at, k)), -factor.damping);
    }
  }
  DenseMatrix<Real> weight_terms;
  DenseMatrix<Real> level_terms;
  for (std::ptrdiff_t begin = 0; begin < level.cols(); begin += UpperTriangle::cols_per_block) {
    const MatrixBlock<Real> upper = factor.upper.block(begin);
    linear_algebra::multiply(weight.block(0, 0, rows, upper.rows), upper, weight_terms);
    linear_algebra::multiply(level.block(0, 0, rows, upper.rows), upper, level_terms);
    for (std::ptrdiff_t k = 0; k < level_terms.cols(); ++k) {
      for (std::ptrdiff_t at = 0; at < rows; ++at)
        fits[first + static_cast<std::size_t>(at)].add(static_cast<double>(weight_terms(at, k)),
                                                       static_cast<double>(level_terms(at, k)));
    }
  }
}

/// The fits of rows [first, last) with the guessed matrix H.
template <class Real>
void prior_row_fits(const PriorRows<Real>& rows, ArrayView<const std::int8_t> levels, std::size_t first,
                    std::size_t last, std::vector<ScaleFit>& fits) {
  for (std::size_t row = first; row < last; ++row) {
    const DenseVector<Real> level = rows.levels(levels, row);
    fits[row] = {rows.moments().product(rows.weights(row), level), rows.moments().product(level, level)};
  }
}

/// The scales that follow from the fits of all rows.
NUQ_FUNCTION [[nodiscard]] RefittedScales refitted_scales(const LayerProblem& problem,
                                                          const std::vector<ScaleFit>& rows);

}  // namespace detail

/// The scales that minimise `output_error` of given levels in closed form: s = wᵀHL / LᵀHL per row, or over all rows
/// where the layer has one scale. A row keeps its scale where the quotient is not a legal one (nothing but zeros,
/// negative).
template <class Real = double>
[[nodiscard]] RefittedScales refit_scales(const LayerProblem& problem, ArrayView<const std::int8_t> levels) {
  std::vector<detail::ScaleFit> fits(problem.weights.rows());
  std::optional<detail::PriorRows<Real>> prior;
  if (problem.has_prior()) prior.emplace(problem);
  detail::for_each_row_block(*problem.parallel, fits.size(), [&](std::size_t first, std::size_t last) {
    if (problem.has_second_moments() && problem.statistics->second_moments.empty()) {
      detail::factor_row_fits(problem, *problem.statistics->factor, levels, first, last, fits);
    } else if (problem.has_second_moments()) {
      detail::second_order_row_fits<Real>(problem, levels, first, last, fits);
    } else if (prior) {
      detail::prior_row_fits(*prior, levels, first, last, fits);
    } else {
      for (std::size_t row = first; row < last; ++row) fits[row] = detail::diagonal_row_fit(problem, levels, row);
    }
  });
  return detail::refitted_scales(problem, fits);
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE)
template RefittedScales refit_scales<double>(const LayerProblem&, ArrayView<const std::int8_t>);
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include "nuq/core/scale.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void ScaleFit::add(double weight, double level, double importance) noexcept {
  weight_level += importance * weight * level;
  level_level += importance * level * level;
}

NUQ_DEFINITION float ScaleFit::scale_or(float present) const noexcept {
  if (!(level_level > 0.0)) return present;
  const float scale = static_cast<float>(weight_level / level_level);
  return is_legal_scale(scale) ? scale : present;
}

NUQ_DEFINITION double ScaleFit::gain(float from, float to) const noexcept {
  const auto before = static_cast<double>(from);
  const auto after = static_cast<double>(to);
  return (after - before) * (2.0 * weight_level - (after + before) * level_level);
}

NUQ_DEFINITION ScaleFit diagonal_row_fit(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                         std::size_t row) {
  const std::int8_t* level = levels.data() + row * problem.weights.cols();
  ScaleFit fit;
  for (std::size_t col = 0; col < problem.weights.cols(); ++col) {
    fit.add(static_cast<double>(problem.weights(row, col)), static_cast<double>(level[col]), problem.importance(col));
  }
  return fit;
}

NUQ_DEFINITION RefittedScales refitted_scales(const LayerProblem& problem, const std::vector<ScaleFit>& rows) {
  RefittedScales refitted;
  const auto refit = [&](const ScaleFit& fit, float present) {
    const float scale = fit.scale_or(present);
    refitted.gain += fit.gain(present, scale);
    refitted.scales.push_back(scale);
  };
  if (problem.scales.size() == 1) {
    ScaleFit whole;
    for (const ScaleFit& fit : rows) {
      whole.weight_level += fit.weight_level;
      whole.level_level += fit.level_level;
    }
    refit(whole, problem.scales[0]);
  } else {
    refitted.scales.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) refit(rows[row], problem.scales[row]);
  }
  return refitted;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_SCALE_REFIT_HPP
