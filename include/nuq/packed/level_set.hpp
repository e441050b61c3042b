#ifndef NUQ_PACKED_LEVEL_SET_HPP
#define NUQ_PACKED_LEVEL_SET_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The levels that occur in a layer, ascending: a symbol of its code is an index into them.
struct LevelSet {
  std::array<std::int8_t, 256> levels{};
  std::size_t size = 0;

  [[nodiscard]] std::int8_t operator[](std::size_t index) const noexcept { return levels[index]; }
};

namespace detail {

/// How a level set is stored, in the lower two bits of its first byte; the shortest of the three is taken.
enum class LevelSetForm : std::uint8_t {
  range,  ///< the least and the greatest level; all between occur
  gaps,   ///< number of levels less one, the least level, for each other one the number of levels left out before it in
          ///< the Exp-Golomb code whose order is in the upper six bits of the first byte; filled up to a whole byte
  bit_map  ///< 32 bytes, bit l + 128 says whether level l occurs
};

inline constexpr unsigned level_set_form_bits = 2;

NUQ_FUNCTION inline void add_level(LevelSet& set, int level) noexcept {
  set.levels[set.size++] = static_cast<std::int8_t>(level);
}

NUQ_FUNCTION [[nodiscard]] inline int read_level(ByteReader& reader) noexcept {
  const std::uint8_t byte = reader.u8();
  return byte < 128 ? int{byte} : int{byte} - 256;
}

NUQ_FUNCTION [[nodiscard]] inline LevelSet read_range(ByteReader& reader) noexcept {
  LevelSet set;
  const int first = read_level(reader);
  const int last = read_level(reader);
  for (int level = first; level <= last; ++level) add_level(set, level);
  return set;
}

NUQ_FUNCTION [[nodiscard]] inline LevelSet read_gaps(ByteReader& reader, unsigned order) noexcept {
  if (order > 7) return {};
  LevelSet set;
  const std::size_t size = std::size_t{reader.u8()} + 1;
  std::int64_t level = read_level(reader);
  BitReader bits(reader.rest());
  for (add_level(set, static_cast<int>(level)); set.size < size; add_level(set, static_cast<int>(level))) {
    level += std::int64_t{bits.exp_golomb(order)} + 1;
    if (bits.failed() || level > 127) return {};
  }
  static_cast<void>(reader.bytes(bits.bytes_used()));
  return set;
}

NUQ_FUNCTION [[nodiscard]] inline LevelSet read_bit_map(ByteReader& reader) noexcept {
  LevelSet set;
  const Bytes map = reader.bytes(32);
  for (std::size_t index = 0; index < 8 * map.size(); ++index) {
    if (((unsigned{map[index / 8]} >> (index % 8)) & 1U) != 0) add_level(set, static_cast<int>(index) - 128);
  }
  return set;
}

/// Reads a level set of 1 to 256 levels; an empty one where the bytes are none, and the reader may have failed.
NUQ_FUNCTION [[nodiscard]] inline LevelSet read_level_set(ByteReader& reader) noexcept {
  const std::uint8_t head = reader.u8();
  const unsigned upper = static_cast<unsigned>(head) >> level_set_form_bits;
  const auto form = static_cast<LevelSetForm>(head % (1U << level_set_form_bits));
  if (form != LevelSetForm::gaps && upper != 0) return {};
  LevelSet set;
  if (form == LevelSetForm::range) set = read_range(reader);
  if (form == LevelSetForm::gaps) set = read_gaps(reader, upper);
  if (form == LevelSetForm::bit_map) set = read_bit_map(reader);
  return reader.failed() ? LevelSet{} : set;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_LEVEL_SET_HPP
