#include "nuq/calibration/factored_statistics.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../assign/textbook_feedback.hpp"
#include "../random_values.hpp"

namespace calibration_factored_statistics_test {

constexpr std::size_t rows = 8;
constexpr std::size_t cols = 20;

nuq::LayerStatistics half(std::uint64_t samples, std::uint32_t seed) {
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.covariance = random_second_moments(cols, samples, seed);
  statistics.second_moment = statistics.covariance.diagonal();
  statistics.input_mean = Eigen::VectorXd::Constant(cols, static_cast<double>(seed));
  return statistics;
}

nuq::LayerStatistics empty_half() {
  nuq::LayerStatistics statistics = half(1, 1);
  statistics.samples = 0;
  statistics.covariance.setZero();
  statistics.second_moment.setZero();
  statistics.input_mean.setZero();
  return statistics;
}

nuq::LayerStatistics factored(const nuq::SplitStatistics& split) {
  const std::vector<float> weights = random_values(rows * cols, 1);
  nuq::Parallel serial;
  return nuq::factored_statistics({weights.data(), rows, cols}, split, serial);
}

void check_factor(const nuq::LayerStatistics& statistics, double damping) {
  REQUIRE(statistics.factor.has_value());
  const nuq::FeedbackFactor expected = nuq::feedback_factor(statistics.covariance, damping);
  CHECK(statistics.factor->order == expected.order);
  CHECK(statistics.factor->upper == expected.upper);
}

TEST_CASE("both halves become one, with a factor whose damping is cross-validated") {
  const nuq::SplitStatistics split{half(9, 2), half(7, 3)};
  const nuq::LayerStatistics statistics = factored(split);
  const nuq::LayerStatistics whole = nuq::merged(split);
  CHECK(statistics.samples == 16);
  CHECK(statistics.covariance == whole.covariance);
  CHECK(statistics.second_moment == whole.second_moment);
  CHECK(statistics.input_mean == whole.input_mean);
  const std::vector<float> weights = random_values(rows * cols, 1);
  nuq::Parallel serial;
  const double damping = nuq::cross_validated_damping({weights.data(), rows, cols}, split.even, split.odd, serial);
  CHECK(damping != 0.3);
  CHECK(damping != 0.01);
  check_factor(statistics, damping);
}

TEST_CASE("where there is but one half the damping follows from the number of samples") {
  check_factor(factored({half(19, 2), empty_half()}), 0.3);
  check_factor(factored({half(20, 2), empty_half()}), 0.01);
}

TEST_CASE("without the covariance there is no factor") {
  nuq::SplitStatistics split{half(30, 2), half(30, 3)};
  split.even.covariance.resize(0, 0);
  split.odd.covariance.resize(0, 0);
  const nuq::LayerStatistics statistics = factored(split);
  CHECK(!statistics.factor.has_value());
  CHECK(statistics.samples == 60);
  CHECK(statistics.second_moment == nuq::merged(split).second_moment);
}

}  // namespace calibration_factored_statistics_test
