#include "nuq/search/within_bytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "search_cases.hpp"

namespace search_within_bytes_test {

/// The metric falls with the predicted harm, and everything is accepted but what `refused` says.
struct HarmEvaluator {
  const std::vector<nuq::LayerOptions>& layers;
  double refused_below = -1e9;

  [[nodiscard]] double metric(const nuq::Configuration& configuration) const {
    double harm = 0.0;
    for (std::size_t layer = 0; layer < layers.size(); ++layer)
      harm += layers[layer][static_cast<std::size_t>(configuration[layer])].harm;
    return 1.0 - harm;
  }
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) const {
    return {metric(configuration), metric(configuration) >= refused_below};
  }
};

TEST_CASE("the result is within the bytes, and no uniform configuration within them is more accurate") {
  nuq::detail::RandomEngine engine(11);
  for (int round = 0; round < 200; ++round) {
    const std::vector<nuq::LayerOptions> layers = random_layers(engine);
    HarmEvaluator evaluate{layers};
    nuq::SearchProblem problem(layers, {15, 1e9}, evaluate);
    const double most = problem.total_bytes(problem.int8());
    const double least = problem.total_bytes(nuq::detail::PriceFamily(problem).smallest());
    const double bytes = least + nuq::detail::uniform_unit(engine) * (most - least) * 1.2;
    const nuq::SearchResult result = nuq::WithinBytes{bytes}.search(problem);
    REQUIRE(result.best.has_value());
    CHECK(result.status == nuq::SearchStatus::satisfied);
    CHECK(result.best->bytes <= bytes);
    CHECK(problem.evaluated().front().configuration == problem.int8());
    for (const nuq::Configuration& uniform : problem.uniform_family())
      CHECK((problem.total_bytes(uniform) > bytes || evaluate.metric(uniform) <= result.best->outcome.metric));
  }
}

TEST_CASE("the metric decides, not the prediction, and of equal metrics the prediction") {
  const std::vector<nuq::LayerOptions> layers{{{100.0, 0.0, 256}, {50.0, 1.0, 32}, {49.0, 2.0, 16}}};
  const auto best_of = [&layers](double metric_of_16) {
    auto evaluate = [metric_of_16](const nuq::Configuration& configuration) {
      return nuq::EvaluationOutcome{configuration[0] == 2 ? metric_of_16 : 0.5, true};
    };
    nuq::SearchProblem problem(layers, {15, 1e9}, evaluate);
    return nuq::WithinBytes{60.0}.search(problem).best->configuration;
  };
  CHECK(best_of(0.6) == nuq::Configuration{2});
  CHECK(best_of(0.5) == nuq::Configuration{1});
  CHECK(best_of(0.4) == nuq::Configuration{1});
}

TEST_CASE("fewer bytes than can be had: nothing is found, and the smallest was evaluated") {
  const std::vector<nuq::LayerOptions> layers{{{100.0, 0.0, 256}, {50.0, 1.0, 32}}};
  HarmEvaluator evaluate{layers};
  nuq::SearchProblem problem(layers, {15, 1e9}, evaluate);
  const nuq::SearchResult result = nuq::WithinBytes{49.0}.search(problem);
  CHECK_FALSE(result.best.has_value());
  CHECK(result.status == nuq::SearchStatus::too_large);
  CHECK(problem.find({1}) != nullptr);
}

TEST_CASE("what the evaluator refuses is no result, however small") {
  const std::vector<nuq::LayerOptions> layers{{{100.0, 0.0, 256}, {50.0, 1.0, 32}}};
  HarmEvaluator evaluate{layers, 0.5};
  nuq::SearchProblem problem(layers, {15, 1e9}, evaluate);
  const nuq::SearchResult result = nuq::WithinBytes{60.0}.search(problem);
  CHECK_FALSE(result.best.has_value());
  CHECK(result.status == nuq::SearchStatus::int8_refused);
}

}  // namespace search_within_bytes_test
