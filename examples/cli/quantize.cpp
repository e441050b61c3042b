// nuq quantize: static quantization as the configuration says.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "nuq/adapters/gzip.hpp"
#include "nuq/codebook/lloyd.hpp"
#include "nuq/codebook/optimal.hpp"
#include "nuq/codebook/uniform_step.hpp"
#include "nuq/config/quantization_record.hpp"
#include "nuq/config/record_file.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "policies.hpp"

namespace {

struct QuantizeArguments : ModelFiles {
  std::string config;
  std::string calibration;
  bool weights_only = false;
  std::string target = "palette";
  std::string codebook = "optimal";
  std::string assigner = "nearest";
  std::string record;
  std::string prefix;

  [[nodiscard]] std::string record_file() const { return record.empty() ? prefix + "_record.txt" : record; }
};

/// Activation scales from the calibration data; nothing is written yet.
void calibrate_inputs(nuq::Graph& graph, const QuantizeArguments& arguments, std::size_t threads) {
  const nuq::Dataset data = nuq::load_dataset(arguments.calibration, nuq::GzipFileReader{});
  const auto calibrated = nuq::detail::calibrated_activations(graph, [&data](int index) { return data.batch(index); }, threads);
  for (const auto& [layer, activation] : calibrated) nuq::detail::set_activation(graph.quantization[layer], activation);
}

void run(const QuantizeArguments& arguments, const Session& session) {
  const auto start = std::chrono::steady_clock::now();
  nuq::Graph graph = nuq::detail::prepared_graph(arguments.config, arguments.model, arguments.weights);
  nuq::ThreadPool parallel(session.threads);
  with_quantizer(arguments.codebook, arguments.assigner, session.seed,
                 [&](const auto& quantizer) { nuq::quantize_weights(graph, quantizer, parallel); });
  const bool weights_only = arguments.weights_only || arguments.calibration.empty();
  if (!weights_only) calibrate_inputs(graph, arguments, session.threads);

  nuq::RunReport report;
  report.weights_only = weights_only;
  report.satisfied = true;
  report.warnings = graph.notes;
  nuq::FileSet files;
  std::vector<std::string> names = nuq::detail::stage_quantized_models(
      files, graph, weights_only ? nuq::SaveType::fakequant : nuq::SaveType::both, arguments.prefix);
  files.stage(arguments.record_file(), nuq::to_text(nuq::record_of(graph)));
  files.commit();
  names.push_back(arguments.record_file());
  for (const std::string& name : names) report.files.push_back(nuq::file_report(name));
  nuq::add_layers(report, graph, graph.quantization, target_named(arguments.target));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  nuq::write_file_atomically(arguments.prefix + "_report.json", nuq::to_json(report));

  if (session.quiet) return;
  if (weights_only) std::fprintf(stderr, "weights-only: activations stay in float, no deploy model is written\n");
  for (const std::string& note : graph.notes) std::fprintf(stderr, "%s\n", note.c_str());
  std::printf("%s", nuq::result_table(report).c_str());
}

}  // namespace

void add_quantize(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<QuantizeArguments>();
  CLI::App& command = *app.add_subcommand("quantize", "quantize a network as its configuration says");
  arguments->add_to(command);
  command.add_option("-c,--config", arguments->config, "config.json")->required();
  command.add_option("--calibration", arguments->calibration, "dataset JSON that calibrates the activations; without it weights-only");
  command.add_flag("--weights-only", arguments->weights_only, "leave activations in float");
  command.add_option("--target", arguments->target, "what sizes are measured by: packed or palette")->capture_default_str();
  command.add_option("--codebook", arguments->codebook, "optimal, lloyd or uniform-step")->capture_default_str();
  command.add_option("--assigner", arguments->assigner, "nearest")->capture_default_str();
  command.add_option("--record", arguments->record, "record file; PREFIX_record.txt otherwise");
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
