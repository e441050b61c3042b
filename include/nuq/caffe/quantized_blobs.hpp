#ifndef NUQ_CAFFE_QUANTIZED_BLOBS_HPP
#define NUQ_CAFFE_QUANTIZED_BLOBS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The float weights that the quantized layer computes with: level × scale, one float product each, in the blob's own layout.
[[nodiscard]] inline Tensor dequantized_weights(const Node& node, const QuantizedWeights& weights) {
  std::vector<float> matrix(weights.rows * weights.cols);
  for (std::size_t row = 0; row < weights.rows; ++row) {
    for (std::size_t col = 0; col < weights.cols; ++col) matrix[row * weights.cols + col] = weights.value(row, col);
  }
  return {node.blobs.front().shape, blob_layout(node, std::move(matrix))};
}

/// The int8 levels in the blob's own layout.
[[nodiscard]] inline std::vector<std::int8_t> int8_weights(const Node& node, const QuantizedWeights& weights) {
  return blob_layout(node, weights.levels);
}

/// scale_d · scale_w per output channel, or one value for a layer with one scale.
[[nodiscard]] inline std::vector<float> dequantization_scales(const LayerQuantization& quantization) {
  std::vector<float> scales;
  for (const float scale : quantization.weights.scales) scales.push_back(quantization.activation->scale * scale);
  return scales;
}

/// The int32 bias of a deploy model: round(bias / (scale_d · scale_w)) (AMCT manual, quantization formulas).
/// Throws ModelError naming the layer when a value leaves the int32 range.
[[nodiscard]] inline std::vector<std::int32_t> int32_bias(const Node& node, const LayerQuantization& quantization) {
  const std::vector<float> scales = dequantization_scales(quantization);
  const std::vector<float>& bias = node.blobs.at(1).values;
  std::vector<std::int32_t> quantized(bias.size());
  for (std::size_t channel = 0; channel < bias.size(); ++channel) {
    const double value = std::round(static_cast<double>(bias[channel]) / static_cast<double>(scales[scales.size() == 1 ? 0 : channel]));
    if (!(std::fabs(value) <= static_cast<double>((std::numeric_limits<std::int32_t>::max)()))) {
      detail::fail(ModelError(ErrorCode::scale_out_of_range,
                              "layer '" + node.name + "': bias " + std::to_string(bias[channel]) + " of channel " + std::to_string(channel) +
                                  " exceeds int32 after quantization: add the layer to skip_layers"));
    }
    quantized[channel] = static_cast<std::int32_t>(value);
  }
  return quantized;
}

/// Dequantization parameters as the vendor's compiler reads them, one uint64 per scale: bits 0–31 the float's bit pattern,
/// 32–39 shift_bit, 40–47 offset_w (both 0 here); as protobuf's packed varints.
[[nodiscard]] inline std::string packed_dequantization(const std::vector<float>& scales) {
  std::string bytes;
  for (const float scale : scales) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &scale, sizeof bits);
    for (std::uint64_t rest = bits; true; rest >>= 7) {
      bytes.push_back(static_cast<char>(static_cast<unsigned char>((rest & 0x7FU) | (rest > 0x7FU ? 0x80U : 0U))));
      if (rest <= 0x7FU) break;
    }
  }
  return bytes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_QUANTIZED_BLOBS_HPP
