#ifndef NUQ_GRAPH_OPS_REDUCTION_HPP
#define NUQ_GRAPH_OPS_REDUCTION_HPP

#include <cstddef>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The first of the axes that a Reduction takes together: all from there on.
[[nodiscard]] inline std::size_t reduction_axis(const LayerRef& layer, std::size_t rank) {
  return canonical_axis(layer, layer.parameter().reduction_param().axis(), rank);
}

/// The axes before `axis`. One value for the whole input, to Caffe a shape without axes, is [1].
[[nodiscard]] inline std::vector<Shape> reduction_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t axis = reduction_axis(layer, input.size());
  if (axis == 0) return {{1}};
  return {{input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis)}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_REDUCTION_HPP
