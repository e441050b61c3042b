#ifndef NUQ_TESTS_DEPLOY_AGREEMENT_HPP
#define NUQ_TESTS_DEPLOY_AGREEMENT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/engine/layer_catalogue.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/quantization.hpp"

/// How a network's fake-quant and deploy models agree.
struct DeployAgreement {
  std::size_t layers = 0;  ///< compared
  /// Largest difference over what is allowed: 0.5 · scale_d · scale_w + 1e-5 of the largest output; where sums are
  /// shifted by N bits, 2ᴺ · scale_d · scale_w more, one step of the shifted sums.
  double worst = 0.0;
  std::string worst_layer;
};

namespace detail_deploy_agreement {

inline const nuq::Node& producer(const nuq::Graph& graph, const nuq::Node& node) {
  return graph.nodes[graph.values[node.inputs.front()].producer];
}

inline std::vector<float> computed(const nuq::Node& node, const nuq::TensorView& input,
                                   const nuq::Shape& output_shape) {
  std::vector<float> output(nuq::element_count(output_shape));
  const std::vector<nuq::TensorView> inputs = {input};
  std::vector<nuq::TensorSpan> outputs = {{output_shape, output}};
  nuq::Workspace workspace(2);
  nuq::Node bare = node;
  bare.blobs.clear();
  nuq::detail::load_layer(node).value().forward({bare, inputs, outputs, workspace});
  return output;
}

inline nuq::ActivationScale quant_grid(const nuq::Node& quant) {
  return nuq::quant_scale(quant.operation.get<nuq::ops::Quant>(), nuq::LayerRef(quant));
}

/// What the layer of the deploy model and its DeQuant make of fake-quantized inputs.
inline std::vector<float> deployed(const nuq::Graph& graph, const nuq::Node& node, const nuq::Node& dequant,
                                   const nuq::TensorView& input, const nuq::Shape& output_shape) {
  const nuq::ActivationScale grid = quant_grid(producer(graph, node));
  std::vector<float> levels;
  for (const float value : input.values)
    levels.push_back(std::round(value / grid.scale) + static_cast<float>(grid.offset));
  const std::vector<float> sums = computed(node, {input.shape, levels}, output_shape);
  return computed(dequant, {output_shape, sums}, output_shape);
}

}  // namespace detail_deploy_agreement

/// Feeds every quantized layer of the deploy model what the one of the fake-quant model reads, and compares what their
/// DeQuant layers write.
inline DeployAgreement deploy_agreement(const nuq::Graph& fake_quant, const nuq::Graph& deploy,
                                        const std::map<std::string, nuq::Tensor>& inputs) {
  nuq::EigenEngine engine(2);
  engine.load(fake_quant);
  for (const auto& [blob, tensor] : inputs) engine.set_input(blob, tensor.view());
  DeployAgreement agreement;
  engine.forward([&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView> read,
                     nuq::ArrayView<const nuq::TensorView> written) {
    const nuq::Node* const deployed = deploy.find(node.name);
    if (deployed == nullptr || !deployed->integer || deployed->integer->weights.empty()) return;
    const std::string dequant = node.name + "_dequant_layer";
    const nuq::DequantFactors factors = nuq::dequant_factors(nuq::LayerRef(*deploy.find(dequant)));
    const nuq::Shape& shape = written[0].shape;
    const std::vector<float> got =
        detail_deploy_agreement::deployed(deploy, *deployed, *deploy.find(dequant), read[0], shape);
    const std::vector<float> wanted = detail_deploy_agreement::computed(*fake_quant.find(dequant), written[0], shape);
    float largest = 0.0F;
    for (const float value : wanted) largest = (std::max)(largest, std::fabs(value));
    const std::size_t plane = wanted.size() / static_cast<std::size_t>(shape[0] * shape[1]);
    for (std::size_t at = 0; at < got.size(); ++at) {
      const std::size_t channel = at / plane % factors.scale.size();
      const double shift = static_cast<double>(factors.shift_bit[channel]);
      const double steps = 0.5 + (shift > 0.0 ? std::exp2(shift) : 0.0);
      const double allowed = steps * static_cast<double>(factors.scale[channel]) + 1e-5 * static_cast<double>(largest);
      const double excess = static_cast<double>(std::fabs(got[at] - wanted[at])) / allowed;
      if (!(excess <= agreement.worst)) {
        agreement.worst = excess;
        agreement.worst_layer = node.name;
      }
    }
    ++agreement.layers;
  });
  return agreement;
}

#endif  // NUQ_TESTS_DEPLOY_AGREEMENT_HPP
