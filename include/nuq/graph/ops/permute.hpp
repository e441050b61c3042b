#ifndef NUQ_GRAPH_OPS_PERMUTE_HPP
#define NUQ_GRAPH_OPS_PERMUTE_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// For each axis of a Permute's output the input's axis it shows: `order`, then the axes that it leaves out, ascending.
[[nodiscard]] inline std::vector<std::size_t> permute_order(const LayerRef& layer, std::size_t rank) {
  std::vector<std::size_t> order;
  std::vector<bool> is_taken(rank, false);
  for (const std::size_t axis : layer.parameter().permute_param().order()) {
    if (axis >= rank || is_taken[axis]) {
      layer.fail(ErrorCode::invalid_argument, "order has the axis " + std::to_string(axis) +
                                                  ", wanted different axes below " + std::to_string(rank));
    }
    is_taken[axis] = true;
    order.push_back(axis);
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (!is_taken[axis]) order.push_back(axis);
  }
  return order;
}

[[nodiscard]] inline std::vector<Shape> permute_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  Shape output;
  for (const std::size_t axis : permute_order(layer, input.size())) output.push_back(input[axis]);
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_PERMUTE_HPP
