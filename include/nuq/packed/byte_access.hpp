#ifndef NUQ_PACKED_BYTE_ACCESS_HPP
#define NUQ_PACKED_BYTE_ACCESS_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

using Bytes = ArrayView<const std::uint8_t>;

// Numbers from bytes, least significant first, at any address. Compilers make one load of each.
NUQ_FUNCTION [[nodiscard]] inline std::uint16_t load_u16(const std::uint8_t* bytes) noexcept {
  return static_cast<std::uint16_t>(bytes[0] | (bytes[1] << 8));
}
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t load_u32(const std::uint8_t* bytes) noexcept {
  return std::uint32_t{bytes[0]} | (std::uint32_t{bytes[1]} << 8U) | (std::uint32_t{bytes[2]} << 16U) |
         (std::uint32_t{bytes[3]} << 24U);
}
NUQ_FUNCTION [[nodiscard]] inline std::uint64_t load_u64(const std::uint8_t* bytes) noexcept {
  return std::uint64_t{load_u32(bytes)} | (std::uint64_t{load_u32(bytes + 4)} << 32U);
}

/// The counterpart of load_u64.
NUQ_FUNCTION inline void store_u64(std::uint64_t value, std::uint8_t* bytes) noexcept {
  for (unsigned index = 0; index < 8; ++index) bytes[index] = static_cast<std::uint8_t>(value >> (8 * index));
}

/// Reads bytes from front to back and never beyond their end: a read that would gives 0 and `failed()` from then on.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] Bytes rest() const noexcept { return rest_; }

  /// The next `count` bytes; none where there are fewer.
  NUQ_FUNCTION Bytes bytes(std::uint64_t count) noexcept {
    if (failed_ || count > rest_.size()) {
      fail();
      return {};
    }
    const Bytes taken(rest_.data(), static_cast<std::size_t>(count));
    rest_ = {rest_.data() + taken.size(), rest_.size() - taken.size()};
    return taken;
  }

  NUQ_FUNCTION std::uint8_t u8() noexcept {
    const Bytes taken = bytes(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }
  NUQ_FUNCTION std::uint32_t u32() noexcept {
    const Bytes taken = bytes(4);
    return taken.empty() ? 0 : load_u32(taken.data());
  }

  /// A number of 7 bits a byte, least significant first, the upper bit set on all bytes but the last. Fails on more
  /// than 64 bits and on a last byte of 0, which no writer stores.
  NUQ_FUNCTION std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) != 0) continue;
      if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) break;
      return failed_ ? 0 : value;
    }
    fail();
    return 0;
  }

 private:
  NUQ_FUNCTION void fail() noexcept {
    failed_ = true;
    rest_ = {};
  }

  Bytes rest_;
  bool failed_ = false;
};

/// Reads groups of bits, the least significant bit of a byte first; beyond the end they are 0 and `failed()` is true.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// Bytes of which at least one bit has been read.
  NUQ_FUNCTION [[nodiscard]] std::size_t bytes_used() const noexcept { return next_ + (offset_ > 0 ? 1 : 0); }

  /// The next `count` ≤ 32 bits.
  NUQ_FUNCTION std::uint32_t bits(unsigned count) noexcept {
    std::uint32_t value = 0;
    for (unsigned bit = 0; bit < count; ++bit) value |= std::uint32_t{this->bit()} << bit;
    return value;
  }

  /// A number in the Exp-Golomb code of order `order` ≤ 16; fails where it would have more than 20 bits.
  NUQ_FUNCTION std::uint32_t exp_golomb(unsigned order) noexcept {
    unsigned extra = 0;
    while (bit() != 0) {
      if (++extra + order > 20) failed_ = true;
      if (failed_) return 0;
    }
    const unsigned count = order + extra;
    return (std::uint32_t{1} << count) + bits(count) - (std::uint32_t{1} << order);
  }

 private:
  NUQ_FUNCTION unsigned bit() noexcept {
    if (next_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    const unsigned value = (unsigned{bytes_[next_]} >> offset_) & 1U;
    offset_ = (offset_ + 1) & 7U;
    if (offset_ == 0) ++next_;
    return value;
  }

  Bytes bytes_;
  std::size_t next_ = 0;
  unsigned offset_ = 0;
  bool failed_ = false;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_BYTE_ACCESS_HPP
