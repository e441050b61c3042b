#ifndef NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP
#define NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP

#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// About how many multiplications of weights a forward pass takes for inputs of these shapes, by blob. Layers whose
/// shapes are not known to the library count as nothing.
NUQ_FUNCTION [[nodiscard]] double multiplications(const Graph& graph, const std::map<std::string, Shape>& inputs);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <vector>

#include "nuq/graph/passes/infer_shapes.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double multiplications(const Graph& graph, const std::map<std::string, Shape>& inputs) {
  detail::Obstacles obstacles;
  const std::vector<Shape> shapes = detail::shapes_for(graph, inputs, {}, &obstacles);
  double count = 0.0;
  for (const Node& node : graph.nodes) {
    if (!has_weight_matrix(node) || node.blobs.empty() || node.outputs.empty()) continue;
    const Shape& output = shapes[node.outputs.front()];
    if (output.empty()) continue;
    const double outputs = static_cast<double>(node.blobs.front().shape.front());
    const double positions = static_cast<double>(element_count(output)) / outputs;
    count += positions * static_cast<double>(node.blobs.front().values.size());
  }
  return count;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_MULTIPLICATIONS_HPP
