#ifndef NUQ_ENGINE_LAYERS_SLICE_HPP
#define NUQ_ENGINE_LAYERS_SLICE_HPP

#include <cstddef>
#include <vector>

#include "nuq/caffe/layer_rules/slice.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/gather.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Cuts a tensor along an axis, one piece for each output.
class SliceLayer {
 public:
  static constexpr bool in_place = false;

  explicit SliceLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = slice_axis(call.layer, shape.size());
    std::vector<StridedAxis> axes = dense_axes(shape);
    const float* source = call.inputs[0].values.data();
    for (const TensorSpan& output : call.outputs) {
      axes[axis].extent = output.shape[axis];
      gather(call.workspace, axes, source, output.values.data());
      source += output.shape[axis] * axes[axis].stride;
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SLICE_HPP
