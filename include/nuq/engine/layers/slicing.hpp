#ifndef NUQ_ENGINE_LAYERS_SLICING_HPP
#define NUQ_ENGINE_LAYERS_SLICING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/slicing.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Lines tensors up along an axis.
class ConcatLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ConcatLayer(const LayerRef& layer) : operation_(layer.operation<ops::Concat>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const std::size_t axis = concat_axis(operation_, call.layer, call.outputs[0].shape.size());
    const AxisSplit whole = split_at(call.outputs[0].shape, axis, axis + 1);
    float* target = call.outputs[0].values.data();
    for (const TensorView& input : call.inputs) {
      const std::int64_t piece = input.shape[axis] * whole.inner;
      for (std::int64_t outer = 0; outer < whole.outer; ++outer) {
        std::copy_n(input.values.data() + outer * piece, piece, target + outer * whole.extent * whole.inner);
      }
      target += piece;
    }
  }

 private:
  ops::Concat operation_;
};
ConcatLayer layer_of(const ops::Concat&);

/// The part of a tensor that has the extents of another one.
class CropLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit CropLayer(const LayerRef& layer) : operation_(layer.operation<ops::Crop>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::vector<StridedAxis> axes = dense_axes(call.inputs[0].shape);
    const std::vector<std::int64_t> offsets = crop_offsets(operation_, call.layer, axes.size());
    const float* source = call.inputs[0].values.data();
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      source += offsets[axis] * axes[axis].stride;
      axes[axis].extent = call.outputs[0].shape[axis];
    }
    gather(call.workspace, axes, source, call.outputs[0].values.data());
  }

 private:
  ops::Crop operation_;
};
CropLayer layer_of(const ops::Crop&);

/// Cuts a tensor along an axis, one piece for each output.
class SliceLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit SliceLayer(const LayerRef& layer) : operation_(layer.operation<ops::Slice>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = slice_axis(operation_, call.layer, shape.size());
    const AxisSplit whole = split_at(shape, axis, axis + 1);
    const float* source = call.inputs[0].values.data();
    for (const TensorSpan& output : call.outputs) {
      const std::int64_t piece = output.shape[axis] * whole.inner;
      gather(call.workspace, {{whole.outer, whole.extent * whole.inner}, {piece, 1}}, source, output.values.data());
      source += piece;
    }
  }

 private:
  ops::Slice operation_;
};
SliceLayer layer_of(const ops::Slice&);

/// Repeats a tensor along an axis.
class TileLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit TileLayer(const LayerRef& layer) : operation_(layer.operation<ops::Tile>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = canonical_axis(call.layer, operation_.axis, shape.size());
    const std::int64_t outer = extent_product(shape, 0, axis);
    const std::int64_t piece = extent_product(shape, axis, shape.size());
    gather(call.workspace, {{outer, piece}, {operation_.tiles, 0}, {piece, 1}}, call.inputs[0].values.data(),
           call.outputs[0].values.data());
  }

 private:
  ops::Tile operation_;
};
TileLayer layer_of(const ops::Tile&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SLICING_HPP
