#ifndef NUQ_GRAPH_OPS_DEQUANT_HPP
#define NUQ_GRAPH_OPS_DEQUANT_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Factors of a DeQuant layer, one for all channels or one per channel.
struct DequantFactors {
  std::vector<float> scale;      ///< deqscale: input scale × weight scale; finite, > 0 where shifted
  std::vector<float> shift_bit;  ///< all 0: the layer copies; otherwise whole numbers 1…16
};

/// Reads blobs 0 and 1 of a DeQuant layer (deqscale, shift_bit; blob 2, offset_w, is 0 for symmetric weights).
/// Throws ModelError when they are missing, of different sizes, or out of range.
[[nodiscard]] inline DequantFactors dequant_factors(const LayerRef& layer) {
  require_blobs(layer, 2);
  DequantFactors factors{layer.node.blobs[0].values, layer.node.blobs[1].values};
  if (factors.scale.empty() || factors.scale.size() != factors.shift_bit.size()) {
    layer.fail(ErrorCode::size_mismatch, "deqscale has " + std::to_string(factors.scale.size()) +
                                             " values and shift_bit " + std::to_string(factors.shift_bit.size()) +
                                             ", wanted as many, at least 1");
  }
  const bool copies = factors.shift_bit.front() == 0.0F;
  for (std::size_t channel = 0; channel < factors.scale.size(); ++channel) {
    const float shift = factors.shift_bit[channel];
    const bool is_shift = shift >= 1.0F && shift <= 16.0F && shift == static_cast<float>(static_cast<int>(shift));
    if (copies ? shift != 0.0F : !is_shift) {
      layer.fail(ErrorCode::invalid_argument, "shift_bit " + std::to_string(channel) + " is " +
                                                  detail::number_text(static_cast<double>(shift)) +
                                                  ", wanted all 0 or all whole numbers 1 to 16");
    }
    if (!copies && !(is_finite(factors.scale[channel]) && factors.scale[channel] > 0.0F)) {
      layer.fail(ErrorCode::scale_out_of_range, "deqscale " + std::to_string(channel) + " is " +
                                                    detail::number_text(static_cast<double>(factors.scale[channel])) +
                                                    ", wanted a number above 0");
    }
  }
  return factors;
}

/// The input around the channels that `factors` values belong to: all of it for one factor, axis 1 otherwise.
[[nodiscard]] inline AxisSplit dequant_split(const LayerRef& layer, const Shape& input, std::size_t factors) {
  if (factors == 1) return split_at(input, 0, 0);
  if (input.size() < 2 || input[1] != static_cast<std::int64_t>(factors)) {
    layer.fail(ErrorCode::size_mismatch, "DeQuant has " + std::to_string(factors) + " factors for the input " +
                                             to_string(input) + ", wanted 1 or one per channel");
  }
  return split_at(input, 1, 2);
}

[[nodiscard]] inline std::vector<Shape> dequant_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  if (!layer.node.blobs.empty()) static_cast<void>(dequant_split(layer, input, layer.node.blobs[0].values.size()));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_DEQUANT_HPP
