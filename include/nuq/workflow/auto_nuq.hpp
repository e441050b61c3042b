#ifndef NUQ_WORKFLOW_AUTO_NUQ_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/evaluation/model_evaluation.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/evaluation/trial_metrics.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/non_dominated.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/reported_file_set.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/search/lookahead.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/rate_distortion.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq_options.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/detail/deploy_obstacle.hpp"
#include "nuq/workflow/detail/layer_choices.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/policies.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

struct AutoNuqResult {
  bool satisfied = false;
  SearchStatus status = SearchStatus::budget_too_small;
  NetworkQuantization quantization;  ///< of the answer; empty unless satisfied
  RunReport report;                  ///< what `<save_prefix>_report.json` holds
};

namespace detail {

/// Thrown within a run that was asked to stop while an evaluation was under way.
struct StopRequested {};

/// What a journal's metrics depend on.
template <class Evaluator>
[[nodiscard]] std::string journal_key(const Graph& graph, const std::string& config_file, const Evaluator& evaluator) {
  return sha256(sha256_of_file(graph.model->model_file) + sha256_of_file(graph.model->weights_file) +
                sha256_of_file(config_file) + std::to_string(evaluate_batch_num_of(evaluator)) + label_of(evaluator));
}

/// One run of `auto_nuq`: the network, the choices of its layers, their metrics, and the files of the best
/// configuration so far.
template <class Evaluator, class SearchPolicy, class Executor, class Progress>
class AutoNuqRun {
 public:
  AutoNuqRun(Graph graph, const std::string& config_file, std::string save_prefix, const AutoNuqOptions& options,
             Evaluator& evaluator, const SearchPolicy& policy, const Executor& executor, Progress& progress,
             const CalibrationPolicies& calibration)
      : graph_(std::move(graph)),
        prefix_(std::move(save_prefix)),
        options_(options),
        evaluator_(evaluator),
        policy_(policy),
        executor_(executor),
        progress_(progress),
        calibration_(calibration),
        evaluation_(evaluator, prefix_, options.threads, options.custom_layers, executor.width()) {
    if (!options_.journal.empty())
      metrics_ = TrialMetrics(options_.journal, journal_key(graph_, config_file, evaluator_));
    report_.weights_only = options.weights_only || !has_calibration_batch_v<Evaluator>;
  }

  [[nodiscard]] AutoNuqResult run(const AnyLayerQuantizer& quantizer) {
    check_search_options(graph_, quantizer, options_);
    note_ignored_iterations(graph_, quantizer);
    add_warnings();
    remove_abandoned_files(prefix_);
    if (!graph_.record_file.empty()) remove_abandoned_files(graph_.record_file);
    try {
      original_metric_ = original_metric();
      report_.original_metric = original_metric_;
      choose_options(quantizer);
    } catch (const StopRequested&) {
      return stopped_early();
    }
    return search();
  }

 private:
  // ---- options of the layers

  void choose_options(const AnyLayerQuantizer& quantizer) {
    ThreadPool parallel(options_.threads);
    progress_.started(graph_.plan.size());
    const NetworkStatistics known = statistics(parallel);
    choices_ = layer_choices(graph_, quantizer, known, options_, parallel,
                             [this](const std::string& layer, std::size_t done, std::size_t layers) {
                               progress_.layer_quantized(layer, done, layers);
                               if (progress_.stop_requested()) throw StopRequested();
                             });
    calibrate_inputs();
    choices_.join(options_.groups);
  }

  /// What the evaluator's calibration data say about the layers that take NUQ; what may be expected of them without.
  /// Weighed: errors of all layers have one unit.
  [[nodiscard]] NetworkStatistics statistics(Parallel& parallel) {
    if constexpr (has_calibration_batch_v<Evaluator>) {
      if (options_.statistics_batches >= 0) {
        const auto next_batch = [this](int index) { return evaluator_.calibration_batch(index); };
        const int batches = options_.statistics_batches > 0 ? options_.statistics_batches : graph_.batch_num;
        AnyEngine engine = calibration_.engine(options_.threads, options_.custom_layers);
        return weighed_statistics(graph_, next_batch, batches, engine, parallel);
      }
    }
    return weighed_data_free_statistics(graph_, parallel);
  }

  void calibrate_inputs() {
    if constexpr (has_calibration_batch_v<Evaluator>) {
      if (report_.weights_only) return;
      const auto calibrated = calibrated_activations(
          graph_, [this](int index) { return evaluator_.calibration_batch(index); },
          calibration_.engine(options_.threads, options_.custom_layers), calibration_.calibrator);
      choices_.for_each([&](const std::string& layer, LayerQuantization& quantization) {
        set_activation(quantization, calibrated.at(layer));
      });
      refuse_layers_without_int32_bias();
    }
  }

  /// A layer whose bias leaves the int32 range at its scales stays in float.
  void refuse_layers_without_int32_bias() {
    choices_.for_each([this](const std::string& layer, const LayerQuantization& quantization) {
      const Node& node = *graph_.find(layer);
      if (!quantizes_weights(node) || refused_.count(layer) > 0) return;
      const std::string obstacle = deploy_obstacle(node, quantization);
      if (!obstacle.empty()) refused_[layer] = obstacle;
    });
    for (const auto& [layer, obstacle] : refused_) {
      report_.warnings.push_back(obstacle);
      choices_.remove(layer);
    }
  }

  // ---- evaluation

  [[nodiscard]] AutoNuqResult search() {
    auto evaluate = [this](const Configuration& configuration) { return evaluate_configuration(configuration); };
    auto save = [this](const EvaluatedConfiguration& improved) { save_improvement(improved); };
    auto stop = [this] { return progress_.stop_requested(); };
    problem_.emplace(choices_.search_layers(), SearchBudget{options_.max_evaluations - 1, seconds_left()}, evaluate);
    problem_->on_improvement(save);
    problem_->stop_when(stop);
    try {
      return conclude(run_search(policy_, *problem_));
    } catch (const StopRequested&) {
      return conclude(problem_->conclude());
    }
  }

  [[nodiscard]] double original_metric() {
    const auto evaluate = [this](std::size_t) {
      BatchMetrics batches;
      const double metric = unless_stopped([&] { return evaluation_.of_original(graph_.model, batches); });
      if (!batches.values().empty()) metrics_.remember_original_batches(batches.values());
      return MeasuredMetric{metric, false};
    };
    const auto files = [this](std::size_t) { return ModelFiles{graph_.model->model_file, graph_.model->weights_file}; };
    EvaluationProgress shown = evaluation_progress("original", 0);
    const double metric = metric_of({{"original", evaluate, files}}, shown).metric;
    finish_progress(shown, metric, true);
    return metric;
  }

  [[nodiscard]] EvaluationOutcome evaluate_configuration(const Configuration& configuration) {
    EvaluationProgress shown = evaluation_progress(choices_.in_words(configuration),
                                                   static_cast<std::uint64_t>(problem_->total_bytes(configuration)));
    const MeasuredMetric measured = metric_of(trials_from(configuration), shown);
    const bool satisfied = !measured.ended_early && is_satisfied(measured.metric);
    finish_progress(shown, measured.metric, satisfied);
    return {measured.metric, satisfied, measured.ended_early};
  }

  /// The metric of the first trial, which the search asks for.
  [[nodiscard]] MeasuredMetric metric_of(const std::vector<Trial>& trials, EvaluationProgress& shown) {
    const std::string& subject = trials.front().subject;
    shown.known_before = metrics_.find(subject).has_value();
    if (!shown.known_before) {
      progress_.evaluation_started(shown);
      metrics_.evaluate(trials, executor_, [this](const std::string& message) { note_failure(message); });
    }
    ++evaluations_;
    return *metrics_.find(subject);
  }

  /// What `evaluate()` returns. An evaluation that fails once the run is to stop has been stopped.
  template <class Evaluate>
  [[nodiscard]] double unless_stopped(const Evaluate& evaluate) const {
    try {
      return evaluate();
    } catch (const std::exception&) {
      if (progress_.stop_requested()) throw StopRequested();
      throw;
    }
  }

  /// A configuration that is to be evaluated, and where the executor has room for more, those that are likely to follow
  /// it.
  [[nodiscard]] std::vector<Trial> trials_from(const Configuration& configuration) {
    std::vector<Trial> trials{trial_of(configuration)};
    if (executor_.width() < 2 || metrics_.find(trials.front().subject)) return trials;
    const auto left = static_cast<std::size_t>((std::max)(options_.max_evaluations - evaluations_ - 1, 0));
    for (const Configuration& next :
         lookahead(policy_, *problem_, configuration, (std::min)(executor_.width() - 1, left))) {
      Trial trial = trial_of(next);
      if (!metrics_.find(trial.subject)) trials.push_back(std::move(trial));
    }
    return trials;
  }

  [[nodiscard]] Trial trial_of(const Configuration& configuration) {
    const auto model = [this, configuration] {
      return fake_quant_model(graph_, choices_.quantization_of(configuration));
    };
    return {digest_of(choices_.quantization_of(configuration)),
            [this, model](std::size_t slot) { return measure(model(), slot); },
            [this, model](std::size_t slot) { return evaluation_.write(model(), slot); }};
  }

  /// To the end, or to where a sequential test sees a clear failure.
  [[nodiscard]] MeasuredMetric measure(Model model, std::size_t slot) {
    auto passes = [this](double metric) { return is_satisfied(metric); };
    BatchMetrics batches(metrics_.original_batches(), original_metric_, passes);
    const double metric = unless_stopped([&] { return evaluation_(std::move(model), slot, batches); });
    const std::optional<double>& failure = batches.predicted_failure();
    return {failure.value_or(metric), failure.has_value()};
  }

  [[nodiscard]] bool is_satisfied(double metric) const {
    return static_cast<bool>(evaluator_.is_satisfied(original_metric_, metric));
  }

  void note_failure(const std::string& message) {
    report_.warnings.push_back("tried again after: " + message);
    progress_.evaluation_failed(message);
  }

  // ---- progress

  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double seconds_left() const { return options_.max_seconds - elapsed(); }

  [[nodiscard]] EvaluationProgress evaluation_progress(std::string configuration, std::uint64_t bytes) const {
    EvaluationProgress shown;
    shown.number = evaluations_ + 1;
    shown.most = options_.max_evaluations;
    shown.configuration = std::move(configuration);
    shown.bytes = bytes;
    shown.elapsed = elapsed();
    return shown;
  }

  void finish_progress(EvaluationProgress& shown, double metric, bool satisfied) const {
    shown.metric = metric;
    shown.satisfied = satisfied;
    shown.elapsed = elapsed();
    progress_.evaluation_finished(shown);
  }

  // ---- results

  /// Makes a configuration the graph's; its record holds as many levels as were chosen.
  void adopt(const Configuration& configuration) {
    graph_.quantization = choices_.quantization_of(configuration);
    for (const auto& [layer, levels] : choices_.level_caps(configuration)) graph_.plan[layer].num_steps = levels;
  }

  /// Stages the models of what was adopted, and its record file.
  void stage_models(FileSet& files, const std::string& prefix, const std::string& record_file) {
    ThreadPool parallel(options_.threads);
    stage_quantized_models(files, graph_, report_.weights_only ? SaveType::fakequant : SaveType::both, prefix,
                           parallel);
    if (!record_file.empty()) files.stage(record_file, to_text(record_of(graph_)));
  }

  void save_improvement(const EvaluatedConfiguration& improved) {
    adopt(improved.configuration);
    ReportedFileSet files;
    stage_models(files, prefix_, graph_.record_file);
    report_.files = files.commit_with_reports();
    report_.metric = improved.outcome.metric;
    report_.satisfied = true;
    write_report();
    progress_.improved(report_);
  }

  /// Those that no other beats, each with files of its own, from the smallest on.
  void save_pareto_front(const std::vector<EvaluatedConfiguration>& evaluated) {
    std::vector<std::size_t> front;
    for (std::size_t trial = 0; trial < evaluated.size(); ++trial) {
      if (report_.trials[trial].non_dominated) front.push_back(trial);
    }
    std::sort(front.begin(), front.end(),
              [&](std::size_t a, std::size_t b) { return evaluated[a].bytes < evaluated[b].bytes; });
    for (std::size_t rank = 0; rank < front.size(); ++rank) {
      const std::string prefix = prefix_ + "_pareto_" + std::to_string(rank + 1);
      adopt(evaluated[front[rank]].configuration);
      ReportedFileSet files;
      stage_models(files, prefix, prefix + "_record.txt");
      const std::vector<FileReport> written = files.commit_with_reports();
      report_.files.insert(report_.files.end(), written.begin(), written.end());
      report_.trials[front[rank]].files = prefix;
    }
    adopt(problem_->best()->configuration);
  }

  void write_report() {
    report_.seconds = elapsed();
    report_.evaluations = evaluations_;
    ThreadPool parallel(options_.threads);
    add_layers(report_, graph_, graph_.quantization, options_.target, parallel);
    for (LayerReport& layer : report_.layers) {
      const auto refused = refused_.find(layer.name);
      if (refused != refused_.end()) layer.reason = refused->second;
    }
    write_file_atomically(prefix_ + "_report.json", to_json(report_));
  }

  void report_trials() {
    for (const EvaluatedConfiguration& evaluated : problem_->evaluated()) {
      TrialReport trial;
      trial.configuration = choices_.in_words(evaluated.configuration);
      trial.bytes = static_cast<std::uint64_t>(evaluated.bytes);
      trial.metric = evaluated.outcome.metric;
      trial.satisfied = evaluated.outcome.satisfied;
      trial.levels = choices_.levels_of(evaluated.configuration);
      trial.ended_early = evaluated.outcome.ended_early;
      if (evaluated.configuration == problem_->int8()) report_.int8_metric = trial.metric;
      report_.trials.push_back(std::move(trial));
    }
    const auto is_satisfied = [this](double original, double result) {
      return static_cast<bool>(evaluator_.is_satisfied(original, result));
    };
    mark_non_dominated(report_.trials, original_metric_, better_metric(original_metric_, is_satisfied));
  }

  [[nodiscard]] std::string search_note(const SearchResult& found) const {
    const std::string stopped = progress_.stop_requested() ? "stopped on request" : "";
    const auto with_stopped = [&stopped](const std::string& note) {
      return stopped.empty() ? note : stopped + "; " + note;
    };
    if (found.status == SearchStatus::int8_refused)
      return with_stopped("even uniform int8 in every layer is refused: nothing is written but this report");
    if (found.status == SearchStatus::budget_too_small)
      return with_stopped("the budget ended before any configuration passed");
    if (found.uniform_smaller_untested.empty()) return stopped;
    return with_stopped(std::to_string(found.uniform_smaller_untested.size()) +
                        " smaller uniform configuration(s) could not be evaluated within the budget");
  }

  void add_warnings() {
    report_.warnings = graph_.notes;
    if (graph_.joint_quant)
      report_.warnings.push_back("joint_quant: has no effect in a search, sums keep their full width");
    if (has_calibration_batch_v<Evaluator> || options_.weights_only) return;
    report_.warnings.push_back("weights-only: the evaluator has no calibration_batch(int)");
  }

  [[nodiscard]] AutoNuqResult conclude(const SearchResult& found) {
    report_trials();
    report_.search_note = search_note(found);
    if (options_.pareto && problem_->best()) save_pareto_front(problem_->evaluated());
    write_report();
    progress_.finished(report_);
    return {report_.satisfied, found.status, std::move(graph_.quantization), report_};
  }

  [[nodiscard]] AutoNuqResult stopped_early() {
    report_.search_note = "stopped on request before the search began";
    write_report();
    progress_.finished(report_);
    return {false, SearchStatus::budget_too_small, {}, report_};
  }

  Graph graph_;
  std::string prefix_;
  const AutoNuqOptions& options_;
  Evaluator& evaluator_;
  const SearchPolicy& policy_;
  const Executor& executor_;
  ProgressCalls<Progress> progress_;
  const CalibrationPolicies& calibration_;
  ModelEvaluation<Evaluator> evaluation_;
  TrialMetrics metrics_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  LayerChoices choices_;
  std::optional<SearchProblem> problem_;
  double original_metric_ = 0.0;
  int evaluations_ = 0;                         // that the search asked for, the original's included
  std::map<std::string, std::string> refused_;  // layers that cannot be deployed, and why
  RunReport report_;
};

}  // namespace detail

/// Searches for the configuration that compresses most while the evaluator is satisfied, and writes it.
///
/// The original model is evaluated first, then uniform int8, then what the search policy asks for. config.json says
/// which layers are candidates (`nuq_quantize`) and which stay at int8 (`arq_quantize`). Every improvement is on disk
/// at once: the files of `save_model`, the record file, and last `<save_prefix>_report.json` with the hashes of the
/// others. A refused configuration is never written. Trial models stand beside the results while the run lasts.
///
/// @param  evaluator  see AutoNuqEvaluatorBase. One that throws EvaluationError is asked once more; then, as its other
///                    exceptions, it passes through, and the best so far stays on disk.
/// @param  policies   how the work is done, part by part (workflow/policies.hpp). Files and report do not depend on
///                    the executor.
/// @throws ModelError, ConfigError, FormatError for bad input, before anything is written; EvaluationError for a metric
///         that is not a finite number.
template <class Evaluator, class UserPolicies = Policies<>>
AutoNuqResult auto_nuq(const std::string& model_file, const std::string& weights_file, Evaluator&& evaluator,
                       const std::string& config_file, const std::string& scale_offset_record_file,
                       const std::string& save_prefix, const AutoNuqOptions& options = {},
                       UserPolicies&& policies = UserPolicies{}) {
  using UserEvaluator = std::remove_reference_t<Evaluator>;
  static_assert(is_policies_v<UserPolicies>,
                "[nuq] the last argument of auto_nuq must be: nuq::Policies{quantizer, search, executor, progress}");
  if constexpr (!is_policies_v<UserPolicies>) {
    return {};
  } else {
    using Search = std::remove_reference_t<decltype((policies.search))>;
    using Executor = std::remove_reference_t<decltype((policies.executor))>;
    using Progress = std::remove_reference_t<decltype((policies.progress))>;
    if constexpr (check_evaluator<UserEvaluator>() && check_executor<Executor, is_thread_safe_v<UserEvaluator>>()) {
      ThreadPool parallel(options.threads);
      Graph graph = detail::prepared_graph(config_file, model_file, weights_file, parallel);
      graph.record_file = scale_offset_record_file;
      set_bias_correction(graph.plan, options.bias_correction);
      detail::AutoNuqRun<UserEvaluator, Search, Executor, Progress> run(
          std::move(graph), config_file, save_prefix, options, evaluator, policies.search, policies.executor,
          policies.progress, policies.calibration);
      return run.run(policies.quantizer);
    } else {
      return {};
    }
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_AUTO_NUQ_HPP
