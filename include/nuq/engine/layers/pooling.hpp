#ifndef NUQ_ENGINE_LAYERS_POOLING_HPP
#define NUQ_ENGINE_LAYERS_POOLING_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/engine/kernels/pool_plane.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Maximum, average or expectation of windows. A second output says where each maximum stands in its plane.
class PoolingLayer {
 public:
  static constexpr bool in_place = false;

  explicit PoolingLayer(const LayerRef& layer) : operation_(layer.operation<ops::Pooling>()) {}

  void forward(const LayerCall& call) const {
    const PoolingGeometry geometry = pooling_geometry(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    call.workspace.for_each_task(geometry.batch * geometry.channels, [&](std::int64_t plane, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + plane * in_plane;
      float* const output = call.outputs[0].values.data() + plane * out_plane;
      float* const line = call.workspace.scratch(worker, geometry.x.input);
      pool_plane(geometry, input, line, output);
      if (call.outputs.size() > 1) {
        places_of_maxima(geometry, input, call.outputs[1].values.data() + plane * out_plane);
      }
    });
  }

 private:
  ops::Pooling operation_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_POOLING_HPP
