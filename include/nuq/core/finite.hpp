#ifndef NUQ_CORE_FINITE_HPP
#define NUQ_CORE_FINITE_HPP

#include <cstdint>
#include <cstring>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// True unless NaN or infinite. Looks at the exponent bits, since `std::isfinite` is always true under `-ffast-math`.
[[nodiscard]] inline bool is_finite(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7F800000U) != 0x7F800000U;
}

/// \copydoc is_finite(float)
[[nodiscard]] inline bool is_finite(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7FF0000000000000ULL) != 0x7FF0000000000000ULL;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_FINITE_HPP
