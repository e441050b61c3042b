#ifndef NUQ_ACTIVATION_DETAIL_GROWING_HISTOGRAM_HPP
#define NUQ_ACTIVATION_DETAIL_GROWING_HISTOGRAM_HPP

#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Counts of values in bins of equal width over a range that grows with the values; it always holds zero.
class GrowingHistogram {
 public:
  explicit GrowingHistogram(std::size_t bins) : counts_(bins, 0.0) {}

  NUQ_FUNCTION void add(ArrayView<const float> values);

  [[nodiscard]] const std::vector<double>& counts() const noexcept { return counts_; }
  NUQ_FUNCTION [[nodiscard]] double width() const noexcept {
    return (max_ - min_) / static_cast<double>(counts_.size());
  }
  /// Lower border of a bin; the upper border of the last one for `bin` == number of bins.
  NUQ_FUNCTION [[nodiscard]] double border(std::size_t bin) const noexcept {
    return min_ + width() * static_cast<double>(bin);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] std::size_t bin_of(double value) const noexcept;

  /// Spreads every old bin evenly over the new bins below it.
  NUQ_FUNCTION void grow(double min, double max);

  NUQ_FUNCTION void spread(double begin, double end, double count);

  double min_ = 0.0;
  double max_ = 0.0;
  std::vector<double> counts_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>
#include <utility>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void GrowingHistogram::add(ArrayView<const float> values) {
  double min = min_;
  double max = max_;
  for (const float value : values) {
    min = (std::min)(min, static_cast<double>(value));
    max = (std::max)(max, static_cast<double>(value));
  }
  if (min < min_ || max > max_) grow(min, max);
  for (const float value : values) counts_[bin_of(static_cast<double>(value))] += 1.0;
}

NUQ_DEFINITION std::size_t GrowingHistogram::bin_of(double value) const noexcept {
  if (!(width() > 0.0)) return 0;
  return (std::min)(static_cast<std::size_t>((value - min_) / width()), counts_.size() - 1);
}

NUQ_DEFINITION void GrowingHistogram::grow(double min, double max) {
  GrowingHistogram wider(counts_.size());
  wider.min_ = min;
  wider.max_ = max;
  for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
    if (counts_[bin] > 0.0) wider.spread(border(bin), border(bin + 1), counts_[bin]);
  }
  *this = std::move(wider);
}

NUQ_DEFINITION void GrowingHistogram::spread(double begin, double end, double count) {
  const std::size_t first = bin_of(begin);
  const std::size_t last = bin_of(end);
  double left = count;
  for (std::size_t bin = first; bin < last; ++bin) {
    const double share = count * (border(bin + 1) - (std::max)(begin, border(bin))) / (end - begin);
    counts_[bin] += share;
    left -= share;
  }
  counts_[last] += left;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_DETAIL_GROWING_HISTOGRAM_HPP
