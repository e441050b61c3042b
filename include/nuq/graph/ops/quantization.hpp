#ifndef NUQ_GRAPH_OPS_QUANTIZATION_HPP
#define NUQ_GRAPH_OPS_QUANTIZATION_HPP

#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/factor_record.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// Rounds its input to an int8 grid: the levels in a deploy model, the floats that they stand for in a fake-quant one.
struct Quant {
  float reciprocal_scale = 0.0F;      ///< 1 / scale
  std::vector<std::int8_t> offset{};  ///< of the level that stands for 0; none: 0, more than one are refused
  bool with_offset = false;
};

/// Turns the sums of a quantized layer back into floats. Blobs: deqscale, shift_bit and offset_w.
struct DeQuant {};

/// Turns levels back into floats.
struct AntiQuant {};

/// Between numbers and the levels of an integer grid, x ≈ (level − zero)·scale, in one of two directions: to levels,
/// clamp(round(x / scale) + zero, lowest, highest) with halves to even, or back.
struct LinearLevels {
  bool to_levels = false;
  std::vector<float> scales{};  ///< one, or one for each index along `axis`
  std::vector<float> zeros{};   ///< as many levels that stand for 0
  std::int64_t axis = 1;
  float lowest = -128.0F;
  float highest = 127.0F;
};

/// Calibrates activations: observes its inputs for `batch_num` forward passes and then records the int8 grid of the
/// layers that read them. Computes nothing else.
struct ActivationObserver {
  ActivationPlan plan;
  int batch_num = 0;
  std::vector<std::string> layers{};             ///< whose input is observed
  std::shared_ptr<const FactorRecord> record{};  ///< null: nothing is observed
};

/// Calibrates shift_bit: observes its inputs, the outputs of as many layers, for `batch_num` forward passes and then
/// records one shift per channel for all of them. Copies its first input.
struct ShiftObserver {
  int batch_num = 0;
  std::vector<std::string> layers{};             ///< that write the inputs, in their order
  std::shared_ptr<const FactorRecord> record{};  ///< null: nothing is observed
};

/// This family's part of `Operation`.
using QuantizationOperations =
    OperationList<Quant, DeQuant, AntiQuant, LinearLevels, ActivationObserver, ShiftObserver>;

}  // namespace ops

/// The int8 grid of a Quant layer. The file holds the *reciprocal* of the scale, and the offset as one signed byte
/// (AMCT manual, record format). Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline ActivationScale quant_scale(const ops::Quant& quant, const LayerContext& layer) {
  const float reciprocal = quant.reciprocal_scale;
  if (!is_finite(reciprocal) || static_cast<double>(reciprocal) <= DBL_EPSILON) {
    layer.fail(ErrorCode::scale_out_of_range, "quant_param.scale is " +
                                                  detail::number_text(static_cast<double>(reciprocal)) +
                                                  ", wanted a finite number above 2.2e-16");
  }
  if (quant.offset.size() > 1) {
    layer.fail(ErrorCode::size_mismatch,
               "quant_param.offset has " + std::to_string(quant.offset.size()) + " bytes, wanted 1");
  }
  ActivationScale scale;
  scale.scale = 1.0F / reciprocal;
  if (!quant.offset.empty()) scale.offset = quant.offset.front();
  scale.with_offset = quant.with_offset;
  return scale;
}

/// Factors of a DeQuant layer, one for all channels or one per channel.
struct DequantFactors {
  std::vector<float> scale;      ///< deqscale: input scale × weight scale; finite, > 0 where shifted
  std::vector<float> shift_bit;  ///< all 0: the layer copies; otherwise whole numbers 1…16
};

/// Reads blobs 0 and 1 of a DeQuant layer (deqscale, shift_bit; blob 2, offset_w, is 0 for symmetric weights).
/// Throws ModelError when they are missing, of different sizes, or out of range.
NUQ_FUNCTION [[nodiscard]] inline DequantFactors dequant_factors(const LayerContext& layer) {
  require_blobs(layer, 2);
  DequantFactors factors{layer.blobs[0].values, layer.blobs[1].values};
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
NUQ_FUNCTION [[nodiscard]] inline AxisSplit dequant_split(const LayerContext& layer, const Shape& input,
                                                          std::size_t factors) {
  if (factors == 1) return split_at(input, 0, 0);
  if (input.size() < 2 || input[1] != static_cast<std::int64_t>(factors)) {
    layer.fail(ErrorCode::size_mismatch, "DeQuant has " + std::to_string(factors) + " factors for the input " +
                                             to_string(input) + ", wanted 1 or one per channel");
  }
  return split_at(input, 1, 2);
}

/// The input around the axis whose indices have scales of their own. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit levels_split(const ops::LinearLevels& levels, const LayerContext& layer,
                                                         const Shape& input) {
  if (levels.scales.size() == 1) return split_at(input, 0, 0);
  const std::size_t axis = canonical_axis(layer, levels.axis, input.size());
  if (input[axis] == static_cast<std::int64_t>(levels.scales.size())) return split_at(input, axis, axis + 1);
  layer.fail(ErrorCode::size_mismatch, "the number of its scales does not fit the input " + to_string(input));
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const AntiQuant&, std::size_t) {
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const DeQuant&, std::size_t) {
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Quant&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const DeQuant&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  if (!layer.blobs.empty()) static_cast<void>(dequant_split(layer, input, layer.blobs[0].values.size()));
  return inputs;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const AntiQuant&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const LinearLevels& levels,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(levels_split(levels, layer, only_input(layer, inputs)));
  return inputs;
}

/// Not known.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const ActivationObserver&, const LayerContext& layer,
                                                                   const std::vector<Shape>&) {
  return std::vector<Shape>(layer.outputs);
}

/// Any inputs; an output, where there is one, has the shape of the first.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const ShiftObserver&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = first_input(layer, inputs);
  if (layer.outputs == 0) return {};
  return {input};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_QUANTIZATION_HPP
