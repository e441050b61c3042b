#ifndef NUQ_GRAPH_QUANTIZED_BLOBS_HPP
#define NUQ_GRAPH_QUANTIZED_BLOBS_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Writes the float weights that the quantized layer computes with, level × scale, in the order of the node's weight
/// blob: as many `values` as levels.
NUQ_FUNCTION void dequantize(const Node& node, const QuantizedWeights& weights, float* values);

/// What `dequantize` writes.
NUQ_FUNCTION [[nodiscard]] std::vector<float> dequantized_weights(const Node& node, const QuantizedWeights& weights);

/// True where `stored` are what `dequantize` writes, to the bit.
NUQ_FUNCTION [[nodiscard]] bool are_dequantized(ArrayView<const float> stored, const Node& node,
                                                const QuantizedWeights& weights);

/// The int8 levels in the order of the node's weight blob.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int8_t> int8_weights(const Node& node, const QuantizedWeights& weights);

/// scale_d · scale_w, one per scale of the weights. Needs the activation's scale.
NUQ_FUNCTION [[nodiscard]] std::vector<float> dequantization_scales(const LayerQuantization& quantization);

/// The float bias that the quantized layer computes with: its own plus what makes up for its weights, [out] or empty.
/// Needs a bias.
NUQ_FUNCTION [[nodiscard]] std::vector<float> corrected_bias(const Node& node, const std::vector<float>& correction);

/// Gives a node the float weights and the bias that it computes with once it is quantized. It has weights.
NUQ_FUNCTION void set_quantized_blobs(Node& node, const LayerQuantization& quantization);

/// The int32 bias of a deploy model: round(bias / (scale_d · scale_w)) (AMCT manual, quantization formulas).
/// Needs a bias and the activation's scale. Throws ModelError naming the layer when a value leaves the int32 range.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int32_t> int32_bias(const Node& node,
                                                                const LayerQuantization& quantization);

/// shift_bit, one per scale of the weights; 0 where sums are not shifted.
NUQ_FUNCTION [[nodiscard]] std::vector<int> dequantization_shifts(const LayerQuantization& quantization);

/// True when activations have been calibrated: some quantized layer has an activation scale. Those that have none then
/// are an error of the record, not a weights-only run.
NUQ_FUNCTION [[nodiscard]] bool has_activation_scales(const NetworkQuantization& quantization);

/// Calls `visit(node, quantization of the node)` for every quantized layer, in the network's order.
template <class Visit>
void for_each_quantized(const Graph& graph, const NetworkQuantization& quantization, Visit&& visit) {
  for (const Node& node : graph.nodes) {
    const auto found = quantization.find(node.name);
    if (found != quantization.end()) visit(node, found->second);
  }
}

/// Scale and offset of a quantized layer's input. Throws RecordError missing_record
/// where it was not calibrated.
NUQ_FUNCTION [[nodiscard]] inline const ActivationScale& activation_of(const Node& node,
                                                                       const LayerQuantization& quantization) {
  if (quantization.activation) return *quantization.activation;
  detail::fail(RecordError(
      ErrorCode::missing_record,
      "layer '" + node.name + "': no scale_d is recorded, wanted one for every quantized layer: calibrate first"));
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// level × scale of one row, one float product each.
NUQ_FUNCTION inline void dequantize_row(const QuantizedWeights& weights, std::size_t row, float* values) {
  const float scale = weights.scale(row);
  const std::int8_t* const levels = weights.levels.data() + row * weights.cols;
  std::transform(levels, levels + weights.cols, values,
                 [scale](std::int8_t level) { return static_cast<float>(level) * scale; });
}

}  // namespace detail

NUQ_DEFINITION void dequantize(const Node& node, const QuantizedWeights& weights, float* values) {
  for (std::size_t row = 0; row < weights.rows; ++row)
    detail::dequantize_row(weights, row, values + row * weights.cols);
  if (!detail::has_input_first(node)) return;
  const std::vector<float> swapped = blob_layout(node, std::vector<float>(values, values + weights.levels.size()));
  std::copy(swapped.begin(), swapped.end(), values);
}

NUQ_DEFINITION std::vector<float> dequantized_weights(const Node& node, const QuantizedWeights& weights) {
  std::vector<float> values(weights.levels.size());
  dequantize(node, weights, values.data());
  return values;
}

NUQ_DEFINITION bool are_dequantized(ArrayView<const float> stored, const Node& node, const QuantizedWeights& weights) {
  if (stored.size() != weights.levels.size()) return false;
  const auto has_bits_of = [&stored](const std::vector<float>& values, std::size_t begin) {
    return std::memcmp(values.data(), stored.data() + begin, sizeof(float) * values.size()) == 0;
  };
  if (detail::has_input_first(node)) return has_bits_of(dequantized_weights(node, weights), 0);
  std::vector<float> values(weights.cols);
  for (std::size_t row = 0; row < weights.rows; ++row) {
    detail::dequantize_row(weights, row, values.data());
    if (!has_bits_of(values, row * weights.cols)) return false;
  }
  return true;
}

NUQ_DEFINITION std::vector<std::int8_t> int8_weights(const Node& node, const QuantizedWeights& weights) {
  return blob_layout(node, weights.levels);
}

NUQ_DEFINITION std::vector<float> dequantization_scales(const LayerQuantization& quantization) {
  std::vector<float> scales;
  for (const float scale : quantization.weights.scales) scales.push_back(quantization.activation->scale * scale);
  return scales;
}

NUQ_DEFINITION std::vector<float> corrected_bias(const Node& node, const std::vector<float>& correction) {
  std::vector<float> bias = node.blobs[1].values;
  for (std::size_t channel = 0; channel < correction.size(); ++channel) bias[channel] += correction[channel];
  return bias;
}

NUQ_DEFINITION void set_quantized_blobs(Node& node, const LayerQuantization& quantization) {
  node.blobs.front().values = dequantized_weights(node, quantization.weights);
  if (!quantization.bias_correction.empty()) node.blobs[1].values = corrected_bias(node, quantization.bias_correction);
}

NUQ_DEFINITION std::vector<std::int32_t> int32_bias(const Node& node, const LayerQuantization& quantization) {
  const std::vector<float> scales = dequantization_scales(quantization);
  const std::vector<float> bias = corrected_bias(node, quantization.bias_correction);
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

NUQ_DEFINITION std::vector<int> dequantization_shifts(const LayerQuantization& quantization) {
  if (!quantization.shift_bit.empty()) return quantization.shift_bit;
  return std::vector<int>(quantization.weights.scales.size());
}

NUQ_DEFINITION bool has_activation_scales(const NetworkQuantization& quantization) {
  return std::any_of(quantization.begin(), quantization.end(),
                     [](const auto& layer) { return layer.second.activation.has_value(); });
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_QUANTIZED_BLOBS_HPP
