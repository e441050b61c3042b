#ifndef NUQ_AMCT_QUANT_CONFIG_JSON_HPP
#define NUQ_AMCT_QUANT_CONFIG_JSON_HPP

#include <array>
#include <string>
#include <string_view>

#include "nuq/amct/detail/json_object.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The outermost keys that are no layers.
inline constexpr std::array<const char*, 14> global_keys{
    "version",    "batch_num",      "activation_offset",  "joint_quant",     "weight_offset",
    "update_bn",  "do_fusion",      "skip_fusion_layers", "tensor_quantize", "nuq_scope",
    "nuq_target", "nuq_cap_levels", "tiny_values",        "bn_update_config"};

NUQ_FUNCTION [[nodiscard]] Json json_of(const ActivationPlan& plan);

NUQ_FUNCTION void read_weights(const JsonObject& json, LayerEntry& layer);

NUQ_FUNCTION [[nodiscard]] LayerEntry read_layer(const JsonObject& json, const std::string& name,
                                                 bool activation_offset);

}  // namespace detail

/// The text of config.json: global keys in the manual's order, then the layers in theirs.
/// Throws ConfigError duplicate_name for a layer whose name is one of the global keys.
NUQ_FUNCTION [[nodiscard]] std::string to_json(const QuantConfig& config);

/// Reads the text of config.json. Absent keys take the manual's defaults; layers that are not mentioned are not
/// quantized. Throws ConfigError naming file, layer, key, the value got and what is allowed: malformed_file,
/// duplicate_name (a key stated twice), unknown_name (a key), invalid_argument (wrong type or out of range).
NUQ_FUNCTION [[nodiscard]] QuantConfig parse_quant_config(std::string_view text, const std::string& file);

/// `parse_quant_config` of a file. Throws FormatError file_not_readable as well.
NUQ_FUNCTION [[nodiscard]] QuantConfig read_quant_config(const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/amct/detail/plan_rules.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline bool is_global_key(const std::string& key) {
  return std::find(global_keys.begin(), global_keys.end(), key) != global_keys.end();
}

/// Appends a value as the vendor's tools print it: four spaces per level, no space after a colon.
NUQ_FUNCTION inline void append_json(const Json& value, std::size_t margin, std::string& text) {
  const JsonStyle style{-1, true};
  if (value.empty()) {
    text += to_text(value, style);
    return;
  }
  text += value.is_object() ? '{' : '[';
  for (std::size_t index = 0; index < value.size(); ++index) {
    text += (index == 0 ? "\n" : ",\n") + std::string(margin + 4, ' ');
    if (value.is_object()) text += to_text(value.keys()[index], style) + ":";
    append_json(value[index], margin + 4, text);
  }
  text += "\n" + std::string(margin, ' ') + (value.is_object() ? '}' : ']');
}

NUQ_DEFINITION Json json_of(const ActivationPlan& plan) {
  Json json;
  json.set("num_bits", 8);
  if (plan.algorithm == ActivationAlgorithm::ifmr) {
    json.set("max_percentile", plan.max_percentile);
    json.set("min_percentile", plan.min_percentile);
    json.set("search_range", Json::array({plan.search_range_start, plan.search_range_end}));
    json.set("search_step", plan.search_step);
    json.set("act_algo", "ifmr");
  } else if (plan.algorithm == ActivationAlgorithm::hfmg) {
    json.set("act_algo", "hfmg");
    json.set("num_of_bins", plan.num_of_bins);
  } else {
    json.set("act_algo", "min_max");
  }
  json.set("asymmetric", plan.asymmetric);
  return json;
}

NUQ_FUNCTION [[nodiscard]] inline Json json_of_weights(const LayerEntry& layer) {
  Json json;
  json.set("num_bits", 8);
  json.set("wts_algo", layer.plan.weight_algorithm == WeightAlgorithm::arq ? "arq_quantize" : "nuq_quantize");
  if (layer.plan.weight_algorithm == WeightAlgorithm::nuq) {
    json.set("num_steps", layer.plan.num_steps);
    json.set("num_of_iteration", layer.plan.num_of_iteration);
  }
  if (layer.channel_wise) json.set("channel_wise", *layer.channel_wise);
  return json;
}

/// The algorithm by its name in config.json; nothing for another name.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ActivationAlgorithm> activation_algorithm_named(
    const std::string& name) {
  if (name == "ifmr") return ActivationAlgorithm::ifmr;
  if (name == "hfmg") return ActivationAlgorithm::hfmg;
  if (name == "min_max") return ActivationAlgorithm::min_max;
  return std::nullopt;
}

NUQ_FUNCTION inline void read_activation(const JsonObject& json, ActivationPlan& plan) {
  json.allow({"num_bits", "max_percentile", "min_percentile", "search_range", "search_step", "act_algo", "num_of_bins",
              "asymmetric", "dst_type"});
  int num_bits = 8;
  std::string algorithm = "ifmr";
  std::string type = "INT8";
  json.read("num_bits", num_bits);
  json.read("act_algo", algorithm);
  json.read("dst_type", type);
  if (type != "INT8") json.reject("dst_type", "\"INT8\"");
  if (num_bits != 8) json.reject("num_bits", "8");
  const std::optional<ActivationAlgorithm> named = activation_algorithm_named(algorithm);
  if (!named) json.reject("act_algo", "\"ifmr\", \"hfmg\" or \"min_max\"");
  plan.algorithm = named.value_or(ActivationAlgorithm::ifmr);
  if (plan.algorithm != ActivationAlgorithm::hfmg)
    json.refuse("num_of_bins", "belongs to act_algo \"hfmg\", got \"" + algorithm + "\"");
  if (plan.algorithm != ActivationAlgorithm::ifmr) {
    for (const char* const key : {"max_percentile", "min_percentile", "search_range", "search_step"}) {
      json.refuse(key, "belongs to act_algo \"ifmr\", got \"" + algorithm + "\"");
    }
  }
  json.read("max_percentile", plan.max_percentile);
  json.read("min_percentile", plan.min_percentile);
  json.read("search_range", plan.search_range_start, plan.search_range_end);
  json.read("search_step", plan.search_step);
  json.read("num_of_bins", plan.num_of_bins);
  json.read("asymmetric", plan.asymmetric);
}

NUQ_DEFINITION void read_weights(const JsonObject& json, LayerEntry& layer) {
  int num_bits = 8;
  std::string algorithm = "arq_quantize";
  json.read("wts_algo", algorithm);
  if (algorithm != "arq_quantize" && algorithm != "nuq_quantize")  // before keys that the others alone have
    json.reject("wts_algo", "\"arq_quantize\" or \"nuq_quantize\"");
  json.allow({"num_bits", "wts_algo", "channel_wise", "num_steps", "num_of_iteration"});
  json.read("num_bits", num_bits);
  if (num_bits != 8) json.reject("num_bits", "8");
  layer.plan.weight_algorithm = algorithm == "arq_quantize" ? WeightAlgorithm::arq : WeightAlgorithm::nuq;
  if (layer.plan.weight_algorithm == WeightAlgorithm::arq) {
    for (const char* const key : {"num_steps", "num_of_iteration"}) {
      json.refuse(key, "belongs to wts_algo \"nuq_quantize\", got \"arq_quantize\"");
    }
  }
  json.read("num_steps", layer.plan.num_steps);
  json.read("num_of_iteration", layer.plan.num_of_iteration);
  if (json.has("channel_wise")) json.read("channel_wise", layer.channel_wise.emplace());
}

NUQ_DEFINITION LayerEntry read_layer(const JsonObject& json, const std::string& name, bool activation_offset) {
  json.allow({"quant_enable", "activation_quant_params", "weight_quant_params"});
  LayerEntry layer;
  layer.name = name;
  layer.plan.activation.asymmetric = activation_offset;
  json.read("quant_enable", layer.quant_enable);
  if (const auto activation = json.object_or_list("activation_quant_params"))
    read_activation(*activation, layer.plan.activation);
  if (const auto weights = json.object("weight_quant_params")) read_weights(*weights, layer);
  check_ranges(layer.plan, json.place());
  return layer;
}

NUQ_FUNCTION inline void read_globals(const JsonObject& json, QuantConfig& config) {
  bool weight_offset = false;
  bool update_bn = false;
  std::string scope = "standard";
  std::string tiny_values = "float";
  std::string target = "packed";
  json.read("version", config.version);
  json.read("batch_num", config.batch_num);
  json.read("activation_offset", config.activation_offset);
  json.read("joint_quant", config.joint_quant);
  json.read("weight_offset", weight_offset);
  json.read("update_bn", update_bn);
  json.read("do_fusion", config.do_fusion);
  json.read("skip_fusion_layers", config.skip_fusion_layers);
  json.read("nuq_scope", scope);
  json.read("tiny_values", tiny_values);
  json.read("nuq_target", target);
  json.read("nuq_cap_levels", config.cap_levels);
  if (config.version != 1) json.reject("version", "1");
  if (config.batch_num < 1) json.reject("batch_num", "an integer above 0");
  if (weight_offset) json.reject("weight_offset", "false");
  if (scope != "standard" && scope != "extended") json.reject("nuq_scope", "\"standard\" or \"extended\"");
  if (target != "packed" && target != "ascend") json.reject("nuq_target", "\"packed\" or \"ascend\"");
  if (tiny_values != "float" && tiny_values != "zero") json.reject("tiny_values", "\"float\" or \"zero\"");
  config.nuq_scope = scope == "standard" ? NuqScope::standard : NuqScope::extended;
  config.tiny_values = tiny_values == "float" ? TinyValues::stay_float : TinyValues::become_zero;
  static_cast<void>(json.object("bn_update_config"));
  if (update_bn) note_update_bn(config);
  config.for_ascend = target == "ascend";
}

}  // namespace detail

NUQ_DEFINITION std::string to_json(const QuantConfig& config) {
  Json json;
  json.set("version", config.version);
  json.set("batch_num", config.batch_num);
  json.set("activation_offset", config.activation_offset);
  json.set("joint_quant", config.joint_quant);
  json.set("do_fusion", config.do_fusion);
  json.set("skip_fusion_layers", config.skip_fusion_layers);
  if (config.nuq_scope == NuqScope::extended) json.set("nuq_scope", "extended");
  if (config.tiny_values == TinyValues::become_zero) json.set("tiny_values", "zero");
  if (config.for_ascend) json.set("nuq_target", "ascend");
  if (config.cap_levels && !config.for_ascend) json.set("nuq_cap_levels", true);
  for (const LayerEntry& layer : config.layers) {
    if (detail::is_global_key(layer.name)) {
      detail::fail(ConfigError(
          ErrorCode::duplicate_name,
          config.file + ": layer '" + layer.name + "': is named like a key of the configuration: rename it"));
    }
    json.set(layer.name, Json::object({{"quant_enable", layer.quant_enable},
                                       {"activation_quant_params", detail::json_of(layer.plan.activation)},
                                       {"weight_quant_params", detail::json_of_weights(layer)}}));
  }
  std::string text;
  detail::append_json(json, 0, text);
  return text + "\n";
}

NUQ_DEFINITION QuantConfig parse_quant_config(std::string_view text, const std::string& file) {
  const Json document = parse_json<ConfigError>(text, file);
  if (!document.is_object()) detail::fail(ConfigError(ErrorCode::malformed_file, file + ": is not a JSON object"));
  const detail::JsonObject root(document, file);
  QuantConfig config;
  config.file = file;
  detail::read_globals(root, config);
  if (root.has("tensor_quantize") && *document.find("tensor_quantize") != Json::array()) {
    root.reject("tensor_quantize", "[]: quantization of single tensors is not supported");
  }
  for (std::size_t index = 0; index < document.size(); ++index) {
    const std::string& key = document.keys()[index];
    if (detail::is_global_key(key)) continue;
    if (!document[index].is_object()) {
      detail::fail(ConfigError(ErrorCode::unknown_name,
                               file + ": unknown key '" + key + "', wanted a global key or a layer's object"));
    }
    const detail::JsonObject layer(document[index], file + ": layer '" + key + "'");
    config.layers.push_back(detail::read_layer(layer, key, config.activation_offset));
  }
  detail::note_unusual_settings(config);
  return config;
}

NUQ_DEFINITION QuantConfig read_quant_config(const std::string& file) {
  const MappedFile content(file);
  return parse_quant_config(content.bytes(), file);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANT_CONFIG_JSON_HPP
