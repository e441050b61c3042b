#ifndef NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP
#define NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The estimate for the harm of the configured numbers of levels.
NUQ_FUNCTION [[nodiscard]] double price_of_configured_levels(const Graph& graph, const QuantizationPlan& plan,
                                                             const NetworkStatistics& statistics, Parallel& parallel);

/// The price at which `quantizer` does the harm of the configured numbers of levels, searched for.
NUQ_FUNCTION [[nodiscard]] double price_of_equal_harm(const Graph& graph, const QuantizationPlan& plan,
                                                      const NetworkStatistics& statistics,
                                                      const AnyLayerQuantizer& quantizer, Parallel& parallel);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstddef>

#include "nuq/graph/quantize_layer.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/sensitivity/price_of_harm.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Predicted harm of quantizing all layers that `statistics` know, and the number of their weights.
struct NetworkHarm {
  double harm = 0.0;
  std::size_t weights = 0;
};

NUQ_FUNCTION [[nodiscard]] inline NetworkHarm network_harm(const Graph& graph, const QuantizationPlan& plan,
                                                           const NetworkStatistics& statistics,
                                                           const AnyLayerQuantizer& quantizer, Parallel& parallel) {
  NetworkHarm total;
  for (const auto& [layer, known] : statistics) {
    const Node& node = *graph.find(layer);
    const QuantizedWeights quantized = quantize_layer(graph, node, plan.at(layer), quantizer, &known, parallel).weights;
    total.harm += predicted_harm(node, quantized, known, parallel);
    total.weights += quantized.levels.size();
  }
  return total;
}

/// About the price per bit at which a uniform quantizer does this harm; 0 for none.
NUQ_FUNCTION [[nodiscard]] inline double price_of(const NetworkHarm& total) noexcept {
  return total.harm > 0.0 ? price_estimate(total.harm, static_cast<double>(total.weights)) : 0.0;
}

NUQ_DEFINITION double price_of_configured_levels(const Graph& graph, const QuantizationPlan& plan,
                                                 const NetworkStatistics& statistics, Parallel& parallel) {
  return price_of(network_harm(graph, plan, statistics, NonUniformQuantizer<>{}, parallel));
}

NUQ_DEFINITION double price_of_equal_harm(const Graph& graph, const QuantizationPlan& plan,
                                          const NetworkStatistics& statistics, const AnyLayerQuantizer& quantizer,
                                          Parallel& parallel) {
  const NetworkHarm levels = network_harm(graph, plan, statistics, NonUniformQuantizer<>{}, parallel);
  if (!(levels.harm > 0.0)) return 0.0;
  return price_of_harm(levels.harm, price_of(levels), [&](double price) {
    return network_harm(graph, plan, statistics, quantizer.at_price(price), parallel).harm;
  });
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_PRICE_OF_LEVELS_HPP
