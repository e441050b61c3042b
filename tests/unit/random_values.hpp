#ifndef NUQ_TESTS_UNIT_RANDOM_VALUES_HPP
#define NUQ_TESTS_UNIT_RANDOM_VALUES_HPP

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Bell-shaped values around 0 within ±2·spread, the same on every platform.
inline std::vector<float> random_values(std::size_t count, std::uint32_t seed, float spread = 1.0F) {
  std::mt19937 engine(seed);
  const auto uniform = [&engine] { return static_cast<float>(engine() >> 8) / 16777216.0F - 0.5F; };
  std::vector<float> values(count);
  for (float& value : values) value = spread * (uniform() + uniform() + uniform() + uniform());
  return values;
}

#endif  // NUQ_TESTS_UNIT_RANDOM_VALUES_HPP
