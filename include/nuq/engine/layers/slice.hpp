#ifndef NUQ_ENGINE_LAYERS_SLICE_HPP
#define NUQ_ENGINE_LAYERS_SLICE_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/slice.hpp"
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
    const AxisSplit whole = split_at(shape, axis, axis + 1);
    const float* source = call.inputs[0].values.data();
    for (const TensorSpan& output : call.outputs) {
      const std::int64_t piece = output.shape[axis] * whole.inner;
      gather(call.workspace, {{whole.outer, whole.extent * whole.inner}, {piece, 1}}, source, output.values.data());
      source += piece;
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SLICE_HPP
