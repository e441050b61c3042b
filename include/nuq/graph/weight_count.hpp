#ifndef NUQ_GRAPH_WEIGHT_COUNT_HPP
#define NUQ_GRAPH_WEIGHT_COUNT_HPP

#include <cstdint>
#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Of a convolution, transposed convolution or inner product.
NUQ_FUNCTION [[nodiscard]] Shape weight_shape(const LayerRef& layer, const Shape& input);

}  // namespace detail

/// Number of weights of a layer, its bias not counted: of its first blob where it has one, otherwise as its parameters
/// and the inferred input shape say. 0 for layer types without weights; absent where the input's shape is not known.
NUQ_FUNCTION [[nodiscard]] std::optional<std::int64_t> weight_count(const Graph& graph, const Node& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include "nuq/graph/ops/inner_product.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Shape weight_shape(const LayerRef& layer, const Shape& input) {
  if (const auto* convolution = layer.node.operation.get_if<ops::Convolution>())
    return convolution_geometry(*convolution, layer, input).weight_shape();
  if (const auto* transposed = layer.node.operation.get_if<ops::TransposedConvolution>())
    return deconvolution_geometry(*transposed, layer, input).weight_shape();
  return inner_product_geometry(layer.operation<ops::InnerProduct>(), layer, input).weight_shape();
}

}  // namespace detail

NUQ_DEFINITION std::optional<std::int64_t> weight_count(const Graph& graph, const Node& node) {
  if (convolution_of(node) == nullptr && !is<ops::InnerProduct>(node)) return 0;
  if (!node.blobs.empty()) return static_cast<std::int64_t>(node.blobs.front().values.size());
  const Shape input = node.inputs.empty() ? Shape{} : graph.values[node.inputs.front()].shape;
  if (input.empty()) return std::nullopt;
  return static_cast<std::int64_t>(element_count(detail::weight_shape(node, input)));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_WEIGHT_COUNT_HPP
