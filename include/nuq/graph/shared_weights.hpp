#ifndef NUQ_GRAPH_SHARED_WEIGHTS_HPP
#define NUQ_GRAPH_SHARED_WEIGHTS_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The layers that have their weights (blob 0) in one shared parameter with a node, itself among them, in the network's
/// order; the node alone where it shares none.
NUQ_FUNCTION [[nodiscard]] std::vector<const Node*> nodes_of_same_weights(const Graph& graph, const Node& node);

/// The first of them: the layer for which weights that several share are quantized, coded and counted.
NUQ_FUNCTION [[nodiscard]] const Node& owner_of_weights(const Graph& graph, const Node& node);

/// Whether two layers have their weights in one shared parameter and their biases in another. Deployed, they need one
/// int32 bias, hence one grid of their inputs.
NUQ_FUNCTION [[nodiscard]] bool have_same_weights_and_bias(const Node& node, const Node& other);

/// Why one quantization cannot serve all layers that share a node's weights: one of them is of another type, has them
/// in another shape or as another of its blobs, or has the bias alone in common; empty where nothing stands in the way.
NUQ_FUNCTION [[nodiscard]] std::string sharing_obstacle(const Graph& graph, const Node& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The name of the parameter that a layer's weights are; empty for weights of its own.
NUQ_FUNCTION [[nodiscard]] inline std::string shared_weights_of(const Node& node) {
  return node.shared_parameters.empty() ? std::string() : node.shared_parameters.front();
}

}  // namespace detail

NUQ_DEFINITION std::vector<const Node*> nodes_of_same_weights(const Graph& graph, const Node& node) {
  const std::string name = detail::shared_weights_of(node);
  if (name.empty()) return {&node};
  std::vector<const Node*> nodes;
  for (const Node& other : graph.nodes) {
    if (detail::shared_weights_of(other) == name) nodes.push_back(&other);
  }
  return nodes;
}

NUQ_DEFINITION const Node& owner_of_weights(const Graph& graph, const Node& node) {
  return *nodes_of_same_weights(graph, node).front();
}

namespace detail {

/// The name of the parameter that a layer's bias is; empty for a bias of its own.
NUQ_FUNCTION [[nodiscard]] inline std::string shared_bias_of(const Node& node) {
  return node.shared_parameters.size() < 2 ? std::string() : node.shared_parameters[1];
}

}  // namespace detail

NUQ_DEFINITION bool have_same_weights_and_bias(const Node& node, const Node& other) {
  const std::string weights = detail::shared_weights_of(node);
  const std::string bias = detail::shared_bias_of(node);
  return !weights.empty() && !bias.empty() && weights == detail::shared_weights_of(other) &&
         bias == detail::shared_bias_of(other);
}

NUQ_DEFINITION std::string sharing_obstacle(const Graph& graph, const Node& node) {
  const std::string name = detail::shared_weights_of(node);
  const std::string bias = detail::shared_bias_of(node);
  for (const Node& other : graph.nodes) {
    if (&other != &node && !bias.empty() && detail::shared_bias_of(other) == bias &&
        (name.empty() || detail::shared_weights_of(other) != name)) {
      return "it shares its bias, but not its weights, with layer '" + other.name + "'";
    }
    if (name.empty()) continue;
    for (std::size_t blob = 0; blob < other.shared_parameters.size(); ++blob) {
      if (&other == &node || other.shared_parameters[blob] != name) continue;
      const std::string who = "it shares its weights with layer '" + other.name + "', ";
      if (blob > 0) return who + "where they are blob " + std::to_string(blob);
      if (other.operation.index() != node.operation.index()) return who + "which is of type " + other.type;
      const bool has_blobs = !node.blobs.empty() && !other.blobs.empty();
      if (has_blobs && node.blobs.front().shape != other.blobs.front().shape) {
        return who + "which has them as " + to_string(other.blobs.front().shape) + " and not " +
               to_string(node.blobs.front().shape);
      }
    }
  }
  return {};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_SHARED_WEIGHTS_HPP
