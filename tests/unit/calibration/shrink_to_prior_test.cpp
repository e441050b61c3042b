#include "nuq/calibration/shrink_to_prior.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>

#include "../eigen_values.hpp"
#include "../quantize/assign/textbook_feedback.hpp"

namespace calibration_shrink_to_prior_test {

constexpr Eigen::Index inputs = 4;

nuq::LayerStatistics half(std::uint64_t samples, std::uint32_t seed) {
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.second_moments = random_second_moments(inputs, 10, seed);
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.input_mean = Eigen::VectorXd::Ones(inputs);
  return statistics;
}

/// Two channels under a kernel of one row and two columns, the second of them three times as strong.
nuq::LayerStatistics expected() {
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::Vector4d(0.5, 0.5, 1.5, 1.5);
  statistics.prior = nuq::InputPrior{1, 2, 0.2, 0.6};
  return statistics;
}

/// The expected second moments, 1 on average.
Eigen::Matrix4d expected_moments() {
  const double tap = 0.2 + 0.8 * 0.6;
  Eigen::Matrix4d correlations;
  correlations << 1.0, tap, 0.2, 0.2,  //
      tap, 1.0, 0.2, 0.2,              //
      0.2, 0.2, 1.0, tap,              //
      0.2, 0.2, tap, 1.0;
  const Eigen::Vector4d strengths(std::sqrt(0.5), std::sqrt(0.5), std::sqrt(1.5), std::sqrt(1.5));
  return strengths.asDiagonal() * correlations * strengths.asDiagonal();
}

TEST_CASE("a share of both halves' moments is what is expected, of the mean that both have together") {
  const nuq::SplitStatistics known{half(30, 1), half(10, 2)};
  const double mean = 0.75 * eigen(known.even.mean_squares).mean() + 0.25 * eigen(known.odd.mean_squares).mean();
  for (const double share : {0.0, 0.3, 1.0}) {
    CAPTURE(share);
    nuq::SplitStatistics shrunk = known;
    nuq::shrink_to_prior(shrunk, expected(), share);
    const auto check = [&](const nuq::LayerStatistics& before, const nuq::LayerStatistics& after) {
      const Eigen::Matrix4d wanted = (1.0 - share) * eigen(before.second_moments) + share * mean * expected_moments();
      CHECK((eigen(after.second_moments) - wanted).norm() <= 1e-12 * wanted.norm());
      CHECK((eigen(after.mean_squares) - wanted.diagonal()).norm() <= 1e-12 * wanted.norm());
      CHECK(after.samples == before.samples);
      CHECK(after.input_mean.size() == 0);
    };
    check(known.even, shrunk.even);
    check(known.odd, shrunk.odd);
  }
}

TEST_CASE("moments of both halves together are shrunk, and the diagonal where there is no more") {
  nuq::SplitStatistics split{half(5, 1), half(5, 2)};
  split.second_moments = random_second_moments(inputs, 10, 3);
  split.even.second_moments = split.odd.second_moments = nuq::Matrix();
  nuq::SplitStatistics diagonal = split;
  diagonal.second_moments = nuq::Matrix();
  const double mean = 0.5 * (eigen(split.even.mean_squares).mean() + eigen(split.odd.mean_squares).mean());
  nuq::shrink_to_prior(split, expected(), 1.0);
  CHECK((eigen(split.second_moments) - mean * expected_moments()).norm() <= 1e-12 * mean);
  CHECK(split.even.second_moments.size() == 0);
  nuq::shrink_to_prior(diagonal, expected(), 1.0);
  CHECK(diagonal.second_moments.size() == 0);
  CHECK(diagonal.odd.mean_squares == split.odd.mean_squares);
  CHECK((eigen(diagonal.odd.mean_squares) - mean * expected_moments().diagonal()).norm() <= 1e-12 * mean);
}

TEST_CASE("nothing known stays nothing") {
  nuq::SplitStatistics split;
  nuq::shrink_to_prior(split, expected(), 0.5);
  CHECK(split.even.mean_squares.size() == 0);
  CHECK(split.odd.second_moments.size() == 0);
}

}  // namespace calibration_shrink_to_prior_test
