#ifndef NUQ_GRAPH_OPS_ARG_MAX_HPP
#define NUQ_GRAPH_OPS_ARG_MAX_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of an ArgMax around the axis that is searched: `axis`, or, where it is not given, all axes of an item as
/// one. Throws ModelError unless top_k is from 1 to the number of values there.
[[nodiscard]] inline AxisSplit arg_max_split(const LayerRef& layer, const Shape& input) {
  const schema::ArgMaxParameter& parameter = layer.parameter().argmax_param();
  const std::size_t begin = parameter.has_axis() ? canonical_axis(layer, parameter.axis(), input.size()) : 1;
  const AxisSplit split = split_at(input, begin, parameter.has_axis() ? begin + 1 : input.size());
  if (parameter.top_k() < 1 || parameter.top_k() > split.extent) {
    layer.fail(ErrorCode::invalid_argument,
               "top_k is " + std::to_string(parameter.top_k()) + ", wanted 1 to " + std::to_string(split.extent));
  }
  return split;
}

/// With `axis` the input's shape, top_k along the axis; without it [N, 1, top_k], or [N, 2, top_k] with out_max_val,
/// padded with ones to as many axes as the input has.
[[nodiscard]] inline std::vector<Shape> arg_max_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const schema::ArgMaxParameter& parameter = layer.parameter().argmax_param();
  const Shape& input = only_input(layer, inputs);
  static_cast<void>(arg_max_split(layer, input));
  if (parameter.has_axis()) {
    Shape output = input;
    output[canonical_axis(layer, parameter.axis(), input.size())] = parameter.top_k();
    return {output};
  }
  Shape output((std::max)(input.size(), std::size_t{3}), 1);
  output[0] = input[0];
  output[1] = parameter.out_max_val() ? 2 : 1;
  output[2] = parameter.top_k();
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_ARG_MAX_HPP
