#include "nuq/search/rate_distortion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "search_cases.hpp"

namespace search_rate_distortion_test {

using Layers = std::vector<nuq::LayerOptions>;

double harm_of(const Layers& layers, const nuq::Configuration& configuration) {
  double harm = 0.0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    if (configuration[layer] != nuq::in_float)
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

/// Counts of right samples out of 1,024, drawn anew for each configuration, around a metric that falls with the harm.
struct NoisyEvaluator {
  const Layers& layers;
  double limit;
  std::uint64_t seed;
  double scale = 1.0;  ///< of the metric; negative: the metric is an error
  std::vector<nuq::EvaluatedConfiguration> asked{};
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) {
    nuq::detail::RandomEngine engine(seed + asked.size());
    const double probability = 0.9 - 0.03 * harm_of(layers, configuration) / limit;
    double right = 0.0;
    for (int sample = 0; sample < 1024; ++sample) right += nuq::detail::uniform_unit(engine) < probability ? 1.0 : 0.0;
    const nuq::EvaluationOutcome outcome{scale * right, right >= 0.87 * 1024.0};
    asked.push_back({configuration, 0.0, outcome});
    return outcome;
  }
};

std::vector<nuq::Configuration> asked_by(const Layers& layers, NoisyEvaluator evaluator) {
  nuq::SearchProblem problem(layers, {}, evaluator);
  static_cast<void>(nuq::RateDistortionSearch{}.search(problem));
  std::vector<nuq::Configuration> asked;
  for (const nuq::EvaluatedConfiguration& known : evaluator.asked) asked.push_back(known.configuration);
  return asked;
}

TEST_CASE("rate-distortion search keeps the promises of a search, whatever the evaluator") {
  CHECK(nuq::is_search_policy_v<nuq::RateDistortionSearch>);
  check_promises_against_adversaries(nuq::RateDistortionSearch{});
}

TEST_CASE("with a prediction that is right fifteen evaluations come close to the optimum of 54 layers") {
  CHECK(worst_excess([](double harm) { return 0.9 - 0.01 * harm; }) < 0.015);
  CHECK(worst_excess([](double harm) { return 7.0 + 100.0 * harm; }) < 0.015);
}

TEST_CASE("metrics that are no number where the network breaks down do not spoil the others") {
  const auto breaks_down = [](double harm) { return harm > 1.5 ? std::nan("") : 0.9 - 0.01 * harm; };
  CHECK(worst_excess(breaks_down) < 0.015);
}

TEST_CASE("a metric that bends with the harm, or says nothing, costs a few percent at most") {
  CHECK(worst_excess([](double harm) { return -std::sqrt(harm); }) < 0.04);
  CHECK(worst_excess([](double harm) { return -harm * harm; }) < 0.04);
  CHECK(worst_excess([](double harm) { return std::exp(-harm); }) < 0.04);
  CHECK(worst_excess([](double harm) { return -std::log(0.3 + harm); }) < 0.04);
  CHECK(worst_excess([](double) { return 0.5; }) < 0.04);
  CHECK(worst_excess([](double harm) { return std::sin(1000.0 * harm); }) < 0.04);
  CHECK(worst_excess([](double) { return std::nan(""); }) < 0.04);
  CHECK(worst_excess([](double harm) { return -std::numeric_limits<double>::infinity() * harm; }) < 0.04);
}

TEST_CASE("a few layers: nearly always the optimum of all configurations") {
  nuq::detail::RandomEngine engine(3);
  int optimal = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const Layers layers = random_layers(engine);
    const double limit = 4.0 * nuq::detail::uniform_unit(engine);
    MetricEvaluator evaluator{layers, limit, [](double harm) { return -harm; }};
    nuq::SearchProblem problem(layers, {}, evaluator);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    const double fewest = fewest_bytes(layers, limit);
    CHECK(result.best->bytes >= fewest);
    if (result.best->bytes == fewest) ++optimal;
  }
  CHECK(optimal >= 285);
}

TEST_CASE("with evaluations enough every single further step of the answer was refused, or is beyond a refused one") {
  nuq::detail::RandomEngine engine(4);
  for (int trial = 0; trial < 100; ++trial) {
    const Layers layers = random_layers(engine);
    LoggingEvaluator evaluator(HashEvaluator{engine(), 3, true});
    nuq::SearchProblem problem(layers, {100000}, evaluator);
    const nuq::Configuration answer = nuq::RateDistortionSearch{}.search(problem).best->configuration;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      nuq::Configuration further = answer;
      if (++further[layer] == static_cast<int>(layers[layer].size())) continue;
      const auto is_no_better = [&](const nuq::EvaluatedConfiguration& known) {
        return !known.outcome.satisfied && known.bytes <= problem.total_bytes(further) &&
               harm_of(layers, known.configuration) <= harm_of(layers, further);
      };
      const std::vector<nuq::EvaluatedConfiguration>& evaluated = problem.evaluated();
      CHECK(
          (problem.is_coarser_than_refused(further) || std::any_of(evaluated.begin(), evaluated.end(), is_no_better)));
    }
  }
}

/// Holds what does at most 70 % of a limit's harm, and expects 80 % of it to hold.
struct CautiousEvidence {
  const nuq::SearchProblem* problem = nullptr;
  double limit = 0.0;
  [[nodiscard]] bool holds(const nuq::EvaluatedConfiguration& known) const {
    return problem->total_harm(known.configuration) <= 0.7 * limit;
  }
  [[nodiscard]] std::optional<double> affordable_harm() const { return 0.8 * limit; }
};

TEST_CASE(
    "with evidence the search brackets by the sample, tries what is expected, and ends between best and refused") {
  nuq::detail::RandomEngine engine(14);
  for (int trial = 0; trial < 10; ++trial) {
    const Layers layers = deep_network(engine);
    CautiousEvidence evidence{nullptr, 0.05 * harm_of(layers, nuq::Configuration(54, 4))};
    auto evaluate = [&](const nuq::Configuration& configuration) {
      const double harm = harm_of(layers, configuration);
      nuq::EvaluationOutcome outcome{-harm, harm <= 0.7 * evidence.limit};
      outcome.error = 0.1 * evidence.limit;
      outcome.plausible = harm <= evidence.limit;
      return outcome;
    };
    nuq::SearchProblem problem(layers, {30}, evaluate);
    evidence.problem = &problem;
    problem.weigh_with(evidence);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    REQUIRE(result.best);
    CHECK(result.best->bytes <= 1.03 * fewest_bytes(layers, 0.7 * evidence.limit));
    CHECK(problem.evaluated().size() < 15);
  }
}

/// The evaluator's own verdicts, and the limit's harm as what may be expected to hold.
struct PlainEvidence {
  double limit = 0.0;
  [[nodiscard]] static bool holds(const nuq::EvaluatedConfiguration& known) { return known.outcome.plausible; }
  [[nodiscard]] std::optional<double> affordable_harm() const { return limit; }
};

TEST_CASE("where evidence says what holds beyond the sample, what saves less than two per cent is not asked about") {
  nuq::detail::RandomEngine engine(12);
  const Layers layers = deep_network(engine);
  const double limit = 0.1 * harm_of(layers, nuq::Configuration(54, 4));
  for (const bool sampled : {false, true}) {
    std::vector<double> satisfied;
    int calls = 0;
    auto evaluate = [&](const nuq::Configuration& configuration) {
      ++calls;
      const double harm = harm_of(layers, configuration);
      nuq::EvaluationOutcome outcome{-harm, harm <= limit};
      outcome.error = 1.0;
      outcome.plausible = outcome.satisfied;
      return outcome;
    };
    auto improved = [&](const nuq::EvaluatedConfiguration& known) { satisfied.push_back(known.bytes); };
    nuq::SearchProblem problem(layers, {200}, evaluate);
    problem.on_improvement(improved);
    const PlainEvidence evidence{limit};
    if (sampled) problem.weigh_with(evidence);
    static_cast<void>(nuq::RateDistortionSearch{}.search(problem));
    const bool small_step = std::adjacent_find(satisfied.begin(), satisfied.end(), [](double before, double after) {
                              return after > 0.98 * before;
                            }) != satisfied.end();
    CHECK_FALSE((sampled && small_step));
    CHECK((calls < 20) == sampled);
  }
}

TEST_CASE("options that are made finer around the limit bring the answer nearer to the optimum") {
  const auto with_options = [](int per_octave) {
    Layers layers(6);
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      layers[layer].push_back({1000.0, 0.0, 256});
      for (int step = 0; step <= 10 * per_octave; ++step) {
        const double octaves = static_cast<double>(step) / per_octave;
        layers[layer].push_back(
            {800.0 - 60.0 * octaves, std::exp2(octaves) * static_cast<double>(layer + 1), 32, std::exp2(octaves)});
      }
    }
    return layers;
  };
  const Layers coarse = with_options(1);
  const Layers fine = with_options(4);
  const double limit = 700.0;
  const auto answer = [&](bool refines) {
    const Layers* layers = &coarse;
    auto evaluate = [&](const nuq::Configuration& configuration) {
      const double harm = harm_of(*layers, configuration);
      return nuq::EvaluationOutcome{-harm, harm <= limit};
    };
    auto refine = [&](const nuq::Configuration&, const nuq::Configuration&) {
      layers = &fine;
      return fine;
    };
    nuq::SearchProblem problem(coarse, {}, evaluate);
    if (refines) problem.refine_with(refine);
    return nuq::RateDistortionSearch{}.search(problem).best->bytes;
  };
  CHECK(answer(true) < answer(false));
}

TEST_CASE("under noise the answer is the smallest that passed") {
  nuq::detail::RandomEngine engine(5);
  for (int trial = 0; trial < 40; ++trial) {
    const Layers layers = deep_network(engine);
    const double limit = 0.1 * nuq::detail::uniform_unit(engine) * harm_of(layers, nuq::Configuration(54, 4));
    NoisyEvaluator evaluator{layers, limit, engine()};
    nuq::SearchProblem problem(layers, {}, evaluator);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    REQUIRE(result.best.has_value() == evaluator.asked.front().outcome.satisfied);
    if (!result.best) continue;
    CHECK(result.best->outcome.satisfied);
    for (const nuq::EvaluatedConfiguration& known : evaluator.asked) {
      const double bytes = problem.total_bytes(known.configuration);
      CHECK_FALSE((known.outcome.satisfied && bytes < result.best->bytes));
    }
  }
}

TEST_CASE(
    "the same evaluator is asked the same; the units of harm and metric and the metric's direction do not matter") {
  nuq::detail::RandomEngine engine(6);
  for (int trial = 0; trial < 20; ++trial) {
    const Layers layers = deep_network(engine);
    const double limit = 0.05 * harm_of(layers, nuq::Configuration(54, 4));
    const std::uint64_t seed = engine();
    const std::vector<nuq::Configuration> asked = asked_by(layers, {layers, limit, seed});
    CHECK(asked.size() > 5);
    CHECK(asked == asked_by(layers, {layers, limit, seed}));
    CHECK(asked == asked_by(layers, {layers, limit, seed, -1.0}));
    CHECK(asked == asked_by(layers, {layers, limit, seed, 0x1.0p-30}));
    Layers rescaled = layers;
    for (nuq::LayerOptions& options : rescaled) {
      for (nuq::LayerOption& option : options) option.harm *= 0x1.0p40;
    }
    CHECK(asked == asked_by(rescaled, {rescaled, limit * 0x1.0p40, seed}));
  }
}

TEST_CASE("where all is refused, with or without a number, the search ends after a bisection of the layers") {
  nuq::detail::RandomEngine engine(8);
  const Layers layers = deep_network(engine);
  for (const double metric : {0.5, std::nan("")}) {
    int calls = 0;
    auto refuse = [&](const nuq::Configuration&) {
      ++calls;
      return nuq::EvaluationOutcome{metric, false};
    };
    nuq::SearchProblem problem(layers, {}, refuse);
    CHECK(nuq::RateDistortionSearch{}.search(problem).status == nuq::SearchStatus::int8_refused);
    CHECK(calls == 8);
  }
}

TEST_CASE("one layer that has to stay in float: it does, and the others are compressed") {
  nuq::detail::RandomEngine engine(13);
  const Layers layers = deep_network(engine);
  for (const std::size_t spared : {std::size_t{0}, std::size_t{17}, std::size_t{53}}) {
    const double limit = 0.1 * harm_of(layers, nuq::Configuration(54, 4));
    auto evaluate = [&](const nuq::Configuration& configuration) {
      nuq::Configuration others = configuration;
      if (others[spared] == nuq::in_float) others[spared] = 0;
      const double harm = harm_of(layers, others);
      return nuq::EvaluationOutcome{-harm, configuration[spared] == nuq::in_float && harm <= limit};
    };
    nuq::SearchProblem problem(layers, {}, evaluate);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    REQUIRE(result.best);
    CHECK(std::count(result.best->configuration.begin(), result.best->configuration.end(), nuq::in_float) == 1);
    CHECK(result.best->configuration[spared] == nuq::in_float);
    CHECK(result.best->bytes < 0.75 * problem.total_bytes(problem.base()));
  }
}

TEST_CASE("everything but int8 refused: int8 is the answer, and the largest other uniform configuration was tried") {
  nuq::detail::RandomEngine engine(9);
  const Layers layers = deep_network(engine);
  for (const double refused_metric : {0.1, 0.9, std::nan("")}) {
    auto evaluate = [&](const nuq::Configuration& configuration) {
      const bool is_int8 = configuration == nuq::Configuration(54, 0);
      return nuq::EvaluationOutcome{is_int8 ? 0.9 : refused_metric, is_int8};
    };
    nuq::SearchProblem problem(layers, {}, evaluate);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    CHECK(result.best->configuration == nuq::Configuration(54, 0));
    CHECK(result.uniform_smaller_untested.empty());
  }
}

TEST_CASE("an evaluator's exception passes through and the best so far stays") {
  nuq::detail::RandomEngine engine(10);
  const Layers layers = deep_network(engine);
  const double limit = 0.1 * harm_of(layers, nuq::Configuration(54, 4));
  for (std::size_t fails_at = 0; fails_at < 15; ++fails_at) {
    MetricEvaluator accepts{layers, limit, [](double harm) { return -harm; }};
    auto evaluate = [&](const nuq::Configuration& configuration) {
      if (accepts.asked.size() == fails_at) throw std::runtime_error("no data");
      return accepts(configuration);
    };
    nuq::SearchProblem problem(layers, {}, evaluate);
    CHECK_THROWS_AS(static_cast<void>(nuq::RateDistortionSearch{}.search(problem)), std::runtime_error);
    CHECK(problem.evaluated().size() == fails_at);
    CHECK(problem.best().has_value() == (fails_at > 0));
  }
}

TEST_CASE("the budget is kept, and used while something promises to save bytes") {
  nuq::detail::RandomEngine engine(11);
  const Layers layers = deep_network(engine);
  const double limit = 0.1 * harm_of(layers, nuq::Configuration(54, 4));
  for (const int budget : {0, 1, 4, 6, 8, 11, 15, 30, 60}) {
    MetricEvaluator evaluator{layers, limit, [](double harm) { return -harm; }};
    nuq::SearchProblem problem(layers, {budget}, evaluator);
    const nuq::SearchResult result = nuq::RateDistortionSearch{}.search(problem);
    CHECK(evaluator.asked.size() <= static_cast<std::size_t>(budget));
    CHECK(evaluator.asked.size() >= static_cast<std::size_t>((std::min)(budget, 15)));
    if (budget >= 15) CHECK(result.uniform_smaller_untested.empty());
  }
}

TEST_CASE("layers without a choice, harms that fall, stay or are huge are searched like others") {
  const double huge = (std::numeric_limits<double>::max)();
  const Layers odd = {{{9.0, 0.5, 256}},
                      {{100.0, 2.0, 256}, {60.0, 1.0, 32}, {50.0, 0.5, 16}},
                      {{100.0, 0.0, 256}, {60.0, 0.0, 32}, {50.0, 0.0, 16}},
                      {{100.0, -huge, 256}, {60.0, huge, 32}}};
  check_promises(nuq::RateDistortionSearch{}, odd, HashEvaluator{1, 2, true}, 15);
  const auto spares_last = [](const nuq::Configuration& configuration) { return configuration[3] == 0; };
  const nuq::SearchResult result = check_promises(nuq::RateDistortionSearch{}, odd, spares_last, 15);
  CHECK(result.best->configuration == nuq::Configuration{0, 2, 2, 0});
  check_promises(
      nuq::RateDistortionSearch{}, {}, [](const nuq::Configuration&) { return true; }, 15);
  check_promises(
      nuq::RateDistortionSearch{}, {{{1.0, 0.0, 32}}}, [](const nuq::Configuration&) { return true; }, 15);
}

}  // namespace search_rate_distortion_test
