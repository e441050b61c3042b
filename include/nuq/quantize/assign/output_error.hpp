#ifndef NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP
#define NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP

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
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] double diagonal_row_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                                     std::size_t row);

/// dᵀ H d of rows [first, last) with the full matrix H.
template <class Real>
void second_order_row_errors(const LayerProblem& problem, ArrayView<const std::int8_t> levels, std::size_t first,
                             std::size_t last, std::vector<double>& row_errors) {
  const std::size_t cols = problem.weights.cols();
  DenseMatrix<Real> difference = rows_as_columns(problem.weights.data(), cols, first, last);
  double* entry = difference.data();
  for (std::size_t row = first; row < last; ++row) {
    const double scale = problem.scale(row);
    for (std::size_t col = 0; col < cols; ++col) *entry++ -= scale * static_cast<double>(levels[row * cols + col]);
  }
  DenseMatrix<Real> weighted;
  linear_algebra::multiply(problem.statistics->second_moments.block(), difference.block(), weighted);
  for (std::size_t row = first; row < last; ++row) {
    const auto column = static_cast<std::ptrdiff_t>(row - first);
    row_errors[row] = linear_algebra::dot(difference.column(column), weighted.column(column));
  }
}

/// dᵀ H d of rows [first, last) with the guessed matrix H.
template <class Real>
void prior_row_errors(const PriorRows<Real>& rows, ArrayView<const std::int8_t> levels, std::size_t first,
                      std::size_t last, std::vector<double>& row_errors) {
  for (std::size_t row = first; row < last; ++row) {
    const DenseVector<Real> difference = rows.differences(levels, row);
    row_errors[row] = rows.moments().product(difference, difference);
  }
}

}  // namespace detail

/// Squared error of the layer's output, summed over its rows, when weight w becomes scale · level:
///
///   Σ_row dᵀ H d,   d = w − s·L
///
/// H is the matrix of the inputs' second moments where `problem.statistics` has one or a prior for it, its diagonal
/// where they have that alone, the identity otherwise. In double, row by row and then in row order: the same bits for
/// any number of threads.
template <class Real = double>
[[nodiscard]] double output_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels) {
  std::vector<double> row_errors(problem.weights.rows());
  std::optional<detail::PriorRows<Real>> prior;
  if (problem.has_prior()) prior.emplace(problem);
  detail::for_each_row_block(*problem.parallel, row_errors.size(), [&](std::size_t first, std::size_t last) {
    if (problem.has_second_moments()) {
      detail::second_order_row_errors<Real>(problem, levels, first, last, row_errors);
    } else if (prior) {
      detail::prior_row_errors(*prior, levels, first, last, row_errors);
    } else {
      for (std::size_t row = first; row < last; ++row) {
        row_errors[row] = detail::diagonal_row_error(problem, levels, row);
      }
    }
  });
  double error = 0.0;
  for (const double row_error : row_errors) error += row_error;
  return error;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE) template double output_error<double>(const LayerProblem&, ArrayView<const std::int8_t>);
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION double diagonal_row_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                         std::size_t row) {
  const std::int8_t* level = levels.data() + row * problem.weights.cols();
  const double scale = problem.scale(row);
  double error = 0.0;
  for (std::size_t col = 0; col < problem.weights.cols(); ++col) {
    const double difference = static_cast<double>(problem.weights(row, col)) - scale * static_cast<double>(level[col]);
    error += problem.importance(col) * difference * difference;
  }
  return error;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP
