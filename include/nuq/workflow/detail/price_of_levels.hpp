#ifndef NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP
#define NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Predicted harm of the layers that statistics know.
NUQ_FUNCTION [[nodiscard]] double network_harm(const Graph& graph, const NetworkQuantization& quantization,
                                               const NetworkStatistics& statistics, Parallel& parallel);

/// That of the configured numbers of levels, and about the price per bit that does as much; 0 for none.
struct LevelsHarm {
  double harm = 0.0;
  double price = 0.0;
};

NUQ_FUNCTION [[nodiscard]] LevelsHarm harm_of_configured_levels(const Graph& graph, const QuantizationPlan& plan,
                                                                const NetworkStatistics& statistics,
                                                                Parallel& parallel);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstddef>

#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/sensitivity/seek_price.hpp"
#include "nuq/workflow/quantize_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION double network_harm(const Graph& graph, const NetworkQuantization& quantization,
                                   const NetworkStatistics& statistics, Parallel& parallel) {
  double harm = 0.0;
  for (const auto& [layer, known] : statistics)
    harm += predicted_harm(*graph.find(layer), quantization.at(layer).weights, known, parallel);
  return harm;
}

NUQ_DEFINITION LevelsHarm harm_of_configured_levels(const Graph& graph, const QuantizationPlan& plan,
                                                    const NetworkStatistics& statistics, Parallel& parallel) {
  QuantizationPlan known;
  for (const auto& layer : statistics) known.insert(*plan.find(layer.first));
  const NetworkQuantization levels = quantize_network(graph, known, NonUniformQuantizer<>{}, statistics, parallel);
  const double harm = network_harm(graph, levels, statistics, parallel);
  std::size_t weights = 0;
  for (const auto& layer : levels) weights += layer.second.weights.levels.size();
  return {harm, harm > 0.0 ? price_estimate(harm, static_cast<double>(weights)) : 0.0};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP
