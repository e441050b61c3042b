#ifndef NUQ_WORKFLOW_QUANTIZE_SEQUENTIALLY_HPP
#define NUQ_WORKFLOW_QUANTIZE_SEQUENTIALLY_HPP

#include <utility>

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/shared_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The plan of the layers that share a planned one's weights, its own among them.
NUQ_FUNCTION [[nodiscard]] inline QuantizationPlan uses_of_weights(const Graph& graph, const Node& node,
                                                                   const QuantizationPlan& plan) {
  QuantizationPlan uses;
  for (const Node* const use : nodes_of_same_weights(graph, node)) {
    const auto planned = plan.find(use->name);
    if (planned != plan.end()) uses.insert(*planned);
  }
  return uses;
}

}  // namespace detail

/// As `quantize_network`, but layer by layer in the network's order, each fitted to its inputs as the quantized layers
/// before it leave them. Takes one pass over the data for every layer that `statistics` know from data. On real
/// networks it gains as often as it loses: the error of the layers before, which no layer can make up for, becomes part
/// of what each is fitted to.
///
/// @param statistics  of the float network; what they have been weighed by weighs the new ones.
/// @param engine      an Engine; loaded anew for every layer.
/// @param feed        `feed(engine, batch)` sets the network's inputs for batch 0 … batches − 1.
/// @return        as `quantize_network`.
/// @throws what `network_statistics` and the quantizer throw.
template <class Engine, class Feed>
[[nodiscard]] NetworkQuantization quantize_network_sequentially(const Graph& graph, const QuantizationPlan& plan,
                                                                const AnyLayerQuantizer& quantizer,
                                                                const NetworkStatistics& statistics, Engine& engine,
                                                                int batches, Feed&& feed, Parallel& parallel) {
  NetworkQuantization quantization;
  Graph so_far = graph;
  for (Node& node : so_far.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end()) continue;
    const auto shared = quantization.find(owner_of_weights(so_far, node).name);
    if (shared != quantization.end()) {
      if (quantizes_weights(node)) set_quantized_blobs(node, shared->second);
      quantization[node.name] = shared->second;
      continue;
    }
    const auto of_float = statistics.find(node.name);
    NetworkStatistics now;
    if (of_float != statistics.end() && of_float->second.samples > 0) {
      engine.load(so_far);
      now = network_statistics(so_far, detail::uses_of_weights(so_far, node, plan), engine, batches, feed,
                               StatisticsOptions{}, parallel);
      add_up_shared_statistics(so_far, now);
      now.at(node.name).weigh(of_float->second.sensitivity / now.at(node.name).sensitivity);
    } else if (of_float != statistics.end()) {
      now.insert(*of_float);
    }
    const LayerStatistics* const known = now.empty() ? nullptr : &now.at(node.name);
    LayerQuantization quantized = quantize_layer(so_far, node, planned->second, quantizer, known, parallel);
    if (quantizes_weights(node)) set_quantized_blobs(node, quantized);
    quantization[node.name] = std::move(quantized);
  }
  return quantization;
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_QUANTIZE_SEQUENTIALLY_HPP
