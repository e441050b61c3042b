#ifndef NUQ_WORKFLOW_AUTO_NUQ_TRIALS_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_TRIALS_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nuq/amct/config_source.hpp"
#include "nuq/compiled.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/model_evaluation.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/evaluation/trial.hpp"
#include "nuq/evaluation/trial_metrics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"
#include "nuq/workflow/auto_nuq/verdicts.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The evaluations of one run: the original's, and those that the search asks for.
class AutoNuqTrials {
 public:
  /// `run` outlives this object.
  NUQ_FUNCTION AutoNuqTrials(AutoNuqState& run, const ConfigSource& config);

  /// The metric of the float network. Throws StopRequested, and what the evaluator throws.
  NUQ_FUNCTION [[nodiscard]] double original();

  /// What the evaluator says of a configuration of the problem, which the verdicts watch. Throws as `original`.
  NUQ_FUNCTION [[nodiscard]] EvaluationOutcome of(const Configuration& configuration, const SearchProblem& problem);

  [[nodiscard]] Verdicts& verdicts() noexcept { return verdicts_; }

 private:
  /// The outcome of the first trial, which the search asks for.
  NUQ_FUNCTION [[nodiscard]] EvaluationOutcome outcome_of(const std::vector<Trial>& trials, EvaluationProgress& shown);

  /// What `evaluate()` returns. An evaluation that fails once the run is to stop has been stopped.
  NUQ_FUNCTION [[nodiscard]] double unless_stopped(const std::function<double()>& evaluate) const;

  /// A configuration that is to be evaluated, and where the executor has room for more, those that are likely to follow
  /// it.
  NUQ_FUNCTION [[nodiscard]] std::vector<Trial> trials_from(const Configuration& configuration,
                                                            const SearchProblem& problem);

  NUQ_FUNCTION [[nodiscard]] Trial trial_of(const Configuration& configuration);

  /// To the end, or to where a sequential test sees a clear failure.
  NUQ_FUNCTION [[nodiscard]] EvaluationOutcome measured(const NetworkQuantization& quantization, std::size_t slot);

  NUQ_FUNCTION [[nodiscard]] bool is_satisfied(double metric) const;

  NUQ_FUNCTION void note_failure(const std::string& message);

  NUQ_FUNCTION [[nodiscard]] EvaluationProgress progress_of(std::string configuration, std::uint64_t bytes) const;

  NUQ_FUNCTION void finish_progress(EvaluationProgress& shown, const EvaluationOutcome& outcome) const;

  AutoNuqState& run_;
  ModelEvaluation evaluation_;
  TrialMetrics metrics_;
  Verdicts verdicts_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "nuq/graph/graph.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/search/lookahead.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What a journal's metrics depend on.
NUQ_FUNCTION [[nodiscard]] inline std::string journal_key(const Graph& graph, const ConfigSource& config,
                                                          const AnyEvaluator& evaluator) {
  return sha256(sha256_of_file(graph.model_file()) + sha256_of_file(graph.weights_file()) + config.hash() +
                std::to_string(evaluator.batch_num) + evaluator.label());
}

NUQ_DEFINITION AutoNuqTrials::AutoNuqTrials(AutoNuqState& run, const ConfigSource& config)
    : run_(run),
      evaluation_(run.tools.evaluator, run.prefix, run.options.threads, run.options.custom_layers,
                  run.tools.executor.width()),
      verdicts_(run) {
  if (run.options.journal.empty()) return;
  metrics_ = TrialMetrics(run.options.journal, journal_key(run.session.graph, config, run.tools.evaluator));
}

NUQ_DEFINITION double AutoNuqTrials::original() {
  const ModelSource& source = *run_.session.graph.source;
  const auto evaluate = [this, &source](std::size_t) {
    BatchMetrics batches;
    const double metric = unless_stopped([&] { return evaluation_.of_original(source, batches); });
    if (!batches.values().empty()) metrics_.remember_original_batches(batches.values());
    return EvaluationOutcome{metric, false, false, {}, {}, false};
  };
  const auto files = [&source](std::size_t) { return source.files(); };
  EvaluationProgress shown = progress_of("original", 0);
  EvaluationOutcome outcome = outcome_of({{"original", evaluate, files}}, shown);
  outcome.satisfied = true;
  finish_progress(shown, outcome);
  return outcome.metric;
}

NUQ_DEFINITION EvaluationOutcome AutoNuqTrials::of(const Configuration& configuration, const SearchProblem& problem) {
  EvaluationProgress shown =
      progress_of(run_.choices.in_words(configuration), static_cast<std::uint64_t>(problem.total_bytes(configuration)));
  EvaluationOutcome outcome = outcome_of(trials_from(configuration, problem), shown);
  outcome.plausible = verdicts_.is_plausible(outcome);
  outcome.satisfied = verdicts_.holds({configuration, problem.total_bytes(configuration), outcome});
  finish_progress(shown, outcome);
  return outcome;
}

NUQ_DEFINITION EvaluationOutcome AutoNuqTrials::outcome_of(const std::vector<Trial>& trials,
                                                           EvaluationProgress& shown) {
  const std::string& subject = trials.front().subject;
  shown.known_before = metrics_.find(subject).has_value();
  if (!shown.known_before) {
    run_.tools.progress.evaluation_started(shown);
    metrics_.evaluate(trials, run_.tools.executor, [this](const std::string& message) { note_failure(message); });
  }
  ++run_.evaluations;
  return *metrics_.find(subject);
}

NUQ_DEFINITION double AutoNuqTrials::unless_stopped(const std::function<double()>& evaluate) const {
  try {
    return evaluate();
  } catch (const std::exception&) {
    if (run_.tools.progress.stop_requested()) throw StopRequested();
    throw;
  }
}

NUQ_DEFINITION std::vector<Trial> AutoNuqTrials::trials_from(const Configuration& configuration,
                                                             const SearchProblem& problem) {
  std::vector<Trial> trials{trial_of(configuration)};
  const std::size_t width = run_.tools.executor.width();
  if (width < 2 || metrics_.find(trials.front().subject)) return trials;
  const auto left = static_cast<std::size_t>((std::max)(run_.options.max_evaluations - run_.evaluations - 1, 0));
  for (const Configuration& next : lookahead(run_.tools.search, problem, configuration, (std::min)(width - 1, left))) {
    Trial trial = trial_of(next);
    if (!metrics_.find(trial.subject)) trials.push_back(std::move(trial));
  }
  return trials;
}

NUQ_DEFINITION Trial AutoNuqTrials::trial_of(const Configuration& configuration) {
  const auto quantization = std::make_shared<const NetworkQuantization>(run_.choices.quantized_as(configuration));
  return {
      digest_of(*quantization), [this, quantization](std::size_t slot) { return measured(*quantization, slot); },
      [this, quantization](std::size_t slot) { return evaluation_.write(run_.session.graph, *quantization, slot); }};
}

NUQ_DEFINITION EvaluationOutcome AutoNuqTrials::measured(const NetworkQuantization& quantization, std::size_t slot) {
  auto passes = [this](double metric) { return is_satisfied(metric); };
  BatchMetrics batches(metrics_.original_batches(), run_.original_metric, passes);
  const double metric = unless_stopped([&] { return evaluation_(run_.session.graph, quantization, slot, batches); });
  const std::optional<double>& failure = batches.predicted_failure();
  return {failure.value_or(metric), false, failure.has_value(), batches.error(), batches.damage(), false};
}

NUQ_DEFINITION bool AutoNuqTrials::is_satisfied(double metric) const {
  return run_.tools.evaluator.is_satisfied(run_.original_metric, metric);
}

NUQ_DEFINITION void AutoNuqTrials::note_failure(const std::string& message) {
  run_.report.warnings.push_back("tried again after: " + message);
  run_.tools.progress.evaluation_failed(message);
}

NUQ_DEFINITION EvaluationProgress AutoNuqTrials::progress_of(std::string configuration, std::uint64_t bytes) const {
  EvaluationProgress shown;
  shown.number = run_.evaluations + 1;
  shown.most = run_.options.max_evaluations;
  shown.configuration = std::move(configuration);
  shown.bytes = bytes;
  shown.elapsed = run_.elapsed();
  return shown;
}

NUQ_DEFINITION void AutoNuqTrials::finish_progress(EvaluationProgress& shown, const EvaluationOutcome& outcome) const {
  shown.outcome = outcome;
  shown.elapsed = run_.elapsed();
  run_.tools.progress.evaluation_finished(shown);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_TRIALS_HPP
