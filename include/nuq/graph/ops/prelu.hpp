#ifndef NUQ_GRAPH_OPS_PRELU_HPP
#define NUQ_GRAPH_OPS_PRELU_HPP

#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a PReLU around the axis along which its slopes change: the channels, or none with `channel_shared`.
[[nodiscard]] inline AxisSplit prelu_split(const LayerRef& layer, const Shape& input) {
  AxisSplit split = channel_split(layer, input);
  if (layer.parameter().prelu_param().channel_shared()) split = {split.outer * split.extent, 1, split.inner};
  check_blobs(layer, {{split.extent}});
  return split;
}

[[nodiscard]] inline std::vector<Shape> prelu_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(prelu_split(layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_PRELU_HPP
