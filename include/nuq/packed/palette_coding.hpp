#ifndef NUQ_PACKED_PALETTE_CODING_HPP
#define NUQ_PACKED_PALETTE_CODING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/support/index_bits.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/unpack_avx2.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Levels by index; what no index of a writer points to is a flag, so that the loops need no branch.
struct PaletteTable {
  std::array<std::int8_t, 256> levels{};
  std::array<std::uint8_t, 256> is_outside{};
};

NUQ_FUNCTION [[nodiscard]] inline PaletteTable make_palette_table(const LevelSet& set) noexcept {
  PaletteTable table;
  table.levels = set.levels;
  for (std::size_t index = set.size; index < 256; ++index) table.is_outside[index] = 1;
  return table;
}

/// One group of at most eight indices, whose bits are the lowest of `group`; not 0 where one is outside the palette.
NUQ_FUNCTION [[nodiscard]] inline unsigned unpack_group(const PaletteTable& table, unsigned bits, std::uint64_t group,
                                                        std::int8_t* out, std::size_t count) noexcept {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  unsigned outside = 0;
  for (std::size_t index = 0; index < count; ++index, group >>= bits) {
    const auto entry = static_cast<std::size_t>(group & mask);
    out[index] = table.levels[entry];
    outside |= table.is_outside[entry];
  }
  return outside;
}

/// Two neighbouring indices of at most `max_pair_bits` bits each are looked up together where that is worth the table.
inline constexpr unsigned max_pair_bits = 5;
inline constexpr std::size_t min_pair_count = 4096;

/// Whole groups of eight while eight bytes can be read. Returns how many levels.
NUQ_FUNCTION [[nodiscard]] inline std::size_t unpack_pairs(const PaletteTable& table, unsigned bits, Bytes indices,
                                                           ArrayView<std::int8_t> out, unsigned& outside) noexcept {
  std::array<std::uint32_t, std::size_t{1} << (2 * max_pair_bits)> pairs;  // two levels, and above whether it is one
  const std::size_t mask = (std::size_t{1} << (2 * bits)) - 1;
  for (std::size_t index = 0; index <= mask; ++index) {
    const std::size_t first = index & (mask >> bits);
    const std::size_t second = index >> bits;
    pairs[index] = static_cast<std::uint8_t>(table.levels[first]) |
                   std::uint32_t{static_cast<std::uint8_t>(table.levels[second])} << 8U |
                   std::uint32_t{static_cast<std::uint8_t>(table.is_outside[first] | table.is_outside[second])} << 16U;
  }
  std::uint32_t all = 0;
  std::size_t done = 0;
  for (std::size_t used = 0; indices.size() - used >= 8 && out.size() - done >= 8; used += bits) {
    std::uint64_t group = load_u64(indices.data() + used);
    for (int pair = 0; pair < 4; ++pair, group >>= 2 * bits, done += 2) {
      const std::uint32_t entry = pairs[static_cast<std::size_t>(group & mask)];
      out[done] = static_cast<std::int8_t>(entry & 0xFFU);
      out[done + 1] = static_cast<std::int8_t>((entry >> 8U) & 0xFFU);
      all |= entry;
    }
  }
  outside |= all >> 16U;
  return done;
}

/// Eight indices are `bits` whole bytes: `indices` are those of `out`, filled up to a whole byte. False where one is
/// outside the palette.
NUQ_FUNCTION [[nodiscard]] inline bool unpack_portable(const PaletteTable& table, unsigned bits, Bytes indices,
                                                       ArrayView<std::int8_t> out) noexcept {
  unsigned outside = 0;
  std::size_t done = 0;
  if (bits <= max_pair_bits && out.size() >= min_pair_count) done = unpack_pairs(table, bits, indices, out, outside);
  std::size_t used = done / 8 * bits;
  for (; indices.size() - used >= 8 && out.size() - done >= 8; done += 8, used += bits)
    outside |= unpack_group(table, bits, load_u64(indices.data() + used), out.data() + done, 8);
  for (; done < out.size(); done += 8, used += bits) {
    std::uint8_t block[8] = {};
    const std::size_t count = (std::min)(std::size_t{8}, out.size() - done);
    std::memcpy(block, indices.data() + used, packed_index_bytes(count, bits));
    outside |= unpack_group(table, bits, load_u64(block), out.data() + done, count);
  }
  return outside == 0;
}

}  // namespace detail

/// Decodes what `encode_palette` wrote: a level set, then one index of ceil(log2 levels) bits for each of
/// `out`'s levels, least significant bit first.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_palette(
    ArrayView<const std::uint8_t> bytes, ArrayView<std::int8_t> out,
    [[maybe_unused]] InstructionSet instructions = best_instruction_set()) noexcept {
  detail::ByteReader reader(bytes);
  const LevelSet set = detail::read_level_set(reader);
  if (reader.failed()) return DecodeStatus::truncated;
  if (set.size == 0) return DecodeStatus::malformed;
  const unsigned bits = detail::index_bits(set.size);
  const detail::Bytes indices = reader.rest();
  if (indices.size() != detail::packed_index_bytes(out.size(), bits)) return DecodeStatus::truncated;
  if (bits == 0) {
    if (!out.empty()) std::memset(out.data(), set[0], out.size());
    return DecodeStatus::ok;
  }
  const detail::PaletteTable table = detail::make_palette_table(set);
  std::size_t done = 0;
  bool inside = true;
#if NUQ_HAS_AVX2_DECODERS
  if (instructions == InstructionSet::avx2) done = detail::unpack_avx2(set, bits, indices, out, inside);
#endif
  const std::size_t used = done / 8 * bits;
  inside &= detail::unpack_portable(table, bits, {indices.data() + used, indices.size() - used},
                                    {out.data() + done, out.size() - done});
  return inside ? DecodeStatus::ok : DecodeStatus::malformed;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_PALETTE_CODING_HPP
