#ifndef NUQ_SEARCH_PROBLEM_HPP
#define NUQ_SEARCH_PROBLEM_HPP

#include <chrono>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/support/function_ref.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

struct SearchBudget {
  int evaluations = 15;  ///< calls of the evaluator
  double seconds = (std::numeric_limits<double>::infinity)();
};

/// The search for the smallest configuration that an expensive evaluator accepts. Policies ask `passes`; the problem
/// keeps what holds for every policy: no configuration is evaluated twice, the budget is respected, the smallest
/// satisfied configuration is remembered and announced at once, and a refused one is never the answer. Nothing is
/// assumed of the evaluator: it need not be monotone in anything.
class SearchProblem : public SearchSpace {
 public:
  /// `evaluate` is callable as `EvaluationOutcome evaluate(const Configuration&)` and outlives the problem. The
  /// budget's clock starts here.
  /// @throws what SearchSpace throws.
  template <class Evaluate>
  SearchProblem(std::vector<LayerOptions> layers, SearchBudget budget, Evaluate& evaluate)
      : SearchSpace(std::move(layers)), budget_(budget), evaluate_(evaluate) {}

  /// `listener(const EvaluatedConfiguration&)` is called whenever a smaller satisfied configuration is found; it
  /// outlives the problem.
  template <class Listener>
  void on_improvement(Listener& listener) noexcept {
    on_improvement_.emplace(listener);
  }

  /// `bool predicate()` is asked before each evaluation; once it is true no further configuration is evaluated. It
  /// outlives the problem.
  template <class Predicate>
  void stop_when(Predicate& predicate) noexcept {
    stop_requested_.emplace(predicate);
  }

  [[nodiscard]] const SearchBudget& budget() const noexcept { return budget_; }
  /// Everything evaluated so far, in order, each configuration once.
  [[nodiscard]] const std::vector<EvaluatedConfiguration>& evaluated() const noexcept { return evaluated_; }
  /// The smallest satisfied configuration so far.
  [[nodiscard]] const std::optional<EvaluatedConfiguration>& best() const noexcept { return best_; }

  /// What is known of a configuration; null before it was evaluated. A look through the log: evaluations are few and
  /// cost far more.
  NUQ_FUNCTION [[nodiscard]] const EvaluatedConfiguration* find(const Configuration& configuration) const noexcept;

  /// True when no further configuration can be evaluated.
  NUQ_FUNCTION [[nodiscard]] bool exhausted() const;

  /// Asks the evaluator, unless the answer is known. Empty when it is not known and the budget is exhausted.
  NUQ_FUNCTION std::optional<EvaluationOutcome> evaluate(const Configuration& configuration);

  /// True when the evaluator is known to accept the configuration; false when it refuses or can no longer be asked.
  NUQ_FUNCTION bool passes(const Configuration& configuration);

  /// Evaluates the uniform configurations that are smaller than `best()`, from the largest on, while the budget lasts.
  /// True when one of them passed, which makes it the best.
  NUQ_FUNCTION bool improve_by_uniform();

  /// What has been found. Spends what is left of the budget on `improve_by_uniform`.
  NUQ_FUNCTION [[nodiscard]] SearchResult conclude();

 private:
  SearchBudget budget_;
  detail::FunctionRef<EvaluationOutcome(const Configuration&)> evaluate_;
  std::optional<detail::FunctionRef<void(const EvaluatedConfiguration&)>> on_improvement_;
  std::optional<detail::FunctionRef<bool()>> stop_requested_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<EvaluatedConfiguration> evaluated_;
  std::optional<EvaluatedConfiguration> best_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <cstddef>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION const EvaluatedConfiguration* SearchProblem::find(const Configuration& configuration) const noexcept {
  for (const EvaluatedConfiguration& known : evaluated_) {
    if (known.configuration == configuration) return &known;
  }
  return nullptr;
}

NUQ_DEFINITION bool SearchProblem::exhausted() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  return evaluated_.size() >= static_cast<std::size_t>((std::max)(budget_.evaluations, 0)) ||
         elapsed.count() >= budget_.seconds || (stop_requested_ && (*stop_requested_)());
}

NUQ_DEFINITION std::optional<EvaluationOutcome> SearchProblem::evaluate(const Configuration& configuration) {
  const double bytes = total_bytes(configuration);
  if (const EvaluatedConfiguration* known = find(configuration)) return known->outcome;
  if (exhausted()) return std::nullopt;
  const EvaluationOutcome outcome = evaluate_(configuration);
  evaluated_.push_back({configuration, bytes, outcome});
  if (outcome.satisfied && (!best_ || bytes < best_->bytes)) {
    best_ = evaluated_.back();
    if (on_improvement_) (*on_improvement_)(*best_);
  }
  return outcome;
}

NUQ_DEFINITION bool SearchProblem::passes(const Configuration& configuration) {
  const std::optional<EvaluationOutcome> outcome = evaluate(configuration);
  return outcome && outcome->satisfied;
}

NUQ_DEFINITION bool SearchProblem::improve_by_uniform() {
  bool improved = false;
  for (const Configuration& configuration : uniform_family()) {
    if (best_ && total_bytes(configuration) < best_->bytes && passes(configuration)) improved = true;
  }
  return improved;
}

NUQ_DEFINITION SearchResult SearchProblem::conclude() {
  improve_by_uniform();
  SearchResult result;
  if (best_) {
    result.status = SearchStatus::satisfied;
    result.best = best_;
    for (const Configuration& configuration : uniform_family()) {
      const bool smaller = total_bytes(configuration) < best_->bytes;
      if (smaller && find(configuration) == nullptr) result.uniform_smaller_untested.push_back(configuration);
    }
  } else if (find(int8()) != nullptr) {
    result.status = SearchStatus::int8_refused;
  }
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_PROBLEM_HPP
