#include "nuq/assign/contracts.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/assign/nearest_level.hpp"

namespace {

struct Charging : nuq::NearestLevel {
  double error(const nuq::LayerProblem&, nuq::ArrayView<const std::int8_t> levels) const {
    return 100.0 + static_cast<double>(levels.size());
  }
};

}  // namespace

TEST_CASE("given levels are measured by the assigner's own measure where it has one") {
  const std::vector<float> weights = {1.0F, 2.5F};
  const std::vector<float> scales = {0.5F};
  const std::vector<std::int8_t> levels = {2, 4};
  nuq::Parallel serial;
  const nuq::LayerProblem problem{{weights.data(), 1, 2}, scales, nullptr, &serial};
  CHECK(nuq::error_of_levels(nuq::NearestLevel{}, problem, levels) == 0.25);
  CHECK(nuq::error_of_levels(Charging{}, problem, levels) == 102.0);
}
