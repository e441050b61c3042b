#ifndef NUQ_CALIBRATION_NETWORK_STATISTICS_HPP
#define NUQ_CALIBRATION_NETWORK_STATISTICS_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/factored_statistics.hpp"
#include "nuq/calibration/shrink_to_prior.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/layer_input_prior.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The plan in parts, in the network's order: the sums of the statistics of each fit into the memory that `options`
/// allow, or it is a single layer's.
NUQ_FUNCTION [[nodiscard]] std::vector<QuantizationPlan> parts_within_memory(const Graph& graph,
                                                                             const QuantizationPlan& plan,
                                                                             const StatisticsOptions& options);

}  // namespace detail

/// Everything that second-order quantization wants to know of the layers that take NUQ, from `batches` batches through
/// the float network. Moments may be centred where the plan lets the layer's own bias be corrected. Their factor stands
/// for the second moments themselves, but of layers that share their weights, whose moments may have to be added up.
/// Layers of more inputs than `options` allow a second-moment matrix for get a prior in its place. Layers of which
/// nothing could be collected, before the deadline of the options if there is one, are left out.
///
/// Cost: one pass over the data for each part of the layers whose sums fit into `options.memory`; per layer in² for
/// each of its windows that is looked at, and some 2 in³ for factors with which the damping is chosen. Memory: the sums
/// of a part, a float matrix [in × in] for each layer that is done, and two double matrices of the layer that is
/// factored. The statistics do not depend on the parts.
///
/// @param engine  an Engine that has `graph` loaded.
/// @param feed    `feed(engine, batch)` sets the network's inputs.
/// @throws what `collect_layer_statistics` throws.
template <class Engine, class Feed>
[[nodiscard]] NetworkStatistics network_statistics(const Graph& graph, const QuantizationPlan& plan, Engine& engine,
                                                   int batches, Feed&& feed, const StatisticsOptions& options,
                                                   Parallel& parallel) {
  constexpr double share_of_collection = 0.5;  // the rest for factoring
  NetworkStatistics statistics;
  std::vector<QuantizationPlan> parts = detail::parts_within_memory(graph, plan, options);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const Deadline deadline = options.deadline.after(1.0 / static_cast<double>(parts.size() - part));
    StatisticsOptions collection = options;
    collection.deadline = deadline.after(share_of_collection);
    const auto keep = [&](const std::string& layer, SplitStatistics split) {
      if (deadline.has_passed()) return;
      const Node& node = *graph.find(layer);
      if (options.prior_share > 0.0) shrink_to_prior(split, data_free_statistics(graph, node), options.prior_share);
      const bool corrects_bias = plan.at(layer).bias_correction != BiasCorrection::off && has_own_bias(graph, node);
      const bool keeps_moments = nodes_of_same_weights(graph, node).size() > 1;
      LayerStatistics known =
          factored_statistics(WeightMatrix(node).view(), std::move(split), corrects_bias, parallel, keeps_moments);
      if (!known.factor) known.prior = input_prior(graph, node);
      statistics.emplace(layer, std::move(known));
    };
    detail::collect_layer_by_layer(graph, parts[part], engine, batches, feed, collection, parallel, keep);
  }
  return statistics;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::vector<QuantizationPlan> parts_within_memory(const Graph& graph, const QuantizationPlan& plan,
                                                                 const StatisticsOptions& options) {
  std::vector<QuantizationPlan> parts(1);
  std::size_t bytes = 0;
  for (const Node& node : graph.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end() || !takes_statistics(node, planned->second)) continue;
    const std::size_t taken = StatisticsCollector::bytes({node, graph.model_file()}, options);
    if (!parts.back().empty() && bytes + taken > options.memory) {
      parts.emplace_back();
      bytes = 0;
    }
    parts.back().insert(*planned);
    bytes += taken;
  }
  return parts;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_NETWORK_STATISTICS_HPP
