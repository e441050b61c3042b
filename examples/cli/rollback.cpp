// nuq rollback: uniform int8, with the most sensitive layers back in float until the network is accurate enough.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "auto_evaluator.hpp"
#include "command.hpp"
#include "config_options.hpp"
#include "max_drop.hpp"
#include "next_steps.hpp"
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"

namespace {

struct RollbackArguments : ModelOptions {
  ConfigOptions config;
  AutoEvaluator::Options evaluation;
  std::string record;
  std::string prefix;
};

void print_result(const nuq::AutoCalibrationResult& result) {
  for (const nuq::RollBackTrial& trial : result.trials) {
    std::printf("%3zu layers in float: metric %.6g, %s\n", trial.rolled_back.size(), trial.metric,
                trial.satisfied ? "passes" : "refused");
  }
  std::printf("original: metric %.6g\n", result.original_metric);
  for (const std::string& layer : result.rolled_back) std::printf("in float: %s\n", layer.c_str());
}

/// The drop that would have done.
std::string next_step(const nuq::AutoCalibrationResult& result) {
  if (result.trials.empty()) return "";
  const auto has_less = [](const nuq::RollBackTrial& a, const nuq::RollBackTrial& b) { return a.metric < b.metric; };
  const nuq::RollBackTrial& best = *std::max_element(result.trials.begin(), result.trials.end(), has_less);
  const std::string drop = drop_text(result.original_metric - best.metric);
  return "; the smallest drop seen is " + drop + ", with " + std::to_string(best.rolled_back.size()) +
         " layers in float: try --max-drop " + drop + " or nuq auto --weights-only";
}

void run(RollbackArguments arguments, Session& session) {
  arguments.evaluation.original_model = arguments.model;
  arguments.evaluation.original_weights = arguments.weights;
  arguments.evaluation.network = arguments.network;
  arguments.evaluation.threads = session.threads;
  if (arguments.evaluation.calibration.dataset.empty())
    arguments.evaluation.calibration.dataset = arguments.evaluation.data;
  if (arguments.record.empty()) arguments.record = arguments.prefix + "_record.txt";
  prepare_outputs(arguments.prefix, {arguments.evaluation.data, arguments.evaluation.calibration.dataset},
                  {arguments.record, arguments.config.save});
  AutoEvaluator evaluator(arguments.evaluation);
  nuq::AutoCalibrationOptions options;
  options.threads = session.threads;
  options.network = arguments.network;
  const nuq::AutoCalibrationResult result = nuq::accuracy_based_auto_calibration(
      arguments.model, arguments.weights, evaluator, arguments.config.source(arguments), arguments.record,
      arguments.prefix, options);
  print_warnings(result.notes);
  if (!session.quiet) print_result(result);
  if (result.satisfied) return;
  say("nuq: every layer went back to float: no model is written" + next_step(result));
  session.exit_code = exit_not_satisfied;
}

}  // namespace

void add_rollback(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<RollbackArguments>();
  CLI::App& command = *app.add_subcommand(
      "rollback", "quantize to uniform int8, and send the most sensitive layers back to float until that is accurate");
  arguments->add_to(command);
  arguments->config.add_to(command);
  command.add_option("--data", arguments->evaluation.data, "dataset JSON that the networks are evaluated on")
      ->type_name("FILE")
      ->required();
  add_max_drop(command, arguments->evaluation.max_drop)->required();
  command
      .add_option("--calibration", arguments->evaluation.calibration.dataset,
                  "dataset JSON that calibrates the activations; that of --data otherwise")
      ->type_name("FILE");
  command.add_option("--record", arguments->record, "record file; PREFIX_record.txt otherwise")->type_name("FILE");
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->type_name("PREFIX")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
