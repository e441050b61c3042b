// nuq config: writes config.json for a model.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "config_options.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

struct ConfigArguments : ModelOptions {
  std::string output;
  nuq::QuantConfigRequest request;
};

/// Notes name the file that was asked for.
std::vector<std::string> notes_of(const nuq::QuantConfig& config, const std::string& file) {
  const std::string general = config.file + ": ";
  std::vector<std::string> notes = config.notes;
  for (std::string& note : notes) {
    if (note.compare(0, general.size(), general) == 0) note = file + ": " + note.substr(general.size());
  }
  return notes;
}

bool is_refused_by_scope(const std::string& note) {
  return note.find(" supported by NUQ") != std::string::npos || note.find("in the extended scope") != std::string::npos;
}

/// Why no layer with weights can be quantized: a line for each.
void print_reasons(const ConfigArguments& arguments) {
  const nuq::Graph graph = nuq::load_graph(arguments.model, arguments.weights, arguments.network);
  for (const nuq::Node& node : graph.nodes) {
    if (node.blobs.empty() && node.weights_obstacle.empty()) continue;
    const nuq::Eligibility eligibility = nuq::eligibility_of(graph, node, arguments.request.nuq_scope);
    if (!eligibility.quantizable) print_warnings({"layer '" + node.name + "': " + eligibility.reason});
  }
}

void configure(ConfigArguments arguments, const Session& session) {
  arguments.request.network = arguments.network;
  resolve_skipped_layers(arguments, arguments.request);
  const nuq::QuantConfig config =
      nuq::create_quant_config(arguments.output, arguments.model, arguments.weights, arguments.request);
  print_warnings(notes_of(config, arguments.output));
  const bool has_refused = std::any_of(config.notes.begin(), config.notes.end(), is_refused_by_scope);
  if (session.quiet) return;
  std::size_t nuq_layers = 0;
  std::size_t uniform_layers = 0;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable) ++(layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq ? nuq_layers : uniform_layers);
  }
  say(arguments.output + ": " + std::to_string(nuq_layers) + " layers with nuq_quantize, " +
      std::to_string(uniform_layers) + " with arq_quantize");
  if (has_refused && arguments.request.nuq_scope == nuq::NuqScope::standard)
    say("--nuq-scope extended lets grouped, dilated and transposed convolutions take nuq_quantize, too");
}

/// Where nothing can be quantized in a model of a format that says so for each layer, that is an answer.
void run(const ConfigArguments& arguments, Session& session) {
  try {
    configure(arguments, session);
  } catch (const nuq::ConfigError& error) {
    if (error.code() != nuq::ErrorCode::nothing_to_do || arguments.network.front_end == nullptr) throw;
    print_reasons(arguments);
    print_warnings({error.message()});
    session.exit_code = exit_not_satisfied;
  }
}

}  // namespace

void add_config(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ConfigArguments>();
  CLI::App& command = *app.add_subcommand("config", "write config.json for a network");
  arguments->add_to(command);
  command.add_option("-o,--output", arguments->output, "config.json to write")->type_name("FILE")->required();
  add_config_wishes(command, arguments->request);
  command.add_flag("--uniform", arguments->request.uniform, "arq_quantize on every layer");
  command.add_option("--batch-num", arguments->request.batch_num, "batches of activation calibration")
      ->capture_default_str();
  command.add_flag_callback(
      "--no-activation-offset", [arguments] { arguments->request.activation_offset = false; }, "symmetric activations");
  command.callback([arguments, &session] { run(*arguments, session); });
}
