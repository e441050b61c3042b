#include "nuq/core/layer_statistics.hpp"

#include <doctest/doctest.h>

TEST_CASE("a column counts as its input's second moment, or one where that is unknown") {
  nuq::LayerStatistics statistics;
  CHECK(statistics.importance(3) == 1.0);
  statistics.second_moment = Eigen::Vector3d(4.0, 0.0, 0.25);
  CHECK(statistics.importance(0) == 4.0);
  CHECK(statistics.importance(1) == 0.0);
  CHECK(statistics.importance(2) == 0.25);
}
