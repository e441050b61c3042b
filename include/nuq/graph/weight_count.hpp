#ifndef NUQ_GRAPH_WEIGHT_COUNT_HPP
#define NUQ_GRAPH_WEIGHT_COUNT_HPP

#include <cstdint>
#include <optional>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/deconvolution.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Number of weights of a layer, its bias not counted: of its first blob where it has one, otherwise as its parameters
/// and the inferred input shape say. 0 for layer types without weights; absent where the input's shape is not known.
[[nodiscard]] inline std::optional<std::int64_t> weight_count(const Graph& graph, const Node& node) {
  const bool is_deconvolution = node.type == "Deconvolution";
  const bool is_convolution = node.type == "Convolution" || is_depthwise(node);
  if (!is_convolution && !is_deconvolution && node.type != "InnerProduct") return 0;
  if (!node.blobs.empty()) return static_cast<std::int64_t>(node.blobs.front().values.size());
  const Shape input = node.inputs.empty() ? Shape{} : graph.values[node.inputs.front()].shape;
  if (input.empty()) return std::nullopt;
  const Shape weights = is_convolution     ? convolution_geometry(node, input).weight_shape()
                        : is_deconvolution ? deconvolution_geometry(node, input).weight_shape()
                                           : inner_product_geometry(node, input).weight_shape();
  return static_cast<std::int64_t>(element_count(weights));
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_WEIGHT_COUNT_HPP
