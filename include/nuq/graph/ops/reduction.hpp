#ifndef NUQ_GRAPH_OPS_REDUCTION_HPP
#define NUQ_GRAPH_OPS_REDUCTION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// The places of the `top_k` largest values along an axis, or of each item.
struct ArgMax {
  std::optional<std::int64_t> axis{};  ///< none: all axes of an item as one
  std::int64_t top_k = 1;
  bool with_values = false;  ///< the values, with `axis` in place of the places, otherwise behind them
};

/// What Reduction makes of the values that it takes together.
enum class ReductionMethod { sum, sum_of_magnitudes, sum_of_squares, mean };

/// coefficient times the sum, say, of all values of the axes from `axis` on.
struct Reduction {
  ReductionMethod method = ReductionMethod::sum;
  std::int64_t axis = 0;
  float coefficient = 1.0F;
};

/// What Reduce makes of the values that it takes together.
enum class ReduceMethod { sum, mean, maximum, minimum, product, sum_of_magnitudes, sum_of_squares, norm };

/// The sum, say, of all values along some axes; the norm is the root of the sum of squares.
struct Reduce {
  ReduceMethod method = ReduceMethod::sum;
  std::vector<std::int64_t> axes{};  ///< negative ones count from the end; none: all
  bool keeps_axes = true;            ///< with an extent of 1
};

/// y = eˣ / Σ eˣ along an axis.
struct Softmax {
  std::int64_t axis = 1;
};

/// This family's part of `Operation`.
using Reductions = OperationList<ArgMax, Reduce, Reduction, Softmax>;

}  // namespace ops

/// The input of an ArgMax around the axis that is searched, or around all axes of an item as one. Throws ModelError
/// unless top_k is from 1 to the number of values there.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit arg_max_split(const ops::ArgMax& arg_max, const LayerContext& layer,
                                                          const Shape& input) {
  const std::size_t begin = arg_max.axis ? canonical_axis(layer, *arg_max.axis, input.size()) : 1;
  const AxisSplit split = split_at(input, begin, arg_max.axis ? begin + 1 : input.size());
  if (arg_max.top_k < 1 || arg_max.top_k > split.extent) {
    layer.fail(ErrorCode::invalid_argument,
               "top_k is " + std::to_string(arg_max.top_k) + ", wanted 1 to " + std::to_string(split.extent));
  }
  return split;
}

/// The first of the axes that a Reduction takes together, in an input of `rank` axes.
NUQ_FUNCTION [[nodiscard]] inline std::size_t reduction_axis(const ops::Reduction& reduction, const LayerContext& layer,
                                                             std::size_t rank) {
  return canonical_axis(layer, reduction.axis, rank);
}

/// For each axis of an input of `rank` axes, whether a Reduce takes its values together.
NUQ_FUNCTION [[nodiscard]] inline std::vector<bool> reduced_axes(const ops::Reduce& reduce, const LayerContext& layer,
                                                                 std::size_t rank) {
  std::vector<bool> is_reduced(rank, reduce.axes.empty());
  for (const std::int64_t axis : reduce.axes) is_reduced[canonical_axis(layer, axis, rank)] = true;
  return is_reduced;
}

/// The input of a Softmax around the axis whose values sum up to 1.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit softmax_split(const ops::Softmax& softmax, const LayerContext& layer,
                                                          const Shape& input) {
  const std::size_t axis = canonical_axis(layer, softmax.axis, input.size());
  return split_at(input, axis, axis + 1);
}

namespace ops {

/// With `axis` the input's shape, top_k along the axis; without it [N, 1, top_k], or [N, 2, top_k] with values, padded
/// with ones to as many axes as the input has.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const ArgMax& arg_max, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  static_cast<void>(arg_max_split(arg_max, layer, input));
  if (arg_max.axis) {
    Shape output = input;
    output[canonical_axis(layer, *arg_max.axis, input.size())] = arg_max.top_k;
    return {output};
  }
  Shape output((std::max)(input.size(), std::size_t{3}), 1);
  output[0] = input[0];
  output[1] = arg_max.with_values ? 2 : 1;
  output[2] = arg_max.top_k;
  return {output};
}

/// The axes before `axis`. One value for the whole input, to Caffe a shape without axes, is [1].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Reduction& reduction,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t axis = reduction_axis(reduction, layer, input.size());
  if (axis == 0) return {{1}};
  return {{input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis)}};
}

/// One value for the whole input is [1] where no axes are kept.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Reduce& reduce, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::vector<bool> is_reduced = reduced_axes(reduce, layer, input.size());
  Shape output;
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    if (!is_reduced[axis]) output.push_back(input[axis]);
    if (is_reduced[axis] && reduce.keeps_axes) output.push_back(1);
  }
  if (output.empty()) output = {1};
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Softmax& softmax, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(softmax_split(softmax, layer, only_input(layer, inputs)));
  return inputs;
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_REDUCTION_HPP
