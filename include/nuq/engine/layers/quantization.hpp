#ifndef NUQ_ENGINE_LAYERS_QUANTIZATION_HPP
#define NUQ_ENGINE_LAYERS_QUANTIZATION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/kernels/grid_rounding.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/basic.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Fake quantization: every value becomes the float that its int8 level stands for; in a deploy model the level itself.
/// NaN and infinities stay.
class QuantLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit QuantLayer(const LayerRef& layer)
      : scale_(quant_scale(layer.operation<ops::Quant>(), layer)), writes_levels_(layer.node.integer.has_value()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    if (writes_levels_) {
      for_each_value(call, [scale = scale_](float x) { return is_finite(x) ? quantized_level(x, scale) : x; });
      return;
    }
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(static_cast<std::int64_t>(call.inputs[0].values.size()), 1,
                                  [&](std::int64_t begin, std::int64_t end) {
                                    fake_quantize_values(input + begin, end - begin, scale_, output + begin);
                                  });
  }

 private:
  ActivationScale scale_;
  bool writes_levels_;
};
QuantLayer layer_of(const ops::Quant&);

/// y = t·deqscale·2ⁿ with t the sums, for n > 0 shifted into 16 bits: t = clamp(round(sum / 2ⁿ), −32768, 32767), n the
/// channel's shift_bit. In a fake-quant model the sums are round(x / deqscale): what the float arithmetic before it and
/// the float bias left of them goes, so that the model computes what the deploy model does, and its metric is the same.
/// (The vendor's Caffe copies there.) The layer copies where x are no sums: behind a Pooling.
class DequantLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit DequantLayer(const LayerRef& layer)
      : factors_(dequant_factors(layer)),
        copy_(layer),
        reads_sums_(layer.node.integer.has_value()),
        rounds_(!layer.node.sum_scales.empty() && has_positive_scales()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const bool shifts = factors_.shift_bit.front() != 0.0F;
    if (!shifts && !reads_sums_ && !rounds_) return copy_.forward(call);
    const AxisSplit split = dequant_split(call.layer, call.inputs[0].shape, factors_.scale.size());
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const std::size_t channel = static_cast<std::size_t>(line % split.extent);
        const float* const input = call.inputs[0].values.data() + line * split.inner;
        float* const output = call.outputs[0].values.data() + line * split.inner;
        if (shifts) {
          shift_line(input, split.inner, channel, output);
        } else if (reads_sums_) {
          std::transform(input, input + split.inner, output,
                         [scale = factors_.scale[channel]](float x) { return x * scale; });
        } else {
          round_sums(input, split.inner, factors_.scale[channel], output);
        }
      }
    });
  }

 private:
  NUQ_FUNCTION [[nodiscard]] bool has_positive_scales() const {
    return std::all_of(factors_.scale.begin(), factors_.scale.end(),
                       [](float scale) { return is_finite(scale) && scale > 0.0F; });
  }

  NUQ_FUNCTION void shift_line(const float* input, std::int64_t count, std::size_t channel, float* output) const {
    const float scale = factors_.scale[channel];
    const float power = std::exp2(factors_.shift_bit[channel]);
    for (std::int64_t at = 0; at < count; ++at) {
      const float sum = reads_sums_ ? input[at] : std::round(input[at] / scale);
      output[at] = std::clamp(std::round(sum / power), -32768.0F, 32767.0F) * scale * power;
    }
  }

  DequantFactors factors_;
  CopyLayer copy_;
  bool reads_sums_;  // in a deploy model
  bool rounds_;
};
DequantLayer layer_of(const ops::DeQuant&);

/// NaN stays.
class LinearLevelsLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit LinearLevelsLayer(const LayerRef& layer) : levels_(layer.operation<ops::LinearLevels>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = levels_split(levels_, call.layer, call.inputs[0].shape);
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    if (levels_.scales.size() == 1) {
      call.workspace.for_each_range(split.inner, 1, [&](std::int64_t begin, std::int64_t end) {
        convert(input + begin, end - begin, 0, output + begin);
      });
      return;
    }
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const auto channel = static_cast<std::size_t>(line % split.extent);
        convert(input + line * split.inner, split.inner, channel, output + line * split.inner);
      }
    });
  }

 private:
  /// In one place, and clamped before rounding, as the limits are whole numbers: a compiler vectorizes it so.
  NUQ_FUNCTION void convert(const float* input, std::int64_t count, std::size_t channel, float* values) const {
    constexpr float no_fractions = 3 << 22;  // a sum with it is rounded to whole numbers, halves to even
    const float scale = levels_.scales[channel];
    const float zero = levels_.zeros[channel];
    const float lowest = levels_.lowest - zero;
    const float highest = levels_.highest - zero;
    if (input != values) std::copy(input, input + count, values);
    if (levels_.to_levels) {
      for (std::int64_t at = 0; at < count; ++at) {
        const float clamped = (std::max)((std::min)(values[at] / scale, highest), lowest);
        values[at] = clamped + no_fractions - no_fractions + zero;
      }
    } else {
      for (std::int64_t at = 0; at < count; ++at) values[at] = (values[at] - zero) * scale;
    }
  }

  ops::LinearLevels levels_;
};
LinearLevelsLayer layer_of(const ops::LinearLevels&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_QUANTIZATION_HPP
