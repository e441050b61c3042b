#ifndef NUQ_GRAPH_OPS_SLICE_HPP
#define NUQ_GRAPH_OPS_SLICE_HPP

#include <cstddef>
#include <cstdint>
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

/// The axis along which a Slice cuts an input of `rank` axes; `slice_dim` is its old name.
[[nodiscard]] inline std::size_t slice_axis(const LayerRef& layer, std::size_t rank) {
  const schema::SliceParameter& parameter = layer.parameter().slice_param();
  if (parameter.has_axis() && parameter.has_slice_dim()) {
    layer.fail(ErrorCode::invalid_argument, "axis and slice_dim are both given, wanted one of them");
  }
  const std::int64_t axis =
      parameter.has_slice_dim() ? std::int64_t{parameter.slice_dim()} : std::int64_t{parameter.axis()};
  return canonical_axis(layer, axis, rank);
}

namespace detail {

/// Where the pieces of an axis begin, and its end: 0, the slice points (or equal steps), `extent`.
[[nodiscard]] inline std::vector<std::int64_t> slice_borders(const LayerRef& layer, std::int64_t extent) {
  const auto& points = layer.parameter().slice_param().slice_point();
  const std::int64_t pieces = static_cast<std::int64_t>(layer.node.outputs.size());
  std::vector<std::int64_t> borders = {0};
  if (points.empty()) {
    if (pieces < 1 || extent % pieces != 0) {
      layer.fail(ErrorCode::size_mismatch, "an axis of " + std::to_string(extent) + " values is to be cut into " +
                                               std::to_string(pieces) + " equal outputs, wanted a divisor");
    }
    for (std::int64_t piece = 1; piece <= pieces; ++piece) borders.push_back(piece * (extent / pieces));
    return borders;
  }
  if (points.size() != pieces - 1) {
    layer.fail(ErrorCode::size_mismatch, "slice_point has " + std::to_string(points.size()) + " values for " +
                                             std::to_string(pieces) + " outputs, wanted one fewer than outputs");
  }
  for (const std::int64_t point : points) {
    if (point <= borders.back() || point >= extent) {
      layer.fail(ErrorCode::invalid_argument, "slice_point is " + std::to_string(point) + ", wanted ascending values " +
                                                  "from 1 to " + std::to_string(extent - 1));
    }
    borders.push_back(point);
  }
  borders.push_back(extent);
  return borders;
}

}  // namespace detail

/// One piece of the axis for every output: between the slice points, or equal ones where there are none.
[[nodiscard]] inline std::vector<Shape> slice_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const std::size_t axis = slice_axis(layer, input.size());
  const std::vector<std::int64_t> borders = detail::slice_borders(layer, input[axis]);
  std::vector<Shape> outputs(borders.size() - 1, input);
  for (std::size_t piece = 0; piece < outputs.size(); ++piece) {
    outputs[piece][axis] = borders[piece + 1] - borders[piece];
  }
  return outputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SLICE_HPP
