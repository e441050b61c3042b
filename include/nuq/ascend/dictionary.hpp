#ifndef NUQ_ASCEND_DICTIONARY_HPP
#define NUQ_ASCEND_DICTIONARY_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nuq/ascend/parameters.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

// The "DC" weight compression of the Ascend graph compiler, byte for byte as `CompressWeights` of hicann/ge, commit
// ffdcbc9f, writes it. One dictionary of the most frequent bytes serves the whole input. A block of fractal_size bytes
// is dealt out to the engines; each codes its share into packets of 8 bytes; their streams take turns in the output. A
// block that does not shrink is stored raw. `ascend_decompress` (ascend_decoder.hpp) is the inverse.

/// Compressed weights.
struct AscendCompressed {
  AscendStatus status = AscendStatus::ok;
  std::size_t compressed_size = 0;  ///< sum of the blocks' sizes
  std::vector<std::uint8_t> bytes;  ///< tight: compressed_size bytes; otherwise as many as the input, gaps are 0
  std::vector<AscendBlock> blocks;  ///< in the order of the input
  std::vector<std::uint8_t> index;  ///< per block a record of 8 bytes (tight) or 2
};

/// A compressed size, without the bytes.
struct AscendSize {
  AscendStatus status = AscendStatus::ok;
  std::size_t compressed_size = 0;
};

/// Compresses bytes, which are int8 weights in the device's order (see fractal_z.hpp). Reports wrong parameters and a
/// length that is no multiple of the block size by the status; then nothing else is set.
NUQ_FUNCTION [[nodiscard]] AscendCompressed ascend_compress(ArrayView<const std::uint8_t> input,
                                                            const AscendDictionaryParameters& parameters);

/// The `compressed_size` of `ascend_compress` without its output: the same work, but no memory.
NUQ_FUNCTION [[nodiscard]] AscendSize ascend_compressed_size(ArrayView<const std::uint8_t> input,
                                                             const AscendDictionaryParameters& parameters) noexcept;

/// Compressed by original size, in the judge's single precision; 0 for no bytes. The index is not counted.
[[nodiscard]] constexpr float ascend_ratio(std::size_t compressed_size, std::size_t size) noexcept {
  return size == 0 ? 0.0F : static_cast<float>(compressed_size) / static_cast<float>(size);
}

/// Whether the judge has weights of this ratio compressed. A ratio of 0 stands for a failure. The threshold is the
/// `compress_ratio` of the chip's number of cores in the compiler's platform file: 0.8 where nothing else is said.
[[nodiscard]] constexpr bool ascend_accepts(float ratio, float threshold = 0.8F) noexcept {
  constexpr float epsilon = std::numeric_limits<float>::epsilon();
  return ratio > epsilon && ratio - threshold < epsilon;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ASCEND)

#include <algorithm>
#include <array>

#include "nuq/ascend/detail/code.hpp"
#include "nuq/ascend/detail/packet.hpp"
#include "nuq/ascend/detail/stream.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Compresses the blocks of one input, one at a time.
class AscendBlockEncoder {
 public:
  NUQ_FUNCTION AscendBlockEncoder(ArrayView<const std::uint8_t> input,
                                  const AscendDictionaryParameters& parameters) noexcept
      : parameters_(parameters), table_(ascend_order(count_bytes(input)), parameters.mode) {}

  /// Takes the next fractal_size bytes.
  NUQ_FUNCTION [[nodiscard]] AscendBlock encode(const std::uint8_t* block) noexcept {
    deal(parameters_.fractal_size, parameters_.max_ratio, parameters_,
         [&](std::size_t dealt, std::size_t slot, std::size_t turn) {
           std::copy_n(block + dealt, turn, raw_.data() + slot);
         });
    const std::size_t units = encode_streams();
    block_.raw = units == 0;
    block_.size = block_.raw ? parameters_.fractal_size : units * ascend_unit * parameters_.engines;
    return block_;
  }

  /// Writes the block that was encoded last.
  NUQ_FUNCTION void write(std::uint8_t* output) const noexcept {
    const AscendStreams& streams = block_.raw ? raw_ : coded_;
    deal(block_.size, ascend_unit, parameters_, [&](std::size_t dealt, std::size_t slot, std::size_t turn) {
      std::copy_n(streams.data() + slot, turn, output + dealt);
    });
  }

 private:
  /// Codes every engine's stream and fills it up with zeros; the units of the longest, 0 where one does not fit.
  NUQ_FUNCTION [[nodiscard]] std::size_t encode_streams() noexcept {
    const std::size_t stream_size = parameters_.stream_size();
    std::size_t longest = 0;
    for (std::size_t engine = 0; engine < parameters_.engines; ++engine) {
      const std::size_t slot = engine * stream_size;
      std::uint8_t* const coded = coded_.data() + slot;
      const std::size_t length = encode_ascend_stream({raw_.data() + slot, stream_size}, table_, parameters_, coded);
      if (length == 0) return 0;
      std::fill(coded + length, coded + stream_size, std::uint8_t{0});
      longest = (std::max)(longest, length);
    }
    return (longest + ascend_unit - 1) / ascend_unit;
  }

  AscendDictionaryParameters parameters_;
  AscendEncodeTable table_;
  AscendBlock block_;
  AscendStreams raw_{};
  AscendStreams coded_{};
};

/// What is wrong with the arguments of a call.
NUQ_FUNCTION [[nodiscard]] inline AscendStatus check_ascend_input(
    ArrayView<const std::uint8_t> input, const AscendDictionaryParameters& parameters) noexcept {
  if (input.data() == nullptr && !input.empty()) return AscendStatus::null_pointer;
  return parameters.check(input.size());
}

}  // namespace detail

NUQ_DEFINITION AscendCompressed ascend_compress(ArrayView<const std::uint8_t> input,
                                                const AscendDictionaryParameters& parameters) {
  AscendCompressed result;
  result.status = detail::check_ascend_input(input, parameters);
  if (result.status != AscendStatus::ok) return result;
  detail::AscendBlockEncoder encoder(input, parameters);
  detail::AscendIndex index(parameters);
  result.bytes.resize(input.size());
  for (std::size_t at = 0; at < input.size(); at += parameters.fractal_size) {
    const AscendBlock block = encoder.encode(input.data() + at);
    const detail::AscendIndex::Entry entry = index.add(block);
    encoder.write(result.bytes.data() + entry.position);
    result.blocks.push_back(block);
    result.index.insert(result.index.end(), entry.record.data(), entry.record.data() + parameters.record_size());
  }
  result.compressed_size = index.total();
  if (parameters.tight) result.bytes.resize(result.compressed_size);
  return result;
}

NUQ_DEFINITION AscendSize ascend_compressed_size(ArrayView<const std::uint8_t> input,
                                                 const AscendDictionaryParameters& parameters) noexcept {
  AscendSize result;
  result.status = detail::check_ascend_input(input, parameters);
  if (result.status != AscendStatus::ok) return result;
  detail::AscendBlockEncoder encoder(input, parameters);
  for (std::size_t at = 0; at < input.size(); at += parameters.fractal_size)
    result.compressed_size += encoder.encode(input.data() + at).size;
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ASCEND)

#endif  // NUQ_ASCEND_DICTIONARY_HPP
