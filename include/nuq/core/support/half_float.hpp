#ifndef NUQ_CORE_SUPPORT_HALF_FLOAT_HPP
#define NUQ_CORE_SUPPORT_HALF_FLOAT_HPP

#include <cmath>
#include <cstdint>
#include <limits>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The value of an IEEE 754 half-precision number.
NUQ_FUNCTION [[nodiscard]] inline float float_of_half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 0x1F;
  const int fraction = bits & 0x3FF;
  float magnitude = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  if (exponent == 0) magnitude = std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_HALF_FLOAT_HPP
