#ifndef NUQ_SEARCH_BISECTION_HPP
#define NUQ_SEARCH_BISECTION_HPP

#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Bisection in the style of the vendor's accuracy-based calibration; the AMCT manual states the idea, the details are
/// ours.
///
/// 1. Int8 in every layer; refused: with some in float (`settle_base`).
/// 2. Bisects the uniform configurations (every layer at one number of levels, or one price) for the smallest that
///    passes; between that and the next, those at finer prices.
/// 3. Between that one and the next smaller: the layers ranked by predicted harm per saved byte, bisects how many of
///    them, cheapest first, take the smaller option.
/// 4. The evaluator need not be monotone: tries the uniform configurations that are still smaller than the answer. If
///    one passes, step 3 goes on from there.
///
/// At most 1 + ⌈log₂ U⌉ + ⌈log₂ L⌉ evaluations for U uniform configurations and L layers before step 4.
struct BisectionSearch {
  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;

 private:
  /// Bisects for an index in [0, size) that passes while the next one does not; index 0 is known to pass.
  template <class Passes>
  static std::size_t last_passing(std::size_t size, Passes&& passes) {
    std::size_t passing = 0;
    std::size_t refused = size;
    while (refused - passing > 1) {
      const std::size_t middle = passing + (refused - passing) / 2;
      (passes(middle) ? passing : refused) = middle;
    }
    return passing;
  }

  /// The uniform configurations once options are finer around the last that passes, and the smallest found that passes.
  NUQ_FUNCTION static std::vector<Configuration> finer_family(SearchProblem& problem,
                                                              const std::vector<Configuration>& family,
                                                              std::size_t passing);

  /// Step 3; the best is a uniform configuration.
  NUQ_FUNCTION static void refine_best(SearchProblem& problem, const std::vector<Configuration>& family);

  /// The layers that are smaller in `to` than in `from`, by predicted harm per saved byte.
  NUQ_FUNCTION static std::vector<std::size_t> layers_by_price(const SearchProblem& problem, const Configuration& from,
                                                               const Configuration& to);
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SearchResult BisectionSearch::search(SearchProblem& problem) const {
  if (!problem.settle_base()) return problem.conclude();
  const std::vector<Configuration> family = problem.uniform_family();
  const std::size_t passing =
      last_passing(family.size(), [&](std::size_t index) { return problem.passes(family[index]); });
  const std::vector<Configuration> finer = finer_family(problem, family, passing);
  do {
    refine_best(problem, finer);
  } while (problem.improve_by_uniform());
  return problem.conclude();
}

NUQ_DEFINITION std::vector<Configuration> BisectionSearch::finer_family(SearchProblem& problem,
                                                                        const std::vector<Configuration>& family,
                                                                        std::size_t passing) {
  if (problem.exhausted() || passing + 1 >= family.size() || !problem.refine(family[passing], family[passing + 1]))
    return family;
  std::vector<Configuration> finer = problem.uniform_family();
  const auto first = std::find(finer.begin(), finer.end(), problem.best()->configuration);
  const auto beyond = std::find_if(first, finer.end(), [&problem](const Configuration& configuration) {
    const EvaluatedConfiguration* const known = problem.find(configuration);
    return known != nullptr && !known->outcome.satisfied;
  });
  if (first != finer.end())
    last_passing(static_cast<std::size_t>(beyond - first),
                 [&](std::size_t index) { return problem.passes(*(first + static_cast<std::ptrdiff_t>(index))); });
  return finer;
}

NUQ_DEFINITION void BisectionSearch::refine_best(SearchProblem& problem, const std::vector<Configuration>& family) {
  const Configuration from = problem.best()->configuration;
  const auto smaller = std::find_if(family.begin(), family.end(), [&](const Configuration& configuration) {
    return problem.total_bytes(configuration) < problem.best()->bytes;
  });
  if (smaller == family.end()) return;
  const std::vector<std::size_t> ranking = layers_by_price(problem, from, *smaller);
  last_passing(ranking.size() + 1, [&](std::size_t count) {
    Configuration mixed = from;
    for (std::size_t rank = 0; rank < count; ++rank) mixed[ranking[rank]] = (*smaller)[ranking[rank]];
    return problem.passes(mixed);
  });
}

NUQ_DEFINITION std::vector<std::size_t> BisectionSearch::layers_by_price(const SearchProblem& problem,
                                                                         const Configuration& from,
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
  detail::sort_by(ranking, [&price](std::size_t layer) { return price[layer]; });
  return ranking;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_BISECTION_HPP
