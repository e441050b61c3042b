#ifndef NUQ_GRAPH_PASSES_DEPENDENT_PART_HPP
#define NUQ_GRAPH_PASSES_DEPENDENT_PART_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Nodes of a network, and the values that they read but that none of them writes. Indices are the network's.
struct NetworkPart {
  std::vector<std::size_t> nodes;   ///< ascending
  std::vector<std::size_t> inputs;  ///< ascending
};

/// A node and all that depend on it, of those that `is_computed` says are.
NUQ_FUNCTION [[nodiscard]] NetworkPart dependent_part(const Graph& graph, std::size_t node,
                                                      const std::vector<bool>& is_computed);

/// The part as a network of its own. Values keep their indices and shapes; inputs are named by `part_input_name`.
NUQ_FUNCTION [[nodiscard]] Graph graph_of_part(const Graph& graph, const NetworkPart& part);

/// What an input of a part is called.
NUQ_FUNCTION [[nodiscard]] std::string part_input_name(std::size_t value);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NetworkPart dependent_part(const Graph& graph, std::size_t node, const std::vector<bool>& is_computed) {
  NetworkPart part;
  std::vector<bool> is_written(graph.values.size(), false);
  std::vector<bool> is_read(graph.values.size(), false);
  for (std::size_t index = node; index < graph.nodes.size(); ++index) {
    const Node& later = graph.nodes[index];
    const bool depends = index == node || std::any_of(later.inputs.begin(), later.inputs.end(),
                                                      [&](std::size_t input) { return is_written[input]; });
    if (!depends || !is_computed[index]) continue;
    part.nodes.push_back(index);
    for (const std::size_t input : later.inputs) is_read[input] = true;
    for (const std::size_t output : later.outputs) is_written[output] = true;
  }
  for (std::size_t value = 0; value < graph.values.size(); ++value) {
    if (is_read[value] && !is_written[value]) part.inputs.push_back(value);
  }
  return part;
}

NUQ_DEFINITION Graph graph_of_part(const Graph& graph, const NetworkPart& part) {
  Graph network{graph.source, graph.name, {}, graph.values, part.inputs, {}};
  for (Value& value : network.values) value.producer = Value::network_input;
  for (const std::size_t index : part.nodes) {
    for (const std::size_t output : graph.nodes[index].outputs) network.values[output].producer = network.nodes.size();
    network.nodes.push_back(graph.nodes[index]);
  }
  for (const std::size_t input : part.inputs) network.values[input].blob = part_input_name(input);
  return network;
}

NUQ_DEFINITION std::string part_input_name(std::size_t value) {
  return "value " + std::to_string(value);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_DEPENDENT_PART_HPP
