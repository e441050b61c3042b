#ifndef NUQ_CAFFE_QUANTIZED_BLOBS_HPP
#define NUQ_CAFFE_QUANTIZED_BLOBS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/core/detail/number_text.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The float weights that the quantized layer computes with, level × scale, one float product each, in the order of the
/// node's weight blob.
[[nodiscard]] inline std::vector<float> dequantized_weights(const Node& node, const QuantizedWeights& weights) {
  std::vector<float> matrix(weights.levels.size());
  for (std::size_t row = 0; row < weights.rows; ++row) {
    const float scale = weights.scale(row);
    const std::int8_t* const levels = weights.levels.data() + row * weights.cols;
    std::transform(levels, levels + weights.cols, matrix.data() + row * weights.cols,
                   [scale](std::int8_t level) { return static_cast<float>(level) * scale; });
  }
  return blob_layout(node, std::move(matrix));
}

/// The int8 levels in the order of the node's weight blob.
[[nodiscard]] inline std::vector<std::int8_t> int8_weights(const Node& node, const QuantizedWeights& weights) {
  return blob_layout(node, weights.levels);
}

/// scale_d · scale_w, one per scale of the weights. Needs the activation's scale.
[[nodiscard]] inline std::vector<float> dequantization_scales(const LayerQuantization& quantization) {
  std::vector<float> scales;
  for (const float scale : quantization.weights.scales) scales.push_back(quantization.activation->scale * scale);
  return scales;
}

/// The float bias that the quantized layer computes with: its own, corrected for its weights. Needs a bias.
[[nodiscard]] inline std::vector<float> corrected_bias(const Node& node, const LayerQuantization& quantization) {
  std::vector<float> bias = node.blobs[1].values;
  for (std::size_t channel = 0; channel < quantization.bias_correction.size(); ++channel)
    bias[channel] += quantization.bias_correction[channel];
  return bias;
}

/// The int32 bias of a deploy model: round(bias / (scale_d · scale_w)) (AMCT manual, quantization formulas).
/// Needs a bias and the activation's scale. Throws ModelError naming the layer when a value leaves the int32 range.
[[nodiscard]] inline std::vector<std::int32_t> int32_bias(const Node& node, const LayerQuantization& quantization) {
  const std::vector<float> scales = dequantization_scales(quantization);
  const std::vector<float> bias = corrected_bias(node, quantization);
  std::vector<std::int32_t> quantized;
  for (std::size_t channel = 0; channel < bias.size(); ++channel) {
    const auto value = static_cast<double>(bias[channel]);
    const double rounded = std::round(value / static_cast<double>(scales[scales.size() == 1 ? 0 : channel]));
    if (!(rounded >= (std::numeric_limits<std::int32_t>::min)() &&
          rounded <= (std::numeric_limits<std::int32_t>::max)())) {
      detail::fail(ModelError(ErrorCode::scale_out_of_range,
                              "layer '" + node.name + "': bias " + detail::number_text(value) + " of channel " +
                                  std::to_string(channel) + " is " + detail::number_text(rounded) +
                                  " in units of its scales, wanted the int32 range: add the layer to skip_layers"));
    }
    quantized.push_back(static_cast<std::int32_t>(rounded));
  }
  return quantized;
}

/// shift_bit, one per scale of the weights; 0 where sums are not shifted.
[[nodiscard]] inline std::vector<int> dequantization_shifts(const LayerQuantization& quantization) {
  if (!quantization.shift_bit.empty()) return quantization.shift_bit;
  return std::vector<int>(quantization.weights.scales.size());
}

/// Dequantization parameters as the vendor's compiler reads them, one uint64 per scale, as protobuf's packed varints:
/// bits 0–31 the scale's bit pattern, 32–39 shift_bit and 40–47 offset_w, which is 0 here (AMCT manual, quantization
/// formulas). `shifts` are as many as the scales.
[[nodiscard]] inline std::string packed_dequantization(const std::vector<float>& scales,
                                                       const std::vector<int>& shifts) {
  std::string bytes;
  for (std::size_t channel = 0; channel < scales.size(); ++channel) {
    std::uint32_t scale = 0;
    std::memcpy(&scale, &scales[channel], sizeof scale);
    std::uint64_t rest = scale | static_cast<std::uint64_t>(shifts[channel]) << 32U;
    for (; rest > 0x7FU; rest >>= 7U) bytes.push_back(static_cast<char>(static_cast<unsigned char>(rest | 0x80U)));
    bytes.push_back(static_cast<char>(rest));
  }
  return bytes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_QUANTIZED_BLOBS_HPP
