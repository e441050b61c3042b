#ifndef NUQ_ENGINE_LAYERS_INTEGER_POOLING_HPP
#define NUQ_ENGINE_LAYERS_INTEGER_POOLING_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/engine/kernels/pool_plane.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Pooling of a deploy model: of int8 levels relative to the one that stands for 0, which is what pads count as.
class IntegerPoolingLayer {
 public:
  static constexpr bool in_place = false;

  explicit IntegerPoolingLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Pooling>()), offset_(static_cast<float>(layer.node.integer->input_offset)) {}

  void forward(const LayerCall& call) const {
    const PoolingGeometry geometry = pooling_geometry(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    call.workspace.for_each_task(geometry.batch * geometry.channels, [&](std::int64_t plane, std::size_t worker) {
      const float* const levels = call.inputs[0].values.data() + plane * in_plane;
      float* const line = call.workspace.scratch(worker, geometry.x.input + in_plane);
      float* const differences = line + geometry.x.input;
      std::transform(levels, levels + in_plane, differences, [this](float level) { return level - offset_; });
      pool_plane(geometry, differences, line, call.outputs[0].values.data() + plane * out_plane);
    });
  }

 private:
  ops::Pooling operation_;
  float offset_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INTEGER_POOLING_HPP
