#ifndef NUQ_WORKFLOW_AUTO_NUQ_VERDICTS_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_VERDICTS_HPP

#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/report/non_dominated.hpp"
#include "nuq/search/loss_curve.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Whether configurations satisfy, by everything that a run has evaluated.
///
/// The evaluator's numbers are of a sample. The smallest configuration that a sample accepts is one that the sample
/// flatters, the more so the more were tried; so its true loss is above the limit more often than not. Where the
/// evaluator tells batches, a configuration holds only if the loss that all evaluations together let expect (LossCurve)
/// is within the limit by as many standard errors as the confidence asks for, and the evaluator accepts its metric. The
/// loss is learnt over the damage to the outputs where the evaluator tells it, else over the predicted harm.
/// Int8 in every layer holds as the evaluator says: it is not chosen by its metric.
class Verdicts {
 public:
  /// `run` outlives this object.
  NUQ_FUNCTION explicit Verdicts(const AutoNuqState& run);

  /// `problem`, whose evaluations count, outlives this object.
  NUQ_FUNCTION void watch(const SearchProblem& problem);

  NUQ_FUNCTION [[nodiscard]] bool holds(const EvaluatedConfiguration& known) const;

  /// Whether the evaluator accepts the metric, or one that is better by as many standard errors as the confidence asks
  /// for.
  NUQ_FUNCTION [[nodiscard]] bool is_plausible(const EvaluationOutcome& outcome) const;

  /// The predicted harm beyond the base that may be expected to hold.
  NUQ_FUNCTION [[nodiscard]] std::optional<double> affordable_harm() const;

 private:
  /// The loss of a configuration of known error as all evaluations let expect it.
  NUQ_FUNCTION [[nodiscard]] LossEstimate expected_loss(const EvaluatedConfiguration& known) const;
  NUQ_FUNCTION [[nodiscard]] bool accepts(double metric) const;
  NUQ_FUNCTION [[nodiscard]] double loss_of(double metric) const noexcept;
  /// Whether the evaluator has told the damage of all that it evaluated.
  NUQ_FUNCTION [[nodiscard]] bool is_damage_measured() const;
  /// The measured damage, or where it is not known the predicted harm.
  NUQ_FUNCTION [[nodiscard]] double harm_of(const EvaluatedConfiguration& one) const;
  /// The predicted harm that goes with such a harm, as in the evaluation nearest to it.
  NUQ_FUNCTION [[nodiscard]] double predicted_for(double harm) const;
  /// With one more evaluation, which may not be among the problem's yet.
  NUQ_FUNCTION [[nodiscard]] LossCurve curve_with(const EvaluatedConfiguration* known) const;
  /// Of int8, beyond the weights' harm: that of quantized activations.
  NUQ_FUNCTION [[nodiscard]] LossEstimate loss_without_harm() const;

  const AutoNuqState& run_;
  const SearchProblem* problem_ = nullptr;
  BetterMetric better_ = BetterMetric::larger;
  double limit_ = 0.0;                ///< the greatest loss that the evaluator accepts
  std::optional<double> deviations_;  ///< standard errors within it; absent: the evaluator's own verdicts
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "nuq/core/finite.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Verdicts::Verdicts(const AutoNuqState& run) : run_(run) {}

NUQ_DEFINITION void Verdicts::watch(const SearchProblem& problem) {
  problem_ = &problem;
  if (!(run_.options.confidence > 0.0)) return;
  better_ = better_metric(run_.original_metric, run_.tools.evaluator.is_satisfied);
  const double direction = better_ == BetterMetric::smaller ? 1.0 : -1.0;
  const auto accepts_loss = [&](double loss) { return accepts(run_.original_metric + direction * loss); };
  double refused = 1e-9 * (1.0 + std::abs(run_.original_metric));
  for (int doubling = 0; doubling < 60 && accepts_loss(refused); ++doubling) refused *= 2.0;
  double accepted = 0.0;
  if (!accepts_loss(accepted) || accepts_loss(refused)) return;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (accepted + refused) / 2.0;
    (accepts_loss(middle) ? accepted : refused) = middle;
  }
  limit_ = accepted;
  deviations_ = normal_quantile(run_.options.confidence);
}

NUQ_DEFINITION bool Verdicts::holds(const EvaluatedConfiguration& known) const {
  if (known.outcome.ended_early || !accepts(known.outcome.metric)) return false;
  if (!deviations_ || known.configuration == problem_->int8()) return true;
  if (!known.outcome.error || !(harm_of(known) > 0.0)) return true;
  const LossEstimate expected = expected_loss(known);
  return expected.loss + *deviations_ * expected.error <= limit_;
}

NUQ_DEFINITION bool Verdicts::is_plausible(const EvaluationOutcome& outcome) const {
  if (outcome.ended_early) return false;
  if (accepts(outcome.metric)) return true;
  return deviations_ && outcome.error && loss_of(outcome.metric) - *deviations_ * *outcome.error <= limit_;
}

NUQ_DEFINITION std::optional<double> Verdicts::affordable_harm() const {
  if (!deviations_ || !problem_->evaluated().front().outcome.error) return std::nullopt;
  const double affordable = curve_with(nullptr).affordable_harm(limit_, *deviations_);
  if (!is_finite(affordable) || !(affordable > 0.0)) return std::nullopt;
  const double harm = predicted_for(affordable) - problem_->total_harm(problem_->base());
  if (!is_finite(harm) || !(harm > 0.0)) return std::nullopt;
  return harm;
}

NUQ_DEFINITION LossEstimate Verdicts::expected_loss(const EvaluatedConfiguration& known) const {
  return curve_with(&known).at(harm_of(known));
}

NUQ_DEFINITION bool Verdicts::is_damage_measured() const {
  const std::vector<EvaluatedConfiguration>& evaluated = problem_->evaluated();
  return std::all_of(evaluated.begin(), evaluated.end(),
                     [](const EvaluatedConfiguration& one) { return one.outcome.damage.has_value(); });
}

NUQ_DEFINITION double Verdicts::harm_of(const EvaluatedConfiguration& one) const {
  return is_damage_measured() && one.outcome.damage ? *one.outcome.damage : problem_->total_harm(one.configuration);
}

NUQ_DEFINITION double Verdicts::predicted_for(double harm) const {
  double nearest = (std::numeric_limits<double>::infinity)();
  double ratio = 1.0;
  for (const EvaluatedConfiguration& one : problem_->evaluated()) {
    const double distance = std::abs(std::log(harm_of(one) / harm));
    if (!(distance < nearest)) continue;
    nearest = distance;
    ratio = problem_->total_harm(one.configuration) / harm_of(one);
  }
  return harm * ratio;
}

NUQ_DEFINITION bool Verdicts::accepts(double metric) const {
  return run_.tools.evaluator.is_satisfied(run_.original_metric, metric);
}

NUQ_DEFINITION double Verdicts::loss_of(double metric) const noexcept {
  if (better_ == BetterMetric::larger) return run_.original_metric - metric;
  if (better_ == BetterMetric::smaller) return metric - run_.original_metric;
  return std::abs(metric - run_.original_metric);
}

NUQ_DEFINITION LossCurve Verdicts::curve_with(const EvaluatedConfiguration* known) const {
  std::vector<ObservedLoss> observed;
  const auto add = [&](const EvaluatedConfiguration& one) {
    if (one.outcome.error) observed.push_back({harm_of(one), loss_of(one.outcome.metric), *one.outcome.error});
  };
  for (const EvaluatedConfiguration& one : problem_->evaluated()) add(one);
  if (known != nullptr && problem_->find(known->configuration) == nullptr) add(*known);
  if (is_damage_measured()) return LossCurve(std::move(observed), measured_proportion);
  return LossCurve(std::move(observed), predicted_proportion, loss_without_harm());
}

NUQ_DEFINITION LossEstimate Verdicts::loss_without_harm() const {
  if (run_.report.weights_only) return {};
  const EvaluatedConfiguration* const int8 = problem_->find(problem_->int8());
  if (int8 == nullptr || !int8->outcome.error) return {};
  return {loss_of(int8->outcome.metric), *int8->outcome.error};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_VERDICTS_HPP
