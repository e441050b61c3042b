#ifndef NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP
#define NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP

#include <Eigen/Core>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/scale.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The largest |value|; 0 for none.
[[nodiscard]] inline float largest_magnitude(ArrayView<const float> values) noexcept {
  if (values.empty()) return 0.0F;
  return Eigen::Map<const Eigen::ArrayXf>(values.data(), static_cast<Eigen::Index>(values.size())).abs().maxCoeff();
}

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

#endif  // NUQ_QUANTIZE_SCALES_ROW_SCALES_HPP
