#ifndef NUQ_CAFFE_QUANTIZE_LAYER_HPP
#define NUQ_CAFFE_QUANTIZE_LAYER_HPP

#include <string>
#include <utility>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/core/detail/error_place.hpp"
#include "nuq/core/layer_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantizer/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

[[nodiscard]] inline NuqParameters nuq_parameters(const LayerPlan& plan) noexcept {
  NuqParameters parameters;
  parameters.num_steps = plan.num_steps;
  parameters.num_of_iteration = plan.num_of_iteration;
  return parameters;
}

}  // namespace detail

/// Quantizes the weights of one layer as its plan says: uniformly with the quantizer's own weight quantizer, or to
/// `num_steps` levels. `statistics` of the layer's inputs may be null. Activations are left to calibration. Throws what
/// the quantizer throws, with file and layer named.
template <class Quantizer>
[[nodiscard]] LayerQuantization quantize_layer(const Graph& graph, const Node& node, const LayerPlan& plan,
                                               const Quantizer& quantizer, const LayerStatistics* statistics,
                                               Parallel& parallel) {
  const WeightMatrix weights(node);
  return detail::with_error_place(graph.model->weights_file + ": layer '" + node.name + "'", [&] {
    const Granularity granularity = granularity_of(node, plan);
    LayerQuantization result;
    if (plan.weight_algorithm == WeightAlgorithm::arq) {
      result.weights = quantize_weights(quantizer.quantizer(), weights.view(), granularity);
    } else {
      NuqResult nuq =
          quantizer.quantize(weights.view(), granularity, detail::nuq_parameters(plan), statistics, parallel);
      result.weights = std::move(nuq.weights);
      result.codebook = nuq.codebook;
    }
    return result;
  });
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_QUANTIZE_LAYER_HPP
