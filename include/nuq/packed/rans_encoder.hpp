#ifndef NUQ_PACKED_RANS_ENCODER_HPP
#define NUQ_PACKED_RANS_ENCODER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/rans_classes.hpp"
#include "nuq/packed/detail/rans_frequencies.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// With a state below frequency · 2²⁰ and a frequency up to 2¹², state · inverse fits 64 bits and its quotient is
/// exact.
inline constexpr unsigned inverse_bits = 44;

/// A symbol's slots.
struct SymbolSlots {
  std::uint32_t frequency = 0;
  std::uint32_t first = 0;
  std::uint64_t inverse = 0;  ///< 2⁴⁴ / frequency, rounded up
};

NUQ_FUNCTION [[nodiscard]] std::array<SymbolSlots, 256> slots_of(const RansFrequencies& table,
                                                                 std::size_t size) noexcept;

/// Those of all rare symbols are the marker's.
NUQ_FUNCTION [[nodiscard]] std::array<SymbolSlots, 256> slots_of(const ClassFrequencies& tables,
                                                                 std::size_t size) noexcept;

/// Symbols in the order of their coding: class by class, the rows of each in ascending order. `begin[c]` is where class
/// c begins; one more entry holds the end.
struct SymbolsByClass {
  std::vector<std::uint8_t> symbols;
  std::vector<std::size_t> begin;
};

/// The rare symbols of class `index`, in their order.
NUQ_FUNCTION [[nodiscard]] ByteVector rare_symbols(const SymbolsByClass& sorted, std::size_t index,
                                                   const ClassFrequencies& tables, std::size_t size);

NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> symbols_of(MatrixView<const std::int8_t> levels,
                                                                const LevelSet& set);

}  // namespace detail

/// The entropy coding of a matrix of levels; the format is in rans_coding.hpp. Rows whose levels are distributed alike
/// share a table where that is smaller. The bytes are the same on every platform.
class RansEncoder {
 public:
  /// `levels` [out × in], at least one, of which `set` occur.
  NUQ_FUNCTION RansEncoder(MatrixView<const std::int8_t> levels, const LevelSet& set)
      : set_(set),
        log2_lanes_(levels.size() < (std::size_t{1} << 17U) ? 2 : 5),  // 112 bytes more: 0.1 % of the least layer
        symbols_(detail::symbols_of(levels, set)),
        classes_(detail::choose_classes(symbols_, levels.rows(), set.size)) {}

  /// The size of the code as its tables foretell it, each state at its least: what `encode` gives is not smaller, but
  /// for roundings.
  NUQ_FUNCTION [[nodiscard]] std::size_t least_bytes() const noexcept;

  NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode() const;

 private:
  LevelSet set_;
  unsigned log2_lanes_;
  std::vector<std::uint8_t> symbols_;
  detail::RansClasses classes_;
};

/// The entropy coding of a matrix of levels [out × in], at least one.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_rans(MatrixView<const std::int8_t> levels);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <algorithm>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/index_bits.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/rans_coding.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::array<SymbolSlots, 256> slots_of(const RansFrequencies& table, std::size_t size) noexcept {
  std::array<SymbolSlots, 256> slots{};
  std::uint32_t first = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    const std::uint32_t frequency = table.used_frequency(symbol);
    slots[symbol] = {frequency, first,
                     frequency == 0 ? 0 : ((std::uint64_t{1} << inverse_bits) + frequency - 1) / frequency};
    first += slots[symbol].frequency;
  }
  return slots;
}

NUQ_DEFINITION std::array<SymbolSlots, 256> slots_of(const ClassFrequencies& tables, std::size_t size) noexcept {
  std::array<SymbolSlots, 256> slots = slots_of(tables.common, size);
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    if (tables.is_rare(symbol)) slots[symbol] = slots[tables.marker];
  }
  return slots;
}

/// Encodes from the last symbol to the first: the words and states that it gives are read forwards.
class RansStream {
 public:
  /// `lanes`: a power of two.
  explicit RansStream(std::size_t lanes) : states_(lanes, rans_lower_bound) {}

  /// The symbols of one class, which lie in front of all that have been encoded so far.
  NUQ_FUNCTION void prepend(const std::uint8_t* symbols, std::size_t count, const std::array<SymbolSlots, 256>& slots) {
    std::size_t end = words_.size();
    words_.resize(end + count);
    for (std::size_t index = count; index-- > 0;) {
      const SymbolSlots& symbol = slots[symbols[index]];
      std::uint32_t& state = states_[index & (states_.size() - 1)];
      const unsigned is_full = state >= std::uint64_t{symbol.frequency} << (32 - rans_probability_bits) ? 1 : 0;
      words_[end] = static_cast<std::uint16_t>(state & 0xFFFFU);
      end += is_full;
      state >>= 16U * is_full;
      const auto quotient = static_cast<std::uint32_t>(state * symbol.inverse >> inverse_bits);
      state += symbol.first + quotient * (rans_scale - symbol.frequency);
    }
    words_.resize(end);
  }

  NUQ_FUNCTION void append_to(ByteVector& bytes) const {
    for (const std::uint32_t state : states_) append_number(bytes, state, 4);
    std::size_t end = bytes.size();
    bytes.resize(end + 2 * words_.size());
    for (std::size_t index = words_.size(); index-- > 0; end += 2) {
      bytes[end] = static_cast<std::uint8_t>(words_[index] & 0xFFU);
      bytes[end + 1] = static_cast<std::uint8_t>(words_[index] >> 8U);
    }
  }

 private:
  std::vector<std::uint32_t> states_;
  std::vector<std::uint16_t> words_;
};

NUQ_FUNCTION [[nodiscard]] inline SymbolsByClass sort_by_class(const std::vector<std::uint8_t>& symbols,
                                                               const RansClasses& classes) {
  const std::size_t cols = symbols.size() / classes.class_of_row.size();
  SymbolsByClass sorted;
  sorted.symbols.reserve(symbols.size());
  for (std::size_t index = 0; index < classes.tables.size(); ++index) {
    sorted.begin.push_back(sorted.symbols.size());
    for (std::size_t row = 0; row < classes.class_of_row.size(); ++row) {
      if (classes.class_of_row[row] != index) continue;
      const std::uint8_t* const run = symbols.data() + row * cols;
      sorted.symbols.insert(sorted.symbols.end(), run, run + cols);
    }
  }
  sorted.begin.push_back(sorted.symbols.size());
  return sorted;
}

NUQ_DEFINITION ByteVector rare_symbols(const SymbolsByClass& sorted, std::size_t index, const ClassFrequencies& tables,
                                       std::size_t size) {
  std::array<bool, 256> is_rare{};
  for (std::size_t symbol = 0; symbol < size; ++symbol) is_rare[symbol] = tables.is_rare(symbol);
  ByteVector rare;
  const std::uint8_t* const end = sorted.symbols.data() + sorted.begin[index + 1];
  for (const std::uint8_t* symbol = sorted.symbols.data() + sorted.begin[index]; symbol != end; ++symbol) {
    if (is_rare[*symbol]) rare.push_back(*symbol);
  }
  return rare;
}

/// The stream of the rare symbols, behind its size.
NUQ_FUNCTION inline void append_rare(ByteVector& bytes, const SymbolsByClass& sorted, const RansClasses& classes,
                                     std::size_t size) {
  RansStream stream(1);
  bool has_rare = false;
  for (std::size_t index = classes.tables.size(); index-- > 0;) {
    const ClassFrequencies& tables = classes.tables[index];
    if (!tables.has_rare) continue;
    has_rare = true;
    const ByteVector rare = rare_symbols(sorted, index, tables, size);
    stream.prepend(rare.data(), rare.size(), slots_of(tables.rare, size));
  }
  ByteVector stored;
  if (has_rare) stream.append_to(stored);
  append_varint(bytes, stored.size());
  append_bytes(bytes, stored);
}

NUQ_DEFINITION std::vector<std::uint8_t> symbols_of(MatrixView<const std::int8_t> levels, const LevelSet& set) {
  const std::array<std::uint8_t, 256> symbol_of = index_by_level(set);
  std::vector<std::uint8_t> symbols(levels.size());
  std::transform(levels.data(), levels.data() + levels.size(), symbols.data(),
                 [&symbol_of](std::int8_t level) { return symbol_of[level_index(level)]; });
  return symbols;
}

}  // namespace detail

NUQ_DEFINITION std::size_t RansEncoder::least_bytes() const noexcept {
  const std::uint64_t bits = classes_.cost() >> detail::fixed_log2_bits;
  return detail::level_set_bytes(set_) + 1 + static_cast<std::size_t>(bits / 8) + (std::size_t{2} << log2_lanes_);
}

NUQ_DEFINITION std::vector<std::uint8_t> RansEncoder::encode() const {
  const detail::SymbolsByClass sorted = detail::sort_by_class(symbols_, classes_);
  std::vector<std::uint8_t> bytes;
  detail::append_level_set(bytes, set_);
  bytes.push_back(static_cast<std::uint8_t>(log2_lanes_ | ((classes_.tables.size() - 1) << 4U)));
  detail::BitWriter map(bytes);
  const unsigned class_bits = detail::index_bits(classes_.tables.size());
  for (const std::uint8_t index : classes_.class_of_row) map.bits(index, class_bits);
  detail::BitWriter tables(bytes);
  for (const detail::ClassFrequencies& of_class : classes_.tables) detail::append_tables(tables, of_class, set_.size);
  detail::append_rare(bytes, sorted, classes_, set_.size);

  detail::RansStream stream(std::size_t{1} << log2_lanes_);
  for (std::size_t index = classes_.tables.size(); index-- > 0;) {
    stream.prepend(sorted.symbols.data() + sorted.begin[index], sorted.begin[index + 1] - sorted.begin[index],
                   detail::slots_of(classes_.tables[index], set_.size));
  }
  stream.append_to(bytes);
  return bytes;
}

NUQ_DEFINITION std::vector<std::uint8_t> encode_rans(MatrixView<const std::int8_t> levels) {
  return RansEncoder(levels, level_set_of(count_levels({levels.data(), levels.size()}))).encode();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_RANS_ENCODER_HPP
