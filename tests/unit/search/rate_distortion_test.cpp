#include "nuq/search/rate_distortion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include "search_cases.hpp"

namespace search_rate_distortion_test {

using Layers = std::vector<nuq::LayerOptions>;

double harm_of(const Layers& layers, const nuq::Configuration& configuration) {
  double harm = 0.0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    harm += layers[layer][static_cast<std::size_t>(configuration[layer])].harm;
  return harm;
}

/// 54 layers of five options at 8, 6, 5, 4 and 3 bits, of unlike sizes and sensitivities.
Layers deep_network(nuq::detail::RandomEngine& engine) {
  Layers layers(54);
  for (nuq::LayerOptions& options : layers) {
    const double size = 1.0 + static_cast<double>(nuq::detail::uniform_below(engine, 60));
    const double sensitivity = size * std::exp(3.0 * nuq::detail::uniform_unit(engine));
    options = {{8.0 * size, 0.0, 256},
               {6.0 * size, sensitivity, 64},
               {5.0 * size, 4.0 * sensitivity, 32},
               {4.0 * size, 16.0 * sensitivity, 16},
               {3.0 * size, 64.0 * sensitivity, 8}};
  }
  return layers;
}

/// Fewest bytes, which are whole numbers, of all configurations of at most `limit` harm: dynamic programming.
double fewest_bytes(const Layers& layers, double limit) {
  std::vector<double> least_harm{0.0};
  for (const nuq::LayerOptions& options : layers) {
    std::vector<double> longer(least_harm.size() + static_cast<std::size_t>(options[0].bytes),
                               std::numeric_limits<double>::infinity());
    for (const nuq::LayerOption& option : options) {
      for (std::size_t bytes = 0; bytes < least_harm.size(); ++bytes) {
        double& harm = longer[bytes + static_cast<std::size_t>(option.bytes)];
        harm = (std::min)(harm, least_harm[bytes] + option.harm);
      }
    }
    least_harm.swap(longer);
  }
  std::size_t bytes = 0;
  while (least_harm[bytes] > limit) ++bytes;
  return static_cast<double>(bytes);
}

/// Accepts up to a limit of harm; the metric is any function of the harm relative to that limit.
template <class Metric>
struct MetricEvaluator {
  const Layers& layers;
  double limit;
  Metric metric;
  std::vector<nuq::Configuration> asked{};
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) {
    asked.push_back(configuration);
    const double harm = harm_of(layers, configuration);
    return {metric(harm / limit), harm <= limit};
  }
};
template <class Metric>
MetricEvaluator(const Layers&, double, Metric) -> MetricEvaluator<Metric>;

/// The largest bytes of the answer relative to the optimum, over networks and limits.
template <class Metric>
double worst_excess(Metric metric) {
  nuq::detail::RandomEngine engine(7);
  double worst = 0.0;
  for (int trial = 0; trial < 6; ++trial) {
    const Layers layers = deep_network(engine);
    for (const double share : {0.001, 0.02, 0.1, 0.5}) {
      const double limit = share * harm_of(layers, nuq::Configuration(54, 4));
      MetricEvaluator evaluator{layers, limit, metric};
      nuq::SearchProblem problem(layers, {}, evaluator);
      const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
      CHECK(evaluator.asked.size() <= 15);
      worst = (std::max)(worst, result.best->bytes / fewest_bytes(layers, limit) - 1.0);
    }
  }
  return worst;
}

TEST_CASE("rate-distortion search keeps the promises of a search, whatever the evaluator") {
  CHECK(nuq::is_search_policy_v<nuq::RateDistortionSearch>);
  check_promises_against_adversaries(nuq::RateDistortionSearch{});
}

TEST_CASE("the prediction right and without noise, fifteen evaluations come close to the optimum of 54 layers") {
  MESSAGE("line " << worst_excess([](double harm) { return 0.9 - 0.01 * harm; }));
  MESSAGE("error " << worst_excess([](double harm) { return 7.0 + 100.0 * harm; }));
  MESSAGE("root " << worst_excess([](double harm) { return -std::sqrt(harm); }));
  MESSAGE("square " << worst_excess([](double harm) { return -harm * harm; }));
  MESSAGE("saturating " << worst_excess([](double harm) { return std::exp(-harm); }));
  MESSAGE("decibel " << worst_excess([](double harm) { return -std::log(0.3 + harm); }));
  MESSAGE("none " << worst_excess([](double) { return 0.0; }));
  MESSAGE("nan " << worst_excess([](double) { return std::nan(""); }));
}

TEST_CASE("small") {
  nuq::detail::RandomEngine engine(3);
  int exact = 0, trials = 0, local=0;
  double worst = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const Layers layers = random_layers(engine);
    const double limit = 4.0 * nuq::detail::uniform_unit(engine);
    MetricEvaluator evaluator{layers, limit, [](double harm) { return -harm; }};
    nuq::SearchProblem problem(layers, {1000}, evaluator);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    const double opt = fewest_bytes(layers, limit);
    double saved = problem.total_bytes(problem.int8()) - opt;
    ++trials;
    exact += result.best->bytes == opt;
    if (saved > 0) worst = (std::max)(worst, (result.best->bytes - opt) / saved);
    (void)local;
  }
  MESSAGE(exact << " of " << trials << " worst " << worst);
}

}  // namespace search_rate_distortion_test
