// nuq quantize: static quantization as the configuration says.

#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "policies.hpp"

namespace {

struct QuantizeArguments : ModelOptions {
  std::string config;
  std::string calibration;
  bool weights_only = false;
  bool sequential = false;
  PolicyNames policies{"palette", {}};
  std::string record;
  std::string prefix;

  [[nodiscard]] std::string record_file() const { return record.empty() ? prefix + "_record.txt" : record; }
};

nuq::RunReport quantize(const QuantizeArguments& arguments, const Session& session) {
  nuq::StaticNuqOptions options;
  options.target = target_named(arguments.policies.target);
  options.bias_correction = bias_correction_named(arguments.policies.bias_correction);
  options.sequential = arguments.sequential;
  options.threads = session.threads;
  options.network = arguments.network;
  const auto quantize_with = [&](auto&& next_batch) {
    return nuq::static_nuq(arguments.model, arguments.weights, next_batch, arguments.config, arguments.record_file(),
                           arguments.prefix, options, quantizer_of(arguments.policies, false, session.seed));
  };
  if (arguments.calibration.empty()) return quantize_with(nuq::WeightsOnly{});
  const nuq::Dataset data = nuq::load_dataset(arguments.calibration, nuq::GzipFileReader{});
  options.weights_only = arguments.weights_only;
  options.statistics_batches = data.batches();
  const nuq::InputShapes inputs = nuq::input_shapes(nuq::load_graph(arguments.model, "", arguments.network));
  return quantize_with([&](int index) { return data.batch(index, inputs); });
}

void run(const QuantizeArguments& arguments, const Session& session) {
  const nuq::RunReport report = quantize(arguments, session);
  print_warnings(report.warnings);
  if (session.quiet) return;
  if (report.weights_only)
    std::fprintf(stderr, "weights-only: activations stay in float, no deploy model is written\n");
  std::printf("%s", nuq::result_table(report).c_str());
}

}  // namespace

void add_quantize(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<QuantizeArguments>();
  CLI::App& command = *app.add_subcommand("quantize", "quantize a network as its configuration says");
  arguments->add_to(command);
  command.add_option("-c,--config", arguments->config, "config.json")->required();
  CLI::Option* const calibration = command.add_option(
      "--calibration", arguments->calibration,
      "dataset JSON that the weights are fitted to and that calibrates the activations; without it weights-only");
  command.add_flag("--weights-only", arguments->weights_only, "leave activations in float");
  command
      .add_flag("--sequential", arguments->sequential,
                "fit each layer to the inputs that the quantized layers before it give it; a pass over the data per "
                "layer, seldom a gain")
      ->needs(calibration);
  arguments->policies.add_to(command);
  command.add_option("--record", arguments->record, "record file; PREFIX_record.txt otherwise");
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
