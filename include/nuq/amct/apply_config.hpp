#ifndef NUQ_AMCT_APPLY_CONFIG_HPP
#define NUQ_AMCT_APPLY_CONFIG_HPP

#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a configuration decides for a network, before fusion. `nuq_quantize` on a layer that NUQ does not support in
/// the configuration's scope becomes `arq_quantize`, with a note that says why, behind those of the configuration.
/// @throws ConfigError configuration_mismatch (a layer that the network lacks or that cannot be quantized: the
///         configuration is another network's), invalid_argument (channel_wise on InnerProduct or Pooling),
///         nothing_to_do (no layer enabled).
NUQ_FUNCTION [[nodiscard]] QuantizationSettings apply(const QuantConfig& config, const Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <set>
#include <string>
#include <vector>

#include "nuq/amct/detail/fusable_layers.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The first of the layers with a node's weights that a configuration leaves in float; null where it has all of them.
NUQ_FUNCTION [[nodiscard]] inline const Node* first_not_planned(const QuantizationPlan& plan,
                                                                const std::vector<const Node*>& uses) {
  for (const Node* const use : uses) {
    if (plan.count(use->name) == 0) return use;
  }
  return nullptr;
}

/// Layers that share their weights get one quantization: all or none of them, uniform where one is to be uniform,
/// otherwise as the first is to be.
NUQ_FUNCTION inline void align_shared_weights(QuantizationSettings& settings, const Graph& graph,
                                              const std::string& file) {
  for (const Node& node : graph.nodes) {
    const std::vector<const Node*> uses = nodes_of_same_weights(graph, node);
    const auto planned = settings.plan.find(node.name);
    if (uses.size() == 1 || planned == settings.plan.end()) continue;
    const std::string place = file + ": layer '" + node.name + "': ";
    if (const Node* const other = first_not_planned(settings.plan, uses)) {
      settings.notes.push_back(place + "stays in float: it shares its weights with layer '" + other->name +
                               "', which is not quantized");
      settings.plan.erase(planned);
      continue;
    }
    LayerPlan aligned = settings.plan.at(uses.front()->name);
    for (const Node* const use : uses) {
      if (settings.plan.at(use->name).weight_algorithm == WeightAlgorithm::arq)
        aligned.weight_algorithm = WeightAlgorithm::arq;
    }
    LayerPlan& own = planned->second;
    if (own.weight_algorithm != aligned.weight_algorithm || own.num_steps != aligned.num_steps ||
        own.channel_wise != aligned.channel_wise) {
      settings.notes.push_back(place + "its weights are quantized as those of layer '" + uses.front()->name +
                               "', which shares them");
    }
    if (!have_same_weights_and_bias(node, *uses.front())) aligned.activation = own.activation;
    own = aligned;
  }
}

}  // namespace detail

NUQ_DEFINITION QuantizationSettings apply(const QuantConfig& config, const Graph& graph) {
  detail::check_fusable(graph, config.skip_fusion_layers, config.file);
  QuantizationSettings settings;
  settings.notes = config.notes;
  for (const LayerEntry& layer : config.layers) {
    const std::string place = config.file + ": layer '" + layer.name + "': ";
    const Node* const node = graph.find(layer.name);
    if (node == nullptr) {
      detail::fail(ConfigError(ErrorCode::configuration_mismatch,
                               place + "is not in the network: this is the configuration of another one"));
    }
    if (!layer.quant_enable) continue;
    const Eligibility eligibility = eligibility_if_named(graph, *node, config.nuq_scope);
    if (!eligibility.quantizable) {
      detail::fail(ConfigError(ErrorCode::configuration_mismatch,
                               place + "cannot be quantized, wanted \"quant_enable\":false: " + eligibility.reason));
    }
    const bool one_scale = has_one_scale(*node);
    if (one_scale && layer.channel_wise.value_or(false)) {
      detail::fail(ConfigError(ErrorCode::invalid_argument,
                               place + "channel_wise: got true, wanted false: " + node->type + " has one scale"));
    }
    LayerPlan& decided = settings.plan[layer.name];
    decided = layer.plan;
    decided.channel_wise = layer.channel_wise.value_or(!one_scale);
    if (decided.weight_algorithm == WeightAlgorithm::nuq && !eligibility.nuq) {
      decided.weight_algorithm = WeightAlgorithm::arq;
      settings.notes.push_back(place + "arq_quantize instead of nuq_quantize: " + eligibility.reason);
    }
  }
  detail::align_shared_weights(settings, graph, config.file);
  if (settings.plan.empty())
    detail::fail(ConfigError(ErrorCode::nothing_to_do, config.file + ": no layer has \"quant_enable\":true"));
  settings.fusion.enabled = config.do_fusion;
  settings.fusion.skipped = std::set<std::string>(config.skip_fusion_layers.begin(), config.skip_fusion_layers.end());
  settings.nuq_scope = config.nuq_scope;
  settings.tiny_values = config.tiny_values;
  settings.batch_num = config.batch_num;
  settings.joint_quant = config.joint_quant;
  settings.cap_levels = config.cap_levels;
  settings.for_ascend = config.for_ascend;
  return settings;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_APPLY_CONFIG_HPP
