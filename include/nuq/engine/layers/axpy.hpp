#ifndef NUQ_ENGINE_LAYERS_AXPY_HPP
#define NUQ_ENGINE_LAYERS_AXPY_HPP

#include <cstdint>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// a·x + y with a factor a for each channel of each item (Hu, Shen and Sun: Squeeze-and-Excitation Networks, 2017).
class AxpyLayer {
 public:
  static constexpr bool in_place = false;

  explicit AxpyLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const AxisSplit channels = channel_split(call.layer, call.inputs[1].shape);
    const float* const factors = call.inputs[0].values.data();
    const float* const x = call.inputs[1].values.data();
    const float* const y = call.inputs[2].values.data();
    float* const output = call.outputs[0].values.data();
    const std::int64_t plane = channels.inner;
    call.workspace.for_each_range(channels.outer * channels.extent, plane, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        for (std::int64_t at = line * plane; at < (line + 1) * plane; ++at) output[at] = factors[line] * x[at] + y[at];
      }
    });
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_AXPY_HPP
