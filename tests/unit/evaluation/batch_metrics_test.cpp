#include "nuq/evaluation/batch_metrics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <vector>

namespace evaluation_batch_metrics_test {

std::vector<nuq::BatchMetric> batches_of(const std::vector<double>& metrics) {
  std::vector<nuq::BatchMetric> batches;
  for (const double metric : metrics) batches.push_back({metric, 1});
  return batches;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Batches that `add` was told of before it ended the evaluation.
std::size_t batches_seen(nuq::BatchMetrics& metrics, const std::vector<double>& values) {
  std::size_t seen = 0;
  for (const double value : values) {
    ++seen;
    if (!metrics.add(value)) break;
  }
  return seen;
}

/// Accuracies of a network on batches of 50 samples of which each is right with a probability of its own, and of a
/// worse one that turns a share of the right answers into wrong ones and some the other way.
struct Networks {
  std::vector<double> original;
  std::vector<double> worse;

  Networks(unsigned seed, std::size_t batches, double lost, double won) : original(batches), worse(batches) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    for (std::size_t batch = 0; batch < batches; ++batch) {
      for (int sample = 0; sample < 50; ++sample) {
        const bool right = uniform(random) < 0.8;
        const bool still = right ? uniform(random) >= lost : uniform(random) < won;
        original[batch] += right / 50.0;
        worse[batch] += still / 50.0;
      }
    }
  }
};

TEST_CASE("metrics of the original are all taken") {
  nuq::BatchMetrics metrics;
  for (int batch = 0; batch < 100; ++batch) CHECK(metrics.add(0.01 * batch, 7));
  CHECK(metrics.values().size() == 100);
  CHECK(metrics.values()[3].metric == 0.03);
  CHECK(metrics.values()[3].samples == 7);
  CHECK_FALSE(metrics.predicted_failure());
}

TEST_CASE("a clear failure ends after the least number of batches, with a prediction near the metric of the whole") {
  const Networks networks(1, 200, 0.5, 0.02);
  const auto original = batches_of(networks.original);
  const double whole = mean(networks.original);
  auto satisfied = [&](double metric) { return metric >= whole - 0.01; };
  nuq::BatchMetrics metrics(original, whole, satisfied);
  CHECK(batches_seen(metrics, networks.worse) <= 14);
  REQUIRE(metrics.predicted_failure());
  CHECK(std::abs(*metrics.predicted_failure() - mean(networks.worse)) < 0.06);
}

TEST_CASE("the direction of the metric does not matter") {
  const Networks networks(2, 60, 0.4, 0.0);
  std::vector<double> error_original;
  std::vector<double> error_worse;
  for (const double accuracy : networks.original) error_original.push_back(1.0 - accuracy);
  for (const double accuracy : networks.worse) error_worse.push_back(1.0 - accuracy);
  const auto original = batches_of(error_original);
  const double whole = mean(error_original);
  auto satisfied = [&](double metric) { return metric <= whole + 0.01; };
  nuq::BatchMetrics metrics(original, whole, satisfied);
  CHECK(batches_seen(metrics, error_worse) < 20);
  CHECK(metrics.predicted_failure());
}

TEST_CASE("equal batches say nothing, and an equal loss in all of them ends the evaluation") {
  const std::vector<double> values(40, 0.75);
  const auto original = batches_of(values);
  auto satisfied = [](double metric) { return metric >= 0.74; };
  nuq::BatchMetrics same(original, 0.75, satisfied);
  CHECK(batches_seen(same, values) == 40);
  CHECK_FALSE(same.predicted_failure());
  nuq::BatchMetrics lower(original, 0.75, satisfied);
  CHECK(batches_seen(lower, std::vector<double>(40, 0.5)) == nuq::BatchMetrics::least_batches);
  CHECK(*lower.predicted_failure() == doctest::Approx(0.5));
  nuq::BatchMetrics few(original, 0.75, satisfied);
  CHECK(batches_seen(few, std::vector<double>(9, 0.5)) == 9);
}

TEST_CASE("batches count by their samples") {
  std::vector<nuq::BatchMetric> original;
  for (int pair = 0; pair < 20; ++pair) original.insert(original.end(), {{0.9, 30}, {0.9, 10}});
  auto satisfied = [](double metric) { return metric >= 0.89; };
  nuq::BatchMetrics metrics(original, 0.9, satisfied);
  std::size_t seen = 0;
  while (metrics.add(seen % 2 == 0 ? 0.4 : 0.6, original[seen].samples)) ++seen;
  CHECK(seen + 1 == nuq::BatchMetrics::least_batches);
  CHECK(*metrics.predicted_failure() == doctest::Approx((30 * 0.4 + 10 * 0.6) / 40));
}

TEST_CASE("a configuration that passes on all data is hardly ever refused on a part; a bad one mostly is") {
  int refused_though_good = 0;
  int good = 0;
  std::size_t seen_of_bad = 0;
  constexpr int rounds = 2000;
  for (unsigned round = 0; round < rounds; ++round) {
    const Networks near(round, 40, 0.030, 0.060);  // loses about 0.012 of accuracy
    const double whole = mean(near.original);
    const auto original = batches_of(near.original);
    auto satisfied = [&](double metric) { return metric >= whole - 0.012; };
    nuq::BatchMetrics metrics(original, whole, satisfied);
    batches_seen(metrics, near.worse);
    if (satisfied(mean(near.worse))) {
      ++good;
      refused_though_good += metrics.predicted_failure().has_value();
    }
    if (round >= 200) continue;
    const Networks bad(round, 40, 0.15, 0.0);
    const auto bad_original = batches_of(bad.original);
    const double bad_whole = mean(bad.original);
    auto passes = [&](double metric) { return metric >= bad_whole - 0.012; };
    nuq::BatchMetrics failing(bad_original, bad_whole, passes);
    seen_of_bad += batches_seen(failing, bad.worse);
  }
  CHECK(good > rounds / 4);
  CHECK(refused_though_good * 1000 <= good);
  CHECK(seen_of_bad < 200 * 40 / 2);
}

TEST_CASE("the error of the change is that of a weighted mean of the batches' changes") {
  const std::vector<nuq::BatchMetric> original = {{0.5, 10}, {0.7, 10}, {0.9, 20}};
  const auto accept = [](double) { return true; };
  nuq::BatchMetrics metrics(original, 0.75, accept);
  CHECK_FALSE(metrics.error());
  metrics.add(0.4, 10);
  CHECK_FALSE(metrics.error());
  metrics.add(0.7, 10);
  metrics.add(0.85, 20);
  // Changes -0.1, 0, -0.05; mean -0.05 over 40 samples; deviations -0.05, 0.05, 0.
  const double squares = std::pow(10 * 0.05, 2.0) + std::pow(10 * 0.05, 2.0);
  CHECK(*metrics.error() == doctest::Approx(std::sqrt(squares * 3.0 / 2.0) / 40.0));
  nuq::BatchMetrics of_original;
  of_original.add(0.5);
  of_original.add(0.6);
  CHECK_FALSE(of_original.error());
}

TEST_CASE("the error of a share of right samples is that of paired samples") {
  std::mt19937 random(3);
  std::vector<nuq::BatchMetric> original;
  std::vector<double> changed;
  double flips = 0.0;
  for (int sample = 0; sample < 2000; ++sample) {
    original.push_back({1.0, 1});
    changed.push_back(random() % 50 == 0 ? 0.0 : 1.0);
    flips += 1.0 - changed.back();
  }
  const auto accept = [](double) { return true; };
  nuq::BatchMetrics metrics(original, 1.0, accept);
  for (const double value : changed) metrics.add(value);
  const double share = flips / 2000.0;
  CHECK(*metrics.error() == doctest::Approx(std::sqrt(share * (1.0 - share) / 1999.0)));
}

}  // namespace evaluation_batch_metrics_test
