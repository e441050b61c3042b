#ifndef NUQ_SEARCH_GREEDY_HPP
#define NUQ_SEARCH_GREEDY_HPP

#include <cstddef>
#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One layer, one option at a time, from int8 on: the step that saves most bytes per predicted harm is evaluated and
/// kept if it passes; a layer whose step was refused stays where it is. Ends when no layer is left or the budget is
/// spent. If after that a smaller uniform configuration passes, goes on from there. Takes about one evaluation per
/// step: for few layers or a cheap evaluator.
struct GreedySearch {
  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;

 private:
  NUQ_FUNCTION static void descend_from_best(SearchProblem& problem);

  /// The layer whose next option costs least harm per saved byte; empty when no layer can go on.
  NUQ_FUNCTION static std::optional<std::size_t> cheapest_step(const SearchProblem& problem,
                                                               const Configuration& current,
                                                               const std::vector<bool>& settled);
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SearchResult GreedySearch::search(SearchProblem& problem) const {
  if (!problem.settle_base()) return problem.conclude();
  do {
    descend_from_best(problem);
  } while (problem.improve_by_uniform());
  return problem.conclude();
}

NUQ_DEFINITION void GreedySearch::descend_from_best(SearchProblem& problem) {
  Configuration current = problem.best()->configuration;
  std::vector<bool> settled(current.size(), false);
  while (const std::optional<std::size_t> layer = cheapest_step(problem, current, settled)) {
    ++current[*layer];
    if (problem.passes(current)) continue;
    --current[*layer];
    settled[*layer] = true;
  }
}

NUQ_DEFINITION std::optional<std::size_t> GreedySearch::cheapest_step(const SearchProblem& problem,
                                                                      const Configuration& current,
                                                                      const std::vector<bool>& settled) {
  std::optional<std::size_t> cheapest;
  double least_price = 0.0;
  for (std::size_t layer = 0; layer < current.size(); ++layer) {
    const LayerOptions& options = problem.layers()[layer];
    const std::size_t next = static_cast<std::size_t>(current[layer]) + 1;
    if (settled[layer] || current[layer] == in_float || next == options.size()) continue;
    const double price =
        (options[next].harm - options[next - 1].harm) / (options[next - 1].bytes - options[next].bytes);
    if (!cheapest || price < least_price) {
      cheapest = layer;
      least_price = price;
    }
  }
  return cheapest;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_GREEDY_HPP
