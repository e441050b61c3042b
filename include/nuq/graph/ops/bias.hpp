#ifndef NUQ_GRAPH_OPS_BIAS_HPP
#define NUQ_GRAPH_OPS_BIAS_HPP

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

/// The input of a Bias layer around the axes that its trained values cover; blobs, where the layer has them, must have
/// these extents.
[[nodiscard]] inline AxisSplit bias_split(const LayerRef& layer, const Shape& input) {
  const schema::BiasParameter& parameter = layer.parameter().bias_param();
  const AxisSplit split = covered_axes(layer, input, parameter.axis(), parameter.num_axes());
  check_blobs(layer, {{split.extent}});
  return split;
}

/// The input around the axes that a second input covers.
[[nodiscard]] inline AxisSplit bias_split(const LayerRef& layer, const Shape& input, const Shape& bias) {
  return covered_axes(layer, input, layer.parameter().bias_param().axis(), bias);
}

/// Bias with trained values has one input; with two inputs the second one holds what is added.
[[nodiscard]] inline std::vector<Shape> bias_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 1, 2);
  const Shape& input = inputs.front();
  static_cast<void>(inputs.size() == 1 ? bias_split(layer, input) : bias_split(layer, input, inputs[1]));
  return {input};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BIAS_HPP
