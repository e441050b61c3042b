#ifndef NUQ_SEARCH_CONTRACTS_HPP
#define NUQ_SEARCH_CONTRACTS_HPP

#include <utility>

#include "nuq/core/detail/returns.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Policy>
using search_op = decltype(std::declval<const Policy&>().search(std::declval<SearchProblem&>()));

}  // namespace detail

/// A `SearchPolicy` decides which configurations the evaluator sees, and in which order. It holds parameters only, asks
/// `problem.passes(configuration)`, and ends with `problem.conclude()`, which knows the answer. Deterministic.
///
///   struct HalveEveryLayer {
///     nuq::SearchResult search(nuq::SearchProblem& problem) const {
///       if (problem.passes(problem.int8())) problem.passes(problem.uniform(128));
///       return problem.conclude();
///     }
///   };
///
/// Shipped models: BinarySearch, GreedySearch, ExhaustiveSearch.
template <class Policy>
inline constexpr bool is_search_policy_v = detail::returns<SearchResult, detail::search_op, Policy>();

/// Runs the policy.
template <class Policy>
[[nodiscard]] SearchResult run_search(const Policy& policy, SearchProblem& problem) {
  static_assert(is_search_policy_v<Policy>,
                "[nuq] SearchPolicy must provide: SearchResult search(SearchProblem&) const");
  if constexpr (is_search_policy_v<Policy>) {
    return policy.search(problem);
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_CONTRACTS_HPP
