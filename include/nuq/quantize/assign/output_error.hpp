#ifndef NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP
#define NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/support/row_blocks.hpp"
#include "nuq/core/support/rows_as_columns.hpp"
#include "nuq/quantize/assign/detail/prior_rows.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

[[nodiscard]] inline double diagonal_row_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
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

/// dᵀ H d of rows [first, last) with the full matrix H.
inline void covariance_row_errors(const LayerProblem& problem, ArrayView<const std::int8_t> levels, std::size_t first,
                                  std::size_t last, std::vector<double>& row_errors) {
  const std::size_t cols = problem.weights.cols();
  Eigen::MatrixXd difference = rows_as_columns(problem.weights.data(), cols, first, last);
  const Eigen::MatrixXd level = rows_as_columns(levels.data(), cols, first, last);
  for (std::size_t row = first; row < last; ++row) {
    const auto column = static_cast<Eigen::Index>(row - first);
    difference.col(column) -= problem.scale(row) * level.col(column);
  }
  const Eigen::MatrixXd weighted = problem.statistics->covariance * difference;
  for (std::size_t row = first; row < last; ++row) {
    const auto column = static_cast<Eigen::Index>(row - first);
    row_errors[row] = difference.col(column).dot(weighted.col(column));
  }
}

/// dᵀ H d of rows [first, last) with the guessed matrix H.
inline void prior_row_errors(const PriorRows& rows, ArrayView<const std::int8_t> levels, std::size_t first,
                             std::size_t last, std::vector<double>& row_errors) {
  for (std::size_t row = first; row < last; ++row) {
    const Eigen::VectorXd difference = rows.differences(levels, row);
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
[[nodiscard]] inline double output_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels) {
  std::vector<double> row_errors(problem.weights.rows());
  std::optional<detail::PriorRows> prior;
  if (problem.has_prior()) prior.emplace(problem);
  detail::for_each_row_block(*problem.parallel, row_errors.size(), [&](std::size_t first, std::size_t last) {
    if (problem.has_covariance()) {
      detail::covariance_row_errors(problem, levels, first, last, row_errors);
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

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP
