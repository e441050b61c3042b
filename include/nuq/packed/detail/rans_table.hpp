#ifndef NUQ_PACKED_DETAIL_RANS_TABLE_HPP
#define NUQ_PACKED_DETAIL_RANS_TABLE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/version.hpp"

// Frequencies, in bits:
//   3   s: those stored add up to 2^(12 − s), those used are 2^s times as great
//   1   whether each is stored as its difference d to the one before, as 2d − 1 for d > 0 and −2d otherwise
//   3   order of the Exp-Golomb code
//   …   the frequency of each symbol
//
// The tables of a class:
//   1   whether there are rare symbols, then
//   8   the marker: the rare symbol that stands for all of them
//   …   frequencies; those of rare symbols other than the marker are 0
//   …   where there are rare symbols, their own frequencies

NUQ_NAMESPACE_BEGIN
namespace detail {

inline constexpr unsigned rans_probability_bits = 12;
inline constexpr std::uint32_t rans_scale = 1U << rans_probability_bits;

/// For each slot, the lower 12 bits of a state: the level, the slot's distance from the symbol's first slot << 8, and
/// the symbol's frequency less one << 20.
struct RansTable {
  alignas(64) std::array<std::uint32_t, rans_scale> slots;
};

/// How many slots each symbol has.
using SlotWidths = std::array<std::uint16_t, 256>;

/// The widths of the first `size` symbols. False where the bits end or are none: the widths must fill the slots.
NUQ_FUNCTION [[nodiscard]] inline bool read_widths(BitReader& bits, std::size_t size, SlotWidths& widths) noexcept {
  const unsigned shift = bits.bits(3);
  const bool differences = bits.bits(1) != 0;
  const unsigned order = bits.bits(3);
  std::int64_t left = rans_scale;
  std::int64_t frequency = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    const std::int64_t code = bits.exp_golomb(order);
    frequency = differences ? frequency + ((code & 1) != 0 ? (code + 1) / 2 : -(code / 2)) : code;
    if (bits.failed() || frequency < 0 || (frequency << shift) > left) return false;
    widths[symbol] = static_cast<std::uint16_t>(frequency << shift);
    left -= widths[symbol];
  }
  return left == 0;
}

NUQ_FUNCTION inline void fill_table(const LevelSet& set, const SlotWidths& widths, RansTable& table) noexcept {
  std::uint32_t* slots = table.slots.data();
  for (std::size_t symbol = 0; symbol < set.size; ++symbol) {
    const std::uint32_t width = widths[symbol];
    const std::uint32_t common = ((width - 1) << 20U) | static_cast<std::uint8_t>(set[symbol]);
    for (std::uint32_t slot = 0; slot < width; ++slot) slots[slot] = common | (slot << 8U);
    slots += width;
  }
}

/// What is stored of the tables of the rows of one class.
struct ClassWidths {
  SlotWidths common;
  SlotWidths rare;  ///< set only where has_rare
  bool has_rare;
  std::int8_t marker;  ///< the level that `common` gives in place of any rare one
};

/// False where the bits end or are no tables.
NUQ_FUNCTION [[nodiscard]] inline bool read_class_widths(BitReader& bits, const LevelSet& set,
                                                         ClassWidths& widths) noexcept {
  widths.has_rare = bits.bits(1) != 0;
  const std::size_t marker = widths.has_rare ? bits.bits(8) : 0;
  if (marker >= set.size) return false;
  widths.marker = set[marker];
  return read_widths(bits, set.size, widths.common) && (!widths.has_rare || read_widths(bits, set.size, widths.rare));
}

/// The tables of the rows of one class.
struct ClassTables {
  RansTable common;
  RansTable rare;  ///< set only where has_rare
  bool has_rare;
  std::int8_t marker;  ///< the level that `common` gives in place of any rare one
};

NUQ_FUNCTION inline void fill_tables(const LevelSet& set, const ClassWidths& widths, ClassTables& tables) noexcept {
  tables.has_rare = widths.has_rare;
  tables.marker = widths.marker;
  fill_table(set, widths.common, tables.common);
  if (widths.has_rare) fill_table(set, widths.rare, tables.rare);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANS_TABLE_HPP
