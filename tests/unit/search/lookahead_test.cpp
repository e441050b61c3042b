#include "nuq/search/lookahead.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/search/bisection.hpp"
#include "nuq/search/greedy.hpp"
#include "nuq/search/rate_distortion.hpp"

namespace search_lookahead_test {

std::vector<nuq::LayerOptions> four_layers() {
  std::vector<nuq::LayerOptions> layers;
  for (int layer = 1; layer <= 4; ++layer) {
    nuq::LayerOptions options;
    for (int level = 0; level < 5; ++level) {
      options.push_back({1000.0 * layer / (1 << level), 0.01 * layer * level * level, 256 >> level, 0.0});
    }
    layers.push_back(options);
  }
  return layers;
}

double harm_of(const std::vector<nuq::LayerOptions>& layers, const nuq::Configuration& configuration) {
  double harm = 0.0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    harm += layers[layer][static_cast<std::size_t>(configuration[layer])].harm;
  return harm;
}

TEST_CASE("binary search: what follows either verdict on the pending configuration is foreseen") {
  const auto layers = four_layers();
  auto accepts = [&](const nuq::Configuration& configuration) -> nuq::EvaluationOutcome {
    const double harm = harm_of(layers, configuration);
    return {1.0 - harm, harm <= 0.35};
  };
  nuq::SearchProblem problem(layers, {}, accepts);
  REQUIRE(problem.passes(problem.int8()));
  const std::vector<nuq::Configuration> family = problem.uniform_family();  // 5: int8, then 128, 64, 32, 16 levels
  REQUIRE(family.size() == 5);
  const auto likely = nuq::lookahead(nuq::BisectionSearch{}, problem, family[2], 2);
  CHECK(likely == std::vector<nuq::Configuration>{family[3], family[1]});  // if it passes; if it does not
  CHECK(nuq::lookahead(nuq::BisectionSearch{}, problem, family[2], 1) == std::vector<nuq::Configuration>{family[3]});
  CHECK(nuq::lookahead(nuq::BisectionSearch{}, problem, family[2], 0).empty());
  CHECK(problem.evaluated().size() == 1);
}

/// Plays a search and checks before every evaluation what was foreseen before the last.
template <class Policy>
void check_foreseen(const Policy& policy, double least_hit_rate) {
  const auto layers = four_layers();
  std::vector<nuq::Configuration> foreseen;
  int asked = 0;
  int hits = 0;
  nuq::SearchProblem* running = nullptr;
  auto accepts = [&](const nuq::Configuration& configuration) -> nuq::EvaluationOutcome {
    if (asked++ > 0) hits += static_cast<int>(std::count(foreseen.begin(), foreseen.end(), configuration));
    foreseen = nuq::lookahead(policy, *running, configuration, 2);
    for (std::size_t a = 0; a < foreseen.size(); ++a) {
      CHECK(foreseen[a] != configuration);
      CHECK(running->find(foreseen[a]) == nullptr);
      for (std::size_t b = 0; b < a; ++b) CHECK(foreseen[a] != foreseen[b]);
    }
    const double harm = harm_of(layers, configuration);
    return {1.0 - harm, harm <= 0.35};
  };
  nuq::SearchProblem problem(layers, {12, 1e9}, accepts);
  running = &problem;
  static_cast<void>(policy.search(problem));
  REQUIRE(asked > 4);
  CHECK(hits >= least_hit_rate * (asked - 1));
}

TEST_CASE("policies that look at verdicts alone are foreseen at every step, those that look at metrics now and then") {
  check_foreseen(nuq::BisectionSearch{}, 1.0);
  check_foreseen(nuq::GreedySearch{}, 1.0);
  check_foreseen(nuq::RateDistortionSearch{}, 0.1);
}

TEST_CASE("nothing is foreseen where the search ends with the pending configuration") {
  const std::vector<nuq::LayerOptions> layers(1, nuq::LayerOptions{{100.0, 0.0, 256, 0.0}});
  auto accepts = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{1.0, true}; };
  const nuq::SearchProblem problem(layers, {}, accepts);
  CHECK(nuq::lookahead(nuq::BisectionSearch{}, problem, problem.int8(), 3).empty());
}

}  // namespace search_lookahead_test
