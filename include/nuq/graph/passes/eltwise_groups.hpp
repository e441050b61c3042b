#ifndef NUQ_GRAPH_PASSES_ELTWISE_GROUPS_HPP
#define NUQ_GRAPH_PASSES_ELTWISE_GROUPS_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

using LayerGroup = std::vector<std::string>;

/// Puts the layers into one group with those that share a member.
NUQ_FUNCTION void join(std::vector<LayerGroup>& groups, LayerGroup layers);

}  // namespace detail

/// Groups of quantized layers whose outputs an Eltwise SUM adds up as they are: two or more of each, with one number of
/// scales. Layers that several Eltwise connect are one group. Those whose input cannot be quantized are in none.
NUQ_FUNCTION [[nodiscard]] std::vector<std::vector<std::string>> jointly_added_layers(
    const Graph& graph, const NetworkQuantization& quantization);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstddef>
#include <utility>

#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The layer that writes a value, where it adds up products of integers; null for others.
NUQ_FUNCTION [[nodiscard]] inline const Node* quantized_producer(const Graph& graph,
                                                                 const NetworkQuantization& quantization,
                                                                 std::size_t value) {
  const std::size_t producer = graph.values[value].producer;
  if (producer == Value::network_input) return nullptr;
  const Node& node = graph.nodes[producer];
  const bool has_integers =
      quantization.count(node.name) > 0 && quantizes_weights(node) && input_quantization_obstacle(graph, node).empty();
  return has_integers ? &node : nullptr;
}

NUQ_DEFINITION void join(std::vector<LayerGroup>& groups, LayerGroup layers) {
  const auto meets = [&layers](const LayerGroup& group) {
    return std::find_first_of(group.begin(), group.end(), layers.begin(), layers.end()) != group.end();
  };
  for (auto group = std::find_if(groups.begin(), groups.end(), meets); group != groups.end();
       group = std::find_if(groups.begin(), groups.end(), meets)) {
    layers.insert(layers.end(), group->begin(), group->end());
    groups.erase(group);
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  groups.push_back(std::move(layers));
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::vector<std::string>> jointly_added_layers(const Graph& graph,
                                                                          const NetworkQuantization& quantization) {
  std::vector<detail::LayerGroup> groups;
  for (const Node& node : graph.nodes) {
    const auto* const eltwise = node.operation.get_if<ops::Eltwise>();
    if (eltwise == nullptr || eltwise->method != ops::EltwiseMethod::sum) continue;
    detail::LayerGroup layers;
    std::size_t scales = 0;
    for (const std::size_t input : node.inputs) {
      const Node* const layer = detail::quantized_producer(graph, quantization, input);
      if (layer == nullptr) continue;
      const std::size_t own = quantization.at(layer->name).weights.scales.size();
      if (layers.empty()) scales = own;
      const bool is_new = std::find(layers.begin(), layers.end(), layer->name) == layers.end();
      if (own == scales && is_new) layers.push_back(layer->name);
    }
    if (layers.size() > 1) detail::join(groups, std::move(layers));
  }
  return groups;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_ELTWISE_GROUPS_HPP
