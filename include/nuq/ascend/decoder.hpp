#ifndef NUQ_ASCEND_DECODER_HPP
#define NUQ_ASCEND_DECODER_HPP

#include <cstdint>

#include "nuq/ascend/parameters.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Restores what `ascend_compress` compressed with the same parameters, which the bytes themselves do not tell: `bytes`
/// and `index` are its results, `output` has the input's size. Everything is checked: parameters, lengths, index, all
/// headers, codes, padding and check bytes; any deviation from what a compressor writes is an error, and `output` is
/// then undefined. (A byte changed within a raw block is not noticed: the format has no checksum for it.)
NUQ_FUNCTION [[nodiscard]] AscendStatus ascend_decompress(ArrayView<const std::uint8_t> bytes,
                                                          ArrayView<const std::uint8_t> index,
                                                          const AscendDictionaryParameters& parameters,
                                                          ArrayView<std::uint8_t> output) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ASCEND)

#include <algorithm>
#include <array>
#include <cstddef>

#include "nuq/ascend/detail/code.hpp"
#include "nuq/ascend/detail/stream.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What the low 9 bits of the remaining stream say.
struct AscendSymbol {
  std::uint8_t bits = 0;    ///< length of the code; 0 for bits that are no code
  std::uint8_t length = 0;  ///< how many bytes it stands for; 0 for the end mark
  std::uint8_t byte = 0;    ///< unused in an escape, whose byte follows its first 4 bits
};

/// Meaning of every code, from the dictionary in a stream's header.
class AscendDecodeTable {
 public:
  /// False where the header contradicts the parameters or holds a byte twice. Uses the first 40 bytes.
  NUQ_FUNCTION [[nodiscard]] bool read(const std::uint8_t* header,
                                       const AscendDictionaryParameters& parameters) noexcept {
    std::copy_n(header, ascend_header_size, header_.begin());
    mode_ = parameters.mode;
    if (header[0] != ascend_signature(mode_)) return false;
    if (header[1] != parameters.fractal_size / AscendDictionaryParameters::block_unit) return false;
    if (mode_ == AscendMode::high && (header[2] != 0 || header[3] != 0)) return false;
    set_codes();
    return bytes_differ();
  }

  /// Whether another stream's header equals the one that was read, but for its check bytes.
  NUQ_FUNCTION [[nodiscard]] bool matches(const std::uint8_t* header) const noexcept {
    return std::equal(header, header + 4, header_.begin()) &&
           std::equal(header + 6, header + ascend_header_size, header_.begin() + 6);
  }

  /// The symbol that the stream's next bits, from the least significant one, begin with.
  NUQ_FUNCTION [[nodiscard]] AscendSymbol next(std::uint64_t bits) const noexcept {
    if ((bits & 15U) != 15U) return symbols_[bits & 511U];
    return {12, 1, reversed_bits(static_cast<std::uint8_t>((bits >> 4U) & 255U))};
  }

 private:
  NUQ_FUNCTION [[nodiscard]] std::uint8_t byte_of_rank(std::size_t rank) const noexcept {
    return header_[ascend_dictionary_position(mode_, rank)];
  }

  NUQ_FUNCTION void set_codes() noexcept {
    symbols_.fill({});
    for (const AscendRunCode& run : ascend_run_codes(mode_)) set(run.code, run.length, byte_of_rank(0));
    for (std::size_t rank = 1; rank < ascend_dictionary_size(mode_); ++rank)
      set(ascend_code_of_rank(mode_, rank), 1, byte_of_rank(rank));
    set(ascend_end_mark, 0, 0);
  }

  NUQ_FUNCTION void set(AscendCode code, std::uint8_t length, std::uint8_t byte) noexcept {
    for (std::size_t bits = code.value; bits < symbols_.size(); bits += std::size_t{1} << code.bits)
      symbols_[bits] = {code.bits, length, byte};
  }

  NUQ_FUNCTION [[nodiscard]] bool bytes_differ() const noexcept {
    std::array<bool, 256> seen{};
    for (std::size_t rank = 0; rank < ascend_dictionary_size(mode_); ++rank) {
      bool& is_seen = seen[byte_of_rank(rank)];
      if (is_seen) return false;
      is_seen = true;
    }
    return true;
  }

  AscendMode mode_ = AscendMode::low;
  std::array<std::uint8_t, ascend_header_size> header_{};
  std::array<AscendSymbol, 512> symbols_{};
};

/// The packet at the beginning of `coded`; of the last one the bytes that are missing are 0.
NUQ_FUNCTION [[nodiscard]] inline std::uint64_t packet_word(ArrayView<const std::uint8_t> coded) noexcept {
  std::array<std::uint8_t, 8> packet{};
  std::copy_n(coded.begin(), (std::min)(packet.size(), coded.size()), packet.begin());
  return load_u64(packet.data());
}

/// A packet while it is read.
struct AscendPacketReader {
  std::uint64_t word = 0;
  unsigned bits = 0;  ///< read so far, at most 63

  /// The bits behind those that were read, shifted down; ones follow them.
  NUQ_FUNCTION [[nodiscard]] std::uint64_t rest() const noexcept { return ~(~word >> bits); }
  /// The same with zeros behind.
  [[nodiscard]] std::uint64_t rest_zeros() const noexcept { return word >> bits; }

  /// Decodes to the end of the window, or to the code that did not fit into the packet, which ones stand for. How many
  /// bytes that is; 0 where the packet is corrupt.
  NUQ_FUNCTION [[nodiscard]] std::size_t decode(const AscendDecodeTable& table,
                                                ArrayView<std::uint8_t> window) noexcept {
    std::size_t at = 0;
    while (at < window.size()) {
      const AscendSymbol symbol = table.next(rest());
      if (bits + symbol.bits > 64U) return ~rest() == 0 ? at : 0;
      if (symbol.length == 0 || symbol.length > window.size() - at) return 0;
      std::fill_n(window.data() + at, symbol.length, symbol.byte);
      at += symbol.length;
      bits += symbol.bits;
    }
    return at;
  }
};

/// Length of a stream whose last packet, at `start`, was just decoded; 0 where the end mark is wrong.
NUQ_FUNCTION [[nodiscard]] inline std::size_t end_of_stream(const AscendPacketReader& packet,
                                                            ArrayView<const std::uint8_t> coded,
                                                            std::size_t start) noexcept {
  const unsigned end = packet.bits + ascend_end_mark.bits;
  if (end <= 64U) return packet.rest_zeros() == ascend_end_mark.value ? start + (end + 7) / 8 : 0;
  if (~packet.rest() != 0 || coded.size() - start < 8 + ascend_long_end_mark.size()) return 0;
  const std::uint8_t* const mark = coded.data() + start + 8;
  return std::equal(mark, mark + ascend_long_end_mark.size(), ascend_long_end_mark.begin()) ? start + 10 : 0;
}

/// Decodes one engine's stream behind its header. `coded` ends with the zeros that fill its last unit. The length of
/// the stream without them, 0 where it is corrupt.
NUQ_FUNCTION [[nodiscard]] inline std::size_t decode_ascend_stream(ArrayView<const std::uint8_t> coded,
                                                                   const AscendDecodeTable& table,
                                                                   std::size_t max_ratio,
                                                                   ArrayView<std::uint8_t> bytes) noexcept {
  std::size_t start = ascend_header_size;
  std::size_t end = 0;
  for (std::size_t at = 0; at < bytes.size(); start += 8) {
    if (start >= coded.size()) return 0;
    AscendPacketReader packet{packet_word({coded.data() + start, coded.size() - start})};
    const std::size_t window = (std::min)(max_ratio, bytes.size() - at);
    const std::size_t decoded = packet.decode(table, {bytes.data() + at, window});
    at += decoded;
    if (decoded == 0) return 0;
    if (at == bytes.size()) {
      end = end_of_stream(packet, coded, start);
    } else if (decoded == window && packet.rest_zeros() != 0) {
      return 0;
    }
  }
  const bool filled = std::all_of(coded.begin() + end, coded.end(), [](std::uint8_t byte) { return byte == 0; });
  return filled ? end : 0;
}

/// Restores the blocks of one input, one at a time.
class AscendBlockDecoder {
 public:
  explicit AscendBlockDecoder(const AscendDictionaryParameters& parameters) noexcept : parameters_(parameters) {}

  /// Restores fractal_size bytes from the `block.size` bytes at `coded`.
  NUQ_FUNCTION [[nodiscard]] AscendStatus decode(const std::uint8_t* coded, AscendBlock block,
                                                 std::uint8_t* output) noexcept {
    AscendStreams& streams = block.raw ? raw_ : coded_;
    deal(block.size, ascend_unit, parameters_, [&](std::size_t dealt, std::size_t slot, std::size_t turn) {
      std::copy_n(coded + dealt, turn, streams.data() + slot);
    });
    const AscendStatus status = block.raw ? AscendStatus::ok : decode_streams(block.size / parameters_.engines);
    if (status != AscendStatus::ok) return status;
    deal(parameters_.fractal_size, parameters_.max_ratio, parameters_,
         [&](std::size_t dealt, std::size_t slot, std::size_t turn) {
           std::copy_n(raw_.data() + slot, turn, output + dealt);
         });
    return AscendStatus::ok;
  }

 private:
  /// Every engine's stream takes `size` bytes of its slot, fewer by less than a unit in the longest.
  NUQ_FUNCTION [[nodiscard]] AscendStatus decode_streams(std::size_t size) noexcept {
    if (size < ascend_header_size) return AscendStatus::corrupt_stream;
    std::size_t longest = 0;
    for (std::size_t engine = 0; engine < parameters_.engines; ++engine) {
      const std::size_t slot = engine * parameters_.stream_size();
      const ArrayView<const std::uint8_t> coded(coded_.data() + slot, size);
      const ArrayView<std::uint8_t> bytes(raw_.data() + slot, parameters_.stream_size());
      if (!accept_header(coded.data())) return AscendStatus::corrupt_header;
      const std::size_t length = decode_ascend_stream(coded, table_, parameters_.max_ratio, bytes);
      if (length == 0) return AscendStatus::corrupt_stream;
      const std::array<std::uint8_t, 2> check = ascend_check_bytes(bytes);
      if (!std::equal(check.begin(), check.end(), coded.begin() + 4)) return AscendStatus::checksum_mismatch;
      longest = (std::max)(longest, length);
    }
    return longest + ascend_unit > size ? AscendStatus::ok : AscendStatus::corrupt_stream;
  }

  /// The first header is read; the others have the same dictionary.
  NUQ_FUNCTION [[nodiscard]] bool accept_header(const std::uint8_t* header) noexcept {
    if (has_table_) return table_.matches(header);
    has_table_ = table_.read(header, parameters_);
    return has_table_;
  }

  AscendDictionaryParameters parameters_;
  bool has_table_ = false;
  AscendDecodeTable table_;
  AscendStreams raw_{};
  AscendStreams coded_{};
};

/// Size and kind of the block with this record, from its word; see AscendIndex.
NUQ_FUNCTION [[nodiscard]] inline AscendBlock ascend_block_of(const std::uint8_t* record,
                                                              const AscendDictionaryParameters& parameters) noexcept {
  const std::uint64_t word = load_u16(record);
  const std::uint64_t length = word & (parameters.engines == 4 ? 0x1FFU : 0x7FFU);
  return {static_cast<std::size_t>(length) * parameters.index_alignment(), (word & 0x8000U) == 0};
}

/// Whether `block` has a size that a compressor writes.
NUQ_FUNCTION [[nodiscard]] inline bool is_ascend_block(AscendBlock block,
                                                       const AscendDictionaryParameters& parameters) noexcept {
  return block.raw ? block.size == parameters.fractal_size : block.size > 0 && block.size <= parameters.fractal_size;
}

}  // namespace detail

NUQ_DEFINITION AscendStatus ascend_decompress(ArrayView<const std::uint8_t> bytes, ArrayView<const std::uint8_t> index,
                                              const AscendDictionaryParameters& parameters,
                                              ArrayView<std::uint8_t> output) noexcept {
  const auto has_no_memory = [](auto view) { return view.data() == nullptr && !view.empty(); };
  if (has_no_memory(bytes) || has_no_memory(index) || has_no_memory(output)) return AscendStatus::null_pointer;
  const AscendStatus parameters_status = parameters.check(output.size());
  if (parameters_status != AscendStatus::ok) return parameters_status;
  const std::size_t blocks = output.size() / parameters.fractal_size;
  if (index.size() != blocks * parameters.record_size()) return AscendStatus::size_mismatch;

  detail::AscendBlockDecoder decoder(parameters);
  detail::AscendIndex expected(parameters);
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint8_t* const record = index.data() + i * parameters.record_size();
    const AscendBlock block = detail::ascend_block_of(record, parameters);
    if (!detail::is_ascend_block(block, parameters)) return AscendStatus::corrupt_index;
    const detail::AscendIndex::Entry entry = expected.add(block);
    if (!std::equal(record, record + parameters.record_size(), entry.record.begin())) {
      return AscendStatus::corrupt_index;
    }
    if (entry.position > bytes.size() || block.size > bytes.size() - entry.position) return AscendStatus::size_mismatch;
    const AscendStatus status =
        decoder.decode(bytes.data() + entry.position, block, output.data() + i * parameters.fractal_size);
    if (status != AscendStatus::ok) return status;
  }
  return bytes.size() == (parameters.tight ? expected.total() : output.size()) ? AscendStatus::ok
                                                                               : AscendStatus::size_mismatch;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ASCEND)

#endif  // NUQ_ASCEND_DECODER_HPP
