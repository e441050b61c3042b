#ifndef NUQ_TESTS_UNIT_PACKED_CODING_CASES_HPP
#define NUQ_TESTS_UNIT_PACKED_CODING_CASES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../random_values.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/packed/instruction_set.hpp"

/// Both, or the portable one twice where the machine has no other.
inline std::vector<nuq::InstructionSet> instruction_sets() {
  return {nuq::InstructionSet::portable, nuq::best_instruction_set()};
}

/// Levels of `num_levels` kinds, `step` apart, each as likely as any other.
inline std::vector<std::int8_t> uniform_levels(std::size_t count, int num_levels, int step, std::uint64_t seed) {
  nuq::detail::RandomEngine engine(seed);
  std::vector<std::int8_t> levels(count);
  const int first = -(num_levels / 2) * step;
  for (std::int8_t& level : levels) {
    const auto index = static_cast<int>(nuq::detail::uniform_below(engine, static_cast<std::uint64_t>(num_levels)));
    level = static_cast<std::int8_t>(first + index * step);
  }
  return levels;
}

/// Bell-shaped levels within ±2·spread.
inline std::vector<std::int8_t> bell_levels(std::size_t count, float spread, std::uint32_t seed) {
  std::vector<std::int8_t> levels;
  levels.reserve(count);
  for (const float value : random_values(count, seed, spread))
    levels.push_back(static_cast<std::int8_t>((std::max)(-128.0F, (std::min)(127.0F, std::round(value)))));
  return levels;
}

/// Σ n log2(N / n) / 8.
inline double order0_bytes(const std::vector<std::int8_t>& levels) {
  double bits = 0.0;
  for (const std::uint64_t count : nuq::count_levels(levels)) {
    if (count > 0)
      bits += static_cast<double>(count) * std::log2(static_cast<double>(levels.size()) / static_cast<double>(count));
  }
  return bits / 8.0;
}

#endif  // NUQ_TESTS_UNIT_PACKED_CODING_CASES_HPP
