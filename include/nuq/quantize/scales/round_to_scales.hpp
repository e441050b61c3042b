#ifndef NUQ_QUANTIZE_SCALES_ROUND_TO_SCALES_HPP
#define NUQ_QUANTIZE_SCALES_ROUND_TO_SCALES_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Rounds finite weights [out × in] to the int8 grid of given scales, 1 or `out` legal ones:
/// clamp(round(w / scale), −128, 127). Halves go away from zero; float weight and scale are divided in double.
NUQ_FUNCTION [[nodiscard]] QuantizedWeights round_to_scales(MatrixView<const float> weights, std::vector<float> scales);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "nuq/core/array_view.hpp"
#include "nuq/core/round.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION inline void round_to_levels(ArrayView<const float> weights, float scale, std::int8_t* levels) noexcept {
  constexpr std::size_t block = 64;  // in steps that compilers turn into vector instructions
  std::array<double, block> scaled;
  for (std::size_t begin = 0; begin < weights.size(); begin += block) {
    const std::size_t count = (std::min)(block, weights.size() - begin);
    const float* const weight = weights.data() + begin;
    for (std::size_t at = 0; at < count; ++at) {
      const double value = static_cast<double>(weight[at]) / static_cast<double>(scale);
      const double bounded = value > -128.0 ? value : -128.0;
      scaled[at] = bounded < 127.0 ? bounded : 127.0;
    }
    for (std::size_t at = 0; at < count; ++at)
      levels[begin + at] = static_cast<std::int8_t>(round_half_away(scaled[at]));
  }
}

}  // namespace detail

NUQ_DEFINITION QuantizedWeights round_to_scales(MatrixView<const float> weights, std::vector<float> scales) {
  QuantizedWeights quantized{weights.rows(), weights.cols(), std::move(scales),
                             std::vector<std::int8_t>(weights.size())};
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    detail::round_to_levels(weights.row(row), quantized.scale(row), quantized.levels.data() + row * weights.cols());
  }
  return quantized;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_ROUND_TO_SCALES_HPP
