#ifndef NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP
#define NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
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
  NUQ_FUNCTION InputMoments(std::size_t inputs, bool has_products);

  /// Adds the vector that `fill(double* x)` writes.
  template <class Fill>
  void add(Parallel& parallel, Fill&& fill) {
    fill(x_.data());
    ++samples_;
    for (std::ptrdiff_t input = 0; input < x_.size(); ++input) sum_[input] += x_[input];
    if (products_) {
      products_->add(x_, parallel);
    } else {
      for (std::ptrdiff_t input = 0; input < x_.size(); ++input) squares_[input] += x_[input] * x_[input];
    }
  }

  /// The vector that was added last.
  [[nodiscard]] const Vector& last() const noexcept { return x_; }

  /// The means, zeros where no vector was added. To be called once, as the last thing.
  NUQ_FUNCTION [[nodiscard]] LayerStatistics finish(Parallel& parallel);

 private:
  template <class Values>
  [[nodiscard]] static Values divided(Values values, double by) {
    for (double *value = values.data(), *end = value + values.size(); value != end; ++value) *value /= by;
    return values;
  }

  Vector x_;
  std::uint64_t samples_ = 0;
  Vector sum_;
  Vector squares_;  // empty where products are kept
  std::optional<OuterProducts> products_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <algorithm>
#include <utility>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION InputMoments::InputMoments(std::size_t inputs, bool has_products)
    : x_(static_cast<std::ptrdiff_t>(inputs)), sum_(x_.size()), squares_(has_products ? 0 : x_.size()) {
  if (has_products) products_.emplace(x_.size());
}

NUQ_DEFINITION LayerStatistics InputMoments::finish(Parallel& parallel) {
  const double count = static_cast<double>((std::max)(samples_, std::uint64_t{1}));
  LayerStatistics statistics;
  statistics.samples = samples_;
  statistics.input_mean = divided(std::move(sum_), count);
  if (products_) {
    statistics.second_moments = divided(products_->finish(parallel), count);
    products_.reset();
    statistics.mean_squares = statistics.second_moments.diagonal();
  } else {
    statistics.mean_squares = divided(std::move(squares_), count);
  }
  return statistics;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_DETAIL_INPUT_MOMENTS_HPP
