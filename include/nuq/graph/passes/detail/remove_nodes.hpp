#ifndef NUQ_GRAPH_PASSES_DETAIL_REMOVE_NODES_HPP
#define NUQ_GRAPH_PASSES_DETAIL_REMOVE_NODES_HPP

#include <cstddef>
#include <set>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Takes nodes out of a graph, with the values that nobody writes any more, and numbers the rest anew. A value may have
/// gone over to another writer.
NUQ_FUNCTION void remove_nodes(Graph& graph, const std::set<std::size_t>& removed);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <utility>
#include <vector>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void remove_nodes(Graph& graph, const std::set<std::size_t>& removed) {
  std::vector<std::size_t> new_value(graph.values.size());
  std::set<std::size_t> used(graph.inputs.begin(), graph.inputs.end());
  std::vector<Node> nodes;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    if (removed.count(index) > 0) continue;
    Node& node = graph.nodes[index];
    used.insert(node.outputs.begin(), node.outputs.end());
    for (const std::size_t output : node.outputs) {
      if (graph.values[output].producer != Value::network_input) graph.values[output].producer = nodes.size();
    }
    nodes.push_back(std::move(node));
  }
  std::vector<Value> values;
  for (const std::size_t value : used) {
    new_value[value] = values.size();
    values.push_back(std::move(graph.values[value]));
  }
  const auto renumber = [&new_value](std::vector<std::size_t>& indices) {
    for (std::size_t& value : indices) value = new_value[value];
  };
  renumber(graph.inputs);
  renumber(graph.outputs);
  renumber(graph.kept);
  for (Node& node : nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  graph.nodes = std::move(nodes);
  graph.values = std::move(values);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_DETAIL_REMOVE_NODES_HPP
