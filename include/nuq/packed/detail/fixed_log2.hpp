#ifndef NUQ_PACKED_DETAIL_FIXED_LOG2_HPP
#define NUQ_PACKED_DETAIL_FIXED_LOG2_HPP

#include <cstdint>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

inline constexpr unsigned fixed_log2_bits = 16;

/// log2(value) · 2^16 for value ≥ 1, rounded down to within two units. In integers, so that an encoder's choices are
/// the same on every platform: std::log2 differs in the last bit. The fraction comes bit by bit from repeated squaring
/// (Majithia & Levan, A note on base-2 logarithm computations, Proc. IEEE 61, 1973).
[[nodiscard]] constexpr std::uint32_t fixed_log2(std::uint64_t value) noexcept {
  std::uint32_t exponent = 63;
  for (std::uint32_t shift = 32; shift > 0; shift /= 2) {
    if (value >> (64 - shift) != 0) continue;
    value <<= shift;
    exponent -= shift;
  }
  std::uint64_t mantissa = value >> 32U;  // in [2^31, 2^32)
  std::uint32_t result = exponent;
  for (unsigned bit = 0; bit < fixed_log2_bits; ++bit) {
    mantissa = (mantissa * mantissa) >> 31U;
    const bool is_above = (mantissa >> 32U) != 0;
    if (is_above) mantissa >>= 1U;
    result = 2 * result + (is_above ? 1 : 0);
  }
  return result;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_FIXED_LOG2_HPP
