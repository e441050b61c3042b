#ifndef NUQ_SEARCH_RESULT_HPP
#define NUQ_SEARCH_RESULT_HPP

#include <optional>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The option each layer takes, as an index into the layer's options.
using Configuration = std::vector<int>;

/// What the user's evaluator says about one configuration.
struct EvaluationOutcome {
  double metric = 0.0;
  bool satisfied = false;
  bool ended_early = false;  ///< a clear failure: the metric is predicted from a part of the data (BatchMetrics)
};

struct EvaluatedConfiguration {
  Configuration configuration;
  double bytes = 0.0;  ///< of all layers
  EvaluationOutcome outcome;
};

enum class SearchStatus {
  satisfied,        ///< `best` is the answer
  int8_refused,     ///< the evaluator refuses even the network with every layer kept at int8: there is no answer
  budget_too_small  ///< the budget ended before any configuration passed
};

struct SearchResult {
  SearchStatus status = SearchStatus::budget_too_small;
  /// Fewest bytes of all configurations that were evaluated and satisfied; set iff status is `satisfied`.
  std::optional<EvaluatedConfiguration> best;
  /// Uniform configurations smaller than `best` that the budget did not allow to evaluate; all others were refused.
  std::vector<Configuration> uniform_smaller_untested;
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_RESULT_HPP
