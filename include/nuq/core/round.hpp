#ifndef NUQ_CORE_ROUND_HPP
#define NUQ_CORE_ROUND_HPP

#include <cmath>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// std::round (halves away from zero) of a magnitude below 2^22, without a library call, so that loops around it
/// vectorise. Adds the number just below ½ rather than ½, which would carry 0.5 − ulp to 1; where that is half-way,
/// ties to even lift it.
NUQ_FUNCTION [[nodiscard]] inline int round_half_away(double value) noexcept {
  return static_cast<int>(value + std::copysign(0x1.fffffffffffffp-2, value));
}

/// \copydoc round_half_away(double)
NUQ_FUNCTION [[nodiscard]] inline int round_half_away(float value) noexcept {
  return static_cast<int>(value + std::copysign(0x1.fffffep-2F, value));
}

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_ROUND_HPP
