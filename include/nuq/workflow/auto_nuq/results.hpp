#ifndef NUQ_WORKFLOW_AUTO_NUQ_RESULTS_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_RESULTS_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/result.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The files and the report of one run.
class AutoNuqResults {
 public:
  /// `run` outlives this object.
  explicit AutoNuqResults(AutoNuqState& run) : run_(run) {}

  /// What the report warns of from the beginning.
  NUQ_FUNCTION void add_warnings();

  /// Puts a configuration on the disk, with all its files.
  NUQ_FUNCTION void save_improvement(const EvaluatedConfiguration& improved);

  /// The end of a search.
  NUQ_FUNCTION [[nodiscard]] AutoNuqResult conclude(const SearchResult& found, const SearchProblem& problem);

  /// The end of a run that was stopped before its search began.
  NUQ_FUNCTION [[nodiscard]] AutoNuqResult stopped_early();

 private:
  /// Makes a configuration the session's; its record holds as many levels as were chosen.
  NUQ_FUNCTION void adopt(const Configuration& configuration);

  /// Stages the models of what was adopted, and its record file.
  NUQ_FUNCTION void stage_models(FileSet& files, const std::string& prefix, const std::string& record_file);

  /// Reports the confidence that the answer holds with, or warns that it does not any more.
  NUQ_FUNCTION void judge_answer(const EvaluatedConfiguration& answer, const SearchProblem& problem);

  /// Asks the evaluator about the answer on its second set of data, where it has one.
  NUQ_FUNCTION void confirm_answer();

  /// Saves the configurations that no other beats, each with files of its own, from the smallest on.
  NUQ_FUNCTION void save_pareto_front(const SearchProblem& problem);

  /// Warns of numbers of levels that the vendor's own readers of the record refuse, where they are likely to be used.
  NUQ_FUNCTION void warn_of_unusual_clusters();

  /// Describes the layers as they were adopted, with what the run has cost so far.
  NUQ_FUNCTION void bring_up_to_date();

  NUQ_FUNCTION void write_report();

  NUQ_FUNCTION void report_trials(const SearchProblem& problem);

  /// Warns of an evaluator that gave one metric for all models.
  NUQ_FUNCTION void check_that_metric_changed();

  NUQ_FUNCTION [[nodiscard]] std::string search_note(const SearchResult& found) const;

  AutoNuqState& run_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/unchanged_metric.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/non_dominated.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/reported_file_set.hpp"
#include "nuq/search/loss_curve.hpp"
#include "nuq/workflow/detail/level_caps.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void AutoNuqResults::add_warnings() {
  std::vector<std::string>& warnings = run_.report.warnings;
  warnings = run_.session.settings.notes;
  if (run_.session.settings.joint_quant)
    warnings.push_back("joint_quant: has no effect in a search, sums keep their full width");
}

NUQ_DEFINITION void AutoNuqResults::save_improvement(const EvaluatedConfiguration& improved) {
  adopt(improved.configuration);
  ReportedFileSet files;
  stage_models(files, run_.prefix, run_.session.record_file);
  run_.report.files = files.reports();
  run_.report.metric = improved.outcome.metric;
  run_.report.metric_error = improved.outcome.error;
  run_.report.satisfied = true;
  bring_up_to_date();
  files.stage_report(run_.prefix, run_.report, run_.options.report);
  files.commit();
  run_.tools.progress.improved(run_.report);
}

NUQ_DEFINITION AutoNuqResult AutoNuqResults::conclude(const SearchResult& found, const SearchProblem& problem) {
  report_trials(problem);
  check_that_metric_changed();
  run_.report.search_note = search_note(found);
  run_.report.satisfied = found.best.has_value();
  if (problem.best()) {
    warn_of_unusual_clusters();
    ThreadPool parallel(run_.options.threads);
    run_.report.sizes = coding_sizes(run_.session.graph, run_.session.quantization, run_.session.settings, parallel);
    judge_answer(*problem.best(), problem);
    confirm_answer();
    if (run_.options.pareto) save_pareto_front(problem);
  }
  write_report();
  run_.tools.progress.finished(run_.report);
  return {run_.report.satisfied, found.status, std::move(run_.session.quantization), run_.report};
}

NUQ_DEFINITION void AutoNuqResults::judge_answer(const EvaluatedConfiguration& answer, const SearchProblem& problem) {
  if (!problem.find(answer.configuration)->outcome.satisfied) {
    run_.warn("the answer passed, but by what was evaluated since it may lose more than that on other samples");
  } else if (answer.outcome.error && run_.options.confidence > 0.0 && answer.configuration != problem.int8()) {
    run_.report.confidence = run_.options.confidence;
  }
}

NUQ_DEFINITION void AutoNuqResults::confirm_answer() {
  const AnyEvaluator& evaluator = run_.tools.evaluator;
  if (!evaluator.confirm) return;
  const ModelSource& source = *run_.session.graph.source;
  BatchMetrics original;
  const std::optional<double> original_metric = evaluator.confirm(source.files(), original);
  const auto goes_to_its_end = [](double) { return true; };
  BatchMetrics answer(original.values(), original_metric.value_or(0.0), goes_to_its_end);
  const std::optional<double> metric =
      original_metric ? evaluator.confirm(source.files(run_.prefix + "_fake_quant"), answer) : std::nullopt;
  if (!metric) return;
  Confirmation confirmation;
  confirmation.original_metric = *original_metric;
  confirmation.metric = *metric;
  confirmation.error = answer.error();
  const double confidence = run_.options.confidence;
  const double reach = confidence > 0.0 ? normal_quantile(confidence) * confirmation.error.value_or(0.0) : 0.0;
  const double loss = confirmation.metric - confirmation.original_metric;
  const double nearest = confirmation.metric - (loss > 0.0 ? 1.0 : -1.0) * (std::min)(reach, std::abs(loss));
  confirmation.satisfied = evaluator.is_satisfied(confirmation.original_metric, confirmation.metric) ||
                           evaluator.is_satisfied(confirmation.original_metric, nearest);
  run_.report.confirmation = confirmation;
  if (!confirmation.satisfied) {
    run_.warn("the answer does not hold on the second set of data: metric " + number_text(confirmation.metric) + ", " +
              number_text(confirmation.original_metric) + " of the original");
  }
}

NUQ_DEFINITION AutoNuqResult AutoNuqResults::stopped_early() {
  run_.report.search_note = "stopped on request before the search began";
  write_report();
  run_.tools.progress.finished(run_.report);
  return {false, SearchStatus::budget_too_small, {}, run_.report};
}

NUQ_DEFINITION void AutoNuqResults::adopt(const Configuration& configuration) {
  run_.session.quantization = run_.choices.quantized_as(configuration);
  restore_caps(run_.session.settings.plan, run_.configured, run_.session.quantization);
  for (const auto& [layer, levels] : run_.choices.level_caps(configuration))
    run_.session.settings.plan[layer].num_steps = levels;
  run_.left_in_float = run_.choices.layers_in_float(configuration);
}

NUQ_DEFINITION void AutoNuqResults::stage_models(FileSet& files, const std::string& prefix,
                                                 const std::string& record_file) {
  ThreadPool parallel(run_.options.threads);
  stage_quantized_models(files, run_.session.graph, run_.session.quantization,
                         run_.report.weights_only ? SaveType::fakequant : SaveType::both, prefix, parallel);
  if (!record_file.empty())
    files.stage(record_file, record_text(run_.session.graph, run_.session.quantization, run_.session.settings));
}

NUQ_DEFINITION void AutoNuqResults::save_pareto_front(const SearchProblem& problem) {
  const std::vector<EvaluatedConfiguration>& evaluated = problem.evaluated();
  std::vector<std::size_t> front;
  for (std::size_t trial = 0; trial < evaluated.size(); ++trial) {
    if (run_.report.trials[trial].non_dominated) front.push_back(trial);
  }
  std::sort(front.begin(), front.end(),
            [&](std::size_t a, std::size_t b) { return evaluated[a].bytes < evaluated[b].bytes; });
  const std::string folder = run_.prefix + "_pareto/";
  remove_abandoned_files(folder);
  for (std::size_t rank = 0; rank < front.size(); ++rank) {
    const std::string prefix = folder + std::to_string(rank + 1);
    adopt(evaluated[front[rank]].configuration);
    ReportedFileSet files;
    stage_models(files, prefix, prefix + "_record.txt");
    const std::vector<FileReport> written = files.reports();
    set_report_as_voucher(files, prefix);
    files.commit();
    run_.report.files.insert(run_.report.files.end(), written.begin(), written.end());
    run_.report.trials[front[rank]].files = prefix;
  }
  adopt(problem.best()->configuration);
}

NUQ_DEFINITION void AutoNuqResults::warn_of_unusual_clusters() {
  if (!run_.session.settings.for_ascend) return;
  std::set<int> unusual;
  for (const auto& [layer, quantization] : run_.session.quantization) {
    const int levels = run_.session.settings.plan.at(layer).num_steps;
    if (quantization.codebook && levels != 16 && levels != 32) unusual.insert(levels);
  }
  for (const int levels : unusual) {
    run_.report.warnings.push_back("the record has clusters of " + std::to_string(levels) +
                                   " levels, the vendor's own tools read 16 and 32 only: levels 32,16 keeps to these");
  }
}

NUQ_DEFINITION void AutoNuqResults::write_report() {
  bring_up_to_date();
  ReportedFileSet files;
  files.stage_report(run_.prefix, run_.report, run_.options.report);
  files.commit();
}

NUQ_DEFINITION void AutoNuqResults::bring_up_to_date() {
  RunReport& report = run_.report;
  report.seconds = run_.elapsed();
  report.evaluations = run_.evaluations;
  ThreadPool parallel(run_.options.threads);
  const QuantizationSession& session = run_.session;
  add_layers(report, session.graph, session.quantization, session.settings,
             run_.options.target.value_or(Target::packed), parallel,
             layer_details(session.graph, session.quantization, session.settings, run_.options.report, parallel));
  for (LayerReport& layer : report.layers) {
    const auto refused = run_.refused.find(layer.name);
    if (refused != run_.refused.end()) layer.reason = refused->second;
    if (std::count(run_.left_in_float.begin(), run_.left_in_float.end(), layer.name) > 0)
      layer.reason = "stays in float: the evaluator refuses the network with this layer at int8";
  }
}

NUQ_DEFINITION void AutoNuqResults::report_trials(const SearchProblem& problem) {
  for (const EvaluatedConfiguration& evaluated : problem.evaluated()) {
    TrialReport trial;
    static_cast<EvaluationOutcome&>(trial) = evaluated.outcome;
    trial.configuration = run_.choices.in_words(evaluated.configuration);
    trial.bytes = static_cast<std::uint64_t>(evaluated.bytes);
    trial.levels = run_.choices.levels_of(evaluated.configuration);
    const double price = run_.choices.price_of(evaluated.configuration);
    if (price > 0.0) trial.price = price;
    if (evaluated.configuration == problem.int8()) run_.report.int8_metric = trial.metric;
    run_.report.trials.push_back(std::move(trial));
  }
  mark_non_dominated(run_.report.trials, run_.original_metric,
                     better_metric(run_.original_metric, run_.tools.evaluator.is_satisfied));
}

NUQ_DEFINITION void AutoNuqResults::check_that_metric_changed() {
  std::vector<double> metrics;
  for (const TrialReport& trial : run_.report.trials) {
    if (!trial.ended_early) metrics.push_back(trial.metric);
  }
  const std::string warning = unchanged_metric_warning(run_.original_metric, metrics, run_.tools.evaluator.batch_num);
  run_.report.metric_unchanged = !warning.empty();
  if (run_.report.metric_unchanged) run_.warn(warning);
}

NUQ_DEFINITION std::string AutoNuqResults::search_note(const SearchResult& found) const {
  const std::string stopped = run_.tools.progress.stop_requested() ? "stopped on request" : "";
  const auto with_stopped = [&stopped](const std::string& note) {
    return stopped.empty() ? note : stopped + "; " + note;
  };
  if (found.status == SearchStatus::int8_refused)
    return with_stopped(
        "even uniform int8 in every layer is refused, and with layers in float too: nothing is written but this "
        "report");
  if (found.status == SearchStatus::too_large) {
    const auto is_smaller = [](const TrialReport& a, const TrialReport& b) { return a.bytes < b.bytes; };
    const auto smallest = std::min_element(run_.report.trials.begin(), run_.report.trials.end(), is_smaller);
    return with_stopped(
        "no configuration has " + std::to_string(*run_.options.max_bytes) + " bytes or fewer, the smallest takes " +
        std::to_string(smallest->bytes + static_cast<std::uint64_t>(run_.other_bytes)) +
        (run_.other_bytes > 0.0 ? ", those of layers in float included" : "") + ": nothing is written but this report");
  }
  if (found.status == SearchStatus::budget_too_small)
    return with_stopped("the budget ended before any configuration passed");
  if (found.uniform_smaller_untested.empty()) return stopped;
  return with_stopped(std::to_string(found.uniform_smaller_untested.size()) +
                      " smaller uniform configuration(s) could not be evaluated within the budget");
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_RESULTS_HPP
