#ifndef NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP
#define NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The rows of a problem whose second-moment matrix is guessed, as PriorMoments takes them: each entry multiplied by
/// the root of its input's second moment.
template <class Real>
class PriorRows {
 public:
  /// `problem` must have a prior and live as long as the rows.
  explicit PriorRows(const LayerProblem& problem)
      : problem_(problem),
        moments_(*problem.statistics->prior, problem.weights.cols()),
        roots_(static_cast<std::ptrdiff_t>(problem.weights.cols())) {
    for (std::size_t col = 0; col < problem.weights.cols(); ++col)
      roots_[static_cast<std::ptrdiff_t>(col)] = std::sqrt(problem.importance(col));
  }

  [[nodiscard]] const BasicPriorMoments<Real>& moments() const noexcept { return moments_; }
  /// √E[x_col²].
  [[nodiscard]] double root(std::size_t col) const { return roots_[static_cast<std::ptrdiff_t>(col)]; }

  [[nodiscard]] DenseVector<Real> weights(std::size_t row) const { return scaled(problem_.weights.row(row).data()); }
  [[nodiscard]] DenseVector<Real> levels(ArrayView<const std::int8_t> levels, std::size_t row) const {
    return scaled(levels.data() + row * problem_.weights.cols());
  }
  /// w − s·L.
  [[nodiscard]] DenseVector<Real> differences(ArrayView<const std::int8_t> levels, std::size_t row) const {
    const std::size_t cols = problem_.weights.cols();
    const float* const weight = problem_.weights.row(row).data();
    const std::int8_t* const level = levels.data() + row * cols;
    const double scale = problem_.scale(row);
    DenseVector<Real> differences(roots_.size());
    for (std::size_t col = 0; col < cols; ++col) {
      differences.data()[col] =
          (static_cast<double>(weight[col]) - scale * static_cast<double>(level[col])) * roots_.data()[col];
    }
    return differences;
  }

 private:
  template <class T>
  [[nodiscard]] DenseVector<Real> scaled(const T* values) const {
    DenseVector<Real> scaled(roots_.size());
    for (std::ptrdiff_t col = 0; col < scaled.size(); ++col) scaled[col] = static_cast<Real>(values[col]) * roots_[col];
    return scaled;
  }

  const LayerProblem& problem_;
  BasicPriorMoments<Real> moments_;
  DenseVector<Real> roots_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_DETAIL_PRIOR_ROWS_HPP
