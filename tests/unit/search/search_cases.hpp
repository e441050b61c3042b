#ifndef NUQ_TESTS_UNIT_SEARCH_SEARCH_CASES_HPP
#define NUQ_TESTS_UNIT_SEARCH_SEARCH_CASES_HPP

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/support/random.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"

/// Up to five layers with random subsets of the level counts 64, 32, 16 and 8; bytes in whole numbers.
inline std::vector<nuq::LayerOptions> random_layers(nuq::detail::RandomEngine& engine) {
  std::vector<nuq::LayerOptions> layers(1 + static_cast<std::size_t>(nuq::detail::uniform_below(engine, 5)));
  for (nuq::LayerOptions& options : layers) {
    double bytes = 50.0 + static_cast<double>(nuq::detail::uniform_below(engine, 1000));
    double harm = 0.0;
    options.push_back({bytes, harm, 256});
    for (const int levels : {64, 32, 16, 8}) {
      if (nuq::detail::uniform_below(engine, 3) == 0) continue;
      bytes -= 1.0 + static_cast<double>(nuq::detail::uniform_below(engine, 12));
      harm += nuq::detail::uniform_unit(engine);
      options.push_back({bytes, harm, levels});
    }
  }
  return layers;
}

/// An evaluator that only knows configurations; keeps a log of what it was asked.
template <class Accepts>
class LoggingEvaluator {
 public:
  explicit LoggingEvaluator(Accepts accepts) : accepts_(accepts) {}
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) {
    CHECK(std::count(asked.begin(), asked.end(), configuration) == 0);
    asked.push_back(configuration);
    return {0.0, accepts_(configuration)};
  }
  std::vector<nuq::Configuration> asked;

 private:
  Accepts accepts_;
};

/// Accepts a fixed pseudo-random half (a quarter, …) of the configurations: no order whatever.
struct HashEvaluator {
  std::uint64_t seed;
  std::uint64_t one_in;
  bool int8;
  bool operator()(const nuq::Configuration& configuration) const {
    if (std::count(configuration.begin(), configuration.end(), 0) == static_cast<std::ptrdiff_t>(configuration.size()))
      return int8;
    std::uint64_t hash = seed;
    for (const int option : configuration)
      hash = nuq::detail::RandomEngine(hash * 31U + static_cast<std::uint64_t>(option))();
    return hash % one_in == 0;
  }
};

/// The sum of the harms against a limit: monotone, and as the options predict.
struct HarmEvaluator {
  std::vector<nuq::LayerOptions> layers;
  double limit;
  bool operator()(const nuq::Configuration& configuration) const {
    double harm = 0.0;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      if (configuration[layer] != nuq::in_float)
        harm += layers[layer][static_cast<std::size_t>(configuration[layer])].harm;
    }
    return harm <= limit;
  }
};

/// What every policy promises, whatever the evaluator: runs it and returns its result.
template <class Policy, class Accepts>
nuq::SearchResult check_promises(const Policy& policy, const std::vector<nuq::LayerOptions>& layers, Accepts accepts,
                                 int evaluations) {
  LoggingEvaluator<Accepts> evaluator(accepts);
  nuq::SearchProblem problem(layers, {evaluations}, evaluator);
  double announced = -1.0;
  auto listener = [&](const nuq::EvaluatedConfiguration& improved) {
    CHECK((announced < 0.0 || improved.bytes < announced));
    announced = improved.bytes;
  };
  problem.on_improvement(listener);
  const nuq::SearchResult result = nuq::run_search(policy, problem);

  CHECK(evaluator.asked.size() <= static_cast<std::size_t>(evaluations));
  if (evaluations > 0) CHECK(evaluator.asked.front() == problem.int8());
  CHECK((result.status == nuq::SearchStatus::satisfied) == result.best.has_value());
  CHECK((result.status == nuq::SearchStatus::int8_refused) == (evaluations > 0 && !result.best));
  if (!result.best) {
    CHECK((evaluations == 0 || !accepts(problem.int8())));
    for (const nuq::Configuration& asked : evaluator.asked) CHECK_FALSE(accepts(asked));
    CHECK(announced == -1.0);
    return result;
  }
  CHECK(accepts(result.best->configuration));
  CHECK(result.best->bytes == problem.total_bytes(result.best->configuration));
  CHECK(result.best->bytes == announced);
  for (const nuq::Configuration& asked : evaluator.asked) {
    CHECK_FALSE((accepts(asked) && problem.total_bytes(asked) < result.best->bytes));
  }
  bool larger_was_refused = false;
  for (const nuq::Configuration& uniform : problem.uniform_family()) {
    if (larger_was_refused || !(problem.total_bytes(uniform) < result.best->bytes)) continue;
    larger_was_refused = std::count(evaluator.asked.begin(), evaluator.asked.end(), uniform) == 1;
    const auto contains = [&uniform](const std::vector<nuq::Configuration>& list) {
      return std::count(list.begin(), list.end(), uniform) == 1;
    };
    CHECK(contains(evaluator.asked) != contains(result.uniform_smaller_untested));
  }
  if (!result.uniform_smaller_untested.empty()) CHECK(evaluator.asked.size() == static_cast<std::size_t>(evaluations));
  return result;
}

/// The promises against evaluators of every kind, with every budget from none to more than enough.
template <class Policy>
void check_promises_against_adversaries(const Policy& policy) {
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 400; ++trial) {
    const std::vector<nuq::LayerOptions> layers = random_layers(engine);
    for (const int evaluations : {0, 1, 2, 3, 5, 8, 15, 4000}) {
      const std::uint64_t seed = engine();
      check_promises(policy, layers, HashEvaluator{seed, 2, true}, evaluations);
      check_promises(policy, layers, HashEvaluator{seed, 6, true}, evaluations);
      check_promises(policy, layers, HashEvaluator{seed, 2, false}, evaluations);
      check_promises(policy, layers, HarmEvaluator{layers, 5.0 * nuq::detail::uniform_unit(engine)}, evaluations);
      check_promises(
          policy, layers, [](const nuq::Configuration&) { return false; }, evaluations);
      check_promises(
          policy, layers, [](const nuq::Configuration&) { return true; }, evaluations);
    }
  }
}

#endif  // NUQ_TESTS_UNIT_SEARCH_SEARCH_CASES_HPP
