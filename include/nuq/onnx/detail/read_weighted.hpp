#ifndef NUQ_ONNX_DETAIL_READ_WEIGHTED_HPP
#define NUQ_ONNX_DETAIL_READ_WEIGHTED_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/detail/read_windows.hpp"
#include "nuq/onnx/functions/vector_product.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The constant that is input 1, or the reason why it cannot be computed with.
NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxConstant> read_weights(const OnnxNodeReader& node,
                                                                           std::string& problem) {
  std::optional<OnnxConstant> weights = node.constant(1);
  const std::string who = node.has_input(1) ? "its weights '" + node.input(1) + "' " : "its weights ";
  if (!weights) {
    problem = who + "are not constant, or made by operations that are not worked out";
  } else if (!weights->is_float()) {
    problem = who + "are of type " + onnx_type_name(weights->type) + ", wanted floats";
    weights.reset();
  }
  return weights;
}

/// Adds the bias, input 2, as the second blob; the reason where it is no constant of `size` values.
NUQ_FUNCTION [[nodiscard]] inline std::string add_bias(const OnnxNodeReader& node, std::int64_t size,
                                                       OnnxOperation& operation) {
  if (!node.has_input(2)) return {};
  const std::optional<OnnxConstant> bias = node.constant(2);
  if (!bias || !bias->is_float()) return "its bias '" + node.input(2) + "' is not constant";
  const std::string who = "its bias '" + node.input(2) + "' has shape " + to_string(bias->shape);
  if (static_cast<std::int64_t>(bias->floats.size()) != size)
    return who + ", wanted " + std::to_string(size) + " values";
  operation.blobs.push_back(vector_blob(bias->floats));
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_conv(OnnxNodeReader& node) {
  std::string problem;
  std::optional<OnnxConstant> weights = read_weights(node, problem);
  if (weights && weights->shape.size() < 3)
    problem = "its weights '" + node.input(1) + "' have shape " + to_string(weights->shape) + ", wanted a filter";
  if (!problem.empty()) return not_computed(node, problem);
  node.ignore("kernel_shape");
  const std::optional<ops::Window> window =
      read_onnx_window(node, {weights->shape.begin() + 2, weights->shape.end()}, problem);
  if (!window) return not_computed(node, problem);
  ops::Convolution convolution;
  convolution.out_channels = weights->shape.front();
  convolution.window = *window;
  convolution.group = node.integer("group", 1);
  convolution.bias = node.has_input(2);
  OnnxOperation read;
  read.inputs = {0};
  read.weights = 1;
  read.shape = slid_shape(node, *window, convolution.out_channels, false);
  read.blobs.emplace_back(weights->shape, std::move(weights->floats));
  read.obstacle = add_bias(node, convolution.out_channels, read);
  read.operation = std::move(convolution);
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_conv_transpose(OnnxNodeReader& node) {
  std::string problem;
  std::optional<OnnxConstant> weights = read_weights(node, problem);
  const std::int64_t group = node.integer("group", 1);
  if (weights && weights->shape.size() < 3)
    problem = "its weights '" + node.input(1) + "' have shape " + to_string(weights->shape) + ", wanted a filter";
  if (group < 1 || group > max_window_parameter)
    problem = "group is " + std::to_string(group) + ", wanted 1 to " + std::to_string(max_window_parameter);
  if (!problem.empty()) return not_computed(node, problem);
  node.ignore("kernel_shape");
  std::optional<ops::Window> window =
      read_onnx_window(node, {weights->shape.begin() + 2, weights->shape.end()}, problem);
  if (!window) return not_computed(node, problem);
  ops::TransposedConvolution convolution;
  const std::vector<std::int64_t> padding = node.integer_list("output_padding");
  OnnxOperation read;
  const bool has_padding = std::any_of(padding.begin(), padding.end(), [](std::int64_t added) { return added != 0; });
  if (has_padding) {
    window->pads_end.resize(window->kernel.size(), 0);
    for (std::size_t axis = 0; axis < window->kernel.size() && axis < padding.size(); ++axis) {
      window->pads_end[axis] -= is_moderate(padding[axis]) ? padding[axis] : max_element_count;
      if (window->pads_end[axis] < 0) read.obstacle = "output_padding beyond its pads is not computed";
    }
  }
  if (node.has("output_shape")) read.obstacle = "output_shape is not computed";
  if (window->auto_pad != ops::AutoPad::none) read.obstacle = "auto_pad of a transposed convolution is not computed";
  convolution.out_channels = weights->shape[1] * group;
  convolution.window = *window;
  convolution.group = group;
  convolution.bias = node.has_input(2);
  read.inputs = {0};
  read.weights = 1;
  read.shape = node.shape(0);
  if (read.shape && read.shape->size() == weights->shape.size()) {
    (*read.shape)[1] = {convolution.out_channels};
    for (std::size_t axis = 2; axis < read.shape->size(); ++axis) (*read.shape)[axis] = node.new_symbol();
  }
  read.blobs.emplace_back(weights->shape, std::move(weights->floats));
  problem = add_bias(node, convolution.out_channels, read);
  if (read.obstacle.empty()) read.obstacle = problem;
  read.operation = std::move(convolution);
  return read;
}

/// [in × out] → [out × in].
NUQ_FUNCTION [[nodiscard]] inline Tensor transposed_matrix(const OnnxConstant& matrix) {
  const Shape& shape = matrix.shape;
  return Tensor({shape[1], shape[0]}, swap_leading_axes<float>(matrix.floats, static_cast<std::size_t>(shape[0]),
                                                               static_cast<std::size_t>(shape[1])));
}

/// The bias of a Gemm: one value for each output, or one for all.
NUQ_FUNCTION [[nodiscard]] inline std::string add_gemm_bias(const OnnxNodeReader& node, float beta, std::int64_t size,
                                                            OnnxOperation& operation) {
  const std::optional<OnnxConstant> bias = node.constant(2);
  if (!bias || !bias->is_float()) return "its third input '" + node.input(2) + "' is not constant";
  std::vector<float> values = bias->floats;
  const bool is_row = bias->shape.empty() || bias->shape.back() == static_cast<std::int64_t>(values.size());
  if (values.size() == 1) values.resize(static_cast<std::size_t>(size), bias->floats.front());
  if (!is_row || static_cast<std::int64_t>(values.size()) != size) {
    return "its third input '" + node.input(2) + "' has shape " + to_string(bias->shape) +
           ", only one value for each output is computed";
  }
  for (float& value : values) value *= beta;
  operation.blobs.push_back(vector_blob(std::move(values)));
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_gemm(OnnxNodeReader& node) {
  node.ignore("broadcast");
  std::string problem;
  const std::optional<OnnxConstant> weights = read_weights(node, problem);
  const bool is_transposed = node.integer("transB", 0) != 0;
  const float alpha = node.real("alpha", 1.0F);
  const float beta = node.real("beta", 1.0F);
  if (weights && weights->shape.size() != 2)
    problem = "its weights '" + node.input(1) + "' have shape " + to_string(weights->shape) + ", wanted a matrix";
  if (!problem.empty()) return not_computed(node, problem);
  OnnxOperation read;
  read.inputs = {0};
  read.weights = 1;
  read.blobs = {is_transposed ? Tensor(weights->shape, weights->floats) : transposed_matrix(*weights)};
  for (float& value : read.blobs.front().values) value *= alpha;
  ops::InnerProduct product;
  product.out_features = read.blobs.front().shape.front();
  product.bias = node.has_input(2);
  if (product.bias) read.obstacle = add_gemm_bias(node, beta, product.out_features, read);
  if (node.integer("transA", 0) != 0) read.obstacle = "transA is not computed";
  if (alpha != 1.0F || beta != 1.0F) read.weights_obstacle = "its alpha or beta is not 1";
  if (const OnnxShape input = node.shape(0); input && input->size() == 2)
    read.shape = std::vector<OnnxExtent>{input->front(), {product.out_features}};
  read.operation = product;
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxShape multiplied_shape(OnnxNodeReader& node, const OnnxExtent& columns) {
  OnnxShape shape = node.shape(0);
  if (!shape || shape->size() < 2) return std::nullopt;
  shape->back() = columns;
  return shape;
}

/// A product of which one side is a vector: a row on the left, a column on the right, and no axis of the output.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_vector_product(OnnxNodeReader& node, const OnnxShape& left,
                                                                    const OnnxShape& right) {
  if (!left || !right) return not_computed(node, "the number of axes of its inputs is not known");
  const bool is_row = left->size() == 1;
  const OnnxShape& other = is_row ? right : left;
  OnnxShape shape = other;
  shape->pop_back();
  if (is_row && right->size() > 1) {
    shape = right;
    shape->erase(shape->end() - 2);
  }
  OnnxOperation read = of_function(node, vector_product(is_row), shape, 2);
  if (node.is_constant(0) || node.is_constant(1))
    read.weights_obstacle = "its constant factor is no matrix on the right";
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_mat_mul(OnnxNodeReader& node) {
  const std::optional<OnnxConstant> weights = node.constant(1);
  const bool has_matrix = weights && weights->is_float() && weights->shape.size() == 2 && !node.is_constant(0);
  OnnxOperation read;
  if (!has_matrix) {
    const OnnxShape left = node.shape(0);
    const OnnxShape right = node.shape(1);
    const bool has_vector = (left && left->size() == 1) || (right && right->size() == 1);
    if (has_vector) return read_vector_product(node, left, right);
    read.operation = ops::MatMul{};
    read.inputs = {0, 1};
    if (left && right && left->size() == right->size() && left->size() >= 2)
      read.shape = multiplied_shape(node, right->back());
    if (weights || node.is_constant(0)) read.weights_obstacle = "its constant factor is no matrix on the right";
    return read;
  }
  ops::InnerProduct product;
  const OnnxShape input = node.shape(0);
  product.out_features = weights->shape[1];
  product.axis = input ? static_cast<std::int64_t>(input->size()) - 1 : -1;
  product.bias = false;
  product.matrix_product = true;
  read.operation = product;
  read.inputs = {0};
  read.weights = 1;
  read.blobs = {transposed_matrix(*weights)};
  read.shape = multiplied_shape(node, {product.out_features});
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_batch_normalization(OnnxNodeReader& node) {
  for (const char* name : {"momentum", "spatial", "consumed_inputs"}) node.ignore(name);
  const bool is_test = node.integer("is_test", 1) != 0 && node.integer("training_mode", 0) == 0;
  ops::BatchNorm norm;
  norm.eps = node.real("epsilon", 1e-5F);
  norm.blobs = ops::BatchNormBlobs::scale_and_statistics;
  OnnxOperation read = same_shape(node, norm);
  for (std::size_t input = 1; input < 5; ++input) {
    const std::optional<OnnxConstant> blob = node.constant(input);
    if (!blob || !blob->is_float() || !is_test)
      return not_computed(node, is_test ? "its statistics are not constant" : "it is in training mode");
    read.blobs.push_back(vector_blob(blob->floats));
  }
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_layer_normalization(OnnxNodeReader& node) {
  node.ignore("stash_type");
  ops::LayerNorm norm;
  norm.axis = node.integer("axis", -1);
  norm.eps = node.real("epsilon", 1e-5F);
  norm.bias = node.has_input(2);
  OnnxOperation read = same_shape(node, norm);
  for (std::size_t input = 1; input < (norm.bias ? 3U : 2U); ++input) {
    const std::optional<OnnxConstant> blob = node.constant(input);
    if (!blob || !blob->is_float()) return not_computed(node, "its scale and bias are not constant");
    read.blobs.push_back(vector_blob(blob->floats));
  }
  return read;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_WEIGHTED_HPP
