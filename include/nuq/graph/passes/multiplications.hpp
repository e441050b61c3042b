#ifndef NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP
#define NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP

#include <cstdint>
#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// With how many weights of a layer each value meets that it writes, or reads in the case of a transposed convolution;
/// 0 of a layer without a weight matrix.
NUQ_FUNCTION [[nodiscard]] std::int64_t weights_per_value(const Node& node);

/// About how many multiplications of weights a forward pass takes for inputs of these shapes, by blob. Layers whose
/// shapes are not known to the library count as nothing.
NUQ_FUNCTION [[nodiscard]] double multiplications(const Graph& graph, const std::map<std::string, Shape>& inputs);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>
#include <vector>

#include "nuq/graph/passes/infer_shapes.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::int64_t weights_per_value(const Node& node) {
  if (!has_weight_matrix(node) || node.blobs.empty() || node.blobs.front().values.empty()) return 0;
  const Tensor& weights = node.blobs.front();
  const auto* const product = node.operation.get_if<ops::InnerProduct>();
  const bool is_transposed = product != nullptr && product->transposed_weights;
  return static_cast<std::int64_t>(weights.values.size()) / weights.shape[is_transposed ? 1 : 0];
}

NUQ_DEFINITION double multiplications(const Graph& graph, const std::map<std::string, Shape>& inputs) {
  detail::Obstacles obstacles;
  const std::vector<Shape> shapes = detail::shapes_for(graph, inputs, {}, &obstacles);
  double count = 0.0;
  for (const Node& node : graph.nodes) {
    const auto weights = static_cast<double>(weights_per_value(node));
    for (const std::size_t value : is<ops::TransposedConvolution>(node) ? node.inputs : node.outputs) {
      if (!shapes[value].empty()) count += weights * static_cast<double>(element_count(shapes[value]));
    }
  }
  return count;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP
