#ifndef NUQ_GRAPH_OPS_NORMALIZE_HPP
#define NUQ_GRAPH_OPS_NORMALIZE_HPP

#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a Normalize around its channels; the factors are one per channel, or one with `channel_shared`.
[[nodiscard]] inline AxisSplit normalize_split(const LayerRef& layer, const Shape& input) {
  const AxisSplit split = channel_split(layer, input);
  check_blobs(layer, {{layer.parameter().norm_param().channel_shared() ? 1 : split.extent}});
  return split;
}

[[nodiscard]] inline std::vector<Shape> normalize_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(normalize_split(layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_NORMALIZE_HPP
