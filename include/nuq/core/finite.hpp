#ifndef NUQ_CORE_FINITE_HPP
#define NUQ_CORE_FINITE_HPP

#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// True unless NaN or infinite. Looks at the exponent bits, since `std::isfinite` is always true under `-ffast-math`.
NUQ_FUNCTION [[nodiscard]] inline bool is_finite(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7F800000U) != 0x7F800000U;
}

/// \copydoc is_finite(float)
NUQ_FUNCTION [[nodiscard]] inline bool is_finite(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x7FF0000000000000ULL) != 0x7FF0000000000000ULL;
}

/// True unless one of them is NaN or infinite.
NUQ_FUNCTION [[nodiscard]] inline bool all_finite(ArrayView<const float> values) noexcept {
  std::uint32_t carries = 0;  // an exponent of nothing but ones, plus one, carries into the sign; no branch in the loop
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    carries |= (bits & 0x7F800000U) + 0x00800000U;
  }
  return (carries & 0x80000000U) == 0;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_FINITE_HPP
