#ifndef NUQ_SEARCH_DETAIL_OPTION_EXCHANGE_HPP
#define NUQ_SEARCH_DETAIL_OPTION_EXCHANGE_HPP

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/detail/option_change.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Fills the room that the family's steps leave under a limit of harm: exchanges options, of one layer or of two
/// against each other, as long as that saves bytes; the exchange that saves most first.
class OptionExchange {
 public:
  explicit OptionExchange(const SearchSpace& space) : space_(space) {}

  NUQ_FUNCTION void improve(Configuration& configuration, double harm_limit);

 private:
  static constexpr std::size_t none = (std::numeric_limits<std::size_t>::max)();

  NUQ_FUNCTION bool exchange(Configuration& configuration, double& room);

  /// All changes of one layer and the change of none, by added harm; for each the two that save most up to there, of
  /// different layers.
  NUQ_FUNCTION void list_changes(const Configuration& configuration);

  NUQ_FUNCTION [[nodiscard]] const OptionChange* best_partner(const OptionChange& change, double room) const;

  const SearchSpace& space_;
  std::vector<OptionChange> changes_;
  std::vector<std::pair<const OptionChange*, const OptionChange*>> best_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void OptionExchange::improve(Configuration& configuration, double harm_limit) {
  double room = harm_limit - added_harm(space_, configuration);
  const std::size_t most = 8 * configuration.size();  // bytes that round could make it go in circles
  for (std::size_t round = 0; round < most && exchange(configuration, room); ++round) {
  }
}

NUQ_DEFINITION bool OptionExchange::exchange(Configuration& configuration, double& room) {
  list_changes(configuration);
  const OptionChange* first = nullptr;
  const OptionChange* second = nullptr;
  double most = 0.0;
  for (const OptionChange& change : changes_) {
    const OptionChange* partner = best_partner(change, room);
    if (partner == nullptr || !(change.saved_bytes + partner->saved_bytes > most)) continue;
    most = change.saved_bytes + partner->saved_bytes;
    first = &change;
    second = partner;
  }
  if (first == nullptr) return false;
  for (const OptionChange* change : {first, second}) {
    if (change->layer == none) continue;
    configuration[change->layer] = change->option;
    room -= change->harm;
  }
  return true;
}

NUQ_DEFINITION void OptionExchange::list_changes(const Configuration& configuration) {
  changes_.assign(1, {none, 0, 0.0, 0.0});
  for (std::size_t layer = 0; layer < configuration.size(); ++layer) {
    if (configuration[layer] == in_float) continue;
    const int size = static_cast<int>(space_.layers()[layer].size());
    for (int to = 0; to < size; ++to) {
      if (to != configuration[layer]) changes_.push_back(option_change(space_, layer, configuration[layer], to));
    }
  }
  sort_by(changes_, [](const OptionChange& change) { return change.harm; });
  best_.clear();
  std::pair<const OptionChange*, const OptionChange*> best{nullptr, nullptr};
  for (const OptionChange& change : changes_) {
    if (best.first == nullptr || change.saved_bytes > best.first->saved_bytes) {
      if (best.first != nullptr && best.first->layer != change.layer) best.second = best.first;
      best.first = &change;
    } else if (change.layer != best.first->layer &&
               (best.second == nullptr || change.saved_bytes > best.second->saved_bytes)) {
      best.second = &change;
    }
    best_.push_back(best);
  }
}

NUQ_DEFINITION const OptionChange* OptionExchange::best_partner(const OptionChange& change, double room) const {
  const auto end = std::upper_bound(changes_.begin(), changes_.end(), room - change.harm,
                                    [](double harm, const OptionChange& other) { return harm < other.harm; });
  if (end == changes_.begin()) return nullptr;
  const auto& [best, other] = best_[static_cast<std::size_t>(end - changes_.begin()) - 1];
  return best->layer != change.layer ? best : other;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_DETAIL_OPTION_EXCHANGE_HPP
