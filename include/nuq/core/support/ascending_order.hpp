#ifndef NUQ_CORE_SUPPORT_ASCENDING_ORDER_HPP
#define NUQ_CORE_SUPPORT_ASCENDING_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The places of `keys` by ascending key; equal keys stay in order.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::size_t> ascending_order(ArrayView<const double> keys) {
  std::vector<std::size_t> order(keys.size());
  for (std::size_t place = 0; place < order.size(); ++place) order[place] = place;
  std::stable_sort(order.begin(), order.end(), [keys](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

/// Sorts `items` by ascending `key(item)` → double; equal ones stay in order. Costs less to compile than a
/// std::stable_sort for each type of items.
template <class T, class Key>
void sort_by(std::vector<T>& items, const Key& key) {
  std::vector<double> keys;
  keys.reserve(items.size());
  for (const T& item : items) keys.push_back(static_cast<double>(key(item)));
  std::vector<T> sorted;
  sorted.reserve(items.size());
  for (const std::size_t place : ascending_order(keys)) sorted.push_back(std::move(items[place]));
  items.swap(sorted);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ASCENDING_ORDER_HPP
