#include "nuq/search/problem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "nuq/core/error.hpp"

namespace search_problem_test {

using Layers = std::vector<nuq::LayerOptions>;

/// Layer 0 has 32 and 16 levels, layer 1 has 64 and 16, layer 2 is pinned.
Layers three_layers() {
  return {{{100.0, 0.0, 256}, {60.0, 1.0, 32}, {50.0, 2.0, 16}},
          {{200.0, 0.0, 256}, {150.0, 1.0, 64}, {90.0, 3.0, 16}},
          {{7.0, 0.5, 32}}};
}

/// Accepts what is in `accepted`, counts its calls.
struct ListEvaluator {
  std::vector<nuq::Configuration> accepted;
  int calls = 0;
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) {
    ++calls;
    for (const nuq::Configuration& known : accepted) {
      if (known == configuration) return {0.9, true};
    }
    return {0.1, false};
  }
};

struct Recorder {
  std::vector<nuq::EvaluatedConfiguration> seen;
  void operator()(const nuq::EvaluatedConfiguration& improved) { seen.push_back(improved); }
};

nuq::ErrorCode code_of_layers(const Layers& layers) {
  ListEvaluator evaluator;
  try {
    nuq::SearchProblem problem(layers, {}, evaluator);
  } catch (const nuq::ConfigError& error) {
    return error.code();
  }
  FAIL("accepted");
  return {};
}

TEST_CASE("a configuration is evaluated once, and knowing its outcome costs nothing") {
  ListEvaluator evaluator{{{1, 1, 0}}, 0};
  nuq::SearchProblem problem(three_layers(), {2}, evaluator);
  CHECK(problem.passes({1, 1, 0}));
  CHECK_FALSE(problem.passes({2, 2, 0}));
  CHECK(problem.exhausted());
  CHECK(problem.evaluate({1, 1, 0})->metric == 0.9);
  CHECK(problem.evaluate({2, 2, 0})->metric == 0.1);
  CHECK(evaluator.calls == 2);
  REQUIRE(problem.evaluated().size() == 2);
  CHECK(problem.evaluated()[0].configuration == nuq::Configuration{1, 1, 0});
  CHECK(problem.evaluated()[0].bytes == 60.0 + 150.0 + 7.0);
}

TEST_CASE("beyond the budget the evaluator is not asked and nothing passes") {
  ListEvaluator evaluator{{{0, 0, 0}, {1, 0, 0}}, 0};
  nuq::SearchProblem problem(three_layers(), {1}, evaluator);
  CHECK(problem.passes({0, 0, 0}));
  CHECK_FALSE(problem.evaluate({1, 0, 0}).has_value());
  CHECK_FALSE(problem.passes({1, 0, 0}));
  CHECK(evaluator.calls == 1);
  CHECK(problem.best()->configuration == nuq::Configuration{0, 0, 0});

  nuq::SearchProblem no_evaluations(three_layers(), {-3}, evaluator);
  nuq::SearchProblem no_time(three_layers(), {10, 0.0}, evaluator);
  CHECK(no_evaluations.exhausted());
  CHECK(no_time.exhausted());
  CHECK_FALSE(no_time.passes({0, 0, 0}));
}

TEST_CASE("every improvement is announced at once, and nothing else") {
  ListEvaluator evaluator{{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {2, 2, 0}}, 0};
  Recorder recorder;
  nuq::SearchProblem problem(three_layers(), {}, evaluator);
  problem.on_improvement(recorder);
  problem.passes({1, 1, 0});  // refused
  CHECK(recorder.seen.empty());
  CHECK_FALSE(problem.best().has_value());
  problem.passes({0, 2, 0});
  REQUIRE(recorder.seen.size() == 1);
  CHECK(recorder.seen[0].bytes == 100.0 + 90.0 + 7.0);
  problem.passes({1, 0, 0});  // passes, but is larger
  problem.passes({0, 2, 0});  // known
  CHECK(recorder.seen.size() == 1);
  problem.passes({2, 2, 0});
  REQUIRE(recorder.seen.size() == 2);
  CHECK(recorder.seen[1].configuration == nuq::Configuration{2, 2, 0});
  CHECK(problem.best()->bytes == recorder.seen[1].bytes);
}

TEST_CASE("of equally small configurations the first that passed stays the best") {
  const Layers equal_layers(2, {{10.0, 0.0, 256}, {5.0, 1.0, 32}});
  auto accept = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{1.0, true}; };
  Recorder recorder;
  nuq::SearchProblem problem(equal_layers, {}, accept);
  problem.on_improvement(recorder);
  problem.passes({0, 1});
  problem.passes({1, 0});
  CHECK(recorder.seen.size() == 1);
  CHECK(problem.best()->configuration == nuq::Configuration{0, 1});
}

TEST_CASE("an evaluation that throws leaves the problem as it was") {
  bool fails = true;
  auto evaluate = [&fails](const nuq::Configuration&) -> nuq::EvaluationOutcome {
    if (fails) throw std::runtime_error("no data");
    return {1.0, true};
  };
  nuq::SearchProblem problem(three_layers(), {1}, evaluate);
  CHECK_THROWS_AS(problem.passes({0, 0, 0}), std::runtime_error);
  CHECK(problem.evaluated().empty());
  fails = false;
  CHECK(problem.passes({0, 0, 0}));
}

TEST_CASE("a uniform configuration takes the nearest number of levels that is not smaller") {
  ListEvaluator evaluator;
  const nuq::SearchProblem problem(three_layers(), {}, evaluator);
  CHECK(problem.uniform(256) == problem.int8());
  CHECK(problem.uniform(100) == nuq::Configuration{0, 0, 0});
  CHECK(problem.uniform(64) == nuq::Configuration{0, 1, 0});
  CHECK(problem.uniform(32) == nuq::Configuration{1, 1, 0});
  CHECK(problem.uniform(17) == nuq::Configuration{1, 1, 0});
  CHECK(problem.uniform(16) == nuq::Configuration{2, 2, 0});
  CHECK(problem.uniform(2) == nuq::Configuration{2, 2, 0});
  CHECK(problem.uniform_family() == std::vector<nuq::Configuration>{{0, 0, 0}, {0, 1, 0}, {1, 1, 0}, {2, 2, 0}});
}

TEST_CASE("options that were made at a price are uniform at one price, whatever their levels") {
  const Layers priced = {{{10.0, 0.0, 256}, {6.0, 1.0, 32, 0.5}, {3.0, 2.0, 32, 2.0}},
                         {{10.0, 0.0, 256}, {5.0, 1.0, 16, 1.0}, {2.0, 2.0, 16, 2.0}},
                         {{4.0, 1.0, 16}}};
  ListEvaluator evaluator;
  const nuq::SearchProblem problem(priced, {}, evaluator);
  CHECK(problem.uniform(priced[0][1]) == nuq::Configuration{1, 0, 0});
  CHECK(problem.uniform(priced[1][1]) == nuq::Configuration{1, 1, 0});
  CHECK(problem.uniform(priced[1][2]) == nuq::Configuration{2, 2, 0});
  CHECK(problem.uniform_family() == std::vector<nuq::Configuration>{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {2, 2, 0}});
}

TEST_CASE("the conclusion tries the uniform configurations up to one that is refused, and tells those it could not") {
  ListEvaluator evaluator{{{0, 0, 0}, {0, 1, 0}, {1, 1, 0}}, 0};
  SUBCASE("with budget enough the smaller uniform one that passes is found") {
    nuq::SearchProblem problem(three_layers(), {}, evaluator);
    problem.passes(problem.int8());
    const nuq::SearchResult result = problem.conclude();
    CHECK(result.status == nuq::SearchStatus::satisfied);
    CHECK(result.best->configuration == nuq::Configuration{1, 1, 0});
    CHECK(result.uniform_smaller_untested.empty());
    CHECK(evaluator.calls == 4);
    CHECK(problem.open_uniform().empty());
  }
  SUBCASE("without, the untested ones are listed") {
    nuq::SearchProblem problem(three_layers(), {2}, evaluator);
    problem.passes(problem.int8());
    const nuq::SearchResult result = problem.conclude();
    CHECK(result.best->configuration == nuq::Configuration{0, 1, 0});
    CHECK(result.uniform_smaller_untested == std::vector<nuq::Configuration>{{1, 1, 0}, {2, 2, 0}});
  }
  SUBCASE("refused int8 and an empty budget are told apart") {
    ListEvaluator refusing;
    nuq::SearchProblem refused(three_layers(), {}, refusing);
    refused.passes(refused.int8());
    CHECK(refused.conclude().status == nuq::SearchStatus::int8_refused);
    CHECK_FALSE(refused.conclude().best.has_value());
    nuq::SearchProblem unasked(three_layers(), {0}, refusing);
    CHECK(unasked.conclude().status == nuq::SearchStatus::budget_too_small);
  }
}

TEST_CASE("layers whose options cannot be searched are a configuration error") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(code_of_layers({{}}) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_layers({{{10.0, 0.0, 256}, {10.0, 1.0, 32}}}) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_layers({{{10.0, 0.0, 256}, {std::nan(""), 1.0, 32}}}) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_layers({{{infinity, 0.0, 256}, {10.0, 1.0, 32}}}) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_layers({{{20.0, 0.0, 256}, {10.0, std::nan(""), 32}}}) == nuq::ErrorCode::invalid_argument);
}

TEST_CASE("a configuration of other layers or options is a configuration error and is not evaluated") {
  ListEvaluator evaluator;
  nuq::SearchProblem problem(three_layers(), {}, evaluator);
  CHECK_THROWS_AS(problem.evaluate({0, 0}), nuq::ConfigError);
  CHECK_THROWS_AS(problem.evaluate({0, 3, 0}), nuq::ConfigError);
  CHECK_THROWS_AS(problem.evaluate({0, -2, 0}), nuq::ConfigError);
  CHECK(evaluator.calls == 0);
}

TEST_CASE("once asked to stop nothing more is evaluated, and the best so far is the answer") {
  ListEvaluator evaluator{{{0, 0, 0}, {1, 1, 0}}, 0};
  nuq::SearchProblem problem(three_layers(), {}, evaluator);
  bool stop = false;
  auto stop_requested = [&stop] { return stop; };
  problem.stop_when(stop_requested);
  CHECK(problem.passes({0, 0, 0}));
  stop = true;
  CHECK(problem.exhausted());
  CHECK_FALSE(problem.evaluate({1, 1, 0}));
  CHECK(problem.evaluate({0, 0, 0})->satisfied);
  const nuq::SearchResult result = problem.conclude();
  CHECK(evaluator.calls == 1);
  CHECK(result.best->configuration == nuq::Configuration{0, 0, 0});
  CHECK_FALSE(result.uniform_smaller_untested.empty());
}

/// Accepts configurations in which the given layers, and as many more as it likes, are in float.
struct FloatEvaluator {
  std::vector<std::size_t> layers;
  int calls = 0;
  nuq::EvaluationOutcome operator()(const nuq::Configuration& configuration) {
    ++calls;
    const bool passes = std::all_of(layers.begin(), layers.end(),
                                    [&](std::size_t layer) { return configuration[layer] == nuq::in_float; });
    return {passes ? 0.9 : 0.1, passes};
  }
};

TEST_CASE("where int8 is refused, the layers that have to stay in float are found") {
  Layers layers;
  for (int layer = 0; layer < 20; ++layer)
    layers.push_back({{100.0, static_cast<double>((layer * 7) % 20), 256}, {50.0, 20.0, 32}});
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    FloatEvaluator evaluator{{layer}};
    nuq::SearchProblem problem(layers, {}, evaluator);
    CHECK(problem.settle_base());
    nuq::Configuration wanted = problem.int8();
    wanted[layer] = nuq::in_float;
    CHECK(problem.base() == wanted);
    CHECK(evaluator.calls <= 8);
    CHECK(problem.best()->bytes == 19 * 100.0 + 400.0);
    wanted.assign(20, 1);
    wanted[layer] = nuq::in_float;
    CHECK(problem.uniform(32) == wanted);
  }
  FloatEvaluator two{{3, 11}};
  nuq::SearchProblem problem(layers, {40}, two);
  CHECK(problem.settle_base());
  CHECK(std::count(problem.base().begin(), problem.base().end(), nuq::in_float) == 2);
  FloatEvaluator all{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}};
  nuq::SearchProblem hopeless(layers, {40}, all);
  CHECK_FALSE(hopeless.settle_base());
  CHECK(hopeless.conclude().status == nuq::SearchStatus::int8_refused);
}

TEST_CASE("a compression that the prediction holds to be less harmful than int8 is tried before any layer in float") {
  const Layers layers = {{{100.0, 5.0, 256}, {60.0, 1.0, 32, 0.5}}, {{100.0, 5.0, 256}, {60.0, 1.0, 32, 0.5}}};
  ListEvaluator evaluator{{{1, 1}}, 0};
  nuq::SearchProblem problem(layers, {}, evaluator);
  CHECK(problem.settle_base());
  CHECK(problem.best()->configuration == nuq::Configuration{1, 1});
  CHECK(problem.base() == nuq::Configuration{0, 0});
}

TEST_CASE("finer options take their places, and what was evaluated goes with its options") {
  ListEvaluator evaluator{{{0, 0, 0}, {1, 1, 0}}, 0};
  nuq::SearchProblem problem(three_layers(), {}, evaluator);
  problem.passes({1, 1, 0});
  problem.passes({2, 2, 0});
  auto refiner = [](const nuq::Configuration& passing, const nuq::Configuration& refused) {
    CHECK(passing == nuq::Configuration{1, 1, 0});
    CHECK(refused == nuq::Configuration{2, 2, 0});
    Layers finer = three_layers();
    finer[0].insert(finer[0].begin() + 1, {70.0, 0.7, 48});
    finer[1].insert(finer[1].begin() + 2, {100.0, 2.0, 24});
    return finer;
  };
  CHECK_FALSE(problem.refine({1, 1, 0}, {2, 2, 0}));
  problem.refine_with(refiner);
  CHECK(problem.refine({1, 1, 0}, {2, 2, 0}));
  CHECK(problem.evaluated()[0].configuration == nuq::Configuration{2, 1, 0});
  CHECK(problem.evaluated()[1].configuration == nuq::Configuration{3, 3, 0});
  CHECK(problem.best()->configuration == nuq::Configuration{2, 1, 0});
  CHECK(problem.total_bytes(problem.best()->configuration) == problem.best()->bytes);
  CHECK(problem.find({2, 1, 0})->outcome.satisfied);
  CHECK(problem.is_coarser_than_refused({3, 3, 0}));
  CHECK_FALSE(problem.is_coarser_than_refused({3, 2, 0}));
}

/// Holds what has at least so many bytes, which may change.
struct BytesEvidence {
  double least = 0.0;
  [[nodiscard]] bool holds(const nuq::EvaluatedConfiguration& known) const { return known.bytes >= least; }
  [[nodiscard]] static std::optional<double> affordable_harm() { return 1.5; }
};

TEST_CASE("verdicts by evidence: a refused configuration may come to hold, and an answer that does not is taken back") {
  auto refuse = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{0.5, false}; };
  Recorder recorder;
  BytesEvidence evidence{1e9};
  nuq::SearchProblem problem(three_layers(), {}, refuse);
  problem.on_improvement(recorder);
  problem.weigh_with(evidence);
  CHECK(problem.affordable_harm() == 1.5);
  CHECK_FALSE(problem.passes({1, 1, 0}));
  CHECK_FALSE(problem.best());
  evidence.least = 60.0 + 150.0 + 7.0;
  CHECK_FALSE(problem.passes({2, 1, 0}));
  REQUIRE(problem.best());
  CHECK(problem.best()->configuration == nuq::Configuration{1, 1, 0});
  evidence.least = 60.0 + 200.0 + 7.0;
  CHECK(problem.passes({1, 0, 0}));
  CHECK(problem.best()->configuration == nuq::Configuration{1, 0, 0});
  CHECK(recorder.seen.back().configuration == nuq::Configuration{1, 0, 0});
  evidence.least = 1e9;
  CHECK_FALSE(problem.passes({0, 1, 0}));
  CHECK(problem.best()->configuration == nuq::Configuration{1, 0, 0});
}

TEST_CASE("what the sample leaves open may pass, though the evidence refuses it") {
  auto evaluate = [](const nuq::Configuration& configuration) {
    nuq::EvaluationOutcome outcome{0.5, false};
    outcome.plausible = configuration[0] < 2;
    return outcome;
  };
  nuq::SearchProblem problem(three_layers(), {}, evaluate);
  CHECK(problem.may_pass({1, 1, 0}));
  CHECK_FALSE(problem.passes({1, 1, 0}));
  CHECK_FALSE(problem.may_pass({2, 1, 0}));
  CHECK_FALSE(problem.best());
}

TEST_CASE("a network without layers is its own only configuration") {
  ListEvaluator evaluator{{{}}, 0};
  nuq::SearchProblem problem({}, {}, evaluator);
  CHECK(problem.passes(problem.int8()));
  CHECK(problem.conclude().best->bytes == 0.0);
}

}  // namespace search_problem_test
