#ifndef NUQ_GRAPH_OPS_INNER_PRODUCT_HPP
#define NUQ_GRAPH_OPS_INNER_PRODUCT_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An InnerProduct with its parameters read: the input as a matrix [rows × in], the axes from `axis` on being one
/// vector.
struct InnerProductGeometry {
  std::int64_t rows = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool transpose = false;  ///< weights are [in × out] instead of [out × in]
  bool bias_term = true;
  Shape output_shape;

  [[nodiscard]] Shape weight_shape() const { return transpose ? Shape{in, out} : Shape{out, in}; }
};

/// Reads and checks an InnerProduct; its blobs, where it has them, must be `weight_shape()` and [out].
/// Throws ModelError naming the layer and the value.
[[nodiscard]] inline InnerProductGeometry inner_product_geometry(const LayerRef& layer, const Shape& input) {
  const schema::InnerProductParameter& parameter = layer.parameter().inner_product_param();
  const std::size_t axis = canonical_axis(layer, parameter.axis(), input.size());
  InnerProductGeometry geometry;
  geometry.rows = extent_product(input, 0, axis);
  geometry.in = extent_product(input, axis, input.size());
  geometry.out = parameter.num_output();
  geometry.transpose = parameter.transpose();
  geometry.bias_term = parameter.bias_term();
  if (geometry.out < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  geometry.output_shape.assign(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis));
  geometry.output_shape.push_back(geometry.out);
  check_weights_and_bias(layer, geometry.weight_shape(), geometry.bias_term, geometry.out);
  return geometry;
}

[[nodiscard]] inline std::vector<Shape> inner_product_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return {inner_product_geometry(layer, only_input(layer, inputs)).output_shape};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_INNER_PRODUCT_HPP
