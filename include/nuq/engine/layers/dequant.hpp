#ifndef NUQ_ENGINE_LAYERS_DEQUANT_HPP
#define NUQ_ENGINE_LAYERS_DEQUANT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/caffe/layer_rules/axis.hpp"
#include "nuq/caffe/layer_rules/dequant.hpp"
#include "nuq/engine/layers/copy.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Copies where shift_bit is 0: weights and inputs are fake-quantized already. Otherwise imitates accumulators that are
/// shifted into 16 bits: y = t·deqscale·2ⁿ, t = clamp(round(round(x / deqscale) / 2ⁿ), −32768, 32767), n the channel's
/// shift_bit.
class DequantLayer {
 public:
  static constexpr bool in_place = true;

  explicit DequantLayer(const LayerRef& layer) : factors_(dequant_factors(layer)), copy_(layer) {}

  void forward(const LayerCall& call) const {
    if (factors_.shift_bit.front() == 0.0F) return copy_.forward(call);
    const AxisSplit split = dequant_split(call.layer, call.inputs[0].shape, factors_.scale.size());
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const std::size_t channel = static_cast<std::size_t>(line % split.extent);
        shift_line(call.inputs[0].values.data() + line * split.inner, split.inner, factors_.scale[channel],
                   std::exp2(factors_.shift_bit[channel]), call.outputs[0].values.data() + line * split.inner);
      }
    });
  }

 private:
  static void shift_line(const float* input, std::int64_t count, float scale, float power, float* output) {
    for (std::int64_t at = 0; at < count; ++at) {
      const float shifted = std::round(std::round(input[at] / scale) / power);
      output[at] = std::clamp(shifted, -32768.0F, 32767.0F) * scale * power;
    }
  }

  DequantFactors factors_;
  CopyLayer copy_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_DEQUANT_HPP
