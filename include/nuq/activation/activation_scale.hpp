#ifndef NUQ_ACTIVATION_ACTIVATION_SCALE_HPP
#define NUQ_ACTIVATION_ACTIVATION_SCALE_HPP

#include <algorithm>
#include <cmath>

#include "nuq/compiled.hpp"
#include "nuq/core/round.hpp"
#include "nuq/core/scale.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// int8 grid of a layer's input: q = clamp(round(x / scale) + offset, −128, 127), x ≈ (q − offset)·scale
/// (the AMCT manual's unified data format).
struct ActivationScale {
  float scale = 1.0F;        ///< finite, > 0
  int offset = 0;            ///< −128…127; −128 for inputs that are never negative
  bool with_offset = false;  ///< asymmetric; otherwise `offset` is 0
};

/// Grid over min ≤ 0 ≤ max: scale = (max − min) / 255, offset = −round(min / scale) − 128.
/// @throws ModelError scale_out_of_range.
NUQ_FUNCTION [[nodiscard]] inline ActivationScale asymmetric_scale(float min, float max) {
  const float scale = checked_scale((max - min) / 255.0F, "the activations");
  const float offset = -std::round(min / scale) - 128.0F;
  return {scale, static_cast<int>((std::min)((std::max)(offset, -128.0F), 127.0F)), true};
}

/// Grid over min ≤ 0 ≤ max without offset: scale = max / 127 where max ≥ |min|, otherwise |min| / 128.
/// @throws ModelError scale_out_of_range.
NUQ_FUNCTION [[nodiscard]] inline ActivationScale symmetric_scale(float min, float max) {
  return {checked_scale(max_abs_scale(min, max), "the activations"), 0, false};
}

namespace detail {

/// round(x / scale) within the grid, before the offset. In float, halves away from zero.
NUQ_FUNCTION [[nodiscard]] inline float rounded_to_grid(float x, const ActivationScale& grid) noexcept {
  const float offset = static_cast<float>(grid.offset);
  const float scaled = (std::min)((std::max)(x / grid.scale, -128.0F - offset), 127.0F - offset);
  return static_cast<float>(round_half_away(scaled));
}

}  // namespace detail

/// The grid value that stands for finite x.
NUQ_FUNCTION [[nodiscard]] inline float fake_quantize(float x, const ActivationScale& grid) noexcept {
  return detail::rounded_to_grid(x, grid) * grid.scale;
}

/// The int8 level of finite x.
NUQ_FUNCTION [[nodiscard]] inline float quantized_level(float x, const ActivationScale& grid) noexcept {
  return detail::rounded_to_grid(x, grid) + static_cast<float>(grid.offset);
}

NUQ_NAMESPACE_END

#endif  // NUQ_ACTIVATION_ACTIVATION_SCALE_HPP
