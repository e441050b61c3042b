#ifndef NUQ_AMCT_DETAIL_SIMPLIFIED_RULES_HPP
#define NUQ_AMCT_DETAIL_SIMPLIFIED_RULES_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Refuses names that do not exist, names overridden twice, fields of sibling tools, and any number of bits but 8.
NUQ_FUNCTION void check_definition(const Graph& graph, const schema::AMCTConfig& definition, const std::string& file);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "nuq/amct/detail/new_config.hpp"
#include "nuq/amct/detail/plan_rules.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Refuses the fields that only sibling tools of other frameworks act on.
NUQ_FUNCTION inline void refuse_sibling_fields(const schema::CalibrationConfig& config, const std::string& place) {
  const auto refuse = [&place](bool present, const std::string& field, const std::string& wanted) {
    if (present)
      fail(ConfigError(ErrorCode::unsupported_format, place + ": " + field + " is not supported, wanted " + wanted));
  };
  refuse(config.has_ada_quantize(), "ada_quantize", "arq_quantize or nuq_quantize");
  refuse(config.has_snq_quantize(), "snq_quantize, of 4 bits,",
         "nuq_quantize, which with num_steps 16 keeps as many levels");
  refuse(config.arq_quantize().has_quant_bits() && config.arq_quantize().quant_bits() != 8, "quant_bits other than 8",
         "8");
  refuse(config.ifmr_quantize().dst_type() != schema::INT8 || config.hfmg_quantize().dst_type() != schema::INT8,
         "dst_type INT16", "INT8");
  refuse(config.has_dmq_balancer(), "dmq_balancer", "none");
}

/// What is quantized is int8, weights and activations alike.
NUQ_FUNCTION inline void check_num_bits(const schema::CalibrationConfig& config, const std::string& place) {
  const auto check = [&place](const char* algorithm, std::uint32_t num_bits) {
    require(num_bits == 8, place, std::string(algorithm) + ": num_bits", std::to_string(num_bits), "8");
  };
  check("arq_quantize", config.arq_quantize().num_bits());
  check("nuq_quantize", config.nuq_quantize().num_bits());
  check("ifmr_quantize", config.ifmr_quantize().num_bits());
  check("hfmg_quantize", config.hfmg_quantize().num_bits());
}

NUQ_FUNCTION inline void check_algorithms(const schema::CalibrationConfig& config, const std::string& place) {
  refuse_sibling_fields(config, place);
  check_num_bits(config, place);
}

/// The layer types of one scale for all channels, as configurations call them.
inline constexpr std::array<std::string_view, 2> one_scale_types{"InnerProduct", "Pooling"};

NUQ_DEFINITION void check_definition(const Graph& graph, const schema::AMCTConfig& definition,
                                     const std::string& file) {
  std::set<std::string> types{"Convolution", "Deconvolution", "InnerProduct", "Pooling", "Eltwise"};
  for (const Node& node : graph.nodes) types.insert(node.type);
  const auto check_type = [&](const std::string& type, const std::string& key) {
    if (types.count(type) == 0)
      fail(ConfigError(ErrorCode::unknown_name,
                       file + ": " + key + ": the network has no layer of type '" + type + "'"));
  };
  std::set<std::string> overridden;
  const auto check_override = [&](const std::string& key, const std::string& name, const std::string& type,
                                  const schema::CalibrationConfig& config) {
    const std::string place = file + ": " + key + ": '" + name + "'";
    if (!overridden.insert(place).second) fail(ConfigError(ErrorCode::duplicate_name, place + " is overridden twice"));
    check_algorithms(config, place);
    const bool has_one_scale = type == one_scale_types[0] || type == one_scale_types[1];
    require(!has_one_scale || !config.arq_quantize().channel_wise(), place, "channel_wise", "true",
            "false: " + type + " has one scale");
  };

  check_layer_names(graph, definition.skip_layers(), file, "skip_layers");
  for (const std::string& type : definition.skip_layer_types()) check_type(type, "skip_layer_types");
  for (const schema::OverrideLayerType& override_type : definition.override_layer_types()) {
    check_type(override_type.layer_type(), "override_layer_types");
    check_override("override_layer_types", override_type.layer_type(), override_type.layer_type(),
                   override_type.calibration_config());
  }
  for (const schema::OverrideLayer& override_layer : definition.override_layer_configs()) {
    const std::string& name = override_layer.layer_name();
    check_layer_names(graph, std::vector<std::string>{name}, file, "override_layer_configs");
    check_override("override_layer_configs", name, graph.find(name)->type, override_layer.calibration_config());
  }
  check_algorithms(definition.common_config(), file + ": common_config");
  check_algorithms(definition.conv_calibration_config(), file + ": conv_calibration_config");
  check_algorithms(definition.fc_calibration_config(), file + ": fc_calibration_config");
  const std::uint32_t num_bits = definition.nuq_config().nuq_quantize().num_bits();
  require(num_bits == 8, file, "nuq_config: num_bits", std::to_string(num_bits), "8");
  if (definition.tensor_quantize_size() > 0 || definition.has_fakequant_precision_mode()) {
    fail(ConfigError(ErrorCode::unsupported_format,
                     file + ": tensor_quantize and fakequant_precision_mode are not supported"));
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DETAIL_SIMPLIFIED_RULES_HPP
