#ifndef NUQ_GRAPH_OPS_RESHAPE_HPP
#define NUQ_GRAPH_OPS_RESHAPE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// The axes from `axis` to `end_axis`, both included, become one; an `end_axis` right before `axis` puts one of extent
/// 1 between them.
struct Flatten {
  std::int64_t axis = 1;
  std::int64_t end_axis = -1;
};

/// Puts the axes in another order, that of the output: `order`, then the axes that it leaves out, ascending.
struct Permute {
  std::vector<std::int64_t> order{};
};

/// The values in another shape: `shape` replaces `num_axes` axes from `axis` on.
struct Reshape {
  Shape shape{};               ///< 0: the input's own extent at that place; −1, once: what is left
  std::int64_t axis = 0;       ///< negative ones count from behind the last axis (−1)
  std::int64_t num_axes = -1;  ///< −1: all the rest
};

/// Leaves out axes of extent 1.
struct Squeeze {
  std::vector<std::int64_t> axes{};  ///< negative ones count from the end; none: all of extent 1
};

/// Puts in axes of extent 1.
struct Unsqueeze {
  std::vector<std::int64_t> axes{};  ///< of the output; negative ones count from its end
};

/// Repeats values to a larger shape (see `broadcast_shape`).
struct Expand {
  Shape shape{};
};

/// Channels in groups, reordered so that the first ones of all groups come first, then the second ones, and so on
/// (Zhang, Zhou, Lin and Sun: ShuffleNet, 2017).
struct ShuffleChannel {
  std::int64_t group = 1;
};

/// This family's part of `Operation`.
using Reshapings = OperationList<Expand, Flatten, Permute, Reshape, ShuffleChannel, Squeeze, Unsqueeze>;

}  // namespace ops

/// For each axis of a Permute's output the input's axis it shows. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::size_t> permute_order(const ops::Permute& permute,
                                                                         const LayerContext& layer, std::size_t rank) {
  std::vector<std::size_t> order;
  std::vector<bool> is_taken(rank, false);
  for (const std::int64_t axis : permute.order) {
    const std::size_t index = static_cast<std::size_t>(axis);
    if (axis < 0 || index >= rank || is_taken[index]) {
      layer.fail(ErrorCode::invalid_argument, "order has the axis " + std::to_string(axis) +
                                                  ", wanted different axes below " + std::to_string(rank));
    }
    is_taken[index] = true;
    order.push_back(index);
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (!is_taken[axis]) order.push_back(axis);
  }
  return order;
}

namespace detail {

/// The axes [begin, end) of an input, which a Reshape puts others in place of.
struct ReshapedAxes {
  std::size_t begin;
  std::size_t end;
};

NUQ_FUNCTION [[nodiscard]] inline ReshapedAxes reshaped_axes(const ops::Reshape& reshape, const LayerContext& layer,
                                                             std::size_t rank) {
  const std::int64_t count = static_cast<std::int64_t>(rank);
  const std::int64_t begin = reshape.axis < 0 ? reshape.axis + count + 1 : reshape.axis;
  if (begin < 0 || begin > count) {
    layer.fail(ErrorCode::invalid_argument, "axis is " + std::to_string(reshape.axis) + ", wanted " +
                                                std::to_string(-count - 1) + " to " + std::to_string(count));
  }
  const std::int64_t end = reshape.num_axes == -1 ? count : begin + reshape.num_axes;
  if (end < begin || end > count) {
    layer.fail(ErrorCode::invalid_argument,
               "num_axes is " + std::to_string(reshape.num_axes) + ", wanted -1 to " + std::to_string(count - begin));
  }
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

/// The extents that replace the axes.
NUQ_FUNCTION [[nodiscard]] inline Shape reshaped_extents(const ops::Reshape& reshape, const LayerContext& layer,
                                                         const Shape& input, const ReshapedAxes& axes) {
  Shape extents = reshape.shape;
  for (std::size_t at = 0; at < extents.size(); ++at) {
    if (extents[at] != 0) continue;
    if (axes.begin + at >= input.size()) {
      layer.fail(ErrorCode::invalid_argument, "extent " + std::to_string(at) + " of the shape is 0, the input " +
                                                  to_string(input) + " has no axis there");
    }
    extents[at] = input[axes.begin + at];
  }
  const auto left = std::find(extents.begin(), extents.end(), -1);
  if (left == extents.end()) return extents;
  *left = 1;
  const std::int64_t count = extent_product(input, axes.begin, axes.end);
  const bool divides = is_valid_shape(extents) && count % static_cast<std::int64_t>(element_count(extents)) == 0;
  if (!divides) {
    layer.fail(ErrorCode::size_mismatch, "the shape's other extents " + to_string(extents) + " do not divide the " +
                                             std::to_string(count) + " values of the input " + to_string(input));
  }
  *left = count / static_cast<std::int64_t>(element_count(extents));
  return extents;
}

}  // namespace detail

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Flatten& flatten, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t first = canonical_axis(layer, flatten.axis, input.size());
  const std::size_t last = canonical_axis(layer, flatten.end_axis, input.size());
  if (last + 1 < first) {
    layer.fail(ErrorCode::invalid_argument, "end_axis is " + std::to_string(flatten.end_axis) + " for axis " +
                                                std::to_string(flatten.axis) + ", wanted at least the one before it");
  }
  Shape output(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(first));
  output.push_back(extent_product(input, first, last + 1));
  output.insert(output.end(), input.begin() + static_cast<std::ptrdiff_t>(last + 1), input.end());
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Permute& permute, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  Shape output;
  for (const std::size_t axis : permute_order(permute, layer, input.size())) output.push_back(input[axis]);
  return {output};
}

/// A scalar, to Caffe a shape without axes, is [1].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Reshape& reshape, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const detail::ReshapedAxes axes = detail::reshaped_axes(reshape, layer, input.size());
  const Shape extents = detail::reshaped_extents(reshape, layer, input, axes);
  Shape output(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axes.begin));
  output.insert(output.end(), extents.begin(), extents.end());
  output.insert(output.end(), input.begin() + static_cast<std::ptrdiff_t>(axes.end), input.end());
  if (!is_valid_shape(output) || element_count(output) != element_count(input)) {
    layer.fail(ErrorCode::size_mismatch,
               "the input " + to_string(input) + " does not fit the shape " + to_string(output));
  }
  if (output.empty()) output = {1};
  return {output};
}

/// A single value is [1].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Squeeze& squeeze, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  std::vector<bool> is_dropped(input.size(), false);
  for (const std::int64_t given : squeeze.axes) {
    const std::size_t axis = canonical_axis(layer, given, input.size());
    if (input[axis] != 1) {
      layer.fail(ErrorCode::size_mismatch,
                 "axis " + std::to_string(axis) + " of the input " + to_string(input) + " is no axis of extent 1");
    }
    is_dropped[axis] = true;
  }
  Shape output;
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    const bool is_left_out = squeeze.axes.empty() ? input[axis] == 1 : is_dropped[axis];
    if (!is_left_out) output.push_back(input[axis]);
  }
  if (output.empty()) output = {1};
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Unsqueeze& unsqueeze,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t rank = input.size() + unsqueeze.axes.size();
  std::vector<bool> is_new(rank, false);
  for (const std::int64_t axis : unsqueeze.axes) {
    const std::size_t index = canonical_axis(layer, axis, rank);
    if (is_new[index]) layer.fail(ErrorCode::invalid_argument, "axis " + std::to_string(axis) + " is given twice");
    is_new[index] = true;
  }
  Shape output;
  auto next = input.begin();
  for (std::size_t axis = 0; axis < rank; ++axis) output.push_back(is_new[axis] ? 1 : *next++);
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Expand& expand, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {broadcast_shape(layer, only_input(layer, inputs), expand.shape)};
}

/// The channels must be a multiple of `group`.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const ShuffleChannel& shuffle,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const std::int64_t channels = channel_split(layer, only_input(layer, inputs)).extent;
  if (shuffle.group < 1 || channels % shuffle.group != 0) {
    layer.fail(ErrorCode::invalid_argument, "group is " + std::to_string(shuffle.group) + ", wanted a divisor of " +
                                                std::to_string(channels) + " channels");
  }
  return inputs;
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RESHAPE_HPP
