#ifndef NUQ_ASCEND_DETAIL_CODE_HPP
#define NUQ_ASCEND_DETAIL_CODE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/ascend/parameters.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A codeword. It enters the stream with its least significant bit first, so `value` reads backwards: 6 = 011.
struct AscendCode {
  std::uint16_t value = 0;
  std::uint8_t bits = 0;
};

/// The codeword of `length` times the run symbol, which is the most frequent byte.
struct AscendRunCode {
  std::uint8_t length = 0;
  AscendCode code;
};

/// 111011111, after the last code of an engine's stream.
inline constexpr AscendCode ascend_end_mark{503, 9};

inline constexpr std::array<AscendRunCode, 2> ascend_low_runs = {{{2, {4, 3}}, {1, {0, 3}}}};
inline constexpr std::array<AscendRunCode, 5> ascend_high_runs = {
    {{9, {5, 6}}, {4, {6, 3}}, {3, {2, 3}}, {2, {4, 3}}, {1, {0, 3}}}};

/// Codes of ranks 1…4 in low mode, and of rank 1 in high mode; the ranks behind them take `ascend_shared_codes`.
inline constexpr std::array<AscendCode, 4> ascend_low_codes = {{{2, 3}, {6, 3}, {1, 3}, {5, 6}}};
inline constexpr std::array<AscendCode, 1> ascend_high_codes = {{{1, 3}}};
inline constexpr std::array<AscendCode, 32> ascend_shared_codes = {
    {{37, 6},  {21, 6},  {53, 6},  {13, 6}, {45, 6},  {29, 6},  {61, 6},  {3, 6},   {35, 6},  {19, 6},  {51, 6},
     {11, 6},  {43, 6},  {27, 6},  {59, 6}, {7, 6},   {39, 6},  {23, 9},  {279, 9}, {151, 9}, {407, 9}, {87, 9},
     {343, 9}, {215, 9}, {471, 9}, {55, 9}, {311, 9}, {183, 9}, {439, 9}, {119, 9}, {375, 9}, {247, 9}}};

/// Number of bytes that have codes of their own.
[[nodiscard]] constexpr std::size_t ascend_dictionary_size(AscendMode mode) noexcept {
  return mode == AscendMode::low ? 36 : 34;
}

/// Run codes of a mode, the longest run first.
[[nodiscard]] constexpr ArrayView<const AscendRunCode> ascend_run_codes(AscendMode mode) noexcept {
  if (mode == AscendMode::low) return {ascend_low_runs.data(), ascend_low_runs.size()};
  return {ascend_high_runs.data(), ascend_high_runs.size()};
}

/// The code of the byte at `rank` in the dictionary, 0 < rank < ascend_dictionary_size(mode).
[[nodiscard]] constexpr AscendCode ascend_code_of_rank(AscendMode mode, std::size_t rank) noexcept {
  const std::size_t own = mode == AscendMode::low ? ascend_low_codes.size() : ascend_high_codes.size();
  if (rank > own) return ascend_shared_codes[rank - own - 1];
  return mode == AscendMode::low ? ascend_low_codes[rank - 1] : ascend_high_codes[rank - 1];
}

[[nodiscard]] constexpr std::uint8_t reversed_bits(std::uint8_t byte) noexcept {
  unsigned reversed = 0;
  for (unsigned bit = 0; bit < 8; ++bit) reversed |= ((unsigned{byte} >> bit) & 1U) << (7 - bit);
  return static_cast<std::uint8_t>(reversed);
}

/// 1111 and the byte, most significant bit first: the code of a byte that is not in the dictionary.
[[nodiscard]] constexpr AscendCode ascend_escape(std::uint8_t byte) noexcept {
  return {static_cast<std::uint16_t>(15U + 16U * reversed_bits(byte)), 12};
}

/// The 256 bytes by falling count; the first ones are the dictionary.
using AscendOrder = std::array<std::uint8_t, 256>;

/// Orders the bytes by their counts. Among equal counts the order is what the unstable std::sort of GCC's libstdc++
/// makes of 256 elements with exactly this predicate: the compressor's bytes depend on it. With another standard
/// library the dictionary may hold other bytes of equal count, and the size may differ where these straddle two code
/// lengths.
NUQ_FUNCTION [[nodiscard]] inline AscendOrder ascend_order(const std::array<std::uint64_t, 256>& counts) noexcept {
  AscendOrder order{};
  for (std::size_t byte = 0; byte < 256; ++byte) order[byte] = static_cast<std::uint8_t>(byte);
  const auto before = [&counts](std::uint8_t x, std::uint8_t y) { return counts[x] > counts[y]; };
#if defined(__GLIBCXX__)
  std::sort(order.begin(), order.end(), before);
#else
  std::stable_sort(order.begin(), order.end(), before);
#endif
  return order;
}

/// How often each byte occurs.
NUQ_FUNCTION [[nodiscard]] inline std::array<std::uint64_t, 256> count_bytes(
    ArrayView<const std::uint8_t> bytes) noexcept {
  std::array<std::uint64_t, 256> counts{};
  for (const std::uint8_t byte : bytes) ++counts[byte];
  return counts;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ASCEND_DETAIL_CODE_HPP
