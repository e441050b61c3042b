#ifndef NUQ_SENSITIVITY_RANK_LAYERS_HPP
#define NUQ_SENSITIVITY_RANK_LAYERS_HPP

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/sensitivity/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How much of a layer's output survives when the network is quantized; small: sensitive.
struct LayerSensitivity {
  std::string layer;
  double value = 0.0;
};

/// Ranks the quantized layers of a network, the most sensitive first, equal ones in the network's order. Each is judged
/// by its output in the float network and behind its DeQuant layer in the fake-quant one, so that what the layers
/// before it have spoilt counts too; over several batches, by the mean.
///
/// @param original   an Engine that has `graph` loaded.
/// @param quantized  an Engine that has the fake-quant model of `quantization` loaded, activations included.
/// @param feed       `feed(engine, batch)` sets the network's inputs for batch 0 … batch_num − 1.
/// @throws ModelError non_finite_value for a layer whose outputs cannot be compared.
template <class Engine, class Feed, class Sensitivity>
[[nodiscard]] std::vector<LayerSensitivity> rank_layers(const Graph& graph, const NetworkQuantization& quantization,
                                                        Engine& original, Engine& quantized, int batch_num, Feed&& feed,
                                                        const Sensitivity& sensitivity) {
  static_assert(is_output_sensitivity_v<Sensitivity>,
                "[nuq] OutputSensitivity must provide: double compare(ArrayView<const float> original, "
                "ArrayView<const float> quantized) const");
  std::vector<LayerSensitivity> ranking;
  if constexpr (check_engine<Engine>() && is_output_sensitivity_v<Sensitivity>) {
    std::map<std::string, double> sums;
    for (int batch = 0; batch < batch_num; ++batch) {
      std::map<std::string, std::vector<float>> outputs;  // of the float network, by the name of the layer's DeQuant
      feed(original, batch);
      original.forward([&](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView> tensors) {
        if (quantization.count(node.name) == 0) return;
        outputs[dequant_layer_name(node.name)].assign(tensors[0].values.begin(), tensors[0].values.end());
      });
      feed(quantized, batch);
      quantized.forward([&](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView> tensors) {
        const auto before = outputs.find(node.name);
        if (before == outputs.end()) return;
        sums[node.name] += static_cast<double>(sensitivity.compare(before->second, tensors[0].values));
      });
    }
    for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization&) {
      const double value = sums[dequant_layer_name(node.name)] / batch_num;
      if (!is_finite(value)) {
        detail::fail_layer(ErrorCode::non_finite_value, graph.model_file(), node.name,
                           "its sensitivity is not finite, wanted finite outputs");
      }
      ranking.push_back({node.name, value});
    });
    std::stable_sort(ranking.begin(), ranking.end(),
                     [](const LayerSensitivity& a, const LayerSensitivity& b) { return a.value < b.value; });
  }
  return ranking;
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_RANK_LAYERS_HPP
