#include "nuq/calibration/centred_statistics.hpp"

#include <doctest/doctest.h>

#include <array>

#include "../eigen_values.hpp"

namespace calibration_centred_statistics_test {

TEST_CASE("centred moments are those of the data less an origin") {
  const std::array<Eigen::Vector2d, 3> data = {Eigen::Vector2d(1, 4), Eigen::Vector2d(2, -3), Eigen::Vector2d(6, 5)};
  const Eigen::Vector2d origin(0.5, 2.0);
  nuq::LayerStatistics statistics;
  Eigen::Matrix2d moments = Eigen::Matrix2d::Zero();
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  Eigen::Matrix2d expected = Eigen::Matrix2d::Zero();
  for (const Eigen::Vector2d& x : data) {
    moments += x * x.transpose() / 3.0;
    mean += x / 3.0;
    expected += (x - origin) * (x - origin).transpose() / 3.0;
  }
  statistics.second_moments = moments;
  statistics.input_mean = mean;
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.factor = nuq::second_moment_factor(statistics.second_moments);
  const nuq::LayerStatistics result = nuq::centred(statistics, origin);
  CHECK((eigen(result.second_moments) - expected).norm() < 1e-12);
  CHECK((eigen(result.mean_squares) - expected.diagonal()).norm() < 1e-12);
  CHECK(result.input_mean == statistics.input_mean);
  CHECK(result.is_centred);
  CHECK_FALSE(result.factor.has_value());
}

}  // namespace calibration_centred_statistics_test
