#ifndef NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP
#define NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <cstddef>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What may be expected of a layer's inputs when no data are at hand. All have the second moment 1 and, since
/// activations are seldom negative, a mean in common; those of one channel under the taps of a kernel are alike, the
/// more the closer they are. With columns ordered [channel][tap row][tap column],
///
///   H_ij = m + (1 − m)·[same channel]·ρ^distance(tap i, tap j)
///
/// Errors that cancel within a channel and over a row then count for little, as they do on data. The two constants were
/// chosen on eight networks; m = 0.1 … 0.4 and ρ = 0.3 … 0.8 do about as well.
struct InputPrior {
  std::size_t tap_rows = 1;  ///< kernel height; 1 for an inner product
  std::size_t tap_cols = 1;
  double shared = 0.2;       ///< m, 0 ≤ m < 1
  double correlation = 0.6;  ///< ρ, 0 ≤ ρ < 1

  [[nodiscard]] std::size_t taps() const noexcept { return tap_rows * tap_cols; }

  /// The block of one channel without what all inputs share: [taps × taps].
  [[nodiscard]] Eigen::MatrixXd channel_block() const {
    const auto size = static_cast<Eigen::Index>(taps());
    const auto width = static_cast<Eigen::Index>(tap_cols);
    Eigen::MatrixXd block(size, size);
    for (Eigen::Index i = 0; i < size; ++i) {
      for (Eigen::Index j = 0; j < size; ++j) {
        const auto rows = static_cast<double>(i / width - j / width);
        const auto cols = static_cast<double>(i % width - j % width);
        block(i, j) = (1.0 - shared) * std::pow(correlation, std::sqrt(rows * rows + cols * cols));
      }
    }
    return block;
  }
};

/// H of an InputPrior, ready for use: xᵀHy, and what a second-order assignment needs of it, in O(in · taps) instead of
/// O(in²).
class PriorMoments {
 public:
  /// `inputs` columns: a multiple of the prior's taps.
  PriorMoments(const InputPrior& prior, std::size_t inputs)
      : shared_(prior.shared),
        taps_(static_cast<Eigen::Index>(prior.taps())),
        channels_(inputs / prior.taps()),
        block_(prior.channel_block()) {
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(taps_);
    precision_of_mean_ = ones.dot(block_.llt().solve(ones));
  }

  [[nodiscard]] Eigen::Index taps() const noexcept { return taps_; }
  [[nodiscard]] std::size_t channels() const noexcept { return channels_; }

  /// Mean over all weights of a row of what a squared difference costs that nothing makes up for.
  [[nodiscard]] double mean_cost() const {
    double sum = 0.0;
    for (std::size_t channel = 0; channel < channels_; ++channel)
      sum += factor(channel).diagonal().tail(taps_).squaredNorm();
    return sum / static_cast<double>(channels_ * static_cast<std::size_t>(taps_));
  }

  /// xᵀ H y.
  [[nodiscard]] double product(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const {
    const auto channels = static_cast<Eigen::Index>(channels_);
    const Eigen::Map<const Eigen::MatrixXd> x_taps(x.data(), taps_, channels);
    const Eigen::Map<const Eigen::MatrixXd> y_taps(y.data(), taps_, channels);
    const Eigen::MatrixXd products = x_taps * y_taps.transpose();
    return block_.cwiseProduct(products).sum() + shared_ * x.sum() * y.sum();
  }

  /// The factor R, upper triangular, of the taps of `channel` and, in front of them, the sum of the differences in all
  /// channels before it, when the channels behind it are left free to make up for errors: what they cannot make up for
  /// of a common error is shared / (1 + shared · n · 1ᵀB⁻¹1) with n of them (Woodbury). [1 + taps × 1 + taps]
  [[nodiscard]] Eigen::MatrixXd factor(std::size_t channel) const {
    const auto behind = static_cast<double>(channels_ - 1 - channel);
    const double common = shared_ / (1.0 + shared_ * behind * precision_of_mean_);
    Eigen::MatrixXd moments = Eigen::MatrixXd::Constant(taps_ + 1, taps_ + 1, common);
    moments.bottomRightCorner(taps_, taps_) += block_;
    // In reversed order R is lower triangular; the first entry of the sum's own column is not used.
    moments(0, 0) += 1.0;
    const Eigen::MatrixXd reversed = moments.reverse();
    return Eigen::MatrixXd(reversed.llt().matrixL()).reverse();
  }

 private:
  double shared_;
  Eigen::Index taps_;
  std::size_t channels_;
  Eigen::MatrixXd block_;
  double precision_of_mean_ = 0.0;  // 1ᵀ B⁻¹ 1
};

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP
