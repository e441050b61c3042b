#ifndef NUQ_GRAPH_OPS_RESHAPE_HPP
#define NUQ_GRAPH_OPS_RESHAPE_HPP

#include <algorithm>
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

namespace detail {

/// The axes [begin, end) of an input, which a Reshape puts others in place of.
struct ReshapedAxes {
  std::size_t begin;
  std::size_t end;
};

/// `num_axes` axes from `axis` on, −1 for all the rest. A negative `axis` counts from behind the last (−1).
[[nodiscard]] inline ReshapedAxes reshaped_axes(const LayerRef& layer, std::size_t rank) {
  const schema::ReshapeParameter& parameter = layer.parameter().reshape_param();
  const std::int64_t count = static_cast<std::int64_t>(rank);
  const std::int64_t begin = parameter.axis() < 0 ? parameter.axis() + count + 1 : std::int64_t{parameter.axis()};
  if (begin < 0 || begin > count) {
    layer.fail(ErrorCode::invalid_argument, "axis is " + std::to_string(parameter.axis()) + ", wanted " +
                                                std::to_string(-count - 1) + " to " + std::to_string(count));
  }
  const std::int64_t end = parameter.num_axes() == -1 ? count : begin + parameter.num_axes();
  if (end < begin || end > count) {
    layer.fail(ErrorCode::invalid_argument, "num_axes is " + std::to_string(parameter.num_axes()) + ", wanted -1 to " +
                                                std::to_string(count - begin));
  }
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

/// The extents that replace the axes: as given, 0 for the input's own extent at that place, one −1 for what is left.
[[nodiscard]] inline Shape reshaped_extents(const LayerRef& layer, const Shape& input, const ReshapedAxes& axes) {
  const auto& wanted = layer.parameter().reshape_param().shape().dim();
  Shape extents(wanted.begin(), wanted.end());
  for (std::size_t at = 0; at < extents.size(); ++at) {
    if (extents[at] != 0) continue;
    if (axes.begin + at >= input.size()) {
      layer.fail(ErrorCode::invalid_argument, "extent " + std::to_string(at) + " of the shape is 0, the input " +
                                                  to_string(input) + " has no axis there");
    }
    extents[at] = input[axes.begin + at];
  }
  const auto left = std::find(extents.begin(), extents.end(), -1);
  if (left == extents.end()) return extents;
  *left = 1;
  const std::int64_t count = extent_product(input, axes.begin, axes.end);
  const bool divides = is_valid_shape(extents) && count % static_cast<std::int64_t>(element_count(extents)) == 0;
  if (!divides) {
    layer.fail(ErrorCode::size_mismatch, "the shape's other extents " + to_string(extents) + " do not divide the " +
                                             std::to_string(count) + " values of the input " + to_string(input));
  }
  *left = count / static_cast<std::int64_t>(element_count(extents));
  return extents;
}

}  // namespace detail

/// The input's values in another shape. A scalar, to Caffe a shape without axes, is [1].
[[nodiscard]] inline std::vector<Shape> reshape_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  const detail::ReshapedAxes axes = detail::reshaped_axes(layer, input.size());
  const Shape extents = detail::reshaped_extents(layer, input, axes);
  Shape output(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axes.begin));
  output.insert(output.end(), extents.begin(), extents.end());
  output.insert(output.end(), input.begin() + static_cast<std::ptrdiff_t>(axes.end), input.end());
  if (!is_valid_shape(output) || element_count(output) != element_count(input)) {
    layer.fail(ErrorCode::size_mismatch,
               "the input " + to_string(input) + " does not fit the shape " + to_string(output));
  }
  if (output.empty()) output = {1};
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RESHAPE_HPP
