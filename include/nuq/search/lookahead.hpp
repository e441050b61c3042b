#ifndef NUQ_SEARCH_LOOKAHEAD_HPP
#define NUQ_SEARCH_LOOKAHEAD_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The first configuration that a policy asks for beyond those whose outcomes are `known`; empty if it ends before.
template <class Policy>
[[nodiscard]] std::optional<Configuration> next_asked(const Policy& policy, const SearchProblem& problem,
                                                      const std::vector<EvaluatedConfiguration>& known) {
  std::optional<Configuration> asked;
  auto evaluate = [&](const Configuration& configuration) -> EvaluationOutcome {
    for (const EvaluatedConfiguration& answer : known) {
      if (answer.configuration == configuration) return answer.outcome;
    }
    if (!asked) asked = configuration;
    return {};
  };
  auto has_asked = [&asked] { return asked.has_value(); };
  SearchBudget budget;
  budget.evaluations = problem.budget().evaluations;
  SearchProblem rehearsal(problem.layers(), budget, evaluate, problem.float_bytes());
  rehearsal.stop_when(has_asked);
  static_cast<void>(run_search(policy, rehearsal));
  return asked;
}

/// What an evaluation may be expected to say if it is satisfied or refused: the metric of the last one of that kind,
/// else of the last.
NUQ_FUNCTION [[nodiscard]] EvaluationOutcome assumed_outcome(const std::vector<EvaluatedConfiguration>& known,
                                                             bool satisfied);

}  // namespace detail

/// The configurations that a policy is likely to ask for while `pending`, which it asks for now, is being evaluated:
/// the policy is run on what is known, once as if pending were satisfied and once as if it were refused, and so on for
/// what it asks for then. At most `count`, different, the nearest first. Calls no evaluator.
template <class Policy>
[[nodiscard]] std::vector<Configuration> lookahead(const Policy& policy, const SearchProblem& problem,
                                                   const Configuration& pending, std::size_t count) {
  struct Scenario {
    std::vector<EvaluatedConfiguration> known;
    Configuration pending;
  };
  std::vector<Configuration> likely;
  std::vector<Scenario> scenarios{{problem.evaluated(), pending}};
  const std::size_t most_rounds = 4 * count;
  for (std::size_t round = 0; round < most_rounds && likely.size() < count && round < scenarios.size(); ++round) {
    for (const bool satisfied : {true, false}) {
      Scenario next = scenarios[round];
      const EvaluationOutcome outcome = detail::assumed_outcome(next.known, satisfied);
      next.known.push_back({next.pending, problem.total_bytes(next.pending), outcome});
      const std::optional<Configuration> asked = detail::next_asked(policy, problem, next.known);
      if (!asked) continue;
      const bool is_new = *asked != pending && std::find(likely.begin(), likely.end(), *asked) == likely.end();
      if (is_new && likely.size() < count) likely.push_back(*asked);
      next.pending = *asked;
      scenarios.push_back(std::move(next));
    }
  }
  return likely;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION EvaluationOutcome assumed_outcome(const std::vector<EvaluatedConfiguration>& known, bool satisfied) {
  EvaluationOutcome outcome{known.empty() ? 0.0 : known.back().outcome.metric, satisfied};
  for (const EvaluatedConfiguration& answer : known) {
    if (answer.outcome.satisfied == satisfied) outcome.metric = answer.outcome.metric;
  }
  return outcome;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_LOOKAHEAD_HPP
