#ifndef NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP
#define NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP

#include <algorithm>
#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
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
  NUQ_FUNCTION [[nodiscard]] Matrix channel_block() const;
};

/// H of an InputPrior, ready for use: xᵀHy, and what a second-order assignment needs of it, in O(in · taps) instead of
/// O(in²).
template <class Real>
class BasicPriorMoments {
 public:
  /// `inputs` columns: a multiple of the prior's taps.
  BasicPriorMoments(const InputPrior& prior, std::size_t inputs)
      : shared_(prior.shared),
        taps_(static_cast<std::ptrdiff_t>(prior.taps())),
        channels_(inputs / prior.taps()),
        block_(prior.channel_block()) {
    const DenseVector<Real> ones(taps_, 1.0);
    precision_of_mean_ = linear_algebra::dot(ones.view(), linear_algebra::solve_positive_definite(block_, ones).view());
  }

  [[nodiscard]] std::ptrdiff_t taps() const noexcept { return taps_; }
  [[nodiscard]] std::size_t channels() const noexcept { return channels_; }

  /// Mean over all weights of a row of what a squared difference costs that nothing makes up for.
  [[nodiscard]] double mean_cost() const {
    double sum = 0.0;
    for (std::size_t channel = 0; channel < channels_; ++channel) sum += cost_of_taps(factor(channel));
    return sum / static_cast<double>(channels_ * static_cast<std::size_t>(taps_));
  }

  /// xᵀ H y.
  [[nodiscard]] double product(const DenseVector<Real>& x, const DenseVector<Real>& y) const {
    const auto channels = static_cast<std::ptrdiff_t>(channels_);
    DenseMatrix<Real> products;
    linear_algebra::multiply_transposed(MatrixBlock<Real>{x.data(), taps_, channels, taps_},
                                        MatrixBlock<Real>{y.data(), taps_, channels, taps_}, products);
    return linear_algebra::dot(block_.view(), products.view()) +
           shared_ * linear_algebra::sum(x.view()) * linear_algebra::sum(y.view());
  }

  /// The factor R, upper triangular, of the taps of `channel` and, in front of them, the sum of the differences in all
  /// channels before it, when the channels behind it are left free to make up for errors: what they cannot make up for
  /// of a common error is shared / (1 + shared · n · 1ᵀB⁻¹1) with n of them (Woodbury). [1 + taps × 1 + taps]
  [[nodiscard]] DenseMatrix<Real> factor(std::size_t channel) const {
    const auto behind = static_cast<double>(channels_ - 1 - channel);
    const double common = shared_ / (1.0 + shared_ * behind * precision_of_mean_);
    // In reversed order R is lower triangular; the first entry of the sum's own column is not used.
    DenseMatrix<Real> factor(taps_ + 1, taps_ + 1, common);
    factor(taps_, taps_) += 1.0;
    for (std::ptrdiff_t col = 0; col < taps_; ++col) {
      for (std::ptrdiff_t row = 0; row < taps_; ++row) factor(row, col) += block_(taps_ - 1 - row, taps_ - 1 - col);
    }
    static_cast<void>(linear_algebra::make_cholesky_factor(factor));
    std::reverse(factor.data(), factor.data() + factor.size());
    return factor;
  }

 private:
  [[nodiscard]] static double cost_of_taps(const DenseMatrix<Real>& factor) {
    double sum = 0.0;
    for (std::ptrdiff_t tap = 1; tap < factor.rows(); ++tap) sum += factor(tap, tap) * factor(tap, tap);
    return sum;
  }

  double shared_;
  std::ptrdiff_t taps_;
  std::size_t channels_;
  DenseMatrix<Real> block_;
  double precision_of_mean_ = 0.0;  // 1ᵀ B⁻¹ 1
};

/// In double precision.
using PriorMoments = BasicPriorMoments<double>;

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE) template class BasicPriorMoments<double>;
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cmath>

#include "nuq/core/array_view.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Matrix InputPrior::channel_block() const {
  const auto size = static_cast<std::ptrdiff_t>(taps());
  const auto width = static_cast<std::ptrdiff_t>(tap_cols);
  Matrix block(size, size);
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    for (std::ptrdiff_t j = 0; j < size; ++j) {
      const auto rows = static_cast<double>(i / width - j / width);
      const auto cols = static_cast<double>(i % width - j % width);
      block(i, j) = (1.0 - shared) * std::pow(correlation, std::sqrt(rows * rows + cols * cols));
    }
  }
  return block;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_STATISTICS_INPUT_PRIOR_HPP
