#ifndef NUQ_EVALUATION_TRIAL_HPP
#define NUQ_EVALUATION_TRIAL_HPP

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/model_files.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A model whose metric is wanted. `slot`: different for models that are evaluated at the same time.
struct Trial {
  std::string subject;  ///< names it, without white space or ':'
  /// Asks the user's evaluator; `satisfied` of the outcome is decided later.
  std::function<EvaluationOutcome(std::size_t slot)> evaluate;
  std::function<ModelFiles(std::size_t slot)> files;  ///< the model on the disk
};

/// The trials that an executor is to evaluate, see `is_evaluation_executor_v`.
class EvaluationBatch {
 public:
  /// Takes over what is known of a subject, and the seconds since the batch began.
  using Remember = std::function<void(const std::string& subject, const EvaluationOutcome& outcome, double seconds)>;

  /// `failed(message)` hears of evaluations that are tried again. Both are called by one thread at a time.
  NUQ_FUNCTION EvaluationBatch(const std::vector<Trial>& trials, Remember remember,
                               std::function<void(const std::string&)> failed)
      : trials_(trials), remember_(std::move(remember)), failed_(std::move(failed)) {}

  /// How many models there are.
  [[nodiscard]] std::size_t size() const noexcept { return trials_.size(); }
  /// Asks the user's evaluator in the calling thread, and remembers what it says.
  NUQ_FUNCTION void evaluate(std::size_t index) { record(index, trials_[index].evaluate(index)); }
  /// The model on the disk, for an evaluator elsewhere.
  NUQ_FUNCTION [[nodiscard]] ModelFiles files(std::size_t index) const { return trials_[index].files(index); }
  /// Remembers a metric that was found elsewhere.
  NUQ_FUNCTION void record(std::size_t index, double metric) {
    record(index, EvaluationOutcome{metric, false, false, {}, {}, false});
  }
  /// Tells the user of an evaluation that failed and is tried again.
  NUQ_FUNCTION void report_failure(std::size_t, const std::string& message);

 private:
  NUQ_FUNCTION void record(std::size_t index, const EvaluationOutcome& outcome);

  const std::vector<Trial>& trials_;
  Remember remember_;
  std::function<void(const std::string&)> failed_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void EvaluationBatch::report_failure(std::size_t, const std::string& message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  failed_(message);
}

NUQ_DEFINITION void EvaluationBatch::record(std::size_t index, const EvaluationOutcome& outcome) {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const std::lock_guard<std::mutex> lock(mutex_);
  remember_(trials_[index].subject, outcome, elapsed.count());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_TRIAL_HPP
