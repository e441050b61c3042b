// nuq observe: a model whose outputs are, besides its own, what its layers read, for calibration in another runtime.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "config_options.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"
#include "nuq/workflow/init.hpp"
#include "terminal.hpp"

namespace {

struct ObserveArguments : ModelOptions {
  ConfigOptions config;
  std::string output;
};

void run(const ObserveArguments& arguments, const Session& session) {
  nuq::refuse_overwriting({arguments.model, arguments.weights, arguments.config.file}, {arguments.output});
  nuq::ThreadPool threads(session.threads);
  const nuq::QuantizationSession prepared = nuq::detail::prepared_session(
      arguments.config.source(arguments), arguments.model, arguments.weights, threads, arguments.network);
  const std::vector<std::string> layers = nuq::planned_layers(prepared);
  const std::string model = prepared.graph.source->with_layer_inputs(prepared.graph, layers);
  if (model.empty()) {
    nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::unsupported_format,
                                       arguments.model + ": wanted an .onnx model; nuq computes a prototxt's layers"));
  }
  nuq::write_file_atomically(arguments.output, model);
  if (session.quiet) return;
  std::printf("%s", for_output(nuq::detail::printable_message(
                                   arguments.output + " gives the inputs of " + std::to_string(layers.size()) +
                                   " layers besides its outputs. Save what it gives for each batch as "
                                   "FOLDER/<batch>__<output>.npy, then: nuq quantize --layer-inputs FOLDER"))
                        .c_str());
}

}  // namespace

void add_observe(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ObserveArguments>();
  CLI::App& command = *app.add_subcommand(
      "observe", "write an .onnx model that gives what its layers read, for calibration in your own runtime");
  arguments->add_to(command);
  arguments->config.add_to(command);
  command.add_option("-o,--output", arguments->output, "the model to write")->type_name("FILE")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
