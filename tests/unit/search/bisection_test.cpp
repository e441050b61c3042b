#include "nuq/search/bisection.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "search_cases.hpp"

namespace search_bisection_test {

using Layers = std::vector<nuq::LayerOptions>;

/// 54 equal layers, each with 64, 32, 16 and 8 levels; the harm grows with the layer's number.
Layers deep_network() {
  Layers layers;
  for (int layer = 0; layer < 54; ++layer) {
    const double harm = 1.0 + layer;
    layers.push_back({{1000.0, 0.0, 256},
                      {750.0, harm, 64},
                      {625.0, 3.0 * harm, 32},
                      {500.0, 9.0 * harm, 16},
                      {375.0, 27.0 * harm, 8}});
  }
  return layers;
}

TEST_CASE("binary search keeps the promises of a search, whatever the evaluator") {
  check_promises_against_adversaries(nuq::BisectionSearch{});
}

TEST_CASE("where the prediction is right, the cheapest layers take the smaller option, as many as pass") {
  const Layers layers = deep_network();
  // 32 levels everywhere do 3 · 1485 harm; the next step, to 16, adds 6 · (1 + … + n) for the first n layers.
  for (const int count : {0, 1, 20, 53}) {
    const HarmEvaluator evaluator{layers, 3.0 * 1485.0 + 6.0 * count * (count + 1) / 2.0};
    const nuq::SearchResult result = check_promises(nuq::BisectionSearch{}, layers, evaluator, 1000);
    nuq::Configuration expected(54, 2);
    for (int layer = 0; layer < count; ++layer) expected[static_cast<std::size_t>(layer)] = 3;
    CHECK(result.best->configuration == expected);
  }
}

TEST_CASE("54 layers of five options need at most fifteen evaluations where the evaluator is monotone") {
  const Layers layers = deep_network();
  for (double limit = 0.0; limit < 27.0 * 1485.0; limit = 1.2 * limit + 1.0) {
    LoggingEvaluator<HarmEvaluator> evaluator(HarmEvaluator{layers, limit});
    nuq::SearchProblem problem(layers, {1000}, evaluator);
    const nuq::SearchResult result = nuq::BisectionSearch{}.search(problem);
    CHECK(result.status == nuq::SearchStatus::satisfied);
    CHECK(evaluator.asked.size() <= 15);
  }
}

TEST_CASE("when everything passes the smallest uniform configuration is found in a logarithm of steps") {
  const Layers layers = deep_network();
  const auto accept = [](const nuq::Configuration&) { return true; };
  CHECK(check_promises(nuq::BisectionSearch{}, layers, accept, 4).best->configuration == nuq::Configuration(54, 4));
}

TEST_CASE("beyond a refused uniform configuration no smaller one is tried") {
  const auto accepts = [](const nuq::Configuration& configuration) {
    return configuration == nuq::Configuration(54, 0) || configuration == nuq::Configuration(54, 3);
  };
  LoggingEvaluator evaluator(accepts);
  nuq::SearchProblem problem(deep_network(), {100}, evaluator);
  CHECK(nuq::BisectionSearch{}.search(problem).best->configuration == nuq::Configuration(54, 0));
  CHECK(std::count(evaluator.asked.begin(), evaluator.asked.end(), nuq::Configuration(54, 1)) == 1);
  CHECK(std::count(evaluator.asked.begin(), evaluator.asked.end(), nuq::Configuration(54, 4)) == 0);
}

TEST_CASE("where all is refused the search ends with it, after a bisection of the layers") {
  LoggingEvaluator evaluator([](const nuq::Configuration&) { return false; });
  nuq::SearchProblem problem(deep_network(), {}, evaluator);
  CHECK(nuq::BisectionSearch{}.search(problem).status == nuq::SearchStatus::int8_refused);
  CHECK(evaluator.asked.size() <= 8);
}

}  // namespace search_bisection_test
