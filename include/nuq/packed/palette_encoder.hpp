#ifndef NUQ_PACKED_PALETTE_ENCODER_HPP
#define NUQ_PACKED_PALETTE_ENCODER_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Bytes of `encode_palette` for `count` levels of a set.
NUQ_FUNCTION [[nodiscard]] std::size_t palette_bytes(const LevelSet& set, std::size_t count) noexcept;

/// Levels, at least one, as indices into the set of those that occur.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_palette(ArrayView<const std::int8_t> levels,
                                                                    const LevelSet& set);

/// The same with the set of levels that occur.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_palette(ArrayView<const std::int8_t> levels);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <array>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/index_bits.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/palette_coding.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::size_t palette_bytes(const LevelSet& set, std::size_t count) noexcept {
  return detail::level_set_bytes(set) + detail::packed_index_bytes(count, detail::index_bits(set.size));
}

NUQ_DEFINITION std::vector<std::uint8_t> encode_palette(ArrayView<const std::int8_t> levels, const LevelSet& set) {
  const unsigned bits = detail::index_bits(set.size);
  const std::array<std::uint8_t, 256> index_of = detail::index_by_level(set);
  std::vector<std::uint8_t> bytes;
  detail::append_level_set(bytes, set);
  const std::size_t begin = bytes.size();
  const std::size_t end = begin + detail::packed_index_bytes(levels.size(), bits);
  bytes.resize(end + 8);
  std::uint8_t* next = bytes.data() + begin;
  std::uint64_t pending = 0;
  unsigned pending_bits = 0;
  for (const std::int8_t level : levels) {
    pending |= std::uint64_t{index_of[level_index(level)]} << pending_bits;
    pending_bits += bits;
    if (pending_bits < 32) continue;
    detail::store_u64(pending, next);
    next += 4;
    pending >>= 32U;
    pending_bits -= 32;
  }
  detail::store_u64(pending, next);
  bytes.resize(end);
  return bytes;
}

NUQ_DEFINITION std::vector<std::uint8_t> encode_palette(ArrayView<const std::int8_t> levels) {
  return encode_palette(levels, level_set_of(count_levels(levels)));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_PALETTE_ENCODER_HPP
