#ifndef NUQ_GRAPH_OPS_SLICING_HPP
#define NUQ_GRAPH_OPS_SLICING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// Lines its inputs up along an axis.
struct Concat {
  std::int64_t axis = 1;
};

/// The part of the first input that has the extents of the second from `axis` on.
struct Crop {
  std::int64_t axis = 2;
  std::vector<std::int64_t> offsets{};  ///< where the part begins: one for all axes, or one for each; 0 without any
};

/// Cuts its input along an axis, one piece for each output.
struct Slice {
  std::int64_t axis = 1;
  std::vector<std::int64_t> points{};  ///< where pieces but the first begin; without any the pieces are equal
};

/// The values of an axis at the given places.
struct Take {
  std::int64_t axis = 0;
  std::vector<std::int64_t> places{};  ///< negative ones count from the end
  bool keeps_axis = true;              ///< false: a single place, the axis vanishes
};

/// Along each of `axes` every step-th value from `starts` up to `ends`, which is left out; as NumPy's slices.
struct StridedSlice {
  std::vector<std::int64_t> axes{};
  std::vector<std::int64_t> starts{};
  std::vector<std::int64_t> ends{};
  std::vector<std::int64_t> steps{};  ///< negative ones go backwards
};

/// What stands beyond the border of a tensor.
enum class PadMode {
  constant,
  edge,    ///< the outermost value
  reflect  ///< the values mirrored at the outermost one
};

/// Adds values before and behind those of each axis; negative numbers leave values out.
struct Pad {
  PadMode mode = PadMode::constant;
  std::vector<std::int64_t> begin{};  ///< of each axis
  std::vector<std::int64_t> end{};
  float value = 0.0F;
};

/// `tiles` copies of the input along an axis.
struct Tile {
  std::int64_t axis = 1;
  std::int64_t tiles = 1;
};

/// This family's part of `Operation`.
using Slicings = OperationList<Concat, Crop, Pad, Slice, StridedSlice, Take, Tile>;

}  // namespace ops

/// The axis along which a Concat lines up its inputs of `rank` axes.
NUQ_FUNCTION [[nodiscard]] inline std::size_t concat_axis(const ops::Concat& concat, const LayerContext& layer,
                                                          std::size_t rank) {
  return canonical_axis(layer, concat.axis, rank);
}

/// Where a Crop begins along every axis of its first input, whose axes it has: 0 before `axis`. Throws ModelError
/// naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> crop_offsets(const ops::Crop& crop,
                                                                         const LayerContext& layer, std::size_t rank) {
  const std::size_t axis = canonical_axis(layer, crop.axis, rank);
  const std::size_t given = crop.offsets.size();
  if (given > 1 && given != rank - axis) {
    layer.fail(ErrorCode::size_mismatch, "offset has " + std::to_string(given) + " values, wanted 1 or " +
                                             std::to_string(rank - axis) + ", one for each axis from axis " +
                                             std::to_string(axis) + " on");
  }
  std::vector<std::int64_t> offsets(rank, 0);
  for (std::size_t at = axis; at < rank && given > 0; ++at) offsets[at] = crop.offsets[given == 1 ? 0 : at - axis];
  return offsets;
}

/// The axis along which a Slice cuts an input of `rank` axes.
NUQ_FUNCTION [[nodiscard]] inline std::size_t slice_axis(const ops::Slice& slice, const LayerContext& layer,
                                                         std::size_t rank) {
  return canonical_axis(layer, slice.axis, rank);
}

namespace detail {

/// Where the pieces of an axis begin, and its end: 0, the slice points (or equal steps), `extent`.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> slice_borders(const ops::Slice& slice,
                                                                          const LayerContext& layer,
                                                                          std::int64_t extent) {
  const std::int64_t pieces = static_cast<std::int64_t>(layer.outputs);
  std::vector<std::int64_t> borders = {0};
  if (slice.points.empty()) {
    if (pieces < 1 || extent % pieces != 0) {
      layer.fail(ErrorCode::size_mismatch, "an axis of " + std::to_string(extent) + " values is to be cut into " +
                                               std::to_string(pieces) + " equal outputs, wanted a divisor");
    }
    for (std::int64_t piece = 1; piece <= pieces; ++piece) borders.push_back(piece * (extent / pieces));
    return borders;
  }
  if (static_cast<std::int64_t>(slice.points.size()) != pieces - 1) {
    layer.fail(ErrorCode::size_mismatch, "slice_point has " + std::to_string(slice.points.size()) + " values for " +
                                             std::to_string(pieces) + " outputs, wanted one fewer than outputs");
  }
  for (const std::int64_t point : slice.points) {
    if (point <= borders.back() || point >= extent) {
      layer.fail(ErrorCode::invalid_argument, "slice_point is " + std::to_string(point) + ", wanted ascending values " +
                                                  "from 1 to " + std::to_string(extent - 1));
    }
    borders.push_back(point);
  }
  borders.push_back(extent);
  return borders;
}

}  // namespace detail

/// One axis as a StridedSlice reads it: `count` values, `step` apart, from `start` on.
struct SlicedAxis {
  std::int64_t start = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};

/// The axes of an input as a StridedSlice reads them. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline std::vector<SlicedAxis> sliced_axes(const ops::StridedSlice& slice,
                                                                      const LayerContext& layer, const Shape& input) {
  const std::size_t count = slice.axes.size();
  if (slice.starts.size() != count || slice.ends.size() != count || slice.steps.size() != count) {
    layer.fail(ErrorCode::size_mismatch, "starts, ends and steps have " + std::to_string(slice.starts.size()) + ", " +
                                             std::to_string(slice.ends.size()) + " and " +
                                             std::to_string(slice.steps.size()) + " values, wanted " +
                                             std::to_string(count) + ", one for each axis");
  }
  std::vector<SlicedAxis> axes;
  for (const std::int64_t extent : input) axes.push_back({0, 1, extent});
  for (std::size_t at = 0; at < count; ++at) {
    const std::size_t axis = canonical_axis(layer, slice.axes[at], input.size());
    const std::int64_t extent = input[axis];
    const std::int64_t step = slice.steps[at];
    if (step == 0) layer.fail(ErrorCode::invalid_argument, "a step is 0, wanted another number");
    const auto within = [extent, step](std::int64_t place) {
      const std::int64_t least = step < 0 ? -1 : 0;
      const std::int64_t most = step < 0 ? extent - 1 : extent;
      const std::int64_t from_begin = place < 0 && place >= -extent ? place + extent : place;
      return from_begin < least ? least : (from_begin > most ? most : from_begin);
    };
    const std::int64_t start = within(slice.starts[at]);
    const std::int64_t room = step < 0 ? start - within(slice.ends[at]) : within(slice.ends[at]) - start;
    const std::int64_t width = step < 0 ? (step < -extent ? extent : -step) : (step > extent ? extent : step);
    axes[axis] = {start, step, room > 0 ? (room + width - 1) / width : 0};
  }
  return axes;
}

/// The input around the axis that a Take reads; its places are checked.
NUQ_FUNCTION [[nodiscard]] inline std::size_t take_axis(const ops::Take& take, const LayerContext& layer,
                                                        const Shape& input) {
  const std::size_t axis = canonical_axis(layer, take.axis, input.size());
  for (const std::int64_t place : take.places) {
    if (place >= -input[axis] && place < input[axis]) continue;
    layer.fail(ErrorCode::invalid_argument, "place " + std::to_string(place) + " is asked for along axis " +
                                                std::to_string(axis) + ", the input is " + to_string(input));
  }
  return axis;
}

namespace ops {

/// All inputs must agree but along the axis.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Concat& concat, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  Shape output = first_input(layer, inputs);
  const std::size_t axis = concat_axis(concat, layer, output.size());
  output[axis] = 0;
  for (const Shape& input : inputs) {
    Shape rest = input;
    if (rest.size() == output.size()) rest[axis] = output[axis];
    if (rest != output) {
      layer.fail(ErrorCode::size_mismatch, "Concat has the inputs " + to_string(inputs.front()) + " and " +
                                               to_string(input) + ", wanted shapes that differ along axis " +
                                               std::to_string(axis) + " alone");
    }
    output[axis] += input[axis];
  }
  return {output};
}

/// The first input's extents before `axis`, the second one's from there on.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Crop& crop, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  Shape output = inputs[0];
  const std::vector<std::int64_t> offsets = crop_offsets(crop, layer, output.size());
  for (std::size_t at = canonical_axis(layer, crop.axis, output.size()); at < output.size(); ++at) {
    if (at >= inputs[1].size() || offsets[at] + inputs[1][at] > output[at]) {
      layer.fail(ErrorCode::size_mismatch, "along axis " + std::to_string(at) + " an extent of the second input, " +
                                               to_string(inputs[1]) + ", from offset " + std::to_string(offsets[at]) +
                                               " on does not lie within the first, " + to_string(inputs[0]));
    }
    output[at] = inputs[1][at];
  }
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Slice& slice, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t axis = slice_axis(slice, layer, input.size());
  const std::vector<std::int64_t> borders = detail::slice_borders(slice, layer, input[axis]);
  std::vector<Shape> outputs(borders.size() - 1, input);
  for (std::size_t piece = 0; piece < outputs.size(); ++piece) {
    outputs[piece][axis] = borders[piece + 1] - borders[piece];
  }
  return outputs;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const StridedSlice& slice, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  Shape output;
  for (const SlicedAxis& axis : sliced_axes(slice, layer, only_input(layer, inputs))) output.push_back(axis.count);
  return {output};
}

/// A single value is [1].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Take& take, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  Shape output = only_input(layer, inputs);
  const auto axis = output.begin() + static_cast<std::ptrdiff_t>(take_axis(take, layer, output));
  *axis = static_cast<std::int64_t>(take.places.size());
  if (!take.keeps_axis) output.erase(axis);
  if (output.empty()) output = {1};
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Pad& pad, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  Shape output = only_input(layer, inputs);
  if (pad.begin.size() != output.size() || pad.end.size() != output.size()) {
    layer.fail(ErrorCode::size_mismatch,
               "pads are given for " + std::to_string(pad.begin.size()) + " axes, the input is " + to_string(output));
  }
  for (std::size_t axis = 0; axis < output.size(); ++axis) {
    const std::int64_t extent = output[axis];
    const std::int64_t most = pad.mode == PadMode::reflect ? extent - 1 : max_element_count;
    if (pad.begin[axis] < -extent || pad.begin[axis] > most || pad.end[axis] < -extent || pad.end[axis] > most) {
      layer.fail(ErrorCode::invalid_argument,
                 "pads of axis " + std::to_string(axis) + " are " + std::to_string(pad.begin[axis]) + " and " +
                     std::to_string(pad.end[axis]) + " for the input " + to_string(inputs[0]));
    }
    output[axis] = pad.begin[axis] + extent + pad.end[axis];
  }
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Tile& tile, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (tile.tiles < 1) {
    layer.fail(ErrorCode::invalid_argument, "tiles is " + std::to_string(tile.tiles) + ", wanted at least 1");
  }
  Shape output = only_input(layer, inputs);
  output[canonical_axis(layer, tile.axis, output.size())] *= tile.tiles;
  return {output};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SLICING_HPP
