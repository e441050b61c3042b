#include "config_options.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "layer_patterns.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"

void add_config_wishes(CLI::App& command, nuq::QuantConfigRequest& request) {
  command.add_option("--cfg-define", request.config_defination, "simplified configuration (text protobuf)")
      ->type_name("FILE");
  command
      .add_option("--skip-layer", request.skip_layers,
                  "layer that is not quantized, or a pattern such as 'fc*'; may be given more than once")
      ->type_name("LAYER");
  command.add_option("--soc", request.soc, "chip whose compiler's rule decides which layers take NUQ")
      ->type_name(chip_names());
  add_nuq_scope(command, request.nuq_scope);
}

void resolve_skipped_layers(const ModelOptions& model, nuq::QuantConfigRequest& request) {
  if (std::none_of(request.skip_layers.begin(), request.skip_layers.end(), is_pattern)) return;
  nuq::QuantConfigRequest all = request;
  all.skip_layers.clear();
  std::vector<std::string> layers;
  for (const nuq::LayerEntry& layer : nuq::make_quant_config(model.model, model.weights, all).layers)
    layers.push_back(layer.name);
  std::vector<std::string> skipped;
  for (const std::string& pattern : request.skip_layers) {
    for (std::string& layer : layers_meant(pattern, layers, "--skip-layer")) skipped.push_back(std::move(layer));
  }
  request.skip_layers = std::move(skipped);
}

void ConfigOptions::add_to(CLI::App& command) {
  CLI::Option* const given =
      command.add_option("-c,--config", file, "config.json; otherwise one is made as by nuq config")->type_name("FILE");
  CLI::Option_group& wishes = *command.add_option_group("config", "Without --config, as of nuq config");
  add_config_wishes(wishes, request);
  wishes.add_option("--save-config", save, "config.json to write what was made to")->type_name("FILE");
  for (CLI::Option* const wish :
       wishes.get_options([&wishes](const CLI::Option* option) { return option != wishes.get_help_ptr(); }))
    wish->excludes(given);
}

nuq::ConfigSource ConfigOptions::source(const ModelOptions& model) const {
  if (!file.empty()) return file;
  nuq::QuantConfigRequest wishes = request;
  wishes.network = model.network;
  resolve_skipped_layers(model, wishes);
  nuq::QuantConfig config;
  if (save.empty()) {
    config = nuq::make_quant_config(model.model, model.weights, wishes);
  } else {
    config = nuq::create_quant_config(save, model.model, model.weights, wishes);
  }
  config.notes.clear();  // the results name each layer that took something else, and why
  return config;
}

std::vector<std::string> nuq_layers_of(const nuq::QuantConfig& config) {
  std::vector<std::string> layers;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable && layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq) layers.push_back(layer.name);
  }
  return layers;
}
