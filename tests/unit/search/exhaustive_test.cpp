#include "nuq/search/exhaustive.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/core/error.hpp"
#include "search_cases.hpp"

namespace search_exhaustive_test {

/// Fewest bytes of all configurations that are accepted, by enumeration.
template <class Accepts>
double fewest_accepted_bytes(const nuq::SearchProblem& problem, Accepts accepts) {
  double fewest = problem.total_bytes(problem.int8());
  nuq::Configuration configuration = problem.int8();
  for (std::size_t layer = 0; layer < configuration.size();) {
    if (accepts(configuration)) fewest = (std::min)(fewest, problem.total_bytes(configuration));
    for (layer = 0; layer < configuration.size(); ++layer) {  // the next one, as an odometer
      if (++configuration[layer] < static_cast<int>(problem.layers()[layer].size())) break;
      configuration[layer] = 0;
    }
  }
  return fewest;
}

TEST_CASE("exhaustive search keeps the promises of a search, whatever the evaluator") {
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 30; ++trial) {
    const std::vector<nuq::LayerOptions> layers = random_layers(engine);
    for (const int evaluations : {0, 1, 2, 5, 100}) {
      check_promises(nuq::ExhaustiveSearch{}, layers, HashEvaluator{engine(), 3, true}, evaluations);
      check_promises(nuq::ExhaustiveSearch{}, layers, HashEvaluator{engine(), 3, false}, evaluations);
    }
  }
}

TEST_CASE("exhaustive search finds the fewest bytes of all configurations that pass") {
  nuq::detail::RandomEngine engine(2);
  for (int trial = 0; trial < 60; ++trial) {
    const std::vector<nuq::LayerOptions> layers = random_layers(engine);
    const HashEvaluator evaluator{engine(), 1 + nuq::detail::uniform_below(engine, 40), true};
    LoggingEvaluator<HashEvaluator> logging(evaluator);
    nuq::SearchProblem problem(layers, {10000}, logging);
    CHECK(nuq::ExhaustiveSearch{}.search(problem).best->bytes == fewest_accepted_bytes(problem, evaluator));
  }
}

TEST_CASE("exhaustive search refuses a problem that is too large to enumerate") {
  const std::vector<nuq::LayerOptions> layers(14, {{2.0, 0.0, 256}, {1.0, 1.0, 32}});
  auto evaluate = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{0.0, true}; };
  nuq::SearchProblem problem(layers, {}, evaluate);
  CHECK_THROWS_AS(static_cast<void>(nuq::ExhaustiveSearch{}.search(problem)), nuq::ConfigError);
}

}  // namespace search_exhaustive_test
