#ifndef NUQ_SEARCH_RESULT_HPP
#define NUQ_SEARCH_RESULT_HPP

#include <optional>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The option each layer takes, as an index into the layer's options; `in_float` for a layer that is not quantized.
using Configuration = std::vector<int>;

inline constexpr int in_float = -1;  ///< in place of an option's index

/// What the user's evaluator says about one configuration.
struct EvaluationOutcome {
  double metric = 0.0;
  bool satisfied = false;
  bool ended_early = false;  ///< a clear failure: the metric is predicted from a part of the data (BatchMetrics)
  /// Standard error of the metric's change from the original's; absent where the evaluator does not tell batches.
  std::optional<double> error{};
  /// How far the outputs are from the original's (BatchMetrics::set_damage); absent where the evaluator does not tell.
  std::optional<double> damage{};
  /// Not satisfied, but the sample leaves it open whether the configuration is; says nothing where it is satisfied.
  bool plausible = false;
};

/// A configuration and what its evaluation gave.
struct EvaluatedConfiguration {
  Configuration configuration;
  double bytes = 0.0;  ///< of all layers
  EvaluationOutcome outcome;
};

/// How a search ended.
enum class SearchStatus {
  satisfied,         ///< `best` is the answer
  int8_refused,      ///< the evaluator refuses the network with every layer at int8, and whatever else was tried
  budget_too_small,  ///< the budget ended before any configuration passed
  too_large          ///< no configuration is within the bytes that were asked for
};

/// What a search found.
struct SearchResult {
  SearchStatus status = SearchStatus::budget_too_small;
  /// Fewest bytes of all configurations that were evaluated and satisfied, or the best metric of those within the bytes
  /// that were asked for; set iff status is `satisfied`.
  std::optional<EvaluatedConfiguration> best;
  /// Uniform configurations between `best` and the largest uniform one that was refused, which the budget did not allow
  /// to evaluate.
  std::vector<Configuration> uniform_smaller_untested;
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_RESULT_HPP
