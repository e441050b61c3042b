#ifndef NUQ_AMCT_CONFIG_FROM_SIMPLIFIED_HPP
#define NUQ_AMCT_CONFIG_FROM_SIMPLIFIED_HPP

#include <optional>
#include <string>
#include <vector>

#include "nuq/amct/compressible_layers.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What the simplified configuration states for one layer, strongest first.
using Statements = std::vector<const schema::CalibrationConfig*>;

}  // namespace detail

/// The configuration of a network, before fusion, that a simplified configuration asks for (AMCT manual). Per layer:
/// override_layer_configs > override_layer_types > nuq_config > common_config > conv_/fc_calibration_config > defaults
/// (`arq_quantize`, `ifmr_quantize`), separately for the weight algorithm, the activation algorithm and `asymmetric`.
/// NUQ goes to layers that support it in `scope` and, where that is known, that the vendor's compiler
/// compresses: flagged in the mapping file of `nuq_config`, else in `compressible`. A layer that refuses it takes the
/// next weaker `arq_quantize`, with a note. An averaging Pooling is quantized where an override names it.
///
/// @param file  the simplified configuration's name, for messages and for the search of the mapping file.
/// @throws ConfigError naming file, layer, key and value: unknown_name, duplicate_name, invalid_argument (out of
///         range, num_bits other than 8), unsupported_format (a field of sibling tools), file_not_readable, configuration_mismatch (mapping
///         file of another network), nothing_to_do.
NUQ_FUNCTION [[nodiscard]] QuantConfig config_from_simplified(
    const Graph& graph, const schema::AMCTConfig& definition, const std::string& file,
    std::optional<CompressibleLayers> compressible = std::nullopt, NuqScope scope = NuqScope::standard);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "nuq/amct/detail/fusable_layers.hpp"
#include "nuq/amct/detail/new_config.hpp"
#include "nuq/amct/detail/plan_rules.hpp"
#include "nuq/amct/detail/simplified_rules.hpp"
#include "nuq/amct/mapping_file.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline int to_int(std::uint32_t value) noexcept {
  return static_cast<int>((std::min)(value, static_cast<std::uint32_t>((std::numeric_limits<int>::max)())));
}

/// override_layer_configs > override_layer_types > nuq_config (`nuq`, may be null) > common_config > deprecated ones.
NUQ_FUNCTION [[nodiscard]] inline Statements statements_for(const Node& node, const schema::AMCTConfig& definition,
                                                            const schema::CalibrationConfig* nuq) {
  Statements statements;
  for (const schema::OverrideLayer& override_layer : definition.override_layer_configs()) {
    if (override_layer.layer_name() == node.name) statements.push_back(&override_layer.calibration_config());
  }
  for (const schema::OverrideLayerType& override_type : definition.override_layer_types()) {
    if (override_type.layer_type() == node.type) statements.push_back(&override_type.calibration_config());
  }
  if (nuq != nullptr) statements.push_back(nuq);
  if (definition.has_common_config()) statements.push_back(&definition.common_config());
  const bool inner_product = is<ops::InnerProduct>(node);
  if (!inner_product && definition.has_conv_calibration_config())
    statements.push_back(&definition.conv_calibration_config());
  if (inner_product && definition.has_fc_calibration_config())
    statements.push_back(&definition.fc_calibration_config());
  return statements;
}

/// `nuq_config` as a statement about every layer; the layers that the mapping file does not flag refuse it. Absent
/// where there is no `nuq_config`, or where it leaves the parameters to `common_config`.
NUQ_FUNCTION [[nodiscard]] inline std::optional<schema::CalibrationConfig> nuq_statement(
    const schema::AMCTConfig& definition) {
  const schema::NuqConfig& nuq = definition.nuq_config();
  if (!definition.has_nuq_config() || (!nuq.has_nuq_quantize() && definition.common_config().has_nuq_quantize()))
    return std::nullopt;
  schema::CalibrationConfig statement;
  *statement.mutable_nuq_quantize() = nuq.nuq_quantize();
  return statement;
}

/// Takes the strongest weight algorithm that the layer can have; true when NUQ was asked for and refused.
NUQ_FUNCTION [[nodiscard]] inline bool take_weight_algorithm(const Statements& statements, const Node& node,
                                                             bool nuq_possible, LayerEntry& layer) {
  bool refused = false;
  layer.channel_wise = !has_one_scale(node);
  for (const schema::CalibrationConfig* const statement : statements) {
    if (statement->has_arq_quantize()) {
      const bool wanted = !statement->arq_quantize().has_channel_wise() || statement->arq_quantize().channel_wise();
      layer.channel_wise = wanted && !has_one_scale(node);
      return refused;
    }
    if (statement->has_nuq_quantize() && nuq_possible) {
      layer.channel_wise.reset();
      layer.plan.weight_algorithm = WeightAlgorithm::nuq;
      layer.plan.num_steps = to_int(statement->nuq_quantize().num_steps());
      layer.plan.num_of_iteration = to_int(statement->nuq_quantize().num_of_iteration());
      return false;
    }
    refused = refused || statement->has_nuq_quantize();
  }
  return refused;
}

NUQ_FUNCTION inline void take_activation_algorithm(const Statements& statements, ActivationPlan& plan) {
  const auto states_one = [](const schema::CalibrationConfig* statement) {
    return statement->has_ifmr_quantize() || statement->has_hfmg_quantize();
  };
  const auto strongest = std::find_if(statements.begin(), statements.end(), states_one);
  if (strongest == statements.end()) return;
  if ((*strongest)->has_hfmg_quantize()) {
    plan.algorithm = ActivationAlgorithm::hfmg;
    plan.num_of_bins = to_int((*strongest)->hfmg_quantize().num_of_bins());
    return;
  }
  const schema::FMRQuantize& ifmr = (*strongest)->ifmr_quantize();
  plan.max_percentile = ifmr.max_percentile();
  plan.min_percentile = ifmr.min_percentile();
  plan.search_range_start = ifmr.search_range_start();
  plan.search_range_end = ifmr.search_range_end();
  plan.search_step = ifmr.search_step();
}

/// `asymmetric` has a priority of its own: the strongest statement that mentions it, whatever its algorithm; else
/// `activation_offset`.
NUQ_FUNCTION [[nodiscard]] inline bool asymmetric_activations(const Statements& statements, bool activation_offset) {
  for (const schema::CalibrationConfig* const statement : statements) {
    if (statement->ifmr_quantize().has_asymmetric()) return statement->ifmr_quantize().asymmetric();
    if (statement->hfmg_quantize().has_asymmetric()) return statement->hfmg_quantize().asymmetric();
  }
  return activation_offset;
}

/// Of a layer that the simplified configuration may name in `override_layer_configs`.
NUQ_FUNCTION [[nodiscard]] inline Eligibility eligibility_in(const schema::AMCTConfig& definition, const Graph& graph,
                                                             const Node& node, NuqScope scope) {
  for (const schema::OverrideLayer& override_layer : definition.override_layer_configs()) {
    if (override_layer.layer_name() == node.name) return eligibility_if_named(graph, node, scope);
  }
  return eligibility_of(graph, node, scope);
}

NUQ_FUNCTION inline void note_useless_override(QuantConfig& config, const schema::AMCTConfig& definition,
                                               const Node& node, const Eligibility& eligibility) {
  for (const schema::OverrideLayer& override_layer : definition.override_layer_configs()) {
    if (override_layer.layer_name() != node.name) continue;
    config.notes.push_back(config.file + ": layer '" + node.name +
                           "': its override has no effect: " + eligibility.reason);
  }
}

/// The layers flagged in the mapping file of `nuq_config`; notes which file that is.
NUQ_FUNCTION [[nodiscard]] inline CompressibleLayers mapped_layers(const Graph& graph, const schema::NuqConfig& nuq,
                                                                   QuantConfig& config) {
  CompressibleLayers flagged = read_mapping_file(find_mapping_file(nuq.mapping_file(), config.file));
  config.notes.push_back(config.file + ": mapping_file: " + flagged.source);
  const auto is_layer = [&graph](const std::string& name) { return graph.find(name) != nullptr; };
  if (!flagged.names.empty() && std::none_of(flagged.names.begin(), flagged.names.end(), is_layer)) {
    fail(ConfigError(ErrorCode::configuration_mismatch,
                     flagged.source + ": no flagged operator is a layer of the network, the first is '" +
                         *flagged.names.begin() + "': this is the mapping file of another one"));
  }
  return flagged;
}

}  // namespace detail

NUQ_DEFINITION QuantConfig config_from_simplified(const Graph& graph, const schema::AMCTConfig& definition,
                                                  const std::string& file,
                                                  std::optional<CompressibleLayers> compressible, NuqScope scope) {
  detail::check_definition(graph, definition, file);
  QuantConfig config;
  config.file = file;
  config.nuq_scope = scope;
  config.batch_num = detail::to_int(definition.batch_num());
  config.activation_offset = definition.activation_offset();
  config.joint_quant = definition.joint_quant();
  config.do_fusion = definition.do_fusion();
  config.skip_fusion_layers.assign(definition.skip_fusion_layers().begin(), definition.skip_fusion_layers().end());
  detail::require(config.batch_num >= 1, file, "batch_num", std::to_string(config.batch_num), "an integer above 0");
  detail::check_fusable(graph, config.skip_fusion_layers, file);
  if (definition.has_nuq_config()) compressible = detail::mapped_layers(graph, definition.nuq_config(), config);
  config.for_ascend = compressible.has_value();

  if (definition.update_bn()) detail::note_update_bn(config);

  const std::optional<schema::CalibrationConfig> nuq = detail::nuq_statement(definition);
  for (const Node& node : graph.nodes) {
    const Eligibility eligibility = detail::eligibility_in(definition, graph, node, scope);
    if (!eligibility.quantizable) {
      detail::note_useless_override(config, definition, node, eligibility);
      continue;
    }
    const detail::Statements statements = detail::statements_for(node, definition, nuq ? &*nuq : nullptr);
    LayerEntry layer;
    layer.name = node.name;
    layer.quant_enable = !detail::contains(definition.skip_layers(), node.name) &&
                         !detail::contains(definition.skip_layer_types(), node.type);
    const std::string refusal = detail::nuq_refusal(node, eligibility, compressible);
    const bool refused = detail::take_weight_algorithm(statements, node, refusal.empty(), layer);
    if (layer.plan.weight_algorithm == WeightAlgorithm::nuq) config.cap_levels = true;
    detail::take_activation_algorithm(statements, layer.plan.activation);
    layer.plan.activation.asymmetric = detail::asymmetric_activations(statements, config.activation_offset);
    detail::check_ranges(layer.plan, file + ": layer '" + node.name + "'");
    if (refused && layer.quant_enable) detail::note_uniform(config, node, refusal);
    config.layers.push_back(std::move(layer));
  }
  detail::require_enabled_layer(config);
  detail::note_unusual_settings(config);
  return config;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_CONFIG_FROM_SIMPLIFIED_HPP
