#ifndef NUQ_CORE_LEVEL_COUNTS_HPP
#define NUQ_CORE_LEVEL_COUNTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How often each int8 level −128…127 is assigned in a layer, at index level + 128. Unweighted: the input of every rate
/// model. (Distortion uses LevelHistogram.)
using LevelCounts = std::array<std::uint64_t, 256>;

/// Index of an int8 level in a table of 256.
[[nodiscard]] constexpr std::size_t level_index(int level) noexcept {
  return static_cast<std::size_t>(level + 128);
}

/// Counts the assigned levels of a layer.
NUQ_FUNCTION [[nodiscard]] LevelCounts count_levels(ArrayView<const std::int8_t> levels) noexcept;

/// Number of levels that occur.
NUQ_FUNCTION [[nodiscard]] std::size_t distinct_levels(const LevelCounts& counts) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION LevelCounts count_levels(ArrayView<const std::int8_t> levels) noexcept {
  LevelCounts counts{};
  for (const std::int8_t level : levels) ++counts[level_index(level)];
  return counts;
}

NUQ_DEFINITION std::size_t distinct_levels(const LevelCounts& counts) noexcept {
  std::size_t distinct = 0;
  for (const std::uint64_t count : counts) distinct += count > 0 ? 1 : 0;
  return distinct;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_LEVEL_COUNTS_HPP
