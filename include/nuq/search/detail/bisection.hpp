#ifndef NUQ_SEARCH_DETAIL_BISECTION_HPP
#define NUQ_SEARCH_DETAIL_BISECTION_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Bisects for an index in [0, size) that passes while the next one does not; index 0 is known to pass. Ends before
/// that when `may_ask()` is false.
template <class Passes, class MayAsk>
std::size_t last_passing(std::size_t size, const Passes& passes, const MayAsk& may_ask) {
  std::size_t passing = 0;
  std::size_t refused = size;
  while (refused - passing > 1 && may_ask()) {
    const std::size_t middle = passing + (refused - passing) / 2;
    (passes(middle) ? passing : refused) = middle;
  }
  return passing;
}

/// The layers that are smaller in `to` than in `from`, by predicted harm per saved byte.
[[nodiscard]] inline std::vector<std::size_t> layers_by_price(const SearchProblem& problem, const Configuration& from,
                                                              const Configuration& to) {
  std::vector<std::size_t> ranking;
  std::vector<double> price(from.size());
  for (std::size_t layer = 0; layer < from.size(); ++layer) {
    if (to[layer] <= from[layer]) continue;
    const LayerOption& before = problem.layers()[layer][static_cast<std::size_t>(from[layer])];
    const LayerOption& after = problem.layers()[layer][static_cast<std::size_t>(to[layer])];
    price[layer] = (after.harm - before.harm) / (before.bytes - after.bytes);
    ranking.push_back(layer);
  }
  std::stable_sort(ranking.begin(), ranking.end(), [&](std::size_t a, std::size_t b) { return price[a] < price[b]; });
  return ranking;
}

/// Between the best, which is a uniform configuration, and the next smaller one of the family: bisects how many of the
/// layers, the cheapest first, take the smaller option.
template <class MayAsk>
void bisect_towards_next_uniform(SearchProblem& problem, const std::vector<Configuration>& family,
                                 const MayAsk& may_ask) {
  const Configuration from = problem.best()->configuration;
  const auto smaller = std::find_if(family.begin(), family.end(), [&](const Configuration& configuration) {
    return problem.total_bytes(configuration) < problem.best()->bytes;
  });
  if (smaller == family.end()) return;
  const std::vector<std::size_t> ranking = layers_by_price(problem, from, *smaller);
  const auto passes = [&](std::size_t count) {
    Configuration mixed = from;
    for (std::size_t rank = 0; rank < count; ++rank) mixed[ranking[rank]] = (*smaller)[ranking[rank]];
    return problem.passes(mixed);
  };
  last_passing(ranking.size() + 1, passes, may_ask);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_DETAIL_BISECTION_HPP
