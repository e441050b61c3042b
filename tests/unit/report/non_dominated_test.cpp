#include "nuq/report/non_dominated.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <random>
#include <vector>

namespace report_non_dominated_test {

std::vector<nuq::TrialReport> trials_of(const std::vector<std::pair<std::uint64_t, double>>& points) {
  std::vector<nuq::TrialReport> trials(points.size());
  for (std::size_t index = 0; index < points.size(); ++index) {
    trials[index].bytes = points[index].first;
    trials[index].metric = points[index].second;
  }
  return trials;
}

std::vector<bool> marks(std::vector<nuq::TrialReport> trials, double original, nuq::BetterMetric better) {
  nuq::mark_non_dominated(trials, original, better);
  std::vector<bool> marked;
  for (const nuq::TrialReport& trial : trials) marked.push_back(trial.non_dominated);
  return marked;
}

TEST_CASE("better_metric learns the direction from the verdicts") {
  CHECK(nuq::better_metric(0.9, [](double a, double b) { return a - b <= 0.01; }) == nuq::BetterMetric::larger);
  CHECK(nuq::better_metric(2.5, [](double a, double b) { return b <= 1.1 * a; }) == nuq::BetterMetric::smaller);
  CHECK(nuq::better_metric(2.5, [](double a, double b) { return b < a + 1 && b > a - 1; }) ==
        nuq::BetterMetric::nearer_to_original);
  CHECK(nuq::better_metric(2.5, [](double, double) { return true; }) == nuq::BetterMetric::nearer_to_original);
}

TEST_CASE("a trial is marked unless another has no more bytes and no worse a metric") {
  const auto trials = trials_of({{100, 0.9}, {80, 0.8}, {90, 0.7}, {50, 0.8}, {20, 0.1}, {20, 0.1}});
  CHECK(marks(trials, 0.9, nuq::BetterMetric::larger) == std::vector<bool>{true, false, false, true, true, false});
  CHECK(marks(trials, 0.9, nuq::BetterMetric::smaller) == std::vector<bool>{false, false, false, false, true, false});
  CHECK(marks(trials, 0.7, nuq::BetterMetric::nearer_to_original) ==
        std::vector<bool>{false, false, true, true, true, false});
  CHECK(marks({}, 0.0, nuq::BetterMetric::larger).empty());
}

TEST_CASE("random trials agree with the definition") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::uint64_t, double>> points(12);
    for (auto& [bytes, metric] : points) {
      bytes = random() % 8;
      metric = static_cast<double>(random() % 8);
    }
    const std::vector<bool> marked = marks(trials_of(points), 0.0, nuq::BetterMetric::larger);
    for (std::size_t a = 0; a < points.size(); ++a) {
      bool beaten = false;
      for (std::size_t b = 0; b < points.size(); ++b) {
        const bool no_worse = points[b].first <= points[a].first && points[b].second >= points[a].second;
        beaten = beaten || (no_worse && (points[b] != points[a] || b < a));
      }
      CHECK(marked[a] == !beaten);
    }
  }
}

}  // namespace report_non_dominated_test
