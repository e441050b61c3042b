#ifndef NUQ_SEARCH_EXHAUSTIVE_HPP
#define NUQ_SEARCH_EXHAUSTIVE_HPP

#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Every configuration from the smallest on until one passes: the true optimum, for a handful of layers.
struct ExhaustiveSearch {
  static constexpr std::size_t max_configurations = 10000;

  /// @throws ConfigError invalid_argument: more than `max_configurations` configurations.
  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;

 private:
  using Sized = std::pair<double, Configuration>;

  NUQ_FUNCTION static std::vector<Sized> configurations_by_size(const SearchProblem& problem);

  NUQ_FUNCTION static void refuse();
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <string>

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SearchResult ExhaustiveSearch::search(SearchProblem& problem) const {
  if (!problem.settle_base()) return problem.conclude();
  for (const auto& [bytes, configuration] : configurations_by_size(problem)) {
    if (problem.exhausted() || problem.passes(configuration)) break;
  }
  return problem.conclude();
}

NUQ_DEFINITION std::vector<ExhaustiveSearch::Sized> ExhaustiveSearch::configurations_by_size(
    const SearchProblem& problem) {
  std::vector<Sized> sized{{0.0, {}}};
  for (std::size_t layer = 0; layer < problem.layers().size(); ++layer) {
    if (problem.base()[layer] == in_float) {
      for (Sized& shorter : sized) shorter.second.push_back(in_float);
      continue;
    }
    const LayerOptions& options = problem.layers()[layer];
    if (sized.size() > max_configurations / options.size()) refuse();
    std::vector<Sized> longer;
    for (const Sized& shorter : sized) {
      for (std::size_t option = 0; option < options.size(); ++option) {
        longer.push_back(shorter);
        longer.back().first += options[option].bytes;
        longer.back().second.push_back(static_cast<int>(option));
      }
    }
    sized.swap(longer);
  }
  detail::sort_by(sized, [](const auto& configuration) { return configuration.first; });
  return sized;
}

NUQ_DEFINITION void ExhaustiveSearch::refuse() {
  detail::fail(ConfigError(ErrorCode::invalid_argument, "ExhaustiveSearch: the layers have more than " +
                                                            std::to_string(max_configurations) +
                                                            " configurations, wanted fewer layers or options"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_EXHAUSTIVE_HPP
