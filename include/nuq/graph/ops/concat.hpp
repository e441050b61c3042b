#ifndef NUQ_GRAPH_OPS_CONCAT_HPP
#define NUQ_GRAPH_OPS_CONCAT_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The axis along which a Concat lines up its inputs of `rank` axes; `concat_dim` is its old name.
[[nodiscard]] inline std::size_t concat_axis(const LayerRef& layer, std::size_t rank) {
  const schema::ConcatParameter& parameter = layer.parameter().concat_param();
  const std::int64_t axis =
      parameter.has_concat_dim() ? std::int64_t{parameter.concat_dim()} : std::int64_t{parameter.axis()};
  return canonical_axis(layer, axis, rank);
}

/// All inputs must agree but along the axis.
[[nodiscard]] inline std::vector<Shape> concat_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  Shape output = first_input(layer, inputs);
  const std::size_t axis = concat_axis(layer, output.size());
  output[axis] = 0;
  for (const Shape& input : inputs) {
    Shape rest = input;
    if (rest.size() == output.size()) rest[axis] = output[axis];
    if (rest != output) {
      layer.fail(ErrorCode::size_mismatch, "Concat has the inputs " + to_string(inputs.front()) + " and " +
                                               to_string(input) + ", wanted shapes that differ along axis " +
                                               std::to_string(axis) + " alone");
    }
    output[axis] += input[axis];
  }
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CONCAT_HPP
