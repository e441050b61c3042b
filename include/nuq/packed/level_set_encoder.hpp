#ifndef NUQ_PACKED_LEVEL_SET_ENCODER_HPP
#define NUQ_PACKED_LEVEL_SET_ENCODER_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The levels that occur.
NUQ_FUNCTION [[nodiscard]] LevelSet level_set_of(const LevelCounts& counts) noexcept;

namespace detail {

/// Where each level of the set, by its level_index, stands in it.
NUQ_FUNCTION [[nodiscard]] std::array<std::uint8_t, 256> index_by_level(const LevelSet& set) noexcept;

/// Bytes that a level set takes.
NUQ_FUNCTION [[nodiscard]] std::size_t level_set_bytes(const LevelSet& set) noexcept;

/// Appends a set of 1 to 256 levels.
NUQ_FUNCTION void append_level_set(ByteVector& bytes, const LevelSet& set);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION LevelSet level_set_of(const LevelCounts& counts) noexcept {
  LevelSet set;
  for (int level = -128; level < 128; ++level) {
    if (counts[level_index(level)] > 0) set.levels[set.size++] = static_cast<std::int8_t>(level);
  }
  return set;
}

namespace detail {

NUQ_DEFINITION std::array<std::uint8_t, 256> index_by_level(const LevelSet& set) noexcept {
  std::array<std::uint8_t, 256> indices{};
  for (std::size_t index = 0; index < set.size; ++index)
    indices[level_index(set[index])] = static_cast<std::uint8_t>(index);
  return indices;
}

/// Levels left out before level `index` > 0.
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t gap_before(const LevelSet& set, std::size_t index) noexcept {
  return static_cast<std::uint32_t>(set[index] - set[index - 1] - 1);
}

/// The shortest way to store a set.
struct LevelSetStorage {
  LevelSetForm form = LevelSetForm::bit_map;
  unsigned order = 0;
  std::size_t bytes = 33;
};

NUQ_FUNCTION [[nodiscard]] inline LevelSetStorage shortest_storage(const LevelSet& set) noexcept {
  if (set.size > 0 && std::size_t{1} + static_cast<std::size_t>(set[set.size - 1] - set[0]) == set.size)
    return {LevelSetForm::range, 0, 3};
  LevelSetStorage best;
  for (unsigned order = 0; order < 8; ++order) {
    std::size_t bits = 0;
    for (std::size_t index = 1; index < set.size; ++index) bits += exp_golomb_bits(gap_before(set, index), order);
    const std::size_t bytes = 3 + (bits + 7) / 8;
    if (bytes < best.bytes) best = {LevelSetForm::gaps, order, bytes};
  }
  return best;
}

NUQ_DEFINITION std::size_t level_set_bytes(const LevelSet& set) noexcept {
  return shortest_storage(set).bytes;
}

NUQ_DEFINITION void append_level_set(ByteVector& bytes, const LevelSet& set) {
  const LevelSetStorage storage = shortest_storage(set);
  bytes.push_back(
      static_cast<std::uint8_t>(static_cast<unsigned>(storage.form) | storage.order << level_set_form_bits));
  if (storage.form == LevelSetForm::range) {
    bytes.push_back(static_cast<std::uint8_t>(set[0]));
    bytes.push_back(static_cast<std::uint8_t>(set[set.size - 1]));
  } else if (storage.form == LevelSetForm::gaps) {
    bytes.push_back(static_cast<std::uint8_t>(set.size - 1));
    bytes.push_back(static_cast<std::uint8_t>(set[0]));
    BitWriter writer(bytes);
    for (std::size_t index = 1; index < set.size; ++index) writer.exp_golomb(gap_before(set, index), storage.order);
  } else {
    LevelCounts occurs{};
    for (std::size_t index = 0; index < set.size; ++index) occurs[level_index(set[index])] = 1;
    BitWriter writer(bytes);
    for (const std::uint64_t occurrence : occurs) writer.bits(static_cast<std::uint32_t>(occurrence), 1);
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_LEVEL_SET_ENCODER_HPP
