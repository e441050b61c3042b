#ifndef NUQ_AMCT_APPLY_CONFIG_HPP
#define NUQ_AMCT_APPLY_CONFIG_HPP

#include <string>
#include <vector>

#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Hands the decisions of a configuration to the network, before fusion: fills `graph.plan`, `graph.nuq_scope`,
/// `graph.batch_num` and `graph.joint_quant`. `nuq_quantize` on a layer that NUQ does not support in that scope becomes
/// `arq_quantize`.
/// @return  one note for each such layer, with the reason.
/// @throws ConfigError configuration_mismatch (a layer that the network lacks or that cannot be quantized: the
///         configuration is another network's), invalid_argument (channel_wise on InnerProduct or Pooling),
///         nothing_to_do (no layer enabled). The graph is then unchanged.
NUQ_FUNCTION std::vector<std::string> apply(const QuantConfig& config, Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <utility>

#include "nuq/amct/detail/fusable_layers.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_FUNCTION std::vector<std::string> apply(const QuantConfig& config, Graph& graph) {
  detail::check_fusable(graph, config.skip_fusion_layers, config.file);
  QuantizationPlan plan;
  std::vector<std::string> notes;
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
    LayerPlan& decided = plan[layer.name];
    decided = layer.plan;
    decided.channel_wise = layer.channel_wise.value_or(!one_scale);
    if (decided.weight_algorithm == WeightAlgorithm::nuq && !eligibility.nuq) {
      decided.weight_algorithm = WeightAlgorithm::arq;
      notes.push_back(place + "arq_quantize instead of nuq_quantize: " + eligibility.reason);
    }
  }
  if (plan.empty())
    detail::fail(ConfigError(ErrorCode::nothing_to_do, config.file + ": no layer has \"quant_enable\":true"));
  graph.plan = std::move(plan);
  graph.nuq_scope = config.nuq_scope;
  graph.batch_num = config.batch_num;
  graph.joint_quant = config.joint_quant;
  return notes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_APPLY_CONFIG_HPP
