#ifndef NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP
#define NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/scale.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The least and the largest of some values and 0.
struct ValueRange {
  float min = 0.0F;
  float max = 0.0F;
};

/// The range of finite `values`; {0, 0} for none.
NUQ_FUNCTION [[nodiscard]] ValueRange range_with_zero(ArrayView<const float> values) noexcept;

/// The largest |value|; 0 for none.
NUQ_FUNCTION [[nodiscard]] float largest_magnitude(ArrayView<const float> values) noexcept;

/// The scale `scale_of(ArrayView<const float> values)` of each row of `weights` [out × in], or of all values together:
/// `out` legal scales, or one. Throws ModelError scale_out_of_range, naming the row.
template <class ScaleOf>
[[nodiscard]] std::vector<float> row_scales(MatrixView<const float> weights, Granularity granularity,
                                            const ScaleOf& scale_of) {
  const ArrayView<const float> all(weights.data(), weights.size());
  if (granularity == Granularity::per_tensor) return {checked_scale(scale_of(all), "the weights")};
  std::vector<float> scales;
  for (std::size_t row = 0; row < weights.rows(); ++row)
    scales.push_back(checked_scale(scale_of(weights.row(row)), "row " + std::to_string(row)));
  return scales;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION ValueRange range_with_zero(ArrayView<const float> values) noexcept {
  constexpr std::size_t lanes = 16;  // side by side, as vector instructions have them
  float least[lanes] = {};
  float largest[lanes] = {};
  std::size_t at = 0;
  for (; at + lanes <= values.size(); at += lanes) {
    const float* const value = values.data() + at;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      least[lane] = value[lane] < least[lane] ? value[lane] : least[lane];
      largest[lane] = value[lane] > largest[lane] ? value[lane] : largest[lane];
    }
  }
  ValueRange range;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    range = {(std::min)(range.min, least[lane]), (std::max)(range.max, largest[lane])};
  for (; at < values.size(); ++at) range = {(std::min)(range.min, values[at]), (std::max)(range.max, values[at])};
  return range;
}

NUQ_DEFINITION float largest_magnitude(ArrayView<const float> values) noexcept {
  const ValueRange range = range_with_zero(values);
  return (std::max)(-range.min, range.max);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP
