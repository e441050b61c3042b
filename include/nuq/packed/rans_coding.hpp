#ifndef NUQ_PACKED_RANS_CODING_HPP
#define NUQ_PACKED_RANS_CODING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/support/index_bits.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/rans_decoder.hpp"
#include "nuq/packed/detail/rans_table.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

// Range asymmetric numeral systems (Duda, arXiv:1311.2540) with static tables: 32-bit states, renormalised by 16 bits,
// probabilities of 12 bits. Several interleaved states ("lanes") share one stream of words (Giesen, arXiv:1402.3392).
//
// A layer [rows × cols] in this coding:
//   level set          (level_set.hpp); a symbol is an index into it
//   1 byte             log2 lanes | (classes − 1) << 4
//   class map          of more than one class: ceil(log2 classes) bits for each row
//   tables             of each class (detail/rans_table.hpp), in one run of bits
//   varint, bytes      the rare symbols, in order: nothing, or one state and the words of a stream of its own
//   lanes × 4 bytes    states to begin with
//   words of 2 bytes   in the order in which states need them
// Symbols are coded class by class: the rows of class 0 from first to last, and so on. Within a class, lane i holds the
// symbols i, i + lanes, i + 2·lanes, …; each class begins with lane 0.

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Rows that share a table, at most.
inline constexpr std::size_t max_rans_classes = 8;

/// The class of each row.
class ClassMap {
 public:
  ClassMap() = default;
  NUQ_FUNCTION ClassMap(Bytes map, std::size_t classes) noexcept : map_(map), bits_(index_bits(classes)) {}

  [[nodiscard]] static constexpr std::size_t bytes(std::size_t rows, std::size_t classes) noexcept {
    return packed_index_bytes(rows, index_bits(classes));
  }

  /// Whether the classes of `rows` rows are below `classes`.
  NUQ_FUNCTION [[nodiscard]] bool is_below(std::size_t classes, std::size_t rows) const noexcept {
    if ((std::size_t{1} << bits_) == classes) return true;
    for (std::size_t row = 0; row < rows; ++row) {
      if ((*this)[row] >= classes) return false;
    }
    return true;
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t operator[](std::size_t row) const noexcept {
    std::size_t value = 0;
    for (unsigned bit = 0; bit < bits_; ++bit) {
      const std::size_t place = row % 8 * bits_ + bit;
      value |= std::size_t{(unsigned{map_[row / 8 * bits_ + place / 8]} >> (place % 8)) & 1U} << bit;
    }
    return value;
  }

 private:
  Bytes map_;
  unsigned bits_ = 0;
};

/// Puts the symbols of a class into the rows that are its own.
class ClassRows {
 public:
  NUQ_FUNCTION ClassRows(ArrayView<std::int8_t> out, std::size_t cols, const ClassMap& map,
                         std::size_t class_index) noexcept
      : out_(out), cols_(cols), rows_(out.size() / cols), map_(map), class_(class_index) {
    find();
  }

  /// The next run of places, at most `limit`, all in one row; empty at the end.
  NUQ_FUNCTION [[nodiscard]] ArrayView<std::int8_t> take(std::size_t limit) noexcept {
    if (row_ == rows_) return {};
    const ArrayView<std::int8_t> run(out_.data() + row_ * cols_ + col_, (std::min)(limit, cols_ - col_));
    col_ += run.size();
    if (col_ == cols_) {
      ++row_;
      find();
    }
    return run;
  }

 private:
  NUQ_FUNCTION void find() noexcept {
    col_ = 0;
    while (row_ < rows_ && map_[row_] != class_) ++row_;
  }

  ArrayView<std::int8_t> out_;
  std::size_t cols_;
  std::size_t rows_;
  const ClassMap& map_;
  std::size_t class_;
  std::size_t row_ = 0;
  std::size_t col_ = 0;
};

/// Replaces each `marker` by the next of the rare levels.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus put_rare_levels(ArrayView<std::int8_t> out, const ClassTables& tables,
                                                               RansStates& rare) noexcept {
  if (rare.lanes == 0) return DecodeStatus::malformed;
  std::int8_t* next = out.data();
  std::size_t left = out.size();
  while (left > 0) {
    void* const found = std::memchr(next, static_cast<unsigned char>(tables.marker), left);
    if (found == nullptr) break;
    std::int8_t* const place = static_cast<std::int8_t*>(found);
    if (!decode_run_checked(tables.rare, rare, {place, 1})) return DecodeStatus::truncated;
    left -= static_cast<std::size_t>(place - next) + 1;
    next = place + 1;
  }
  return DecodeStatus::ok;
}

/// The parts of a coded layer.
struct RansLayer {
  LevelSet set;
  std::size_t lanes = 0;
  std::size_t classes = 0;
  ClassMap map;
  std::array<ClassWidths, max_rans_classes> widths;  ///< the first `classes` are set
  Bytes rare_states;
  Bytes rare_words;
  Bytes states;
  Bytes words;
};

/// Reads the parts, states and words excepted.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus read_parts(Bytes bytes, std::size_t rows, RansLayer& layer) noexcept {
  ByteReader reader(bytes);
  layer.set = read_level_set(reader);
  const std::uint8_t counts = reader.u8();
  if (reader.failed()) return DecodeStatus::truncated;
  layer.lanes = std::size_t{1} << (counts & 15U);
  layer.classes = std::size_t{counts} / 16 + 1;
  if (layer.set.size == 0 || layer.lanes > RansStates::max_lanes || layer.classes > max_rans_classes)
    return DecodeStatus::malformed;
  layer.map = {reader.bytes(ClassMap::bytes(rows, layer.classes)), layer.classes};
  if (reader.failed()) return DecodeStatus::truncated;
  if (!layer.map.is_below(layer.classes, rows)) return DecodeStatus::malformed;
  BitReader bits(reader.rest());
  for (std::size_t index = 0; index < layer.classes; ++index) {
    if (!read_class_widths(bits, layer.set, layer.widths[index]))
      return bits.failed() ? DecodeStatus::truncated : DecodeStatus::malformed;
  }
  static_cast<void>(reader.bytes(bits.bytes_used()));
  ByteReader rare(reader.bytes(reader.varint()));
  if (!rare.rest().empty()) layer.rare_states = rare.bytes(4);
  layer.rare_words = rare.rest();
  layer.states = reader.bytes(4 * layer.lanes);
  layer.words = reader.rest();
  return reader.failed() || rare.failed() ? DecodeStatus::truncated : DecodeStatus::ok;
}

/// Decodes the rows of one class, through a block on the stack where rows may end within a group of lanes.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_class(const RansLayer& layer, const ClassTables& tables,
                                                            std::size_t class_index, ArrayView<std::int8_t> out,
                                                            std::size_t cols, RansStates& states, RansStates& rare,
                                                            InstructionSet instructions) noexcept {
  const auto decode = [&](ArrayView<std::int8_t> run) noexcept {
    if (!decode_run(tables.common, states, run, instructions)) return DecodeStatus::truncated;
    return tables.has_rare ? put_rare_levels(run, tables, rare) : DecodeStatus::ok;
  };
  if (layer.classes == 1) return decode(out);
  ClassRows source(out, cols, layer.map, class_index);
  if (cols % layer.lanes == 0) {
    while (true) {
      const ArrayView<std::int8_t> row = source.take(cols);
      if (row.empty()) return DecodeStatus::ok;
      const DecodeStatus status = decode(row);
      if (status != DecodeStatus::ok) return status;
    }
  }
  ClassRows target = source;
  constexpr std::size_t block_size = 4096;  // a multiple of the lanes
  std::int8_t block[block_size];
  while (true) {
    std::size_t count = 0;
    while (count < block_size) {
      const std::size_t run = source.take(block_size - count).size();
      if (run == 0) break;
      count += run;
    }
    if (count == 0) return DecodeStatus::ok;
    const DecodeStatus status = decode({block, count});
    if (status != DecodeStatus::ok) return status;
    for (std::size_t done = 0; done < count;) {
      const ArrayView<std::int8_t> run = target.take(count - done);
      std::memcpy(run.data(), block + done, run.size());
      done += run.size();
    }
  }
}

}  // namespace detail

/// Decodes what `encode_rans` wrote into a matrix [rows × cols], `out.size()` = rows · cols. That states and words end
/// as they began in the encoder is checked; other damage may give wrong levels (see crc32), never more than that. Takes
/// 48 KiB of stack.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_rans(
    ArrayView<const std::uint8_t> bytes, std::size_t rows, ArrayView<std::int8_t> out,
    InstructionSet instructions = best_instruction_set()) noexcept {
  if (rows == 0 || out.empty() || out.size() % rows != 0) return DecodeStatus::wrong_size;
  detail::RansLayer layer;
  const DecodeStatus read = detail::read_parts(bytes, rows, layer);
  if (read != DecodeStatus::ok) return read;
  detail::RansStates states(layer.states, layer.words);
  detail::RansStates rare(layer.rare_states, layer.rare_words);
  detail::ClassTables tables;
  for (std::size_t index = 0; index < layer.classes; ++index) {
    detail::fill_tables(layer.set, layer.widths[index], tables);
    const DecodeStatus status =
        detail::decode_class(layer, tables, index, out, out.size() / rows, states, rare, instructions);
    if (status != DecodeStatus::ok) return status;
  }
  return states.at_end() && rare.at_end() ? DecodeStatus::ok : DecodeStatus::malformed;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_RANS_CODING_HPP
