#ifndef NUQ_WORKFLOW_DETAIL_TRIAL_METRICS_HPP
#define NUQ_WORKFLOW_DETAIL_TRIAL_METRICS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/caffe/quantization.hpp"
#include "nuq/journal/evaluation_journal.hpp"
#include "nuq/report/sha256.hpp"
#include "nuq/search/executor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Names a quantized network by everything that its fake-quant model depends on besides the original.
[[nodiscard]] inline std::string digest_of(const NetworkQuantization& quantization) {
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
    add_number(result.activation.has_value());
    if (!result.activation) continue;
    add_number(result.activation->scale);
    add_number(result.activation->offset);
    add_number(result.activation->with_offset);
  }
  return hash.finish();
}

/// A model whose metric is wanted. `slot`: different for models that are evaluated at the same time.
struct Trial {
  std::string subject;                                ///< names it
  std::function<double(std::size_t slot)> evaluate;   ///< asks the user's evaluator
  std::function<ModelFiles(std::size_t slot)> files;  ///< the model on the disk
};

/// The metrics that are known, by subject: those of the journal, where there is one, and those that the evaluator has
/// given since.
class TrialMetrics {
 public:
  TrialMetrics() = default;
  /// Goes on with the journal of the run that `key` names. Throws what EvaluationJournal throws.
  TrialMetrics(const std::string& journal, const std::string& key) : journal_(std::in_place, journal, key) {
    for (const JournaledEvaluation& known : journal_->evaluations()) metrics_[known.subject] = known.metric;
  }

  [[nodiscard]] std::optional<double> find(const std::string& subject) const {
    const auto known = metrics_.find(subject);
    if (known == metrics_.end()) return std::nullopt;
    return known->second;
  }

  /// Has the executor evaluate trials; that of the first is known afterwards. `failed(message)` hears of evaluations
  /// that are tried again, one at a time.
  template <class Executor, class Failed>
  void evaluate(const std::vector<Trial>& trials, const Executor& executor, const Failed& failed) {
    Batch<Failed> batch(*this, trials, failed);
    executor.run(batch);
    if (find(trials.front().subject)) return;
    fail(EvaluationError(ErrorCode::evaluation_failed, "the executor returned without the metric it was asked for"));
  }

 private:
  /// What an executor sees, see `is_evaluation_executor_v`.
  template <class Failed>
  class Batch {
   public:
    Batch(TrialMetrics& metrics, const std::vector<Trial>& trials, const Failed& failed)
        : metrics_(metrics), trials_(trials), failed_(failed) {}

    [[nodiscard]] std::size_t size() const noexcept { return trials_.size(); }
    void evaluate(std::size_t index) { record(index, trials_[index].evaluate(index)); }
    [[nodiscard]] ModelFiles files(std::size_t index) const { return trials_[index].files(index); }
    void record(std::size_t index, double metric) {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
      const std::lock_guard<std::mutex> lock(mutex_);
      metrics_.remember(trials_[index].subject, metric, elapsed.count());
    }
    void report_failure(std::size_t, const std::string& message) {
      const std::lock_guard<std::mutex> lock(mutex_);
      failed_(message);
    }

   private:
    TrialMetrics& metrics_;
    const std::vector<Trial>& trials_;
    const Failed& failed_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  };

  void remember(const std::string& subject, double metric, double seconds) {
    metrics_[subject] = metric;
    if (journal_) journal_->append(subject, metric, seconds);
  }

  std::optional<EvaluationJournal> journal_;
  std::map<std::string, double> metrics_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_DETAIL_TRIAL_METRICS_HPP
