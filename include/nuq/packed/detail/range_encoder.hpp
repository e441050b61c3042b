#ifndef NUQ_PACKED_DETAIL_RANGE_ENCODER_HPP
#define NUQ_PACKED_DETAIL_RANGE_ENCODER_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/range_decoder.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Appends bits of known probability to bytes, the counterpart of RangeDecoder.
class RangeEncoder {
 public:
  explicit RangeEncoder(ByteVector& bytes) : bytes_(bytes) {}

  /// A bit that is 1 with probability `one` / 2^16, 0 < one < 2^16; returns it.
  NUQ_FUNCTION unsigned bit(std::uint32_t one, unsigned value) {
    const std::uint32_t part = part_of_one(range_, one);
    if (value == 0) advance(part);
    range_ = value != 0 ? part : range_ - part;
    while (range_ < least_range) {
      range_ <<= 8U;
      put_byte();
    }
    return value;
  }

  /// The last byte: that of the first number in the interval whose others are 0. To be called once, as the last thing.
  NUQ_FUNCTION void finish() {
    advance((0U - low_) % least_range);
    put_byte();
  }

 private:
  NUQ_FUNCTION void advance(std::uint32_t distance) {
    low_ += distance;
    if (low_ >= distance) return;
    for (std::size_t place = bytes_.size(); ++bytes_[--place] == 0;) {  // the carry
    }
  }

  NUQ_FUNCTION void put_byte() {
    bytes_.push_back(static_cast<std::uint8_t>(low_ >> 24U));
    low_ <<= 8U;
  }

  ByteVector& bytes_;
  std::uint32_t low_ = 0;  ///< where the interval begins, without the bytes that have been put
  std::uint32_t range_ = UINT32_MAX;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANGE_ENCODER_HPP
