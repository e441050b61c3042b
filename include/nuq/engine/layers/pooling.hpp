#ifndef NUQ_ENGINE_LAYERS_POOLING_HPP
#define NUQ_ENGINE_LAYERS_POOLING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/panels.hpp"
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

  NUQ_FUNCTION explicit PoolingLayer(const LayerRef& layer) : operation_(layer.operation<ops::Pooling>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const PoolingGeometry geometry = pooling_geometry(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    if (geometry.method == ops::PoolMethod::average && out_plane == 1) return average_planes(call, geometry);
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
  NUQ_FUNCTION static void average_planes(const LayerCall& call, const PoolingGeometry& geometry) {
    const std::int64_t planes = geometry.batch * geometry.channels;
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    call.workspace.for_each_task(panel_count(planes, planes_together), [&](std::int64_t task, std::size_t worker) {
      const std::int64_t first = task * planes_together;
      pool_averages(
          geometry, call.inputs[0].values.data() + first * in_plane, (std::min)(planes_together, planes - first),
          call.workspace.scratch(worker, planes_together * geometry.x.input), call.outputs[0].values.data() + first);
    });
  }

  ops::Pooling operation_;
};
PoolingLayer layer_of(const ops::Pooling&);

/// Spatial pyramid pooling (He and others, 2014): poolings into 1, 4, 16, … bins, level by level for each image.
class SppLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit SppLayer(const LayerRef& layer) : operation_(layer.operation<ops::SpatialPyramidPooling>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const std::vector<PoolingGeometry> levels = spp_levels(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t channels = levels.front().channels;
    const std::int64_t in_plane = levels.front().y.input * levels.front().x.input;
    std::int64_t image_size = 0;
    for (const PoolingGeometry& level : levels) image_size += channels * bins(level);
    call.workspace.for_each_task(levels.front().batch * channels, [&](std::int64_t plane, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + plane * in_plane;
      float* const line = call.workspace.scratch(worker, levels.front().x.input);
      float* target = call.outputs[0].values.data() + plane / channels * image_size;
      for (const PoolingGeometry& level : levels) {
        pool_plane(level, input, line, target + plane % channels * bins(level));
        target += channels * bins(level);
      }
    });
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static std::int64_t bins(const PoolingGeometry& level) noexcept {
    return level.y.output * level.x.output;
  }

  ops::SpatialPyramidPooling operation_;
};
SppLayer layer_of(const ops::SpatialPyramidPooling&);

/// Pooling of a deploy model: of int8 levels relative to the one that stands for 0, which is what pads count as.
class IntegerPoolingLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit IntegerPoolingLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Pooling>()), offset_(static_cast<float>(layer.node.integer->input_offset)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
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

#endif  // NUQ_ENGINE_LAYERS_POOLING_HPP
