#ifndef NUQ_GRAPH_QUANTIZE_LAYER_HPP
#define NUQ_GRAPH_QUANTIZE_LAYER_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer without a bias, or with one that another layer shares, has none that could be corrected.
NUQ_FUNCTION [[nodiscard]] bool has_own_bias(const Graph& graph, const Node& node);

namespace detail {

/// Rounds every weight of a layer to the nearest level at its scales: of its codebook, or of all 256. Throws ModelError
/// for weights that are not finite. Nothing for a layer without weights.
NUQ_FUNCTION void round_to_nearest_levels(const Graph& graph, const Node& node, LayerQuantization& layer,
                                          Parallel& parallel);

}  // namespace detail

/// Quantizes the weights of one layer as its plan says: uniformly with the quantizer's own weight quantizer, or to
/// `num_steps` levels; a Pooling layer has none. `statistics` of the layer's inputs may be null. Activations are left
/// to calibration. Without statistics the quantizer is told what may be expected of the inputs, and the error of the
/// output, which not every quantizer knows, says nothing. Throws what the quantizer throws, with file and layer named.
NUQ_FUNCTION [[nodiscard]] LayerQuantization quantize_layer(const Graph& graph, const Node& node, const LayerPlan& plan,
                                                            const AnyLayerQuantizer& quantizer,
                                                            const LayerStatistics* statistics, Parallel& parallel);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <string>
#include <utility>

#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/quantize/scales/finite_weights.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool has_own_bias(const Graph& graph, const Node& node) {
  return node.blobs.size() > 1 && !detail::shares_parameters(graph, node);
}

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline NuqParameters nuq_parameters(const LayerPlan& plan) noexcept {
  NuqParameters parameters;
  parameters.num_steps = plan.num_steps;
  parameters.num_of_iteration = plan.num_of_iteration;
  parameters.bias_correction = plan.bias_correction;
  return parameters;
}

NUQ_DEFINITION void round_to_nearest_levels(const Graph& graph, const Node& node, LayerQuantization& layer,
                                            Parallel& parallel) {
  if (!quantizes_weights(node)) return;
  const WeightMatrix matrix(node);
  with_error_place(graph.weights_file() + ": layer '" + node.name + "'",
                   [&] { require_finite_weights(matrix.view()); });
  const LayerProblem problem{matrix.view(), layer.weights.scales, nullptr, &parallel};
  layer.weights.levels = nearest_levels(problem, layer.codebook ? *layer.codebook : Codebook::all());
}

}  // namespace detail

NUQ_DEFINITION LayerQuantization quantize_layer(const Graph& graph, const Node& node, const LayerPlan& plan,
                                                const AnyLayerQuantizer& quantizer, const LayerStatistics* statistics,
                                                Parallel& parallel) {
  LayerQuantization result;
  if (!quantizes_weights(node)) {
    result.weights = unit_weights();
    return result;
  }
  const WeightMatrix weights(node);
  detail::with_error_place(graph.weights_file() + ": layer '" + node.name + "'", [&] {
    const Granularity granularity = granularity_of(node, plan);
    if (plan.weight_algorithm == WeightAlgorithm::arq) {
      result.weights = quantizer.quantize_uniformly(weights.view(), granularity);
      return;
    }
    const LayerStatistics expected = statistics == nullptr ? data_free_statistics(graph, node) : LayerStatistics{};
    NuqParameters parameters = detail::nuq_parameters(plan);
    if (!has_own_bias(graph, node)) parameters.bias_correction = BiasCorrection::off;
    const bool has_own_price = plan.price && quantizer.is_priced();
    NuqResult nuq = (has_own_price ? quantizer.at_price(*plan.price) : quantizer)
                        .quantize(weights.view(), granularity, parameters,
                                  statistics == nullptr ? &expected : statistics, parallel);
    result.weights = std::move(nuq.weights);
    result.codebook = nuq.codebook;
    result.bias_correction = std::move(nuq.bias_correction);
    if (statistics == nullptr) return;
    result.output_error = nuq.output_error;
    result.sensitivity = statistics->sensitivity;
  });
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_QUANTIZE_LAYER_HPP
