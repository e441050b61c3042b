#ifndef NUQ_GRAPH_PASSES_UNCOMPUTED_LAYERS_HPP
#define NUQ_GRAPH_PASSES_UNCOMPUTED_LAYERS_HPP

#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The layers that are not computed by what the library knows, by name, with the reason: those of unknown types and
/// those with an obstacle, and all that depend on them. An engine with layers of the user's own may compute some of
/// them.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, std::string> uncomputed_layers(const Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>
#include <vector>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string own_obstacle(const Node& node) {
  if (!node.obstacle.empty()) return node.obstacle;
  return is<ops::Unknown>(node) ? "is of the unknown type '" + node.type + "'" : "";
}

}  // namespace detail

NUQ_DEFINITION std::map<std::string, std::string> uncomputed_layers(const Graph& graph) {
  std::map<std::string, std::string> layers;
  std::vector<std::string> obstacles(graph.values.size());  // of values that are not computed
  for (const Node& node : graph.nodes) {
    if (is<ops::Input>(node)) continue;
    const std::string own = detail::own_obstacle(node);
    std::string reason = own;
    for (const std::size_t input : node.inputs) {
      if (reason.empty() && !obstacles[input].empty()) reason = "depends on " + obstacles[input];
    }
    if (reason.empty()) continue;
    for (const std::size_t output : node.outputs) {
      obstacles[output] = own.empty() ? reason.substr(std::string("depends on ").size())
                                      : "layer '" + node.name + "', which is not computed: " + own;
    }
    layers.emplace(node.name, reason);
  }
  return layers;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_UNCOMPUTED_LAYERS_HPP
