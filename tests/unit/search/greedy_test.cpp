#include "nuq/search/greedy.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "search_cases.hpp"

TEST_CASE("greedy search keeps the promises of a search, whatever the evaluator") {
  check_promises_against_adversaries(nuq::GreedySearch{});
}

TEST_CASE("greedy search takes the cheapest steps first and goes around a refused one") {
  // Harm per byte: layer 0: 0.1 then 0.5; layer 1: 0.2; layer 2: 0.3.
  const std::vector<nuq::LayerOptions> layers{{{100.0, 0.0, 256}, {90.0, 1.0, 64}, {80.0, 6.0, 32}},
                                              {{100.0, 0.0, 256}, {90.0, 2.0, 64}},
                                              {{100.0, 0.0, 256}, {90.0, 3.0, 64}}};
  LoggingEvaluator evaluator([](const nuq::Configuration& configuration) { return configuration[1] == 0; });
  nuq::SearchProblem problem(layers, {}, evaluator);
  const nuq::SearchResult result = nuq::GreedySearch{}.search(problem);
  const std::vector<nuq::Configuration> steps{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {2, 0, 1}};
  REQUIRE(evaluator.asked.size() >= steps.size());
  CHECK(std::vector<nuq::Configuration>(evaluator.asked.begin(), evaluator.asked.begin() + 5) == steps);
  CHECK(result.best->configuration == nuq::Configuration{2, 0, 1});
}

TEST_CASE("with budget enough and a monotone evaluator no single further step of greedy search's answer passes") {
  nuq::detail::RandomEngine engine(2);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<nuq::LayerOptions> layers = random_layers(engine);
    const HarmEvaluator evaluator{layers, 4.0 * nuq::detail::uniform_unit(engine)};
    nuq::Configuration answer = check_promises(nuq::GreedySearch{}, layers, evaluator, 1000).best->configuration;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      if (answer[layer] + 1 == static_cast<int>(layers[layer].size())) continue;
      ++answer[layer];
      CHECK_FALSE(evaluator(answer));
      --answer[layer];
    }
  }
}
