#ifndef NUQ_QUANTIZER_ROUND_TO_SCALES_HPP
#define NUQ_QUANTIZER_ROUND_TO_SCALES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/round.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// clamp(round(w / scale), −128, 127): halves go away from zero; float weight and scale are divided in double.
[[nodiscard]] inline std::int8_t round_to_level(float weight, float scale) noexcept {
  const double scaled = static_cast<double>(weight) / static_cast<double>(scale);
  return static_cast<std::int8_t>(round_half_away((std::min)((std::max)(scaled, -128.0), 127.0)));
}

/// Rounds finite weights [out × in] to the int8 grid of given scales: 1 or `out` legal scales.
[[nodiscard]] inline QuantizedWeights round_to_scales(MatrixView<const float> weights, std::vector<float> scales) {
  QuantizedWeights quantized{weights.rows(), weights.cols(), std::move(scales),
                             std::vector<std::int8_t>(weights.size())};
  std::int8_t* level = quantized.levels.data();
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    const float scale = quantized.scale(row);
    for (const float weight : weights.row(row)) *level++ = round_to_level(weight, scale);
  }
  return quantized;
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZER_ROUND_TO_SCALES_HPP
