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
  std::array<LevelCounts, 4> parts{};  // the same level often follows itself: one count would wait for the other
  std::size_t at = 0;
  for (; at + parts.size() <= levels.size(); at += parts.size()) {
    for (std::size_t part = 0; part < parts.size(); ++part) ++parts[part][level_index(levels[at + part])];
  }
  for (; at < levels.size(); ++at) ++parts[0][level_index(levels[at])];
  LevelCounts counts = parts[0];
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::size_t index = 0; index < counts.size(); ++index) counts[index] += parts[part][index];
  }
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
