#ifndef NUQ_CORE_SCALE_HPP
#define NUQ_CORE_SCALE_HPP

#include <algorithm>
#include <cfloat>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Limits of every quantization scale (the AMCT manual's): neither the scale nor its reciprocal may be below
/// FLT_EPSILON.
inline constexpr float min_scale = FLT_EPSILON;
/// The reciprocal of the smallest.
inline constexpr float max_scale = 1.0F / FLT_EPSILON;

/// Whether a scale is within these limits.
NUQ_FUNCTION [[nodiscard]] inline bool is_legal_scale(float scale) noexcept {
  return is_finite(scale) && scale >= min_scale && scale <= max_scale;
}

/// A computed scale as it is used: 1 where it is below `min_scale`, that is where there is nothing but zeros to
/// quantize.
/// @param  owner  what the scale is for ("row 3", "activations"), for the message.
/// @throws ModelError scale_out_of_range above `max_scale` or where the computation overflowed.
NUQ_FUNCTION [[nodiscard]] inline float checked_scale(float scale, const std::string& owner) {
  if (!is_finite(scale) || scale > max_scale) {
    detail::fail(ModelError(ErrorCode::scale_out_of_range,
                            owner + ": the quantization scale is " + detail::number_text(static_cast<double>(scale)) +
                                ", wanted at most " + detail::number_text(static_cast<double>(max_scale))));
  }
  return scale < min_scale ? 1.0F : scale;
}

/// Scale of the symmetric int8 grid that just holds [min, max] and zero: the magnitude over 127 where the positive side
/// dominates or both are equal, over 128 where the negative side does (so that −128 is used).
NUQ_FUNCTION [[nodiscard]] inline float max_abs_scale(float min, float max) noexcept {
  return max >= -min ? max / 127.0F : -min / 128.0F;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SCALE_HPP
