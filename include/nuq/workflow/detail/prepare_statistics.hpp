#ifndef NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP
#define NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "nuq/calibration/network_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/multiplications.hpp"
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

/// For sensitivities from calibration data.
inline constexpr double usual_multiplications = 1.2e12;

/// How many samples are enough to see what the error of a layer does to the network: about 100, fewer of a network in
/// which two forward passes of them for each of `layers` would take more than `most_multiplications`, but 4.
NUQ_FUNCTION [[nodiscard]] std::int64_t sensitivity_samples(double multiplications_per_sample, std::size_t layers,
                                                            double most_multiplications = usual_multiplications);

/// The samples of a batch: the largest first extent.
NUQ_FUNCTION [[nodiscard]] std::int64_t samples_of(const InputBatch& batch);

NUQ_FUNCTION [[nodiscard]] std::map<std::string, Shape> shapes_of(const InputBatch& batch);

/// Leaves the first `samples` in a batch where all its inputs have as many and the network takes any number: one that
/// is not declared.
NUQ_FUNCTION void keep_first_samples(InputBatch& batch, std::int64_t samples, const Graph& graph);

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
/// all their uses. Layers for which there is no time before the deadline have those without data; an engine that
/// replays leaves what errors do to what is expected without data.
///
/// @param options               but for their deadline.
/// @param most_multiplications  as of `sensitivity_samples`.
template <class NextBatch>
[[nodiscard]] NetworkStatistics weighed_statistics(const Graph& graph, const QuantizationPlan& plan,
                                                   NextBatch& next_batch, int batches, AnyEngine& engine,
                                                   Parallel& parallel, const Deadline& deadline = {},
                                                   StatisticsOptions options = {},
                                                   double most_multiplications = usual_multiplications) {
  constexpr double share_of_statistics = 0.5;  // the rest for sensitivities
  engine.load(graph);
  options.deadline = deadline.after(share_of_statistics);
  NetworkStatistics statistics =
      network_statistics(graph, plan, engine, batches, feed_from(next_batch), options, parallel);
  add_data_free_statistics(graph, plan, statistics);
  if (engine.is_replaying()) {
    weigh(statistics, data_free_sensitivities<double>(graph, statistics, parallel));
    add_up_shared_statistics(graph, statistics);
    return statistics;
  }
  constexpr std::int64_t samples_to_compare = 20;  // where no more are affordable, chance would choose blend or slopes
  const InputBatch first = next_batch(0);
  const std::int64_t samples = samples_of(first);
  const std::int64_t enough = sensitivity_samples(
      multiplications(graph, shapes_of(first)) / static_cast<double>(samples), statistics.size(), most_multiplications);
  const auto next = [&](int index) {
    InputBatch batch = next_batch(index);
    keep_first_samples(batch, enough, graph);
    return batch;
  };
  const std::int64_t enough_batches = (enough + samples - 1) / samples;
  weigh(statistics, layer_sensitivities(graph, plan, statistics, engine,
                                        static_cast<int>((std::min<std::int64_t>)(batches, enough_batches)),
                                        feed_from(next), parallel, deadline, enough >= samples_to_compare));
  add_up_shared_statistics(graph, statistics);
  return statistics;
}

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::int64_t sensitivity_samples(double multiplications_per_sample, std::size_t layers,
                                                double most_multiplications) {
  const double affordable =
      most_multiplications / (std::max)(2.0 * static_cast<double>(layers) * multiplications_per_sample, 1.0);
  return static_cast<std::int64_t>((std::min)((std::max)(affordable, 4.0), 100.0));
}

NUQ_DEFINITION std::int64_t samples_of(const InputBatch& batch) {
  std::int64_t samples = 1;
  for (const auto& [blob, tensor] : batch) {
    if (!tensor.shape.empty()) samples = (std::max)(samples, tensor.shape.front());
  }
  return samples;
}

NUQ_DEFINITION std::map<std::string, Shape> shapes_of(const InputBatch& batch) {
  std::map<std::string, Shape> shapes;
  for (const auto& [blob, tensor] : batch) shapes[blob] = tensor.shape;
  return shapes;
}

NUQ_DEFINITION void keep_first_samples(InputBatch& batch, std::int64_t samples, const Graph& graph) {
  const std::int64_t count = samples_of(batch);
  if (count <= samples) return;
  for (const std::size_t input : graph.inputs) {
    const Value& value = graph.values[input];
    const auto set = batch.find(value.blob);
    if (set == batch.end()) continue;
    const Shape& shape = set->second.shape;
    if (shape.empty() || shape.front() != count || (!value.shape.empty() && value.shape.front() == count)) return;
  }
  for (const std::size_t input : graph.inputs) {
    const auto set = batch.find(graph.values[input].blob);
    if (set == batch.end()) continue;
    set->second.shape.front() = samples;
    set->second.values.resize(element_count(set->second.shape));
  }
}

NUQ_DEFINITION void weigh(NetworkStatistics& statistics, const std::map<std::string, double>& sensitivities) {
  for (auto& [layer, known] : statistics) known.weigh(sensitivities.at(layer));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_PREPARE_STATISTICS_HPP
