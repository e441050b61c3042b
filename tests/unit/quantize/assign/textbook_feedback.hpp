#ifndef NUQ_TESTS_UNIT_QUANTIZE_ASSIGN_TEXTBOOK_FEEDBACK_HPP
#define NUQ_TESTS_UNIT_QUANTIZE_ASSIGN_TEXTBOOK_FEEDBACK_HPP

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../../random_values.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"

/// E[x xᵀ] of inputs that have much in common with their neighbours, a mean, and different sizes.
inline Eigen::MatrixXd random_second_moments(std::size_t inputs, std::size_t samples, std::uint32_t seed) {
  const std::vector<float> values = random_values(inputs * samples, seed);
  Eigen::MatrixXd x = Eigen::Map<const Eigen::MatrixXf>(values.data(), static_cast<Eigen::Index>(inputs),
                                                        static_cast<Eigen::Index>(samples))
                          .cast<double>();
  for (Eigen::Index row = 1; row < x.rows(); ++row) x.row(row) += 0.8 * x.row(row - 1);
  x.array() += 0.5;
  for (Eigen::Index row = 0; row < x.rows(); ++row) x.row(row) *= 0.5 + static_cast<double>(row * 7 % 5);
  return x * x.transpose() / static_cast<double>(samples);
}

/// `second_moments` + damping · their mean on the diagonal.
inline Eigen::MatrixXd damped(const Eigen::MatrixXd& second_moments, double damping) {
  Eigen::MatrixXd result = second_moments;
  result.diagonal().array() += damping * second_moments.diagonal().mean();
  return result;
}

inline std::vector<std::size_t> natural_order(std::size_t cols) {
  std::vector<std::size_t> order(cols);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

inline std::vector<std::size_t> order_by_importance(const Eigen::MatrixXd& second_moments) {
  const auto cols = static_cast<std::size_t>(second_moments.rows());
  std::vector<std::size_t> order = natural_order(cols);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto at = [&](std::size_t i) {
      return second_moments(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(i));
    };
    return at(a) > at(b);
  });
  return order;
}

/// GPTQ's loop as it is published: with UᵀU the inverse of `second_moments` (damped already) in the given order, weight
/// k of a row is replaced by a level and the weights after it take over −error / U_kk · U_ki.
/// `choose(target, cost)`: the level for a weight divided by its scale; the cost is that of a squared difference to it.
template <class Choose>
std::vector<std::int8_t> textbook_feedback(const nuq::LayerProblem& problem, const Eigen::MatrixXd& second_moments,
                                           const std::vector<std::size_t>& order, const Choose& choose) {
  const Eigen::Index cols = second_moments.rows();
  Eigen::MatrixXd ordered(cols, cols);
  for (Eigen::Index i = 0; i < cols; ++i) {
    for (Eigen::Index j = 0; j < cols; ++j) {
      ordered(i, j) = second_moments(static_cast<Eigen::Index>(order[static_cast<std::size_t>(i)]),
                                     static_cast<Eigen::Index>(order[static_cast<std::size_t>(j)]));
    }
  }
  const Eigen::MatrixXd inverse = ordered.inverse();
  const Eigen::MatrixXd u = inverse.llt().matrixU();
  std::vector<std::int8_t> levels(problem.weights.size());
  for (std::size_t row = 0; row < problem.weights.rows(); ++row) {
    const double scale = problem.scale(row);
    Eigen::RowVectorXd weights(cols);
    for (Eigen::Index k = 0; k < cols; ++k)
      weights[k] = static_cast<double>(problem.weights(row, order[static_cast<std::size_t>(k)]));
    for (Eigen::Index k = 0; k < cols; ++k) {
      const std::int8_t level = choose(weights[k] / scale, scale * scale / (u(k, k) * u(k, k)));
      levels[row * problem.weights.cols() + order[static_cast<std::size_t>(k)]] = level;
      const double error = (weights[k] - scale * static_cast<double>(level)) / u(k, k);
      weights.tail(cols - k) -= error * u.row(k).tail(cols - k);
    }
  }
  return levels;
}

#endif  // NUQ_TESTS_UNIT_QUANTIZE_ASSIGN_TEXTBOOK_FEEDBACK_HPP
