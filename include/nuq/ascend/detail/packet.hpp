#ifndef NUQ_ASCEND_DETAIL_PACKET_HPP
#define NUQ_ASCEND_DETAIL_PACKET_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/ascend/detail/code.hpp"
#include "nuq/ascend/detail/stream.hpp"
#include "nuq/ascend/parameters.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The codes of every byte, from the order of the bytes.
class AscendEncodeTable {
 public:
  NUQ_FUNCTION AscendEncodeTable(const AscendOrder& order, AscendMode mode) noexcept
      : order_(order), mode_(mode), runs_(ascend_run_codes(mode)) {
    for (std::size_t byte = 0; byte < codes_.size(); ++byte)
      codes_[byte] = ascend_escape(static_cast<std::uint8_t>(byte));
    for (std::size_t rank = 1; rank < ascend_dictionary_size(mode); ++rank)
      codes_[order[rank]] = ascend_code_of_rank(mode, rank);
  }

  [[nodiscard]] const AscendOrder& order() const noexcept { return order_; }
  [[nodiscard]] AscendMode mode() const noexcept { return mode_; }
  [[nodiscard]] std::uint8_t run_symbol() const noexcept { return order_[0]; }
  [[nodiscard]] ArrayView<const AscendRunCode> runs() const noexcept { return runs_; }
  /// The code of a byte that is not the run symbol.
  [[nodiscard]] AscendCode code(std::uint8_t byte) const noexcept { return codes_[byte]; }

 private:
  AscendOrder order_;
  AscendMode mode_;
  ArrayView<const AscendRunCode> runs_;
  std::array<AscendCode, 256> codes_;
};

/// 64 bits of codes, filled from the least significant one. All codes are multiples of 3 bits, so at most 63 are used.
class AscendPacket {
 public:
  /// False, and nothing is changed, where the code does not fit.
  NUQ_FUNCTION [[nodiscard]] bool put(AscendCode code) noexcept {
    if (bits_ + code.bits > 64U) return false;
    word_ |= std::uint64_t{code.value} << bits_;
    bits_ += code.bits;
    return true;
  }
  void fill_with_ones() noexcept { word_ |= ~std::uint64_t{0} << bits_; }

  [[nodiscard]] std::uint64_t word() const noexcept { return word_; }
  [[nodiscard]] unsigned bits() const noexcept { return bits_; }

 private:
  std::uint64_t word_ = 0;
  unsigned bits_ = 0;
};

/// How many bytes from the front equal `symbol`.
NUQ_FUNCTION [[nodiscard]] inline std::size_t run_length(ArrayView<const std::uint8_t> bytes,
                                                         std::uint8_t symbol) noexcept {
  std::size_t length = 0;
  while (length < bytes.size() && bytes[length] == symbol) ++length;
  return length;
}

/// Puts as much of a run of `length` as fits, longest codes first; how much that is.
NUQ_FUNCTION [[nodiscard]] inline std::size_t put_run(AscendPacket& packet, std::size_t length,
                                                      ArrayView<const AscendRunCode> runs) noexcept {
  std::size_t left = length;
  for (const AscendRunCode& run : runs) {
    while (left >= run.length && packet.put(run.code)) left -= run.length;
  }
  return length - left;
}

/// Codes the bytes of a window until they end or a code does not fit; how many were coded. Only a packet that could not
/// take the next code is filled with ones: a reader knows the end of a window.
NUQ_FUNCTION [[nodiscard]] inline std::size_t fill_packet(AscendPacket& packet, ArrayView<const std::uint8_t> window,
                                                          const AscendEncodeTable& table) noexcept {
  std::size_t at = 0;
  while (at < window.size()) {
    const std::size_t run = run_length({window.data() + at, window.size() - at}, table.run_symbol());
    const std::size_t wanted = run > 0 ? run : 1;
    const std::size_t coded =
        run > 0 ? put_run(packet, run, table.runs()) : std::size_t{packet.put(table.code(window[at])) ? 1U : 0U};
    at += coded;
    if (coded == wanted) continue;
    packet.fill_with_ones();
    break;
  }
  return at;
}

/// Ends a stream of `length` bytes whose last packet is `packet`: the end mark goes into the packet, which then loses
/// its unused bytes, or behind it. The new length; 0 where `capacity` bytes are full.
NUQ_FUNCTION [[nodiscard]] inline std::size_t put_end_mark(AscendPacket packet, std::uint8_t* stream,
                                                           std::size_t length, std::size_t capacity) noexcept {
  if (packet.put(ascend_end_mark)) {
    store_u64(packet.word(), stream + length - 8);
    return length - 8 + (packet.bits() + 7) / 8;
  }
  if (length >= capacity) return 0;
  packet.fill_with_ones();
  store_u64(packet.word(), stream + length - 8);
  std::copy(ascend_long_end_mark.begin(), ascend_long_end_mark.end(), stream + length);
  return length + ascend_long_end_mark.size();
}

/// Codes the bytes of one engine into `coded`, which has room for as many; the length of the coded stream, or 0 where
/// it does not fit ("bypass").
NUQ_FUNCTION [[nodiscard]] inline std::size_t encode_ascend_stream(ArrayView<const std::uint8_t> bytes,
                                                                   const AscendEncodeTable& table,
                                                                   const AscendDictionaryParameters& parameters,
                                                                   std::uint8_t* coded) noexcept {
  write_ascend_header(table.order(), bytes, parameters, coded);
  std::size_t length = ascend_header_size;
  AscendPacket packet;
  for (std::size_t at = 0; at < bytes.size();) {
    if (length >= bytes.size()) return 0;
    packet = AscendPacket();
    at += fill_packet(packet, {bytes.data() + at, (std::min)(parameters.max_ratio, bytes.size() - at)}, table);
    store_u64(packet.word(), coded + length);
    length += 8;
  }
  return put_end_mark(packet, coded, length, bytes.size());
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ASCEND_DETAIL_PACKET_HPP
