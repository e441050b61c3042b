#ifndef NUQ_ENGINE_LAYERS_SPP_HPP
#define NUQ_ENGINE_LAYERS_SPP_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/kernels/pool_plane.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Spatial pyramid pooling (He and others, 2014): poolings into 1, 4, 16, … bins, level by level for each image.
class SppLayer {
 public:
  static constexpr bool in_place = false;

  explicit SppLayer(const LayerRef& layer) : operation_(layer.operation<ops::SpatialPyramidPooling>()) {}

  void forward(const LayerCall& call) const {
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
  [[nodiscard]] static std::int64_t bins(const PoolingGeometry& level) noexcept {
    return level.y.output * level.x.output;
  }

  ops::SpatialPyramidPooling operation_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SPP_HPP
