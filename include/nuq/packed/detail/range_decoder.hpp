#ifndef NUQ_PACKED_DETAIL_RANGE_DECODER_HPP
#define NUQ_PACKED_DETAIL_RANGE_DECODER_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

// Binary arithmetic coding (Martin, Range encoding: an algorithm for removing redundancy from a digitised message,
// 1979): an interval of 32 bits is divided as the next bit's probabilities are, and the bit says in which part the code
// lies. A byte is taken when the interval has become smaller than 2^24. The last three bytes of a code are 0 and not
// stored.

NUQ_NAMESPACE_BEGIN
namespace detail {

inline constexpr unsigned probability_bits = 16;
inline constexpr std::uint32_t least_range = std::uint32_t{1} << 24U;
inline constexpr std::size_t bytes_not_stored = 3;

/// The part of an interval that stands for a 1 of probability `one` / 2^16.
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t part_of_one(std::uint32_t range, std::uint32_t one) noexcept {
  return static_cast<std::uint32_t>(std::uint64_t{range} * one >> probability_bits);
}

/// Reads bits of known probability; beyond the end of its bytes it reads zeros.
class RangeDecoder {
 public:
  NUQ_FUNCTION explicit RangeDecoder(Bytes bytes) noexcept : bytes_(bytes) {
    while (next_ < sizeof code_) take_byte();
  }

  /// The next bit, 1 with probability `one` / 2^16, 0 < one < 2^16. The argument behind is the encoder's.
  NUQ_FUNCTION unsigned bit(std::uint32_t one, unsigned /*value*/ = 0) noexcept {
    const std::uint32_t part = part_of_one(range_, one);
    const unsigned value = code_ < part ? 1 : 0;
    code_ -= value != 0 ? 0 : part;
    range_ = value != 0 ? part : range_ - part;
    while (range_ < least_range) {
      range_ <<= 8U;
      take_byte();
    }
    return value;
  }

  /// True where more bytes have been read than any encoder leaves out: what is read from now on means nothing.
  NUQ_FUNCTION [[nodiscard]] bool failed() const noexcept { return next_ > bytes_.size() + bytes_not_stored; }

  /// Whether as many bytes have been read as the encoder wrote.
  NUQ_FUNCTION [[nodiscard]] bool at_end() const noexcept { return next_ == bytes_.size() + bytes_not_stored; }

 private:
  NUQ_FUNCTION void take_byte() noexcept {
    code_ = code_ << 8U | (next_ < bytes_.size() ? bytes_[next_] : 0U);
    ++next_;
  }

  Bytes bytes_;
  std::size_t next_ = 0;
  std::uint32_t code_ = 0;
  std::uint32_t range_ = UINT32_MAX;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANGE_DECODER_HPP
