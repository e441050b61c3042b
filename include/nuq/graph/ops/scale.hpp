#ifndef NUQ_GRAPH_OPS_SCALE_HPP
#define NUQ_GRAPH_OPS_SCALE_HPP

#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/covered_axes.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a Scale layer around the axes that its trained factors cover; blobs, where the layer has them, must
/// have these extents.
[[nodiscard]] inline AxisSplit scale_split(const LayerRef& layer, const Shape& input) {
  const schema::ScaleParameter& parameter = layer.parameter().scale_param();
  const AxisSplit split = covered_axes(layer, input, parameter.axis(), parameter.num_axes());
  check_weights_and_bias(layer, {split.extent}, parameter.bias_term(), split.extent);
  return split;
}

/// The input around the axes that a second input covers; the only trained blob is the bias, if there is one.
[[nodiscard]] inline AxisSplit scale_split(const LayerRef& layer, const Shape& input, const Shape& factors) {
  const schema::ScaleParameter& parameter = layer.parameter().scale_param();
  const AxisSplit split = covered_axes(layer, input, parameter.axis(), factors);
  if (parameter.bias_term()) check_blobs(layer, {{split.extent}});
  return split;
}

/// Scale with trained factors has one input; with two inputs the second one holds the factors.
[[nodiscard]] inline std::vector<Shape> scale_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 1, 2);
  const Shape& input = inputs.front();
  static_cast<void>(inputs.size() == 1 ? scale_split(layer, input) : scale_split(layer, input, inputs[1]));
  return {input};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SCALE_HPP
