#ifndef NUQ_ENGINE_LAYERS_CROP_HPP
#define NUQ_ENGINE_LAYERS_CROP_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/crop.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The part of a tensor that has the extents of another one.
class CropLayer {
 public:
  static constexpr bool in_place = false;

  explicit CropLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    std::vector<StridedAxis> axes = dense_axes(call.inputs[0].shape);
    const std::vector<std::int64_t> offsets = crop_offsets(call.layer, axes.size());
    const float* source = call.inputs[0].values.data();
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      source += offsets[axis] * axes[axis].stride;
      axes[axis].extent = call.outputs[0].shape[axis];
    }
    gather(call.workspace, axes, source, call.outputs[0].values.data());
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_CROP_HPP
