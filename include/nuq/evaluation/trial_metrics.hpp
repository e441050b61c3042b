#ifndef NUQ_EVALUATION_TRIAL_METRICS_HPP
#define NUQ_EVALUATION_TRIAL_METRICS_HPP

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/evaluation/journal.hpp"
#include "nuq/evaluation/trial.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Names a quantized network by everything that its fake-quant model depends on besides the original.
NUQ_FUNCTION [[nodiscard]] std::string digest_of(const NetworkQuantization& quantization);

/// The metrics that are known, by subject: those of the journal, where there is one, and those that the evaluator has
/// given since; and those of the original's batches, where the evaluator tells them. In the journal the subject of a
/// predicted metric ends with ":early", that of a batch with ":batch:" and its number of samples; a metric's standard
/// error and damage stand in lines before it, as those of the subject with ":error" and ":damage".
class TrialMetrics {
 public:
  TrialMetrics() = default;
  /// Goes on with the journal of the run that `key` names. Throws what EvaluationJournal throws.
  NUQ_FUNCTION TrialMetrics(const std::string& journal, const std::string& key);

  /// What is known of a subject; whether it is satisfied is for the evaluator to say.
  NUQ_FUNCTION [[nodiscard]] std::optional<EvaluationOutcome> find(const std::string& subject) const;

  /// Metrics of the original's batches; empty where the evaluator does not tell them.
  [[nodiscard]] const std::vector<BatchMetric>& original_batches() const noexcept { return original_batches_; }
  NUQ_FUNCTION void remember_original_batches(const std::vector<BatchMetric>& batches);

  /// Has the executor evaluate trials; that of the first is known afterwards. `failed(message)` hears of evaluations
  /// that are tried again, one at a time.
  NUQ_FUNCTION void evaluate(const std::vector<Trial>& trials, const AnyExecutor& executor,
                             std::function<void(const std::string&)> failed);

 private:
  static constexpr const char* early_suffix = ":early";
  static constexpr const char* error_suffix = ":error";
  static constexpr const char* damage_suffix = ":damage";
  static constexpr const char* batches_begin = "original:batches";
  static constexpr const char* batch_subject = "original:batch:";

  NUQ_FUNCTION void remember(const std::string& subject, const EvaluationOutcome& outcome, double seconds);

  NUQ_FUNCTION void recall(const JournaledEvaluation& known, const std::string& journal);

  std::optional<EvaluationJournal> journal_;
  std::map<std::string, EvaluationOutcome> metrics_;
  std::map<std::string, double> errors_;   ///< of the journal
  std::map<std::string, double> damages_;  ///< of the journal
  std::vector<BatchMetric> original_batches_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include "nuq/io/sha256.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::string digest_of(const NetworkQuantization& quantization) {
  Sha256 hash;
  const auto add_number = [&hash](const auto& number) {
    hash.update({reinterpret_cast<const char*>(&number), sizeof number});
  };
  const auto add_values = [&](const auto& values) {
    add_number(static_cast<std::uint64_t>(values.size()));
    hash.update({reinterpret_cast<const char*>(values.data()), values.size() * sizeof *values.data()});
  };
  for (const auto& [layer, result] : quantization) {
    add_values(layer);
    add_values(result.weights.levels);
    add_values(result.weights.scales);
    add_values(result.shift_bit);
    add_values(result.bias_correction);
    add_number(result.activation.has_value());
    if (!result.activation) continue;
    add_number(result.activation->scale);
    add_number(result.activation->offset);
    add_number(result.activation->with_offset);
  }
  return hash.finish();
}

NUQ_DEFINITION TrialMetrics::TrialMetrics(const std::string& journal, const std::string& key)
    : journal_(std::in_place, journal, key) {
  for (const JournaledEvaluation& known : journal_->evaluations()) recall(known, journal);
}

NUQ_DEFINITION std::optional<EvaluationOutcome> TrialMetrics::find(const std::string& subject) const {
  const auto known = metrics_.find(subject);
  if (known == metrics_.end()) return std::nullopt;
  return known->second;
}

NUQ_DEFINITION void TrialMetrics::remember_original_batches(const std::vector<BatchMetric>& batches) {
  original_batches_ = batches;
  if (!journal_) return;
  journal_->append(batches_begin, 0.0, 0.0);
  for (const BatchMetric& batch : batches) {
    journal_->append(std::string(batch_subject) + std::to_string(batch.samples), batch.metric, 0.0);
  }
}

NUQ_DEFINITION void TrialMetrics::evaluate(const std::vector<Trial>& trials, const AnyExecutor& executor,
                                           std::function<void(const std::string&)> failed) {
  const auto remembering = [this](const std::string& subject, const EvaluationOutcome& outcome, double seconds) {
    remember(subject, outcome, seconds);
  };
  EvaluationBatch batch(trials, remembering, std::move(failed));
  executor.run(batch);
  if (find(trials.front().subject)) return;
  fail(EvaluationError(ErrorCode::evaluation_failed, "the executor returned without the metric it was asked for"));
}

NUQ_DEFINITION void TrialMetrics::remember(const std::string& subject, const EvaluationOutcome& outcome,
                                           double seconds) {
  metrics_[subject] = outcome;
  if (journal_ && outcome.error) journal_->append(subject + error_suffix, *outcome.error, 0.0);
  if (journal_ && outcome.damage) journal_->append(subject + damage_suffix, *outcome.damage, 0.0);
  if (journal_) journal_->append(subject + (outcome.ended_early ? early_suffix : ""), outcome.metric, seconds);
}

/// The number of samples that a subject ends in.
NUQ_FUNCTION [[nodiscard]] inline std::size_t samples_in(std::string_view digits, const JournaledEvaluation& known,
                                                         const std::string& journal) {
  std::uint32_t samples = 0;
  const char* const end = digits.data() + digits.size();
  const std::from_chars_result result = std::from_chars(digits.data(), end, samples);
  if (result.ec == std::errc() && result.ptr == end && samples > 0) return samples;
  fail(FormatError(ErrorCode::malformed_file, journal + ": evaluation of '" + known.subject +
                                                  "': wanted a number of samples at its end; remove the journal or "
                                                  "name another"));
}

NUQ_DEFINITION void TrialMetrics::recall(const JournaledEvaluation& known, const std::string& journal) {
  const std::size_t batch = std::string_view(batch_subject).size();
  if (known.subject == batches_begin) {
    original_batches_.clear();
  } else if (known.subject.compare(0, batch, batch_subject) == 0) {
    const std::string_view digits = std::string_view(known.subject).substr(batch);
    original_batches_.push_back({known.metric, samples_in(digits, known, journal)});
  } else if (known.subject.find(error_suffix) != std::string::npos) {
    errors_[known.subject.substr(0, known.subject.find(error_suffix))] = known.metric;
  } else if (known.subject.find(damage_suffix) != std::string::npos) {
    damages_[known.subject.substr(0, known.subject.find(damage_suffix))] = known.metric;
  } else {
    const bool ended_early = known.subject.find(early_suffix) != std::string::npos;
    const std::string subject = known.subject.substr(0, known.subject.find(early_suffix));
    metrics_[subject] = {known.metric, false, ended_early, {}, {}, false};
    if (errors_.count(subject) > 0) metrics_[subject].error = errors_[subject];
    if (damages_.count(subject) > 0) metrics_[subject].damage = damages_[subject];
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_TRIAL_METRICS_HPP
