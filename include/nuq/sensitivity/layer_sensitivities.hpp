#ifndef NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
#define NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/assign/error_feedback.hpp"
#include "nuq/assign/layer_problem.hpp"
#include "nuq/assign/output_error.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantized_blobs.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/codebook/codebook.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/layer_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A layer at the levels −m … m over each row's range, with error feedback.
[[nodiscard]] inline QuantizedWeights reference_quantization(MatrixView<const float> weights, Granularity granularity,
                                                             const LayerStatistics& statistics, int m,
                                                             Parallel& parallel) {
  QuantizedWeights quantized{weights.rows(), weights.cols(), {}, {}};
  const std::size_t scales = granularity == Granularity::per_tensor ? 1 : weights.rows();
  for (std::size_t index = 0; index < scales; ++index) {
    const ArrayView<const float> values =
        scales == 1 ? ArrayView<const float>(weights.data(), weights.size()) : weights.row(index);
    float largest = 0.0F;
    for (const float value : values) largest = (std::max)(largest, std::abs(value));
    quantized.scales.push_back(largest > 0.0F ? largest / static_cast<float>(m) : 1.0F);
  }
  std::vector<int> levels;
  for (int level = -m; level <= m; ++level) levels.push_back(level);
  quantized.levels =
      ErrorFeedback{}
          .assign({weights, quantized.scales, &statistics, &parallel}, Codebook(levels.begin(), levels.end()))
          .levels;
  return quantized;
}

/// Σ_rows wᵀ H w: the energy of a layer's output.
[[nodiscard]] inline double output_energy(MatrixView<const float> weights, const LayerStatistics& statistics,
                                          Parallel& parallel) {
  const std::vector<std::int8_t> zeros(weights.size());
  const std::vector<float> scales = {1.0F};
  return output_error({weights, scales, &statistics, &parallel}, zeros);
}

[[nodiscard]] inline double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
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
[[nodiscard]] std::map<std::string, double> layer_sensitivities(
    Graph graph, const std::map<std::string, LayerStatistics>& statistics, Engine& engine, int batches, Feed&& feed,
    Parallel& parallel) {
  std::map<std::string, double> sensitivities;
  if constexpr (check_engine<Engine>()) {
    engine.load(graph);
    const NetworkOutputs original = network_outputs(graph, engine, batches, feed);
    for (Node& node : graph.nodes) {
      const auto known = statistics.find(node.name);
      if (known == statistics.end()) continue;
      const Granularity granularity = granularity_of(node, graph.plan.at(node.name));
      const double energy = detail::output_energy(WeightMatrix(node).view(), known->second, parallel);
      const std::vector<float> weights = node.blobs.front().values;
      double slope = 0.0;
      for (const int m : {6, 7}) {
        const QuantizedWeights quantized =
            detail::reference_quantization(WeightMatrix(node).view(), granularity, known->second, m, parallel);
        const double error =
            output_error({WeightMatrix(node).view(), quantized.scales, &known->second, &parallel}, quantized.levels);
        node.blobs.front().values = dequantized_weights(node, quantized);
        engine.load(graph);
        slope += output_damage(original, network_outputs(graph, engine, batches, feed)) / error;
        node.blobs.front().values = weights;
      }
      sensitivities[node.name] = std::sqrt(slope / energy);
    }
    std::vector<double> usable;
    const auto is_usable = [](double value) { return is_finite(value) && value > 0.0; };
    for (const auto& [layer, value] : sensitivities) {
      if (is_usable(value)) usable.push_back(value);
    }
    const double fallback = usable.empty() ? 1.0 : detail::median_of(std::move(usable));
    for (auto& [layer, value] : sensitivities) {
      if (!is_usable(value)) value = fallback;
    }
  }
  return sensitivities;
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
