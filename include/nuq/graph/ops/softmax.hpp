#ifndef NUQ_GRAPH_OPS_SOFTMAX_HPP
#define NUQ_GRAPH_OPS_SOFTMAX_HPP

#include <cstddef>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a Softmax around the axis whose values sum up to 1.
[[nodiscard]] inline AxisSplit softmax_split(const LayerRef& layer, const Shape& input) {
  const std::size_t axis = canonical_axis(layer, layer.parameter().softmax_param().axis(), input.size());
  return split_at(input, axis, axis + 1);
}

[[nodiscard]] inline std::vector<Shape> softmax_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(softmax_split(layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SOFTMAX_HPP
