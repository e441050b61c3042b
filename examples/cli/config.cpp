// nuq config: writes config.json for a model.

#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

struct ConfigArguments : ModelOptions {
  std::string output;
  nuq::QuantConfigRequest request;
};

void run(ConfigArguments arguments, const Session& session) {
  arguments.request.network = arguments.network;
  const nuq::QuantConfig config =
      nuq::create_quant_config(arguments.output, arguments.model, arguments.weights, arguments.request);
  print_warnings(config.notes);
  if (session.quiet) return;
  std::size_t nuq_layers = 0;
  std::size_t uniform_layers = 0;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable) ++(layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq ? nuq_layers : uniform_layers);
  }
  std::fprintf(stderr, "%s: %zu layers with nuq_quantize, %zu with arq_quantize\n", arguments.output.c_str(),
               nuq_layers, uniform_layers);
}

}  // namespace

void add_config(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ConfigArguments>();
  CLI::App& command = *app.add_subcommand("config", "write config.json for a network");
  arguments->add_to(command);
  command.add_option("-o,--output", arguments->output, "config.json to write")->required();
  command.add_option("--cfg-define", arguments->request.config_defination, "simplified configuration (text protobuf)");
  command.add_flag("--uniform", arguments->request.uniform, "arq_quantize on every layer");
  command.add_option("--skip-layer", arguments->request.skip_layers, "layer that is not quantized");
  command.add_option("--batch-num", arguments->request.batch_num, "batches of activation calibration")
      ->capture_default_str();
  command.add_flag_callback(
      "--no-activation-offset", [arguments] { arguments->request.activation_offset = false; }, "symmetric activations");
  command.add_option("--soc", arguments->request.soc, "chip whose compiler's rule decides which layers take NUQ");
  add_nuq_scope(command, arguments->request.nuq_scope);
  command.callback([arguments, &session] { run(*arguments, session); });
}
