#ifndef NUQ_ENGINE_LAYERS_BIAS_HPP
#define NUQ_ENGINE_LAYERS_BIAS_HPP

#include <cstdint>
#include <vector>

#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/bias.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x + bias along some axes; the bias is trained, or a second input.
class BiasLayer {
 public:
  static constexpr bool in_place = true;

  explicit BiasLayer(const LayerRef& layer) {
    if (layer.node.inputs.size() > 1) return;
    require_blobs(layer, 1);
    bias_ = layer.node.blobs[0].values;
  }

  void forward(const LayerCall& call) const {
    if (call.inputs.size() == 1) {
      const AxisSplit split = bias_split(call.layer, call.inputs[0].shape);
      require_factors(call, bias_.size(), split.extent);
      add(call, split, bias_.data());
    } else {
      const AxisSplit split = bias_split(call.layer, call.inputs[0].shape, call.inputs[1].shape);
      add(call, split, call.inputs[1].values.data());
    }
  }

 private:
  static void add(const LayerCall& call, const AxisSplit& split, const float* bias) {
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const float offset = bias[line % split.extent];
        for (std::int64_t at = line * split.inner; at < (line + 1) * split.inner; ++at) output[at] = input[at] + offset;
      }
    });
  }

  std::vector<float> bias_;  // empty with two inputs
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_BIAS_HPP
