#ifndef NUQ_AMCT_DETAIL_NEW_CONFIG_HPP
#define NUQ_AMCT_DETAIL_NEW_CONFIG_HPP

#include <algorithm>
#include <optional>
#include <string>

#include "nuq/amct/compressible_layers.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/version.hpp"

// What the two ways to a new configuration (`default_config`, `config_from_simplified`) share.

NUQ_NAMESPACE_BEGIN
namespace detail {

template <class Names>
[[nodiscard]] bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Refuses names that are no layers of the network.
template <class Names>
void check_layer_names(const Graph& graph, const Names& names, const std::string& file, const std::string& key) {
  for (const std::string& name : names) {
    if (graph.find(name) == nullptr) {
      fail(ConfigError(ErrorCode::unknown_name, file + ": " + key + ": '" + name + "' is not a layer of the network"));
    }
  }
}

/// Why a layer that can be quantized cannot take NUQ; empty when it can.
NUQ_FUNCTION [[nodiscard]] std::string nuq_refusal(const Node& node, const Eligibility& eligibility,
                                                   const std::optional<CompressibleLayers>& compressible);

NUQ_FUNCTION void note_uniform(QuantConfig& config, const Node& node, const std::string& refusal);

NUQ_FUNCTION void require_enabled_layer(const QuantConfig& config);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::string nuq_refusal(const Node& node, const Eligibility& eligibility,
                                       const std::optional<CompressibleLayers>& compressible) {
  if (!eligibility.nuq) return eligibility.reason;
  if (compressible && compressible->names.count(node.name) == 0)
    return "its weights are not compressed according to " + compressible->source;
  return {};
}

NUQ_DEFINITION void note_uniform(QuantConfig& config, const Node& node, const std::string& refusal) {
  config.notes.push_back(config.file + ": layer '" + node.name + "': arq_quantize instead of nuq_quantize: " + refusal);
}

NUQ_DEFINITION void require_enabled_layer(const QuantConfig& config) {
  for (const LayerEntry& layer : config.layers) {
    if (layer.quant_enable) return;
  }
  fail(ConfigError(ErrorCode::nothing_to_do,
                   config.file + ": except for the skipped layers, no layer can be quantized"));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DETAIL_NEW_CONFIG_HPP
