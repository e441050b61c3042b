#ifndef NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
#define NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/assign/error_feedback.hpp"
#include "nuq/assign/layer_problem.hpp"
#include "nuq/caffe/data_free_statistics.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantized_blobs.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/codebook/codebook.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/layer_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/quantizer/row_scales.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A layer at the levels −m … m over each row's range, with error feedback.
[[nodiscard]] inline QuantizedWeights reference_quantization(MatrixView<const float> weights, Granularity granularity,
                                                             const LayerStatistics& statistics, int m,
                                                             Parallel& parallel) {
  const auto scale_of = [m](ArrayView<const float> values) {
    return largest_magnitude(values) / static_cast<float>(m);
  };
  QuantizedWeights quantized{weights.rows(), weights.cols(), row_scales(weights, granularity, scale_of), {}};
  std::vector<int> levels;
  for (int level = -m; level <= m; ++level) levels.push_back(level);
  quantized.levels =
      ErrorFeedback{}
          .assign({weights, quantized.scales, &statistics, &parallel}, Codebook(levels.begin(), levels.end()))
          .levels;
  return quantized;
}

/// Values that are not finite or not positive become the median of the others; 1 where there are none.
inline void replace_useless_by_median(std::map<std::string, double>& values) {
  const auto is_useful = [](double value) { return is_finite(value) && value > 0.0; };
  std::vector<double> useful;
  for (const auto& [layer, value] : values) {
    if (is_useful(value)) useful.push_back(value);
  }
  std::sort(useful.begin(), useful.end());
  const double median = useful.empty() ? 1.0 : useful[useful.size() / 2];
  for (auto& [layer, value] : values) {
    if (!is_useful(value)) value = median;
  }
}

}  // namespace detail

/// How much damage at the network's outputs a unit of each layer's output error does, up to a common factor:
///
///   G = sqrt(E · P),   E = 1 / (energy of the layer's output),   P = Σ damage / error over two reference quantizations
///
/// P is measured by changing one layer at a time and running the network: two forward passes over the data per layer. E
/// alone equalises relative errors and is blind to the network, P alone trusts a slope of small errors too far; their
/// geometric mean is robust. A layer where either is not to be had gets the median.
///
/// @param graph       the network, not quantized; a copy of it is changed.
/// @param statistics  of the layers in question, not weighed yet.
/// @param engine      an Engine; loaded anew for every layer.
/// @param feed        `feed(engine, batch)` sets the network's inputs for batch 0 … batches − 1.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, double> layer_sensitivities(Graph graph, const NetworkStatistics& statistics,
                                                                Engine& engine, int batches, Feed&& feed,
                                                                Parallel& parallel) {
  std::map<std::string, double> sensitivities;
  if constexpr (check_engine<Engine>()) {
    engine.load(graph);
    const NetworkOutputs original = network_outputs(graph, engine, batches, feed);
    for (Node& node : graph.nodes) {
      const auto known = statistics.find(node.name);
      if (known == statistics.end()) continue;
      const Granularity granularity = granularity_of(node, graph.plan.at(node.name));
      const std::vector<float> weights = node.blobs.front().values;
      double slope = 0.0;
      for (const int m : {6, 7}) {
        const QuantizedWeights quantized =
            detail::reference_quantization(WeightMatrix(node).view(), granularity, known->second, m, parallel);
        const double error = predicted_harm(node, quantized, known->second, parallel);
        node.blobs.front().values = dequantized_weights(node, quantized);
        engine.load(graph);
        slope += output_damage(original, network_outputs(graph, engine, batches, feed)) / error;
        node.blobs.front().values = weights;
      }
      sensitivities[node.name] = std::sqrt(slope / output_energy(node, known->second, parallel));
    }
    detail::replace_useless_by_median(sensitivities);
  }
  return sensitivities;
}

/// Sensitivities without data: the inverse of the energy of each layer's output, which equalises relative errors.
[[nodiscard]] inline std::map<std::string, double> data_free_sensitivities(const Graph& graph,
                                                                           const NetworkStatistics& statistics,
                                                                           Parallel& parallel) {
  std::map<std::string, double> sensitivities;
  for (const auto& [layer, known] : statistics) {
    sensitivities[layer] = 1.0 / output_energy(*graph.find(layer), known, parallel);
  }
  detail::replace_useless_by_median(sensitivities);
  return sensitivities;
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
