#ifndef NUQ_SEARCH_CONTRACTS_HPP
#define NUQ_SEARCH_CONTRACTS_HPP

#include <cstddef>
#include <functional>
#include <utility>

#include "nuq/core/support/returns.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Policy>
using search_op = decltype(std::declval<const Policy&>().search(std::declval<SearchProblem&>()));
template <class Strategy>
using layers_to_roll_back_op =
    decltype(std::declval<const Strategy&>().layers_to_roll_back(std::size_t{}, std::declval<bool (&)(std::size_t)>()));

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
/// Shipped models: BisectionSearch, RateDistortionSearch, GreedySearch, ExhaustiveSearch.
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

/// Any SearchPolicy behind one type, itself a policy. Refers to the policy, which outlives it.
struct AnySearchPolicy {
  std::function<SearchResult(SearchProblem&)> search;
};

/// Refers to a search policy.
template <class Policy>
[[nodiscard]] AnySearchPolicy any_search_policy(const Policy& policy) {
  return {[&policy](SearchProblem& problem) { return run_search(policy, problem); }};
}

/// A `RollBackStrategy` decides how many of a network's quantized layers, the most sensitive first, go back to float so
/// that the evaluator accepts the rest. It is asked when none is refused; all of them is the original, which passes.
///
///   struct OneByOne {
///     template <class Passes>  // bool passes(std::size_t count): evaluates the network with `count` layers in float
///     std::size_t layers_to_roll_back(std::size_t layers, Passes&& passes) const {
///       std::size_t count = 1;
///       while (count < layers && !passes(count)) ++count;
///       return count;
///     }
///   };
///
/// The result is 1 … layers. Shipped model: BinarySearchStrategy.
template <class Strategy>
inline constexpr bool is_roll_back_strategy_v =
    detail::returns<std::size_t, detail::layers_to_roll_back_op, Strategy>();

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_CONTRACTS_HPP
