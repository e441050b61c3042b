// nuq quantize: static quantization as the configuration says.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "calibration_batches.hpp"
#include "command.hpp"
#include "config_options.hpp"
#include "dry_run.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "policies.hpp"
#include "progress_bar.hpp"
#include "recipe.hpp"
#include "size_limit.hpp"
#include "terminal.hpp"
#include "tool_report.hpp"
#include "written_files.hpp"

namespace {

struct QuantizeArguments : ModelOptions {
  ConfigOptions config;
  SizeLimit size;
  std::string recipe;
  bool dry_run = false;
  CalibrationFiles calibration;
  bool weights_only = false;
  bool sequential = false;
  PolicyNames policies;
  nuq::StaticNuqOptions options;
  std::string record;
  std::string prefix;

  [[nodiscard]] std::string record_file() const { return record.empty() ? prefix + "_record.txt" : record; }
};

/// Parts of a quantizer without a target belong to target palette.
void decide_target(QuantizeArguments& arguments, const nuq::QuantConfig& config) {
  PolicyNames& policies = arguments.policies;
  if (policies.target.empty() && !policies.parts.empty()) policies.target = "palette";
  if (!policies.target.empty()) arguments.options.target = target_named(policies.target);
  policies.follow(config);
}

/// What the report tells of the options that matter.
void describe(const QuantizeArguments& arguments, ToolReport& report) {
  const nuq::RatePoint& point = arguments.options.point;
  using Kind = nuq::RatePoint::Kind;
  arguments.policies.describe(report);
  if (point.kind() == Kind::bits_per_weight) report.set("bits", point.bits());
  if (point.kind() == Kind::price_per_bit) report.set("price", point.price());
  if (point.kind() == Kind::bytes_at_most) report.set("max_bytes", point.bytes());
  if (arguments.options.cap_levels) report.set("cap", *arguments.options.cap_levels);
  if (arguments.sequential) report.set("sequential", true);
  report.set("calibration", arguments.calibration.is_given());
  report.add_input("model", arguments.model);
  report.add_input("weights", arguments.weights);
  report.add_input("configuration", arguments.config.file);
  report.add_dataset("calibration", arguments.calibration.dataset);
  report.set_if_any("layer_inputs", arguments.calibration.layer_inputs);
  report.begin();
}

nuq::RunReport quantize(const QuantizeArguments& arguments, const nuq::ConfigSource& config, std::size_t nuq_layers,
                        const Session& session) {
  ToolReport report(session);
  describe(arguments, report);
  nuq::StaticNuqOptions options = arguments.options;
  options.report = &report;
  options.bias_correction = bias_correction_named(arguments.policies.bias_correction);
  options.sequential = arguments.sequential;
  options.threads = session.threads;
  options.network = arguments.network;
  ProgressBar bar(session.quiet);
  CountedWork layers(bar, "quantized layer", nuq_layers);
  const nuq::AnyLayerQuantizer quantizer =
      quantizer_of(arguments.policies, false, session.seed).watched([&layers] { layers.step(); });
  const auto quantize_with = [&](auto&& next_batch, const nuq::CalibrationPolicies& policies) {
    return nuq::static_nuq(arguments.model, arguments.weights, next_batch, config, arguments.record_file(),
                           arguments.prefix, options, quantizer, policies);
  };
  if (!arguments.calibration.is_given()) return quantize_with(nuq::WeightsOnly{}, {});
  const CalibrationBatches data(arguments.calibration, arguments.model, arguments.network);
  options.weights_only = arguments.weights_only;
  options.statistics_batches = data.batches();
  CountedWork batches(bar, "calibrated with batch", static_cast<std::size_t>(data.batches()));
  const auto next_batch = [&](int index) {
    batches.step();
    return data.batch(index);
  };
  return quantize_with(next_batch, data.policies());
}

/// The settings of another run.
nuq::ConfigSource follow_recipe(QuantizeArguments& arguments) {
  Recipe recipe = read_recipe(arguments.recipe, arguments);
  arguments.policies.target = nuq::target_name(recipe.target);
  if (recipe.price) arguments.options.point = nuq::PricePerBit{*recipe.price};
  return std::move(recipe.config);
}

void run(QuantizeArguments arguments, Session& session) {
  if (arguments.dry_run) arguments.config.save.clear();
  prepare_outputs(arguments.prefix, {arguments.calibration.dataset}, {arguments.record_file(), arguments.config.save});
  const nuq::ConfigSource source =
      arguments.recipe.empty() ? arguments.config.source(arguments) : follow_recipe(arguments);
  const nuq::QuantConfig config = source.read();
  if (arguments.dry_run) {
    print_dry_run(arguments, config, {arguments.calibration.dataset, "pass over the calibration data", 1}, session);
    return;
  }
  decide_target(arguments, config);
  if (arguments.size.is_given()) {
    arguments.options.point =
        nuq::BytesAtMost{arguments.size.most_bytes(arguments.model, arguments.weights, arguments.network, config)};
  }
  nuq::RunReport report;
  try {
    report = quantize(arguments, source, nuq_layers_of(config).size(), session);
  } catch (const nuq::ConfigError& error) {
    if (error.code() != nuq::ErrorCode::out_of_reach) throw;
    say(error.what());
    session.exit_code = exit_not_satisfied;
    return;
  }
  print_warnings(report.warnings);
  if (session.quiet) return;
  if (report.weights_only) say("weights-only: activations stay in float, no deploy model is written");
  std::printf("%s", nuq::result_table(report, terminal_columns(STDOUT_FILENO)).c_str());
  std::printf("%s", written_files_text(report, arguments.prefix, arguments.file_of_weights()).c_str());
}

/// How far target packed goes: --bits, --price or --max-bytes, and whether the configuration's levels are caps.
void add_point(CLI::App& command, nuq::StaticNuqOptions& options, SizeLimit& size) {
  CLI::Option_group& point = *command.add_option_group(
      "point",
      "How far target packed goes, at most one; otherwise to the predicted harm of the configured numbers of levels");
  point.add_option_function<double>(
      "--bits", [&options](double bits) { options.point = nuq::BitsPerWeight{bits}; },
      "mean bits per weight of the quantized layers, coded");
  point.add_option_function<double>(
      "--price", [&options](double price) { options.point = nuq::PricePerBit{price}; },
      "price per bit, in units of the network's output error; a report says which it had");
  size.add_to(point);
  point.require_option(0, 1);
  command.add_flag_function(
      "--cap,!--no-cap", [&options](std::int64_t count) { options.cap_levels = count > 0; },
      "hold every layer to the configured number of levels, as it is where a definition (--cfg-define) "
      "names them; always so for target palette and ascend, and where the vendor's compiler decides which "
      "layers take NUQ");
}

}  // namespace

void add_quantize(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<QuantizeArguments>();
  CLI::App& command = *app.add_subcommand("quantize", "quantize a network as its configuration says");
  arguments->add_to(command);
  add_onnx_form(command, arguments->network);
  arguments->config.add_to(command);
  CLI::Option* const recipe =
      command
          .add_option(
              "--recipe", arguments->recipe,
              "PREFIX_report.json of a run whose numbers of levels, or price per bit, each layer gets again: for "
              "a network of the same layers, trained on")
          ->type_name("FILE");
  arguments->calibration.add_to(command);
  command.add_flag("--weights-only", arguments->weights_only, "leave activations in float");
  command
      .add_flag("--sequential", arguments->sequential,
                "fit each layer to the inputs that the quantized layers before it give it; a pass over the data per "
                "layer, seldom a gain")
      ->needs(command.get_option("--calibration"));
  arguments->policies.add_to(command);
  for (const char* const other : {"--config", "--target"}) recipe->excludes(command.get_option(other));
  add_point(command, arguments->options, arguments->size);
  command.add_flag("--dry-run", arguments->dry_run, "tell sizes at several numbers of levels, write nothing");
  command.add_option("--record", arguments->record, "record file; PREFIX_record.txt otherwise")->type_name("FILE");
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->type_name("PREFIX")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
