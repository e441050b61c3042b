#ifndef NUQ_QUANTIZE_STATISTICS_FEEDBACK_FACTOR_HPP
#define NUQ_QUANTIZE_STATISTICS_FEEDBACK_FACTOR_HPP

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

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
struct FeedbackFactor {
  std::vector<std::size_t> order;  ///< the column visited k-th: by falling H_kk, so that the last errors weigh least
  Eigen::MatrixXd upper;           ///< R, [in × in]
  double damping = 0.0;            ///< what the diagonal of H has more than that of the moments themselves

  /// What a squared difference in one weight costs that nothing before or after it makes up for, R_kk², on average.
  [[nodiscard]] double mean_cost() const { return upper.diagonal().squaredNorm() / static_cast<double>(order.size()); }
};

/// Where nothing better is known.
inline constexpr double default_damping = 0.01;

/// Factorises E[x xᵀ] with `damping` ≥ 0 times the mean of its diagonal added to the diagonal; ten times as much again,
/// at least 1e-8, while the matrix is not positive definite. `second_moments` must be square, symmetric and finite.
/// Complexity: O(in³).
[[nodiscard]] inline FeedbackFactor feedback_factor(const Eigen::MatrixXd& second_moments,
                                                    double damping = default_damping) {
  const Eigen::Index size = second_moments.rows();
  FeedbackFactor factor;
  factor.order.resize(static_cast<std::size_t>(size));
  for (std::size_t k = 0; k < factor.order.size(); ++k) factor.order[k] = k;
  const auto importance = [&second_moments](std::size_t column) {
    const auto index = static_cast<Eigen::Index>(column);
    return second_moments(index, index);
  };
  std::stable_sort(factor.order.begin(), factor.order.end(),
                   [&importance](std::size_t a, std::size_t b) { return importance(a) > importance(b); });

  // With rows and columns reversed R is lower triangular: a Cholesky factor.
  Eigen::MatrixXd reversed(size, size);
  for (Eigen::Index col = 0; col < size; ++col) {
    const auto from = static_cast<Eigen::Index>(factor.order[static_cast<std::size_t>(size - 1 - col)]);
    for (Eigen::Index row = 0; row < size; ++row) {
      reversed(row, col) =
          second_moments(static_cast<Eigen::Index>(factor.order[static_cast<std::size_t>(size - 1 - row)]), from);
    }
  }
  const double mean = second_moments.diagonal().mean();
  const double unit = mean > 0.0 ? mean : 1.0;
  Eigen::LLT<Eigen::MatrixXd> cholesky(size);
  double added = 0.0;
  for (double share = damping;; share = (std::max)(10.0 * share, 1e-8)) {
    reversed.diagonal().array() += share * unit - added;
    added = share * unit;
    cholesky.compute(reversed);
    if (cholesky.info() == Eigen::Success) break;
  }
  factor.damping = added;
  factor.upper = Eigen::MatrixXd(cholesky.matrixL()).reverse();
  return factor;
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_STATISTICS_FEEDBACK_FACTOR_HPP
