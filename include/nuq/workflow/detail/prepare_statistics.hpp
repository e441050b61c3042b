#ifndef NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP
#define NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "nuq/calibration/network_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/shared_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/sensitivity/layer_sensitivities.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Gives every layer that takes NUQ and is not known yet the statistics of one without data.
template <class Real = double>
void add_data_free_statistics(const Graph& graph, const QuantizationPlan& plan, NetworkStatistics& statistics) {
  for (const Node& node : graph.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end() || planned->second.weight_algorithm != WeightAlgorithm::nuq) continue;
    if (statistics.count(node.name) == 0) statistics.emplace(node.name, data_free_statistics<Real>(graph, node));
  }
}

/// Brings the errors of all layers to one unit.
NUQ_FUNCTION void weigh(NetworkStatistics& statistics, const std::map<std::string, double>& sensitivities);

/// How many batches are enough to see what the error of a layer does to the network: about 100 samples.
template <class NextBatch>
[[nodiscard]] int sensitivity_batches(NextBatch& next_batch, int batches) {
  constexpr std::int64_t enough_samples = 100;
  const InputBatch first = next_batch(0);
  std::int64_t samples = 1;
  for (const auto& [blob, tensor] : first) {
    if (!tensor.shape.empty()) samples = (std::max)(samples, tensor.shape.front());
  }
  return static_cast<int>((std::min<std::int64_t>)(batches, (enough_samples + samples - 1) / samples));
}

/// Statistics of all layers that take NUQ, without data; of shared weights, of all their uses.
template <class Real = double>
[[nodiscard]] NetworkStatistics weighed_data_free_statistics(const Graph& graph, const QuantizationPlan& plan,
                                                             Parallel& parallel) {
  NetworkStatistics statistics;
  add_data_free_statistics<Real>(graph, plan, statistics);
  weigh(statistics, data_free_sensitivities<Real>(graph, statistics, parallel));
  add_up_shared_statistics(graph, statistics);
  return statistics;
}

/// Statistics of all layers that take NUQ, from data, weighed by what errors do to the network; of shared weights, of
/// all their uses. Layers for which there is no time before the deadline have those without data.
template <class NextBatch>
[[nodiscard]] NetworkStatistics weighed_statistics(const Graph& graph, const QuantizationPlan& plan,
                                                   NextBatch& next_batch, int batches, AnyEngine& engine,
                                                   Parallel& parallel, const Deadline& deadline = {}) {
  constexpr double share_of_statistics = 0.5;  // the rest for sensitivities
  engine.load(graph);
  StatisticsOptions options;
  options.deadline = deadline.after(share_of_statistics);
  NetworkStatistics statistics =
      network_statistics(graph, plan, engine, batches, feed_from(next_batch), options, parallel);
  add_data_free_statistics(graph, plan, statistics);
  weigh(statistics, layer_sensitivities(graph, plan, statistics, engine, sensitivity_batches(next_batch, batches),
                                        feed_from(next_batch), parallel, deadline));
  add_up_shared_statistics(graph, statistics);
  return statistics;
}

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void weigh(NetworkStatistics& statistics, const std::map<std::string, double>& sensitivities) {
  for (auto& [layer, known] : statistics) known.weigh(sensitivities.at(layer));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP
