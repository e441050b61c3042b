#ifndef NUQ_GRAPH_OPS_FLATTEN_HPP
#define NUQ_GRAPH_OPS_FLATTEN_HPP

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

/// The axes from `axis` to `end_axis`, both included, become one.
[[nodiscard]] inline std::vector<Shape> flatten_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const schema::FlattenParameter& parameter = layer.parameter().flatten_param();
  const Shape& input = only_input(layer, inputs);
  const std::size_t first = canonical_axis(layer, parameter.axis(), input.size());
  const std::size_t last = canonical_axis(layer, parameter.end_axis(), input.size());
  if (last < first) {
    layer.fail(ErrorCode::invalid_argument, "end_axis is " + std::to_string(parameter.end_axis()) + ", before axis " +
                                                std::to_string(parameter.axis()) + ", wanted behind it");
  }
  Shape output(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(first));
  output.push_back(extent_product(input, first, last + 1));
  output.insert(output.end(), input.begin() + static_cast<std::ptrdiff_t>(last + 1), input.end());
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_FLATTEN_HPP
