#ifndef NUQ_SEARCH_DETAIL_PRICE_FAMILY_HPP
#define NUQ_SEARCH_DETAIL_PRICE_FAMILY_HPP

#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/detail/option_change.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The configurations of least bytes + harm / price for each price, from the base on: each differs from the one before
/// in one layer, which takes the next option on the lower convex hull of its (bytes, harm). The hulls' steps in order
/// of price are the optimal allocation for every total of harm that they meet (Shoham & Gersho, Efficient bit
/// allocation for an arbitrary set of quantizers, IEEE Trans. ASSP 36, 1988).
class PriceFamily {
 public:
  NUQ_FUNCTION explicit PriceFamily(const SearchSpace& space);

  /// The smallest whose predicted harm is at most `harm`; the base where none is.
  NUQ_FUNCTION [[nodiscard]] Configuration within_harm(double harm) const;

  /// The largest of at most `bytes`; the smallest where none is.
  NUQ_FUNCTION [[nodiscard]] Configuration within_bytes(double bytes) const;

  NUQ_FUNCTION [[nodiscard]] Configuration smallest() const { return after_steps(steps_.size()); }

 private:
  NUQ_FUNCTION [[nodiscard]] Configuration after_steps(std::size_t count) const;

  NUQ_FUNCTION void add_hull(const SearchSpace& space, std::size_t layer);

  Configuration first_;
  double first_bytes_;
  std::vector<std::pair<double, OptionChange>> steps_;  ///< with their prices, which grow
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <limits>

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION PriceFamily::PriceFamily(const SearchSpace& space)
    : first_(space.base()), first_bytes_(space.total_bytes(first_)) {
  for (std::size_t layer = 0; layer < first_.size(); ++layer) {
    if (first_[layer] != in_float) add_hull(space, layer);
  }
  sort_by(steps_, [](const auto& step) { return step.first; });
}

NUQ_DEFINITION Configuration PriceFamily::within_harm(double harm) const {
  std::size_t count = 0;
  double total = 0.0;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    total += steps_[step].second.harm;
    if (total <= harm) count = step + 1;
  }
  return after_steps(count);
}

NUQ_DEFINITION Configuration PriceFamily::within_bytes(double bytes) const {
  double total = first_bytes_;
  std::size_t count = 0;
  while (count < steps_.size() && total > bytes) total -= steps_[count++].second.saved_bytes;
  return after_steps(count);
}

NUQ_DEFINITION Configuration PriceFamily::after_steps(std::size_t count) const {
  Configuration configuration = first_;
  for (std::size_t step = 0; step < count; ++step)
    configuration[steps_[step].second.layer] = steps_[step].second.option;
  return configuration;
}

NUQ_DEFINITION void PriceFamily::add_hull(const SearchSpace& space, std::size_t layer) {
  const int size = static_cast<int>(space.layers()[layer].size());
  double last_price = std::numeric_limits<double>::lowest();
  for (int from = 0; from + 1 < size;) {
    OptionChange next = option_change(space, layer, from, from + 1);
    for (int to = from + 2; to < size; ++to) {
      const OptionChange other = option_change(space, layer, from, to);
      if (other.price() <= next.price()) next = other;
    }
    last_price = (std::max)(last_price, next.price());
    steps_.emplace_back(last_price, next);
    from = next.option;
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_DETAIL_PRICE_FAMILY_HPP
