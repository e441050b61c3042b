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

/// Every step-th value along some axes.
class StridedSliceLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit StridedSliceLayer(const LayerRef& layer) : operation_(layer.operation<ops::StridedSlice>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::vector<StridedAxis> axes = dense_axes(call.inputs[0].shape);
    const std::vector<SlicedAxis> slices = sliced_axes(operation_, call.layer, call.inputs[0].shape);
    const float* source = call.inputs[0].values.data();
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      source += slices[axis].start * axes[axis].stride;
      axes[axis] = {slices[axis].count, slices[axis].step * axes[axis].stride};
    }
    gather(call.workspace, axes, source, call.outputs[0].values.data());
  }

 private:
  ops::StridedSlice operation_;
};
StridedSliceLayer layer_of(const ops::StridedSlice&);

/// The values of an axis at given places.
class TakeLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit TakeLayer(const LayerRef& layer) : operation_(layer.operation<ops::Take>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = take_axis(operation_, call.layer, shape);
    const AxisSplit split = split_at(shape, axis, axis + 1);
    float* target = call.outputs[0].values.data();
    for (std::int64_t outer = 0; outer < split.outer; ++outer) {
      for (const std::int64_t place : operation_.places) {
        const std::int64_t line = outer * split.extent + (place < 0 ? place + split.extent : place);
        target = std::copy_n(call.inputs[0].values.data() + line * split.inner, split.inner, target);
      }
    }
  }

 private:
  ops::Take operation_;
};
TakeLayer layer_of(const ops::Take&);

/// Values before and behind those of each axis.
class PadLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit PadLayer(const LayerRef& layer) : operation_(layer.operation<ops::Pad>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.outputs[0].shape;
    const std::vector<StridedAxis> input = dense_axes(call.inputs[0].shape);
    std::vector<std::vector<std::int64_t>> offsets(shape.size());  // by axis, of each place; −1 beyond the border
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      for (std::int64_t place = 0; place < shape[axis]; ++place) {
        const std::int64_t from = source_place(place - operation_.begin[axis], input[axis].extent);
        offsets[axis].push_back(from < 0 ? -1 : from * input[axis].stride);
      }
    }
    const std::int64_t width = shape.back();
    call.workspace.for_each_range(extent_product(shape, 0, shape.size() - 1), width,
                                  [&](std::int64_t begin, std::int64_t end) {
                                    for (std::int64_t line = begin; line < end; ++line) {
                                      write_line(call, offsets, line, call.outputs[0].values.data() + line * width);
                                    }
                                  });
  }

 private:
  /// The place whose value is read; −1 where the constant stands.
  NUQ_FUNCTION [[nodiscard]] std::int64_t source_place(std::int64_t place, std::int64_t extent) const noexcept {
    if (place >= 0 && place < extent) return place;
    if (operation_.mode == ops::PadMode::edge) return place < 0 ? 0 : extent - 1;
    if (operation_.mode == ops::PadMode::reflect) return place < 0 ? -place : 2 * (extent - 1) - place;
    return -1;
  }

  NUQ_FUNCTION void write_line(const LayerCall& call, const std::vector<std::vector<std::int64_t>>& offsets,
                               std::int64_t line, float* target) const {
    std::int64_t outer = 0;
    bool is_beyond = false;
    for (std::size_t axis = offsets.size() - 1; axis-- > 0;) {
      const auto extent = static_cast<std::int64_t>(offsets[axis].size());
      const std::int64_t offset = offsets[axis][static_cast<std::size_t>(line % extent)];
      is_beyond = is_beyond || offset < 0;
      outer += offset;
      line /= extent;
    }
    for (const std::int64_t inner : offsets.back()) {
      const bool is_constant = is_beyond || inner < 0;
      *target++ = is_constant ? operation_.value : call.inputs[0].values.data()[outer + inner];
    }
  }

  ops::Pad operation_;
};
PadLayer layer_of(const ops::Pad&);

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
