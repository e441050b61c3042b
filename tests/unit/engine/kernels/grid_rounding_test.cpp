#include "nuq/engine/kernels/grid_rounding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "../../random_values.hpp"

namespace engine_kernels_grid_rounding_test {

/// Values at and beside halves of a grid, beyond its ends, and such that are no numbers.
std::vector<float> hard_values(float scale) {
  std::vector<float> values;
  for (int step = -300; step <= 300; ++step) {
    const float half = (static_cast<float>(step) + 0.5F) * scale;
    values.insert(values.end(),
                  {half, std::nextafter(half, 1e30F), std::nextafter(half, -1e30F), static_cast<float>(step) * scale});
  }
  const float infinity = (std::numeric_limits<float>::infinity)();
  values.insert(values.end(), {0.0F, -0.0F, infinity, -infinity, (std::numeric_limits<float>::quiet_NaN)(), 1e-42F,
                               -1e-42F, 3e38F, -3e38F, 4194303.5F * scale, 4194304.0F * scale, -4194304.5F * scale});
  for (const float value : random_values(1000, 1)) values.push_back(value * 200.0F * scale);
  return values;
}

bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

TEST_CASE("whole rows are rounded as value by value, to the last bit") {
  for (const float scale : {1.0F, 0.1F, 0.00731F, 37.0F}) {
    const std::vector<float> values = hard_values(scale);
    const auto count = static_cast<std::int64_t>(values.size());
    std::vector<float> rounded(values.size());
    for (const int offset : {0, -128, 17, 127}) {
      const nuq::ActivationScale grid{scale, offset, true};
      nuq::detail::fake_quantize_values(values.data(), count, grid, rounded.data());
      std::size_t wrong = 0;
      for (std::size_t at = 0; at < values.size(); ++at)
        wrong += same_bits(rounded[at], nuq::detail::fake_quantized_or_same(values[at], grid)) ? 0U : 1U;
      CHECK(wrong == 0);
    }
    nuq::detail::round_sums(values.data(), count, scale, rounded.data());
    const double inverse = 1.0 / static_cast<double>(scale);
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < values.size(); ++at)
      wrong += same_bits(rounded[at], nuq::detail::rounded_sum(values[at], scale, inverse)) ? 0U : 1U;
    CHECK(wrong == 0);
  }
}

}  // namespace engine_kernels_grid_rounding_test
