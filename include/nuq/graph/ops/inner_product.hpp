#ifndef NUQ_GRAPH_OPS_INNER_PRODUCT_HPP
#define NUQ_GRAPH_OPS_INNER_PRODUCT_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// A product with trained weights (fully connected layer), row by row: the axes before `axis` are rows, those from
/// there on one vector. Blobs: the weights [out × in], or [in × out] if transposed, then the bias [out].
struct InnerProduct {
  std::int64_t out_features = 0;
  std::int64_t axis = 1;  ///< may count from the end: −1 multiplies the last axis of a batch of matrices
  bool transposed_weights = false;
  bool bias = true;
  bool matrix_product = false;  ///< of a layer type that multiplies the last axis, which `axis` is, whatever its place
};

/// The product of two matrices, both of them inputs, or of batches of matrices, one by one: [… × rows × depth] and
/// [… × depth × columns]. Batches broadcast (see `broadcast_shape`).
struct MatMul {
  bool transposed_left = false;   ///< the first input is [… × depth × rows]
  bool transposed_right = false;  ///< the second input is [… × columns × depth]
};

/// This family's part of `Operation`.
using InnerProducts = OperationList<InnerProduct, MatMul>;

}  // namespace ops

/// An inner product with its extents worked out: the input as a matrix [rows × in], the axes from `axis` on being one
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

/// Checks an inner product and works out its extents; its blobs, where it has them, must be `weight_shape()` and [out].
/// Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline InnerProductGeometry inner_product_geometry(const ops::InnerProduct& product,
                                                                              const LayerContext& layer,
                                                                              const Shape& input) {
  const std::size_t axis = canonical_axis(layer, product.axis, input.size());
  InnerProductGeometry geometry;
  geometry.rows = extent_product(input, 0, axis);
  geometry.in = extent_product(input, axis, input.size());
  geometry.out = product.out_features;
  geometry.transpose = product.transposed_weights;
  geometry.bias_term = product.bias;
  if (geometry.out < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  geometry.output_shape.assign(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis));
  geometry.output_shape.push_back(geometry.out);
  check_weights_and_bias(layer, geometry.weight_shape(), geometry.bias_term, geometry.out);
  return geometry;
}

/// A matrix product with its extents worked out.
struct MatMulGeometry {
  Shape batch;  ///< extents before the last two of the output
  std::int64_t rows = 0;
  std::int64_t depth = 0;
  std::int64_t cols = 0;
};

/// Checks the inputs of a matrix product and works out its extents. Throws ModelError naming the layer and the shapes.
NUQ_FUNCTION [[nodiscard]] inline MatMulGeometry mat_mul_geometry(const ops::MatMul& product, const LayerContext& layer,
                                                                  const Shape& left, const Shape& right) {
  const std::string inputs = layer.type + " has the inputs " + to_string(left) + " and " + to_string(right);
  if (left.size() < 2 || right.size() < 2) layer.fail(ErrorCode::size_mismatch, inputs + ", wanted matrices");
  const auto extent = [](const Shape& shape, bool last) { return shape[shape.size() - (last ? 1 : 2)]; };
  const auto batch = [](const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); };
  MatMulGeometry geometry;
  geometry.rows = extent(left, product.transposed_left);
  geometry.depth = extent(left, !product.transposed_left);
  geometry.cols = extent(right, !product.transposed_right);
  if (extent(right, product.transposed_right) != geometry.depth) {
    layer.fail(ErrorCode::size_mismatch,
               inputs + ", wanted " + std::to_string(geometry.depth) + " values in each column of the second");
  }
  geometry.batch = broadcast_shape(layer, batch(left), batch(right));
  return geometry;
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const InnerProduct& product, std::size_t) {
  return product.bias ? 2 : 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> blob_shape(const InnerProduct& product, std::size_t index,
                                                                  std::size_t) {
  if (index == 1) return Shape{product.out_features};
  return product.transposed_weights ? Shape{any_extent, product.out_features} : Shape{product.out_features, any_extent};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const InnerProduct& product,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {inner_product_geometry(product, layer, only_input(layer, inputs)).output_shape};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const MatMul& product, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  const MatMulGeometry geometry = mat_mul_geometry(product, layer, inputs[0], inputs[1]);
  Shape shape = geometry.batch;
  shape.push_back(geometry.rows);
  shape.push_back(geometry.cols);
  return {shape};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_INNER_PRODUCT_HPP
