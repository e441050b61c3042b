#ifndef NUQ_AMCT_DEFAULT_CONFIG_HPP
#define NUQ_AMCT_DEFAULT_CONFIG_HPP

#include <optional>
#include <string>
#include <vector>

#include "nuq/amct/compressible_layers.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The arguments of `create_quant_config` that apply without a simplified configuration.
struct DefaultConfigOptions {
  std::vector<std::string> skip_layers;  ///< written with `quant_enable` false
  int batch_num = 1;                     ///< ≥ 1
  bool activation_offset = true;
  bool uniform = false;  ///< `arq_quantize` everywhere
  NuqScope nuq_scope = NuqScope::standard;
  std::optional<CompressibleLayers> compressible;  ///< where known, only these take NUQ
};

/// The configuration of a network, before fusion, without further wishes: `nuq_quantize` with the default 32 levels on
/// every layer that NUQ supports in the scope, `arq_quantize` on the others that can be quantized; each of
/// these is noted with its reason. Throws ConfigError: unknown_name (`skip_layers`), invalid_argument (`batch_num`),
/// nothing_to_do.
NUQ_FUNCTION [[nodiscard]] QuantConfig default_config(const Graph& graph, const DefaultConfigOptions& options = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/amct/detail/new_config.hpp"
#include "nuq/amct/detail/plan_rules.hpp"
#include "nuq/graph/passes/eligibility.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION QuantConfig default_config(const Graph& graph, const DefaultConfigOptions& options) {
  QuantConfig config;
  config.nuq_scope = options.nuq_scope;
  config.batch_num = options.batch_num;
  config.activation_offset = options.activation_offset;
  config.for_ascend = options.compressible.has_value();
  detail::require(options.batch_num >= 1, config.file, "batch_num", std::to_string(options.batch_num),
                  "an integer above 0");
  detail::check_layer_names(graph, options.skip_layers, config.file, "skip_layers");
  for (const Node& node : graph.nodes) {
    const Eligibility eligibility = eligibility_of(graph, node, options.nuq_scope);
    if (!eligibility.quantizable) continue;
    LayerEntry layer;
    layer.name = node.name;
    layer.quant_enable = !detail::contains(options.skip_layers, node.name);
    layer.plan.activation.asymmetric = options.activation_offset;
    const std::string refusal = detail::nuq_refusal(node, eligibility, options.compressible);
    if (!options.uniform && refusal.empty()) {
      layer.plan.weight_algorithm = WeightAlgorithm::nuq;
    } else {
      layer.channel_wise = !is<ops::InnerProduct>(node);
    }
    if (!options.uniform && layer.quant_enable && !refusal.empty()) detail::note_uniform(config, node, refusal);
    config.layers.push_back(layer);
  }
  detail::require_enabled_layer(config);
  return config;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DEFAULT_CONFIG_HPP
