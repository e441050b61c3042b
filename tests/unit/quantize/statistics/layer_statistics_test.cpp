#include "nuq/quantize/statistics/layer_statistics.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include "../../eigen_values.hpp"

TEST_CASE("a column counts as its input's second moment, or one where that is unknown") {
  nuq::LayerStatistics statistics;
  CHECK(statistics.importance(3) == 1.0);
  statistics.mean_squares = {4.0, 0.0, 0.25};
  CHECK(statistics.importance(0) == 4.0);
  CHECK(statistics.importance(1) == 0.0);
  CHECK(statistics.importance(2) == 0.25);
}

TEST_CASE("a weighed layer's errors count more, and its factor stays that of its moments") {
  nuq::LayerStatistics statistics;
  statistics.second_moments = (Eigen::Matrix2d() << 2.0, 0.5, 0.5, 1.0).finished();
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.input_mean = {0.5, 0.25};
  statistics.factor = nuq::second_moment_factor(statistics.second_moments, 0.1);
  nuq::LayerStatistics weighed = statistics;
  weighed.weigh(4.0);
  CHECK(weighed.mean_squares == nuq::Vector({8.0, 4.0}));
  CHECK(weighed.second_moments == nuq::Matrix((Eigen::Matrix2d() << 8.0, 2.0, 2.0, 4.0).finished()));
  CHECK(weighed.input_mean == statistics.input_mean);
  const nuq::SecondMomentFactor expected = nuq::second_moment_factor(weighed.second_moments, 0.1);
  CHECK(weighed.factor->order == expected.order);
  CHECK(eigen(weighed.factor->upper).isApprox(eigen(expected.upper), 1e-14));
  CHECK(weighed.factor->mean_cost() == doctest::Approx(4.0 * statistics.factor->mean_cost()));
}

TEST_CASE("statistics that know no second-moment matrix are weighed by what they know") {
  nuq::LayerStatistics statistics;
  statistics.mean_squares = {3.0, 1.0};
  statistics.weigh(0.5);
  CHECK(statistics.mean_squares == nuq::Vector({1.5, 0.5}));
  CHECK(!statistics.factor.has_value());
}
