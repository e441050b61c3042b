#ifndef NUQ_PACKED_DETAIL_BYTE_WRITER_HPP
#define NUQ_PACKED_DETAIL_BYTE_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

using ByteVector = std::vector<std::uint8_t>;

/// Appends the lower `count` bytes of `value`, least significant first.
NUQ_FUNCTION inline void append_number(ByteVector& bytes, std::uint64_t value, unsigned count) {
  for (unsigned index = 0; index < count; ++index) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * index)));
}

/// Appends the bits of 4- or 8-byte numbers, least significant byte first.
template <class T>
void append_values(ByteVector& bytes, ArrayView<const T> values) {
  using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  static_assert(sizeof(T) == sizeof(Bits));
  bytes.reserve(bytes.size() + sizeof(T) * values.size());
  for (const T& value : values) {
    Bits bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    append_number(bytes, bits, sizeof bits);
  }
}

/// The counterpart of ByteReader::varint.
NUQ_FUNCTION inline void append_varint(ByteVector& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) bytes.push_back(static_cast<std::uint8_t>(value | 0x80U));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

NUQ_FUNCTION inline void append_bytes(ByteVector& bytes, ArrayView<const std::uint8_t> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

/// A text behind its length.
NUQ_FUNCTION inline void append_text(ByteVector& bytes, std::string_view text) {
  append_varint(bytes, text.size());
  bytes.insert(bytes.end(), text.begin(), text.end());
}

/// The number of bits that Exp-Golomb of order `order` spends on `value`.
NUQ_FUNCTION [[nodiscard]] inline unsigned exp_golomb_bits(std::uint32_t value, unsigned order) noexcept {
  unsigned extra = 0;
  while ((std::uint64_t{value} + (std::uint64_t{1} << order)) >> (order + extra + 1) != 0) ++extra;
  return 2 * extra + 1 + order;
}

/// Appends groups of bits to bytes, the counterpart of BitReader. The last byte is filled up with zeros.
class BitWriter {
 public:
  explicit BitWriter(ByteVector& bytes) : bytes_(bytes) {}

  /// The lower `count` ≤ 32 bits of `value`.
  NUQ_FUNCTION void bits(std::uint32_t value, unsigned count) {
    for (unsigned bit = 0; bit < count; ++bit) {
      if (offset_ == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (((value >> bit) & 1U) << offset_));
      offset_ = (offset_ + 1) & 7U;
    }
  }

  NUQ_FUNCTION void exp_golomb(std::uint32_t value, unsigned order) {
    const unsigned extra = (exp_golomb_bits(value, order) - 1 - order) / 2;
    bits((std::uint32_t{1} << extra) - 1, extra);
    bits(0, 1);
    bits(value + (std::uint32_t{1} << order), order + extra);
  }

 private:
  ByteVector& bytes_;
  unsigned offset_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_BYTE_WRITER_HPP
