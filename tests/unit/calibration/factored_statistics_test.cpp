#include "nuq/calibration/factored_statistics.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../eigen_values.hpp"
#include "../quantize/assign/textbook_feedback.hpp"
#include "../random_values.hpp"

namespace calibration_factored_statistics_test {

constexpr std::size_t rows = 8;
constexpr std::size_t cols = 20;

nuq::LayerStatistics half(std::uint64_t samples, std::uint32_t seed) {
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.second_moments = random_second_moments(cols, samples, seed);
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.input_mean = Eigen::VectorXd::Constant(cols, static_cast<double>(seed));
  return statistics;
}

nuq::LayerStatistics empty_half() {
  nuq::LayerStatistics statistics = half(1, 1);
  statistics.samples = 0;
  statistics.second_moments = nuq::Matrix(cols, cols);
  statistics.mean_squares = nuq::Vector(cols);
  statistics.input_mean = nuq::Vector(cols);
  return statistics;
}

nuq::LayerStatistics factored(const nuq::SplitStatistics& split, bool corrects_bias = false) {
  const std::vector<float> weights = random_values(rows * cols, 1);
  nuq::Parallel serial;
  return nuq::factored_statistics({weights.data(), rows, cols}, split, corrects_bias, serial);
}

void check_factor(const nuq::LayerStatistics& statistics, double damping) {
  REQUIRE(statistics.factor.has_value());
  const nuq::SecondMomentFactor expected = nuq::second_moment_factor(statistics.second_moments, damping);
  CHECK(statistics.factor->order == expected.order);
  CHECK(statistics.factor->upper == expected.upper);
}

TEST_CASE("both halves become one, with a factor whose damping is cross-validated") {
  const nuq::SplitStatistics split{half(9, 2), half(7, 3)};
  const nuq::LayerStatistics statistics = factored(split);
  const nuq::LayerStatistics whole = nuq::merged(split);
  CHECK(statistics.samples == 16);
  CHECK(statistics.second_moments == whole.second_moments);
  CHECK(statistics.mean_squares == whole.mean_squares);
  CHECK(statistics.input_mean == whole.input_mean);
  const std::vector<float> weights = random_values(rows * cols, 1);
  nuq::Parallel serial;
  const double damping =
      nuq::cross_validated_damping({weights.data(), rows, cols}, split.even, split.odd, serial).damping;
  CHECK(damping != 0.3);
  CHECK(damping != 0.01);
  check_factor(statistics, damping);
}

TEST_CASE("where there is but one half the damping follows from the number of samples") {
  check_factor(factored({half(19, 2), empty_half()}), 0.3);
  check_factor(factored({half(20, 2), empty_half()}), 0.01);
}

TEST_CASE("where both halves have but one matrix together the damping follows from the number of samples, too") {
  const nuq::SplitStatistics split{half(9, 2), half(10, 3)};
  nuq::SplitStatistics joint = split;
  joint.even.second_moments = nuq::Matrix();
  joint.odd.second_moments = nuq::Matrix();
  joint.second_moments = nuq::merged(split).second_moments;
  CHECK(nuq::merged(joint).second_moments == joint.second_moments);
  CHECK(nuq::merged(joint).mean_squares == nuq::merged(split).mean_squares);
  check_factor(factored(joint, true), 0.3);
}

TEST_CASE("the factor alone is kept where the moments are not wanted") {
  const std::vector<float> weights = random_values(rows * cols, 1);
  const nuq::SplitStatistics split{half(9, 2), half(7, 3)};
  nuq::Parallel serial;
  const nuq::LayerStatistics alone =
      nuq::factored_statistics({weights.data(), rows, cols}, split, false, serial, false);
  CHECK(alone.second_moments.empty());
  CHECK(alone.has_second_moments());
  REQUIRE(alone.factor.has_value());
  CHECK(alone.factor->upper == factored(split).factor->upper);
}

TEST_CASE("without the second-moment matrix there is no factor") {
  nuq::SplitStatistics split{half(30, 2), half(30, 3)};
  split.even.second_moments.resize(0, 0);
  split.odd.second_moments.resize(0, 0);
  const nuq::LayerStatistics statistics = factored(split);
  CHECK(!statistics.factor.has_value());
  CHECK(statistics.samples == 60);
  CHECK(statistics.mean_squares == nuq::merged(split).mean_squares);
}

/// Inputs whose mean is most of what they are, the same in both halves unless told otherwise.
nuq::SplitStatistics with_strong_means(double even_mean, double odd_mean) {
  nuq::SplitStatistics split{half(40, 2), half(40, 3)};
  split.even.input_mean = nuq::Vector(cols, even_mean);
  split.odd.input_mean = nuq::Vector(cols, odd_mean);
  for (nuq::LayerStatistics* const of : {&split.even, &split.odd}) {
    const Eigen::VectorXd mean = of->input_mean;
    of->second_moments = eigen(of->second_moments) + mean * mean.transpose();
    of->mean_squares = of->second_moments.diagonal();
  }
  return split;
}

TEST_CASE("moments are centred where a bias may make up for mean errors, and does so on data held out") {
  const nuq::SplitStatistics split = with_strong_means(3.0, 3.0);
  const nuq::LayerStatistics whole = nuq::merged(split);
  const nuq::LayerStatistics centred = factored(split, true);
  CHECK(centred.is_centred);
  CHECK(centred.input_mean == whole.input_mean);
  const Eigen::VectorXd mean = whole.input_mean;
  CHECK((eigen(centred.second_moments) - (eigen(whole.second_moments) - mean * mean.transpose())).norm() < 1e-9);
  CHECK(centred.mean_squares == centred.second_moments.diagonal());
  CHECK(centred.factor.has_value());
  CHECK_FALSE(factored(split, false).is_centred);
  CHECK_FALSE(factored(with_strong_means(3.0, -3.0), true).is_centred);  // means that tell nothing of the other half's
}

}  // namespace calibration_factored_statistics_test
