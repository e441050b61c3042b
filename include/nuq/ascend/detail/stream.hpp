#ifndef NUQ_ASCEND_DETAIL_STREAM_HPP
#define NUQ_ASCEND_DETAIL_STREAM_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/ascend/detail/code.hpp"
#include "nuq/ascend/parameters.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The engines' streams of a block, one behind the other, each in a slot of AscendDictionaryParameters::stream_size().
using AscendStreams = std::array<std::uint8_t, AscendDictionaryParameters::max_block_size>;

inline constexpr std::size_t ascend_header_size = 40;
/// The output takes turns between the engines' streams in pieces of so many bytes.
inline constexpr std::size_t ascend_unit = 32;
/// The end mark where the last packet has no room for it.
inline constexpr std::array<std::uint8_t, 2> ascend_long_end_mark = {0xF7, 0x01};

/// Deals `size` bytes out to the engines, or back, in turns of `turn` bytes: `move(dealt, slot, turn)` gets the offset
/// of a piece in the dealt sequence and in the slots.
template <class Move>
void deal(std::size_t size, std::size_t turn, const AscendDictionaryParameters& parameters, Move&& move) noexcept {
  for (std::size_t piece = 0; piece * turn < size; ++piece) {
    const std::size_t engine = piece % parameters.engines;
    move(piece * turn, engine * parameters.stream_size() + piece / parameters.engines * turn, turn);
  }
}

/// The two check bytes of a stream: XOR of the bytes at odd and at even positions.
NUQ_FUNCTION [[nodiscard]] inline std::array<std::uint8_t, 2> ascend_check_bytes(
    ArrayView<const std::uint8_t> bytes) noexcept {
  unsigned odd = 0;
  unsigned even = 0;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    even ^= bytes[at];
    odd ^= bytes[at + 1];
  }
  return {static_cast<std::uint8_t>(odd), static_cast<std::uint8_t>(even)};
}

/// Header byte 0.
[[nodiscard]] constexpr std::uint8_t ascend_signature(AscendMode mode) noexcept {
  return mode == AscendMode::low ? 0xA8 : 0x88;
}

/// Header byte that holds entry `rank` of the dictionary. In low mode the first two come before the check bytes.
[[nodiscard]] constexpr std::size_t ascend_dictionary_position(AscendMode mode, std::size_t rank) noexcept {
  if (mode == AscendMode::high) return 6 + rank;
  return rank < 2 ? 2 + rank : 4 + rank;
}

/// Writes the 40 bytes in front of the codes of `bytes`.
NUQ_FUNCTION inline void write_ascend_header(const AscendOrder& order, ArrayView<const std::uint8_t> bytes,
                                             const AscendDictionaryParameters& parameters,
                                             std::uint8_t* header) noexcept {
  std::fill_n(header, ascend_header_size, std::uint8_t{0});
  header[0] = ascend_signature(parameters.mode);
  header[1] = static_cast<std::uint8_t>(parameters.fractal_size / AscendDictionaryParameters::block_unit);
  const std::array<std::uint8_t, 2> check = ascend_check_bytes(bytes);
  std::copy(check.begin(), check.end(), header + 4);
  for (std::size_t rank = 0; rank < ascend_dictionary_size(parameters.mode); ++rank)
    header[ascend_dictionary_position(parameters.mode, rank)] = order[rank];
}

/// Where the blocks of an output lie, and their index records, from the first block to the last. Records of tight
/// outputs: u16 word, u16 0, u32 offset in units of the index alignment; of others the word alone. The word: length in
/// those units (bits 0–8, with one engine 0–10), shift (bit 14; 13–14), compressed (bit 15).
class AscendIndex {
 public:
  struct Entry {
    std::size_t position = 0;  ///< of the block in the output
    std::array<std::uint8_t, 8> record{};
  };

  explicit AscendIndex(const AscendDictionaryParameters& parameters) noexcept : parameters_(parameters) {}

  /// Adds the next block.
  NUQ_FUNCTION [[nodiscard]] Entry add(AscendBlock block) noexcept {
    const std::size_t shift = parameters_.tight ? 0 : balance_banks(block.size);
    Entry entry;
    entry.position = parameters_.tight ? total_ : blocks_ * parameters_.fractal_size + shift * bank_size;
    store_u64(word(block, shift) | std::uint64_t{offset()} << 32U, entry.record.data());
    total_ += block.size;
    ++blocks_;
    return entry;
  }

  /// Size of the blocks so far.
  [[nodiscard]] std::size_t total() const noexcept { return total_; }

 private:
  static constexpr std::size_t bank_size = 256;

  NUQ_FUNCTION [[nodiscard]] std::uint64_t word(AscendBlock block, std::size_t shift) const noexcept {
    const std::uint64_t length = block.size / parameters_.index_alignment();
    const unsigned shift_bit = parameters_.engines == 4 ? 14 : 13;
    return length | std::uint64_t{shift} << shift_bit | std::uint64_t{block.raw ? 0U : 1U} << 15U;
  }

  NUQ_FUNCTION [[nodiscard]] std::uint32_t offset() const noexcept {
    const std::uint64_t unit = parameters_.index_alignment();
    const std::uint64_t first = parameters_.init_offset / unit + (parameters_.init_offset % unit != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(first + total_ / unit);
  }

  /// By how many banks a block moves within its slot, so that the memory banks are read equally often.
  NUQ_FUNCTION [[nodiscard]] std::size_t balance_banks(std::size_t size) noexcept {
    return parameters_.engines == 4 ? balance_two_banks(size) : balance_four_banks(size);
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t balance_two_banks(std::size_t size) noexcept {
    if (size / bank_size % 2 == 0) return 0;
    const std::size_t shift = size + bank_size <= parameters_.fractal_size && banks_[0] > banks_[1] ? 1 : 0;
    ++banks_[shift];
    return shift;
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t balance_four_banks(std::size_t size) noexcept {
    const std::size_t span = (size + bank_size - 1) / bank_size;
    const std::size_t slack = parameters_.fractal_size / bank_size - span;
    const auto choices = banks_.begin() + static_cast<std::ptrdiff_t>((std::min<std::size_t>)(slack, 3) + 1);
    const auto shift = static_cast<std::size_t>(std::min_element(banks_.begin(), choices) - banks_.begin());
    for (std::size_t bank = 0; bank < span; ++bank) ++banks_[(shift + bank) % banks_.size()];
    return shift;
  }

  AscendDictionaryParameters parameters_;
  std::size_t total_ = 0;
  std::size_t blocks_ = 0;
  std::array<std::size_t, 4> banks_{};
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ASCEND_DETAIL_STREAM_HPP
