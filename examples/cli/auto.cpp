// nuq auto: searches for the configuration that compresses most within the accepted drop of the metric.

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "auto_evaluator.hpp"
#include "auto_progress.hpp"
#include "command.hpp"
#include "config_options.hpp"
#include "dry_run.hpp"
#include "layer_patterns.hpp"
#include "max_drop.hpp"
#include "next_steps.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/report/table.hpp"
#include "nuq/search/by_name.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "policies.hpp"
#include "signal_watch.hpp"
#include "size_limit.hpp"
#include "terminal.hpp"
#include "tool_report.hpp"
#include "written_files.hpp"

namespace {

struct AutoArguments : ModelOptions {
  ConfigOptions config;
  SizeLimit size;
  bool has_max_drop = false;
  bool dry_run = false;
  AutoEvaluator::Options evaluation;
  PolicyNames policies;
  std::string search = "rate-distortion";
  bool asks_for_search = false;
  bool asks_for_confidence = false;
  std::vector<std::string> pins;
  std::vector<std::string> groups;
  std::size_t jobs = 1;
  std::string record;
  std::string prefix;
  nuq::AutoNuqOptions options;
  bool json = false;
};

/// LAYER=K, where LAYER may be a pattern; the last '=' separates, since layer names may hold one.
void add_pin(const std::string& pin, const std::vector<std::string>& layers, nuq::AutoNuqOptions& options) {
  const std::size_t equals = pin.rfind('=');
  const std::string digits = equals == std::string::npos ? "" : pin.substr(equals + 1);
  if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos) {
    fail_name("--pin", pin, "LAYER=K");
  }
  const std::string layer = pin.substr(0, equals);
  if (!is_pattern(layer)) {
    options.pins[layer] = std::stoi(digits);
    return;
  }
  for (const std::string& meant : layers_meant(layer, layers, "--pin")) options.pins[meant] = std::stoi(digits);
}

/// LAYER,LAYER…
void add_group(const std::string& group, nuq::AutoNuqOptions& options) {
  std::vector<std::string> layers;
  std::istringstream names(group);
  for (std::string name; std::getline(names, name, ',');) layers.push_back(name);
  if (layers.size() < 2) fail_name("--share", group, "LAYER,LAYER,…");
  options.groups.push_back(std::move(layers));
}

/// What the report tells of the options that matter.
void describe(const AutoArguments& arguments, const AutoEvaluator& evaluator, ToolReport& report) {
  const AutoEvaluator::Options& evaluation = arguments.evaluation;
  const nuq::AutoNuqOptions& options = arguments.options;
  evaluator.describe(report);
  if (arguments.has_max_drop) {
    report.set(evaluation.max_drop.is_relative ? "max_drop_share" : "max_drop", evaluation.max_drop.amount);
  }
  if (options.max_bytes) report.set("max_bytes", *options.max_bytes);
  report.set("confidence", options.confidence);
  report.set("search", arguments.size.is_given() ? "within-bytes" : arguments.search);
  report.set("max_evaluations", options.max_evaluations);
  if (std::isfinite(options.max_seconds)) report.set("time_limit", options.max_seconds);
  arguments.policies.describe(report);
  if (!options.levels.empty()) report.set("levels", options.levels);
  if (options.cap_levels) report.set("cap", true);
  if (!arguments.pins.empty()) report.set("pin", arguments.pins);
  if (!arguments.groups.empty()) report.set("share", arguments.groups);
  report.set("calibration", evaluation.calibration.is_given());
  report.add_input("model", arguments.model);
  report.add_input("weights", arguments.weights);
  report.add_input("configuration", arguments.config.file);
  report.add_dataset("data", evaluation.data);
  report.add_dataset("confirmation", evaluation.confirm);
  report.add_dataset("calibration", evaluation.calibration.dataset);
  report.set_if_any("layer_inputs", evaluation.calibration.layer_inputs);
  for (const std::string& file : evaluation.command_files) report.add_input("evaluator", file);
  report.begin();
}

nuq::AutoNuqResult search(const AutoArguments& arguments, const nuq::ConfigSource& config, const Session& session,
                          AutoProgress& progress) {
  AutoEvaluator evaluator(arguments.evaluation);
  if (evaluator.overrules_server()) {
    print_warnings({std::string(arguments.has_max_drop ? "--max-drop" : "the size") +
                    " decides, what satisfies the server is not asked"});
  }
  ToolReport report(session);
  describe(arguments, evaluator, report);
  nuq::AutoNuqOptions options = arguments.options;
  options.report = &report;
  const bool has_data = evaluator.calibration_batches() > 0;
  options.weights_only = options.weights_only || !has_data;
  options.statistics_batches = has_data ? evaluator.calibration_batches() : -1;
  const bool counts_levels = !options.levels.empty();
  return nuq::auto_nuq(
      arguments.model, arguments.weights, evaluator, config, arguments.record, arguments.prefix, options,
      nuq::Policies{quantizer_of(arguments.policies, counts_levels, session.seed), nuq::NamedSearch(arguments.search),
                    nuq::ThreadExecutor(arguments.jobs), progress, evaluator.calibration_policies()});
}

/// What the layers of the configuration decide.
void follow_config(AutoArguments& arguments, const nuq::QuantConfig& config) {
  arguments.policies.follow(config);
  const std::vector<std::string> layers = nuq_layers_of(config);
  for (const std::string& pin : arguments.pins) add_pin(pin, layers, arguments.options);
  if (!arguments.size.is_given()) return;
  arguments.options.max_bytes =
      arguments.size.most_bytes(arguments.model, arguments.weights, arguments.network, config);
}

/// What ends the search: a drop, a size, or both.
void require_goal(AutoArguments& arguments) {
  if (arguments.asks_for_search && arguments.size.is_given()) {
    nuq::detail::fail(
        nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                         "nuq auto: --search means nothing to --max-bytes and --ratio, which are searched "
                         "for in a way of their own: leave it out"));
  }
  if (arguments.has_max_drop || arguments.size.is_given()) {
    arguments.evaluation.server.max_drop = arguments.evaluation.max_drop.amount;
    return;
  }
  if (!arguments.evaluation.server.command.empty()) return;  // which decides itself
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                                     "nuq auto: --max-drop is required, or --max-bytes or --ratio for the most "
                                     "accurate network of a size (see nuq auto --help)"));
}

void run(AutoArguments arguments, Session& session) {
  require_goal(arguments);
  const GracefulStop stop;
  arguments.evaluation.original_model = arguments.model;
  arguments.evaluation.original_weights = arguments.weights;
  arguments.evaluation.network = arguments.network;
  arguments.evaluation.threads = session.threads;
  arguments.evaluation.tells_damage = arguments.options.confidence > 0.0;
  arguments.evaluation.command.stop_requested = GracefulStop::requested;
  arguments.evaluation.server.stop_requested = GracefulStop::requested;
  arguments.evaluation.server.timeout_seconds = arguments.evaluation.command.timeout_seconds;
  arguments.evaluation.server.restarted = [](const std::string& why) { print_warnings({why}); };
  arguments.options.threads = session.threads;
  arguments.options.network = arguments.network;
  if (!arguments.policies.target.empty()) arguments.options.target = target_named(arguments.policies.target);
  arguments.options.bias_correction = bias_correction_named(arguments.policies.bias_correction);
  for (const std::string& group : arguments.groups) add_group(group, arguments.options);
  if (arguments.record.empty()) arguments.record = arguments.prefix + "_record.txt";

  prepare_outputs(arguments.prefix,
                  {arguments.evaluation.data, arguments.evaluation.confirm, arguments.evaluation.calibration.dataset},
                  {arguments.record, arguments.options.journal, arguments.config.save});
  nuq::refuse_overwriting(arguments.evaluation.command_files, {arguments.record, arguments.options.journal});
  if (arguments.options.pareto) clean_up_on_signal(arguments.prefix + "_pareto/");

  if (arguments.dry_run) arguments.config.save.clear();
  const nuq::ConfigSource source = arguments.config.source(arguments);
  if (arguments.dry_run) {
    print_dry_run(arguments, source.read(),
                  {arguments.evaluation.data, "evaluation", arguments.options.max_evaluations}, session);
    return;
  }
  follow_config(arguments, source.read());
  AutoProgress progress(session.quiet);
  const nuq::AutoNuqResult result = search(arguments, source, session, progress);
  if (!session.quiet && result.report.weights_only)
    say("weights-only: activations stay in float, no deploy model is written");
  for (const std::string& warning : result.report.warnings) {
    if (!progress.has_warned(warning)) print_warnings({warning});
  }
  if (arguments.json) {
    const nuq::MappedFile report(nuq::report_file_of(arguments.prefix));
    std::printf("%s", std::string(report.bytes()).c_str());
  } else if (!session.quiet) {
    std::printf("%s", nuq::result_table(result.report, terminal_columns(STDOUT_FILENO)).c_str());
    std::printf("%s", written_files_text(result.report, arguments.prefix, arguments.file_of_weights()).c_str());
  }
  if (arguments.asks_for_confidence && arguments.options.confidence > 0.0 && result.satisfied &&
      !result.report.confidence) {
    print_warnings(
        {"--confidence: the answer is what this data accepts; nothing is known of how far its metric may be off"});
  }
  if (result.report.confirmation && !result.report.confirmation->satisfied) session.exit_code = exit_not_satisfied;
  if (result.satisfied) return;
  say("nuq: no configuration satisfies: " + result.report.search_note + "; " +
      next_steps_after(result.report, result.status == nuq::SearchStatus::too_large,
                       !arguments.evaluation.data.empty()));
  session.exit_code = exit_not_satisfied;
}

}  // namespace

void add_auto(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<AutoArguments>();
  CLI::App& command = *app.add_subcommand("auto", "search for the smallest network that is accurate enough");
  arguments->add_to(command);
  add_onnx_form(command, arguments->network);
  arguments->config.add_to(command);
  CLI::Option_group& evaluator = *command.add_option_group("evaluator", "What tells how accurate a network is");
  evaluator.add_option("--data", arguments->evaluation.data, "dataset JSON that the networks are evaluated on")
      ->type_name("FILE");
  evaluator
      .add_option("--eval-command", arguments->evaluation.command.command,
                  "shell command that evaluates {model} and {weights} on {batch_num} batches (0: all) and prints "
                  "the metric, larger is better, as its last line")
      ->type_name("COMMAND");
  evaluator
      .add_option("--eval-server", arguments->evaluation.server.command,
                  "shell command that is started once and asked for the metric of one network after the other, by "
                  "lines of JSON (examples/command_evaluator/README.md)")
      ->type_name("COMMAND");
  evaluator.require_option(1);
  command
      .add_option("--eval-timeout", arguments->evaluation.command.timeout_seconds,
                  "seconds after which the command has failed, or one answer of the server")
      ->type_name("SECONDS");
  command
      .add_option(
          "--eval-label", arguments->evaluation.command_label,
          "what the command's or server's metric depends on besides its text and the model, such as a version of its "
          "data: metrics of a --journal hold for one label")
      ->type_name("LABEL");
  command
      .add_option("--eval-file", arguments->evaluation.command_files,
                  "file that the command or server reads: metrics of a --journal hold for one content; may be given "
                  "more than once")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  command.add_option("--jobs", arguments->jobs, "evaluations at the same time; results do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command
      .add_option("--confirm", arguments->evaluation.confirm,
                  "dataset JSON that the search does not see: the answer is evaluated on it, once")
      ->type_name("FILE");
  add_max_drop(command, arguments->evaluation.max_drop)->each([arguments](const std::string&) {
    arguments->has_max_drop = true;
  });
  CLI::Option_group& size = *command.add_option_group(
      "size", "The most accurate network of a size, in place of the smallest within --max-drop (or within both)");
  arguments->size.add_to(size);
  size.require_option(0, 1);
  command
      .add_option("--confidence", arguments->options.confidence,
                  "how sure the true drop is to be within --max-drop, by the spread of the metric over the samples; 0: "
                  "the metric as it is")
      ->capture_default_str();
  command.get_option("--confidence")->each([arguments](const std::string&) { arguments->asks_for_confidence = true; });
  arguments->evaluation.calibration.add_to(command);
  command.add_flag("--weights-only", arguments->options.weights_only, "leave activations in float");
  arguments->policies.add_to(command);
  command
      .add_option("--search", arguments->search,
                  "rate-distortion, binary, greedy or exhaustive (all configurations, for a handful of layers)")
      ->type_name("rate-distortion|binary|greedy|exhaustive")
      ->capture_default_str();
  command.get_option("--search")->each([arguments](const std::string&) { arguments->asks_for_search = true; });
  command
      .add_option("--levels", arguments->options.levels,
                  "numbers of levels to choose from, in place of a price per bit")
      ->type_name("K,K,...")
      ->delimiter(',');
  command.add_flag("--cap", arguments->options.cap_levels,
                   "the configuration's levels cap those of each layer, whatever its price per bit");
  command.add_option("--max-evaluations", arguments->options.max_evaluations, "budget of evaluations")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command
      .add_option("--time-limit", arguments->options.max_seconds,
                  "seconds for the run: half at most prepare it, later no evaluation starts")
      ->type_name("SECONDS");
  command
      .add_option("--pin", arguments->pins,
                  "this layer has K levels; LAYER may be a pattern such as 'res5*'; may be given more than once")
      ->type_name("LAYER=K");
  command.add_option("--share", arguments->groups, "these layers share one number of levels or price")
      ->type_name("LAYER,LAYER,...");
  command
      .add_option("--journal", arguments->options.journal,
                  "file that keeps every metric: a killed run, started again, goes on where it was")
      ->type_name("FILE");
  command.add_flag("--pareto", arguments->options.pareto,
                   "write the models of every evaluated configuration that no other beats");
  command.add_flag("--dry-run", arguments->dry_run,
                   "tell sizes at several numbers of levels and the time that a search may take, write nothing");
  command.add_option("--record", arguments->record, "record file; PREFIX_record.txt otherwise")->type_name("FILE");
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->type_name("PREFIX")->required();
  command.add_flag("--json", arguments->json, "print the report as JSON");
  command.callback([arguments, &session] { run(*arguments, session); });
}
