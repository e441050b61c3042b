#ifndef NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP
#define NUQ_QUANTIZE_ASSIGN_OUTPUT_ERROR_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/support/row_blocks.hpp"
#include "nuq/quantize/assign/detail/prior_rows.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] double diagonal_row_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                                     std::size_t row);

/// dᵀ H d of rows [first, last) with the full matrix H. It is symmetric: with its blocks of columns J,
/// Σ_J (2 · Σ_{i < J} d_i H_iJ + d_J H_JJ) d_J.
template <class Real>
void second_order_row_errors(const LayerProblem& problem, ArrayView<const std::int8_t> levels, std::size_t first,
                             std::size_t last, std::vector<double>& row_errors) {
  constexpr std::ptrdiff_t cols_per_block = 48;
  const DenseMatrix<Real>& moments = problem.statistics->second_moments;
  DenseMatrix<Real> differences(static_cast<std::ptrdiff_t>(last - first), moments.cols());
  for (std::size_t row = first; row < last; ++row) {
    const float* const weights = problem.weights.row(row).data();
    const std::int8_t* const level = levels.data() + row * problem.weights.cols();
    const double scale = problem.scale(row);
    for (std::ptrdiff_t col = 0; col < moments.cols(); ++col) {
      differences(static_cast<std::ptrdiff_t>(row - first), col) =
          static_cast<double>(weights[col]) - scale * static_cast<double>(level[col]);
    }
    row_errors[row] = 0.0;
  }
  const auto add = [&](const DenseMatrix<Real>& weighted, std::ptrdiff_t begin, double times) {
    for (std::ptrdiff_t col = 0; col < weighted.cols(); ++col) {
      for (std::ptrdiff_t row = 0; row < weighted.rows(); ++row)
        row_errors[first + static_cast<std::size_t>(row)] += times * weighted(row, col) * differences(row, begin + col);
    }
  };
  DenseMatrix<Real> weighted;
  for (std::ptrdiff_t begin = 0; begin < moments.cols(); begin += cols_per_block) {
    const std::ptrdiff_t width = (std::min)(cols_per_block, moments.cols() - begin);
    linear_algebra::multiply(differences.block(0, 0, differences.rows(), begin), moments.block(0, begin, begin, width),
                             weighted);
    add(weighted, begin, 2.0);
    linear_algebra::multiply(differences.block(0, begin, differences.rows(), width),
                             moments.block(begin, begin, width, width), weighted);
    add(weighted, begin, 1.0);
  }
}

/// The same with the factor of H damped: Σ_k t_k² − damping · dᵀd, t = dᵀR. Products are of floats.
template <class Real = float>
void factor_row_errors(const LayerProblem& problem, const SecondMomentFactor& factor,
                       ArrayView<const std::int8_t> levels, std::size_t first, std::size_t last,
                       std::vector<double>& row_errors) {
  constexpr std::ptrdiff_t cols_per_block = UpperTriangle::cols_per_block;
  const std::ptrdiff_t cols = factor.upper.cols();
  DenseMatrix<Real> differences(static_cast<std::ptrdiff_t>(last - first), cols);
  for (std::size_t row = first; row < last; ++row) {
    const std::int8_t* const level = levels.data() + row * problem.weights.cols();
    const double scale = problem.scale(row);
    double squares = 0.0;
    for (std::ptrdiff_t k = 0; k < cols; ++k) {
      const std::size_t col = factor.order[static_cast<std::size_t>(k)];
      const double difference =
          static_cast<double>(problem.weights(row, col)) - scale * static_cast<double>(level[col]);
      squares += difference * difference;
      differences(static_cast<std::ptrdiff_t>(row - first), k) = static_cast<Real>(difference);
    }
    row_errors[row] = -factor.damping * squares;
  }
  DenseMatrix<Real> terms;
  for (std::ptrdiff_t begin = 0; begin < cols; begin += cols_per_block) {
    const MatrixBlock<Real> upper = factor.upper.block(begin);
    linear_algebra::multiply(differences.block(0, 0, differences.rows(), upper.rows), upper, terms);
    for (std::ptrdiff_t col = 0; col < terms.cols(); ++col) {
      for (std::ptrdiff_t row = 0; row < terms.rows(); ++row) {
        const auto term = static_cast<double>(terms(row, col));
        row_errors[first + static_cast<std::size_t>(row)] += term * term;
      }
    }
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
/// any number of threads. Where the statistics hold the factor of H it takes half the work, and products are of
/// floats: off by about 1e-6 of the error that the damped H gives. Once the first rows err by clearly more than
/// `enough` the others are not looked at.
template <class Real = double>
[[nodiscard]] double output_error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                                  double enough = (std::numeric_limits<double>::infinity)()) {
  constexpr std::size_t rows_at_once = 128;
  constexpr double clearly = 1.01;
  std::vector<double> row_errors(problem.weights.rows());
  std::optional<detail::PriorRows<Real>> prior;
  if (problem.has_prior()) prior.emplace(problem);
  const auto measure = [&](std::size_t first, std::size_t last) {
    if (problem.has_second_moments() && problem.statistics->factor) {
      detail::factor_row_errors(problem, *problem.statistics->factor, levels, first, last, row_errors);
    } else if (problem.has_second_moments()) {
      detail::second_order_row_errors<Real>(problem, levels, first, last, row_errors);
    } else if (prior) {
      detail::prior_row_errors(*prior, levels, first, last, row_errors);
    } else {
      for (std::size_t row = first; row < last; ++row) {
        row_errors[row] = detail::diagonal_row_error(problem, levels, row);
      }
    }
  };
  double error = 0.0;
  for (std::size_t begin = 0; begin < row_errors.size() && !(error > clearly * enough); begin += rows_at_once) {
    const std::size_t rows = (std::min)(rows_at_once, row_errors.size() - begin);
    detail::for_each_row_block(*problem.parallel, rows,
                               [&](std::size_t first, std::size_t last) { measure(begin + first, begin + last); });
    for (std::size_t row = begin; row < begin + rows; ++row) error += row_errors[row];
  }
  return (std::max)(error, 0.0);  // without the damping next to nothing may be left
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE)
template double output_error<double>(const LayerProblem&, ArrayView<const std::int8_t>, double);
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
