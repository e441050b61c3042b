#ifndef NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP
#define NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "nuq/core/parallel.hpp"
#include "nuq/engine/kernels/outer_products.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Sums up x and x xᵀ over a stream of vectors, in double: the same bits however the stream is cut into batches, and
/// for any number of threads.
class InputMoments {
 public:
  /// Without `has_products` only the diagonal of x xᵀ is kept.
  InputMoments(std::size_t inputs, bool has_products)
      : x_(static_cast<Eigen::Index>(inputs)),
        sum_(Eigen::VectorXd::Zero(x_.size())),
        squares_(Eigen::VectorXd::Zero(has_products ? 0 : x_.size())) {
    if (has_products) products_.emplace(x_.size());
  }

  /// Adds the vector that `fill(double* x)` writes.
  template <class Fill>
  void add(Parallel& parallel, Fill&& fill) {
    fill(x_.data());
    ++samples_;
    sum_ += x_;
    if (products_) {
      products_->add(x_, parallel);
    } else {
      squares_ += x_.cwiseAbs2();
    }
  }

  /// The means, zeros where no vector was added. To be called once, as the last thing.
  [[nodiscard]] LayerStatistics finish(Parallel& parallel) {
    const double count = static_cast<double>((std::max)(samples_, std::uint64_t{1}));
    LayerStatistics statistics;
    statistics.samples = samples_;
    statistics.input_mean = sum_ / count;
    if (products_) {
      statistics.covariance = products_->finish(parallel);
      products_.reset();
      statistics.covariance /= count;
      statistics.second_moment = statistics.covariance.diagonal();
    } else {
      statistics.second_moment = squares_ / count;
    }
    return statistics;
  }

 private:
  Eigen::VectorXd x_;
  std::uint64_t samples_ = 0;
  Eigen::VectorXd sum_;
  Eigen::VectorXd squares_;  // empty where products are kept
  std::optional<OuterProducts> products_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP
