#ifndef NUQ_CALIBRATION_NETWORK_STATISTICS_HPP
#define NUQ_CALIBRATION_NETWORK_STATISTICS_HPP

#include <map>
#include <string>
#include <utility>

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/factored_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/layer_input_prior.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Everything that second-order quantization wants to know of the layers that take NUQ, from one pass of `batches`
/// batches through the float network. Moments may be centred where the plan lets the layer's own bias be corrected.
/// Layers of more inputs than `options` allow a second-moment matrix for get a prior in its place. Layers of which
/// nothing could be collected, before the deadline of the options if there is one, are left out.
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
  StatisticsOptions collection = options;
  collection.deadline = options.deadline.after(share_of_collection);
  std::map<std::string, SplitStatistics> collected =
      collect_layer_statistics(graph, plan, engine, batches, std::forward<Feed>(feed), collection, parallel);
  for (auto& [layer, split] : collected) {
    if (options.deadline.has_passed()) break;
    const Node& node = *graph.find(layer);
    const bool corrects_bias = plan.at(layer).bias_correction != BiasCorrection::off && has_own_bias(graph, node);
    LayerStatistics known = factored_statistics(WeightMatrix(node).view(), split, corrects_bias, parallel);
    split = {};  // as large as all that is kept
    if (known.second_moments.size() == 0) known.prior = input_prior(graph, node);
    statistics.emplace(layer, std::move(known));
  }
  return statistics;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_NETWORK_STATISTICS_HPP
