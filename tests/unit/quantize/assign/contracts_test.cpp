#include "nuq/quantize/assign/contracts.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/quantize/assign/nearest_level.hpp"

namespace quantize_assign_contracts_test {

struct Charging : nuq::NearestLevel {
  float error(nuq::LayerProblem, nuq::ArrayView<const std::int8_t>) const { return 100.0F; }
};

struct WithoutCodebook {
  nuq::Assignment assign(const nuq::LayerProblem&) const { return {}; }
};

static_assert(nuq::is_level_assigner_v<Charging>);
static_assert(!nuq::is_level_assigner_v<WithoutCodebook>);
static_assert(nuq::measures_levels_v<Charging>);
static_assert(!nuq::measures_levels_v<nuq::NearestLevel>);

TEST_CASE("the assigner is called with the problem and the codebook") {
  const std::vector<float> weights = {1.0F, 2.6F};
  const std::vector<float> scales = {0.5F};
  const std::vector<int> levels = {2, 4};
  nuq::Parallel serial;
  const nuq::Assignment assignment =
      nuq::assign_levels(nuq::NearestLevel{}, {{weights.data(), 1, 2}, scales, nullptr, &serial},
                         nuq::Codebook(levels.begin(), levels.end()));
  CHECK(assignment.levels == std::vector<std::int8_t>{2, 4});
}

}  // namespace quantize_assign_contracts_test
