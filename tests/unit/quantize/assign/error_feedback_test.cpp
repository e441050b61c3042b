#include "nuq/quantize/assign/error_feedback.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "../../random_values.hpp"
#include "nuq/core/thread_pool.hpp"
#include "textbook_feedback.hpp"

static_assert(nuq::is_level_assigner_v<nuq::ErrorFeedback>);

namespace quantize_assign_error_feedback_test {

nuq::Codebook codebook_of(std::initializer_list<int> levels) {
  return nuq::Codebook(levels.begin(), levels.end());
}

/// The nearest level, by trying all.
auto nearest_of(const nuq::Codebook& codebook) {
  return [&codebook](double target, double) {
    return *std::min_element(codebook.begin(), codebook.end(), [target](std::int8_t a, std::int8_t b) {
      return std::abs(target - static_cast<double>(a)) < std::abs(target - static_cast<double>(b));
    });
  };
}

/// A layer with statistics of its inputs, weights of spread 1.
struct Layer {
  Layer(std::size_t rows, std::size_t cols, std::size_t samples, std::uint32_t seed)
      : weights(random_values(rows * cols, seed)),
        scales(random_values(rows, seed + 1)),
        view(weights.data(), rows, cols) {
    for (float& scale : scales) scale = 0.3F + 0.1F * std::abs(scale);
    statistics.second_moments = random_second_moments(cols, samples, seed + 2);
    statistics.mean_squares = statistics.second_moments.diagonal();
  }
  [[nodiscard]] nuq::LayerProblem problem(nuq::Parallel& parallel) const {
    return {view, scales, &statistics, &parallel};
  }

  std::vector<float> weights;
  std::vector<float> scales;
  nuq::MatrixView<const float> view;
  nuq::LayerStatistics statistics;
};

/// The least output error of one row by trying all combinations of levels.
double least_error(const nuq::LayerProblem& problem, const nuq::Codebook& codebook) {
  std::vector<std::size_t> digits(problem.weights.cols(), 0);
  std::vector<std::int8_t> levels(problem.weights.cols());
  double least = (std::numeric_limits<double>::max)();
  while (true) {
    for (std::size_t col = 0; col < levels.size(); ++col) levels[col] = codebook[digits[col]];
    least = (std::min)(least, nuq::output_error(problem, levels));
    std::size_t col = 0;
    while (col < digits.size() && ++digits[col] == codebook.size()) digits[col++] = 0;
    if (col == digits.size()) return least;
  }
}

/// The prior's matrix of second moments, entry by entry.
Eigen::MatrixXd prior_moments(const nuq::InputPrior& prior, const Eigen::VectorXd& mean_squares) {
  const auto taps = static_cast<Eigen::Index>(prior.tap_rows * prior.tap_cols);
  const auto width = static_cast<Eigen::Index>(prior.tap_cols);
  return Eigen::MatrixXd::NullaryExpr(mean_squares.size(), mean_squares.size(), [&](Eigen::Index i, Eigen::Index j) {
    double correlation = prior.shared;
    if (i / taps == j / taps) {
      const auto down = static_cast<double>(i % taps / width - j % taps / width);
      const auto across = static_cast<double>(i % width - j % width);
      correlation += (1.0 - prior.shared) * std::pow(prior.correlation, std::hypot(down, across));
    }
    return correlation * std::sqrt(mean_squares[i] * mean_squares[j]);
  });
}

/// The scales that an assignment proposes are those of the closed form.
void check_refit(const nuq::Assignment& assignment, const nuq::LayerProblem& problem) {
  REQUIRE(assignment.refit.has_value());
  const nuq::RefittedScales expected = nuq::refit_scales(problem, assignment.levels);
  CHECK(assignment.refit->gain == doctest::Approx(expected.gain).epsilon(1e-6));
  REQUIRE(assignment.refit->scales.size() == expected.scales.size());
  for (std::size_t row = 0; row < expected.scales.size(); ++row)
    CHECK(assignment.refit->scales[row] == doctest::Approx(static_cast<double>(expected.scales[row])).epsilon(1e-6));
}

TEST_CASE("levels are those of the published loop with the explicit inverse") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -4, -2, -1, 0, 1, 3, 5});
  for (const std::size_t cols : {std::size_t{1}, std::size_t{2}, std::size_t{27}, std::size_t{64}, std::size_t{150}}) {
    for (const double damping : {0.01, 0.3}) {
      const Layer layer(40, cols, 2 * cols + 10, static_cast<std::uint32_t>(cols));
      const nuq::LayerProblem problem = layer.problem(serial);
      const nuq::Assignment assignment = nuq::ErrorFeedback{damping}.assign(problem, codebook);
      const Eigen::MatrixXd& moments = layer.statistics.second_moments;
      CHECK(assignment.levels ==
            textbook_feedback(problem, damped(moments, damping), order_by_importance(moments), nearest_of(codebook)));
      CHECK(assignment.error == doctest::Approx(nuq::output_error(problem, assignment.levels)).epsilon(1e-6));
      check_refit(assignment, problem);
    }
  }
}

TEST_CASE("a factor that the statistics bring decides, not the damping") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-6, -2, 0, 1, 4});
  Layer layer(10, 20, 15, 4);
  const std::vector<std::int8_t> strongly = nuq::ErrorFeedback{0.5}.assign(layer.problem(serial), codebook).levels;
  CHECK(strongly != nuq::ErrorFeedback{0.01}.assign(layer.problem(serial), codebook).levels);
  layer.statistics.factor = nuq::second_moment_factor(layer.statistics.second_moments, 0.5);
  CHECK(nuq::ErrorFeedback{0.01}.assign(layer.problem(serial), codebook).levels == strongly);
}

TEST_CASE("on small rows feedback lies between the optimum and the nearest levels") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-5, -1, 1, 4});
  double optimum = 0.0;
  double feedback = 0.0;
  double nearest = 0.0;
  int better = 0;
  int worse = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Layer layer(1, 6, 12, 10 * seed);
    const nuq::LayerProblem problem = layer.problem(serial);
    const double least = least_error(problem, codebook);
    const double with_feedback = nuq::ErrorFeedback{}.assign(problem, codebook).error;
    const double without = nuq::NearestLevel{}.assign(problem, codebook).error;
    CHECK(with_feedback >= least * (1.0 - 1e-6));
    optimum += least;
    feedback += with_feedback;
    nearest += without;
    better += with_feedback < without ? 1 : 0;
    worse += with_feedback > without ? 1 : 0;
  }
  CHECK(better > 40);
  CHECK(worse < 10);
  CHECK(feedback < 0.5 * nearest);
  CHECK(feedback < 3.0 * optimum);
}

TEST_CASE("inputs that have nothing to do with each other leave nothing to make up for") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -3, 0, 2, 6});
  Layer layer(20, 70, 10, 2);
  const Eigen::VectorXd moments = layer.statistics.mean_squares;
  const Eigen::MatrixXd diagonal = moments.asDiagonal();
  layer.statistics.second_moments = diagonal;
  const nuq::LayerProblem problem = layer.problem(serial);
  CHECK(nuq::ErrorFeedback{}.assign(problem, codebook).levels == nuq::nearest_levels(problem, codebook));
}

TEST_CASE("without the second-moment matrix the nearest levels are taken") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -3, 0, 2, 6});
  Layer layer(5, 30, 10, 3);
  layer.statistics.second_moments.resize(0, 0);
  nuq::LayerProblem problem = layer.problem(serial);
  const nuq::Assignment nearest = nuq::NearestLevel{}.assign(problem, codebook);
  const nuq::Assignment assignment = nuq::ErrorFeedback{}.assign(problem, codebook);
  CHECK(assignment.levels == nearest.levels);
  CHECK(assignment.error == nearest.error);
  problem.statistics = nullptr;
  CHECK(nuq::ErrorFeedback{}.assign(problem, codebook).levels == nearest.levels);
}

TEST_CASE("on a prior the loop is the published one, in the order of the columns") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -3, 0, 2, 6});
  for (const std::array<std::size_t, 3> taps :
       {std::array<std::size_t, 3>{1, 1, 24}, {3, 2, 24}, {1, 1, 150}, {3, 3, 135}, {10, 7, 140}}) {
    const std::size_t cols = taps[2];
    Layer layer(40, cols, 30, 8);
    layer.statistics.second_moments.resize(0, 0);
    layer.statistics.prior = nuq::InputPrior{};
    layer.statistics.prior->tap_rows = taps[0];
    layer.statistics.prior->tap_cols = taps[1];
    const nuq::LayerProblem problem = layer.problem(serial);
    const nuq::Assignment assignment = nuq::ErrorFeedback{}.assign(problem, codebook);
    const Eigen::MatrixXd moments = prior_moments(*layer.statistics.prior, layer.statistics.mean_squares);
    CHECK(assignment.levels == textbook_feedback(problem, moments, natural_order(cols), nearest_of(codebook)));
    nuq::LayerStatistics dense;
    dense.second_moments = moments;
    const double error = nuq::output_error({layer.view, layer.scales, &dense, &serial}, assignment.levels);
    CHECK(assignment.error == doctest::Approx(error).epsilon(1e-10));
  }
}

TEST_CASE("inputs that are always zero do no harm") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -3, 0, 2, 6});
  Layer layer(3, 8, 10, 5);
  layer.statistics.second_moments *= 0.0;
  const nuq::LayerProblem problem = layer.problem(serial);
  const nuq::Assignment assignment = nuq::ErrorFeedback{}.assign(problem, codebook);
  CHECK(assignment.levels == nuq::nearest_levels(problem, codebook));
  CHECK(assignment.error < 1e-8);
}

TEST_CASE("inputs that are next to nothing do no harm, though they vanish as floats") {
  nuq::Parallel serial;
  const nuq::Codebook codebook = codebook_of({-7, -3, 0, 2, 6});
  Layer layer(3, 8, 10, 5);
  layer.statistics.second_moments *= 1e-100;
  const nuq::LayerProblem problem = layer.problem(serial);
  CHECK(nuq::ErrorFeedback{}.assign(problem, codebook).levels == nuq::nearest_levels(problem, codebook));
}

TEST_CASE("levels and error have the same bits for any number of threads, with one scale as with many") {
  const nuq::Codebook codebook = codebook_of({-7, -4, -2, -1, 0, 1, 3, 5});
  Layer layer(75, 130, 200, 6);
  for (const std::size_t scales : {std::size_t{75}, std::size_t{1}}) {
    layer.scales.resize(scales);
    nuq::Parallel serial;
    nuq::ThreadPool three(3);
    const nuq::Assignment alone = nuq::ErrorFeedback{}.assign(layer.problem(serial), codebook);
    const nuq::Assignment shared = nuq::ErrorFeedback{}.assign(layer.problem(three), codebook);
    CHECK(alone.levels == shared.levels);
    CHECK(alone.error == shared.error);
  }
}

TEST_CASE("the targets of an assignment are what the published loop asked for, each with its cost") {
  nuq::ThreadPool three(3);
  const nuq::Codebook codebook = codebook_of({-7, -4, -2, -1, 0, 1, 3, 5});
  const Layer layer(40, 90, 60, 13);
  const nuq::LayerProblem problem = layer.problem(three);
  nuq::LevelHistogram expected;
  const auto nearest = nearest_of(codebook);
  const std::vector<std::int8_t> levels =
      textbook_feedback(problem, damped(layer.statistics.second_moments, 0.01),
                        order_by_importance(layer.statistics.second_moments), [&](double target, double cost) {
                          expected.add(target, cost);
                          return nearest(target, cost);
                        });
  const nuq::Assignment assignment = nuq::ErrorFeedback{}.assign(problem, codebook);
  CHECK(assignment.levels == levels);
  REQUIRE(assignment.targets.has_value());
  const nuq::LevelHistogram& targets = *assignment.targets;
  for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) {
    CHECK(targets[bin].weight == doctest::Approx(expected[bin].weight));
    CHECK(targets.cost(bin, 2) == doctest::Approx(expected.cost(bin, 2)));
  }
  CHECK(nuq::distortion(targets, codebook) < nuq::distortion(targets, codebook_of({-6, -3, 0, 2, 4})));
}

}  // namespace quantize_assign_error_feedback_test
