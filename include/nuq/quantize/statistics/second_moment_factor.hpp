#ifndef NUQ_QUANTIZE_STATISTICS_SECOND_MOMENT_FACTOR_HPP
#define NUQ_QUANTIZE_STATISTICS_SECOND_MOMENT_FACTOR_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/support/ascending_order.hpp"
#include "nuq/quantize/statistics/upper_triangle.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How the rounding error of one weight of a row can be made up for by the weights that are fixed after it. With the
/// columns in the order `order`, R upper triangular and H the damped second moments of the inputs in that order,
///
///   H = R Rᵀ,   dᵀ H d = Σ_k (Σ_{i ≤ k} d_i R_ik)²
///
/// so that the error of a row is a sum of terms of which the k-th depends on the first k differences alone: fixed one
/// after the other, weight k can cancel what its predecessors have left in term k. This is the factor of GPTQ (Frantar
/// et al. 2022), whose U is R⁻¹, without the inverse.
struct SecondMomentFactor {
  std::vector<std::size_t> order;  ///< the column visited k-th: by falling H_kk, so that the last errors weigh least
  UpperTriangle upper;             ///< R, [in × in], made in double: errors are fed back as fast as floats go
  double damping = 0.0;            ///< what the diagonal of H has more than that of the moments themselves

  /// What a squared difference in one weight costs that nothing before or after it makes up for, R_kk², on average.
  NUQ_FUNCTION [[nodiscard]] double mean_cost() const;
};

/// Where nothing better is known.
inline constexpr double default_damping = 0.01;

namespace detail {

/// The columns by falling second moment; equal ones stay in order.
NUQ_FUNCTION [[nodiscard]] std::vector<std::size_t> order_by_moment(const Matrix& second_moments);

/// The entries of a matrix with its rows and its columns in the order `order`, from the last to the first.
NUQ_FUNCTION [[nodiscard]] Matrix reversed(const Matrix& matrix, const std::vector<std::size_t>& order);

/// The mean of the diagonal; 1 where that is not positive.
NUQ_FUNCTION [[nodiscard]] double damping_unit(const Matrix& second_moments);

/// Makes a matrix symmetric by what it has above the diagonal.
NUQ_FUNCTION void mirror_upper(Matrix& matrix);

/// The upper triangular R of a lower triangular one with its rows and columns reversed.
NUQ_FUNCTION [[nodiscard]] UpperTriangle reversed_floats(const Matrix& matrix);

}  // namespace detail

/// Factorises E[x xᵀ], which is given away or copied, with `damping` ≥ 0 times the mean of its diagonal added to the
/// diagonal; ten times as much again, at least 1e-8, while the matrix is not positive definite. `second_moments` must
/// be square, symmetric and finite; the factor of others means nothing. Complexity: O(in³).
template <class Real = double>
[[nodiscard]] SecondMomentFactor second_moment_factor(Matrix second_moments, double damping = default_damping) {
  SecondMomentFactor factor;
  factor.order = detail::order_by_moment(second_moments);
  const double unit = detail::damping_unit(second_moments);
  // With rows and columns reversed R is lower triangular: a Cholesky factor.
  DenseMatrix<Real> reversed = detail::reversed(second_moments, factor.order);
  second_moments = Matrix();
  const DenseVector<Real> diagonal = reversed.diagonal();
  for (double share = damping;; share = (std::max)(10.0 * share, 1e-8)) {
    factor.damping = share * unit;
    for (std::ptrdiff_t k = 0; k < reversed.rows(); ++k) reversed(k, k) = diagonal[k] + factor.damping;
    if (linear_algebra::make_cholesky_factor(reversed) || !std::isfinite(factor.damping)) break;
    detail::mirror_upper(reversed);
  }
  factor.upper = detail::reversed_floats(reversed);
  return factor;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE) template SecondMomentFactor second_moment_factor<double>(Matrix, double);
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double SecondMomentFactor::mean_cost() const {
  double sum = 0.0;
  for (std::ptrdiff_t k = 0; k < upper.cols(); ++k) {
    const auto entry = static_cast<double>(upper(k, k));
    sum += entry * entry;
  }
  return sum / static_cast<double>(order.size());
}

namespace detail {

NUQ_DEFINITION std::vector<std::size_t> order_by_moment(const Matrix& second_moments) {
  Vector keys = second_moments.diagonal();
  keys *= -1.0;
  return ascending_order(keys.view());
}

NUQ_DEFINITION Matrix reversed(const Matrix& matrix, const std::vector<std::size_t>& order) {
  Matrix reversed(matrix.rows(), matrix.cols());
  double* entry = reversed.data();
  for (std::size_t col = order.size(); col-- > 0;) {
    const double* const column = matrix.data() + order[col] * order.size();
    for (std::size_t row = order.size(); row-- > 0;) *entry++ = column[order[row]];
  }
  return reversed;
}

NUQ_DEFINITION double damping_unit(const Matrix& second_moments) {
  double sum = 0.0;
  for (const double moment : second_moments.diagonal()) sum += moment;
  const double mean = sum / static_cast<double>(second_moments.rows());
  return mean > 0.0 ? mean : 1.0;
}

NUQ_DEFINITION void mirror_upper(Matrix& matrix) {
  for (std::ptrdiff_t col = 1; col < matrix.cols(); ++col) {
    for (std::ptrdiff_t row = 0; row < col; ++row) matrix(col, row) = matrix(row, col);
  }
}

NUQ_DEFINITION UpperTriangle reversed_floats(const Matrix& matrix) {
  UpperTriangle reversed(matrix.cols());
  for (std::ptrdiff_t col = 0; col < matrix.cols(); ++col) {
    const double* entry = matrix.column(matrix.cols() - 1 - col).data() + matrix.rows();
    float* const column = reversed.column(col);
    for (std::ptrdiff_t row = 0; row <= col; ++row) column[row] = static_cast<float>(*--entry);
  }
  return reversed;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_STATISTICS_SECOND_MOMENT_FACTOR_HPP
