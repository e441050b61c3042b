#ifndef NUQ_ASCEND_PARAMETERS_HPP
#define NUQ_ASCEND_PARAMETERS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Outcome of compressing or decompressing; everything but `ok` leaves the result unusable.
enum class AscendStatus {
  ok,
  null_pointer,          ///< a size above 0 without memory
  unsupported_hardware,  ///< (engines, channels) other than (4, 2) and (1, 4)
  invalid_max_ratio,     ///< neither 32 nor 64
  invalid_mode,          ///< neither low nor high
  invalid_block_size,    ///< fractal_size is no multiple of 512 in 512…32768
  size_mismatch,         ///< a length that is no multiple of the block size, or contradicts another length
  offset_too_large,      ///< init_offset and the length exceed the index record's 32-bit offset
  corrupt_index,         ///< an index record that no compressor writes
  corrupt_header,        ///< an engine's header that contradicts the parameters or the other headers
  corrupt_stream,        ///< codes, end mark or padding are wrong
  checksum_mismatch      ///< the decoded bytes contradict the header's check bytes
};

/// What a status means, for people.
[[nodiscard]] constexpr const char* status_text(AscendStatus status) noexcept {
  switch (status) {
    case AscendStatus::ok:
      return "done";
    case AscendStatus::null_pointer:
      return "no memory given";
    case AscendStatus::unsupported_hardware:
      return "engines and channels are neither 4 and 2 nor 1 and 4";
    case AscendStatus::invalid_max_ratio:
      return "max_ratio is neither 32 nor 64";
    case AscendStatus::invalid_mode:
      return "mode is neither low nor high";
    case AscendStatus::invalid_block_size:
      return "the block size is no multiple of 512 from 512 to 32768";
    case AscendStatus::size_mismatch:
      return "the length is no multiple of the block size, or contradicts another length";
    case AscendStatus::offset_too_large:
      return "an offset does not fit into the index";
    case AscendStatus::corrupt_index:
      return "corrupt index";
    case AscendStatus::corrupt_header:
      return "corrupt header of an engine's stream";
    case AscendStatus::corrupt_stream:
      return "corrupt codes";
    case AscendStatus::checksum_mismatch:
      return "decoded bytes contradict their check bytes";
  }
  return "unknown status";
}

/// The two code tables: few or many bytes equal to the most frequent one.
enum class AscendMode : std::uint8_t {
  low,  ///< "low sparsity": 36 bytes have codes; the only mode that the graph compiler's judge uses
  high  ///< "high sparsity": 34 bytes have codes, and runs of 3, 4 and 9 of the most frequent one
};

/// Parameters of the weight compressor of the Ascend graph compiler (`CompressWeights` in hicann/ge, commit ffdcbc9f).
/// The defaults are those of the compiler's judge, which decides whether a layer's weights are compressed.
struct AscendDictionaryParameters {
  static constexpr std::size_t block_unit = 512;  ///< block sizes and lengths are multiples of it: one fractal
  static constexpr std::size_t max_block_size = 32768;

  std::size_t engines = 4;  ///< with `channels`: (4, 2) or (1, 4), the two kinds of hardware
  std::size_t channels = 2;
  std::size_t max_ratio = 64;  ///< most input bytes that an 8-byte packet may hold: 64 or 32
  AscendMode mode = AscendMode::low;
  std::size_t fractal_size = max_block_size;  ///< bytes of a block, a multiple of 512 up to 32768
  bool tight = true;                          ///< blocks back to back; otherwise each in the slot of its input
  std::uint64_t init_offset = 0;              ///< where the output begins in its file; only the index knows of it

  /// What the judge compresses `size` bytes with: the largest legal block that divides them. Nothing where the size is
  /// 0 or no multiple of 512: such weights are never compressed.
  [[nodiscard]] static constexpr std::optional<AscendDictionaryParameters> judge_parameters(std::size_t size) noexcept {
    if (size == 0 || size % block_unit != 0) return std::nullopt;
    AscendDictionaryParameters parameters;
    while (size % parameters.fractal_size != 0) parameters.fractal_size -= block_unit;
    return parameters;
  }

  /// What is wrong with the parameters for `size` input bytes. 0 bytes are legal and have no blocks.
  [[nodiscard]] constexpr AscendStatus check(std::size_t size) const noexcept {
    if (!(engines == 4 && channels == 2) && !(engines == 1 && channels == 4)) return AscendStatus::unsupported_hardware;
    if (max_ratio != 32 && max_ratio != 64) return AscendStatus::invalid_max_ratio;
    if (mode != AscendMode::low && mode != AscendMode::high) return AscendStatus::invalid_mode;
    if (fractal_size == 0 || fractal_size % block_unit != 0 || fractal_size > max_block_size) {
      return AscendStatus::invalid_block_size;
    }
    if (size % fractal_size != 0) return AscendStatus::size_mismatch;
    constexpr std::uint64_t max_offset = (std::numeric_limits<std::uint32_t>::max)();
    const std::uint64_t units = init_offset / index_alignment() + 1 + size / index_alignment();
    return tight && units > max_offset ? AscendStatus::offset_too_large : AscendStatus::ok;
  }

  /// Bytes of input that each engine codes in a block.
  [[nodiscard]] constexpr std::size_t stream_size() const noexcept { return fractal_size / engines; }
  /// Unit of sizes and offsets in the index. Every block's size is a multiple of it.
  [[nodiscard]] constexpr std::size_t index_alignment() const noexcept { return 32 * engines; }
  /// Bytes of a block's index record.
  [[nodiscard]] constexpr std::size_t record_size() const noexcept { return tight ? 8 : 2; }
};

/// One block of compressed weights.
struct AscendBlock {
  std::size_t size = 0;  ///< bytes in the output
  bool raw = false;      ///< stored as it is, since the codes of an engine take more than its input ("bypass")
};

NUQ_NAMESPACE_END

#endif  // NUQ_ASCEND_PARAMETERS_HPP
