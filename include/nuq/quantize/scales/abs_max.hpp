#ifndef NUQ_QUANTIZE_SCALES_ABS_MAX_HPP
#define NUQ_QUANTIZE_SCALES_ABS_MAX_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The vendor's adaptive range quantization: the largest magnitude of a row (or of the matrix) decides its scale.
///
///   scale = max / 127 where max ≥ |min|, otherwise |min| / 128;  level = clamp(round(w / scale), −128, 127)
///
/// The scale is computed in float; a scale below FLT_EPSILON becomes 1, and its weights 0. (A layer of nothing else is
/// not quantized by default: graph/passes/tiny_weights.hpp.)
/// @throws ModelError non_finite_value for a NaN or infinite weight, scale_out_of_range for a scale above 1 /
/// FLT_EPSILON. Source: the AMCT manual (ARQ, unified data format).
struct AbsMaxQuantizer {
  NUQ_FUNCTION [[nodiscard]] QuantizedWeights quantize(MatrixView<const float> weights, Granularity granularity) const;
  NUQ_FUNCTION [[nodiscard]] std::vector<float> scales(MatrixView<const float> weights, Granularity granularity,
                                                       const QuantizationPurpose&) const;

 private:
  NUQ_FUNCTION [[nodiscard]] static float scale_of(ArrayView<const float> values) noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include "nuq/core/scale.hpp"
#include "nuq/quantize/scales/finite_weights.hpp"
#include "nuq/quantize/scales/round_to_scales.hpp"
#include "nuq/quantize/scales/row_scales.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION QuantizedWeights AbsMaxQuantizer::quantize(MatrixView<const float> weights,
                                                          Granularity granularity) const {
  return round_to_scales(weights, scales(weights, granularity, {}));
}

NUQ_DEFINITION std::vector<float> AbsMaxQuantizer::scales(MatrixView<const float> weights, Granularity granularity,
                                                          const QuantizationPurpose&) const {
  require_finite_weights(weights);
  return row_scales(weights, granularity, [](ArrayView<const float> values) { return scale_of(values); });
}

NUQ_DEFINITION float AbsMaxQuantizer::scale_of(ArrayView<const float> values) noexcept {
  const ValueRange range = range_with_zero(values);
  return max_abs_scale(range.min, range.max);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_ABS_MAX_HPP
