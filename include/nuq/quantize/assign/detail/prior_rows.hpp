#ifndef NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP
#define NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/array_view.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The rows of a problem whose covariance is guessed, as PriorMoments takes them: each entry multiplied by the root of
/// its input's second moment.
class PriorRows {
 public:
  /// `problem` must have a prior and live as long as the rows.
  explicit PriorRows(const LayerProblem& problem)
      : problem_(problem),
        moments_(*problem.statistics->prior, problem.weights.cols()),
        roots_(static_cast<Eigen::Index>(problem.weights.cols())) {
    for (std::size_t col = 0; col < problem.weights.cols(); ++col)
      roots_[static_cast<Eigen::Index>(col)] = std::sqrt(problem.importance(col));
  }

  [[nodiscard]] const PriorMoments& moments() const noexcept { return moments_; }
  /// √E[x_col²].
  [[nodiscard]] double root(std::size_t col) const { return roots_[static_cast<Eigen::Index>(col)]; }

  [[nodiscard]] Eigen::VectorXd weights(std::size_t row) const { return scaled(problem_.weights.row(row).data()); }
  [[nodiscard]] Eigen::VectorXd levels(ArrayView<const std::int8_t> levels, std::size_t row) const {
    return scaled(levels.data() + row * problem_.weights.cols());
  }
  /// w − s·L.
  [[nodiscard]] Eigen::VectorXd differences(ArrayView<const std::int8_t> levels, std::size_t row) const {
    const std::size_t cols = problem_.weights.cols();
    const float* const weight = problem_.weights.row(row).data();
    const std::int8_t* const level = levels.data() + row * cols;
    const double scale = problem_.scale(row);
    Eigen::VectorXd differences(roots_.size());
    for (std::size_t col = 0; col < cols; ++col) {
      differences.data()[col] =
          (static_cast<double>(weight[col]) - scale * static_cast<double>(level[col])) * roots_.data()[col];
    }
    return differences;
  }

 private:
  template <class T>
  [[nodiscard]] Eigen::VectorXd scaled(const T* values) const {
    return Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(values, roots_.size())
        .template cast<double>()
        .cwiseProduct(roots_);
  }

  const LayerProblem& problem_;
  PriorMoments moments_;
  Eigen::VectorXd roots_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP
