#ifndef NUQ_EVALUATION_BATCH_METRICS_HPP
#define NUQ_EVALUATION_BATCH_METRICS_HPP

#include <cstddef>
#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/support/function_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The metric of one batch of an evaluation, or of a part of one: any group of samples that is the same for all models.
struct BatchMetric {
  double metric = 0.0;
  std::size_t samples = 1;  ///< its weight in the metric of the whole
};

/// Takes the metrics of an evaluation's batches one by one and tells when the rest can be spared: a sequential test on
/// the differences from the original's metrics on the same batches, which vary far less than the metrics themselves.
///
/// After m of n batches the metric of the whole is predicted as the original's plus the mean difference, for the
/// batches not yet seen with a standard error of s · √(1/m + 1/(n − m)) (two samples of one distribution). The
/// evaluation is a clear failure where `is_satisfied` refuses the prediction and everything within `deviations`
/// standard errors of it that is nearer to the original's metric. An evaluation is never accepted early.
class BatchMetrics {
 public:
  static constexpr std::size_t least_batches = 10;  ///< that are seen before the test has a say
  static constexpr double deviations = 5.0;  ///< so many, for the test looks often and its first looks see few batches

  /// Takes everything: for the original.
  BatchMetrics() = default;

  /// @param original         metrics of the original's batches, in the same order; outlives this object; none: no test
  /// @param original_metric  of all of them
  /// @param is_satisfied     `bool is_satisfied(double metric)`, outlives this object
  template <class IsSatisfied>
  BatchMetrics(const std::vector<BatchMetric>& original, double original_metric, IsSatisfied& is_satisfied)
      : original_(&original), original_metric_(original_metric) {
    is_satisfied_.emplace(is_satisfied);
  }

  /// The metric of the next batch. False: the evaluation may end here, whatever it returns.
  NUQ_FUNCTION bool add(double metric, std::size_t samples = 1);

  [[nodiscard]] const std::vector<BatchMetric>& values() const noexcept { return values_; }

  /// How far the outputs are from the original's, beside the metric: a smooth measure that is in proportion to the
  /// variance of their errors, as the mean Kullback-Leibler divergence is. It varies far less from sample to sample
  /// than an accuracy, so that what one costs in the other is learnt from all evaluations (search/loss_curve.hpp).
  void set_damage(double damage) noexcept { damage_ = damage; }
  [[nodiscard]] const std::optional<double>& damage() const noexcept { return damage_; }

  /// Standard error of the metric's change from the original's, by the batches' changes: what another sample of the
  /// same size would change it by. Absent for the original, and with fewer than two batches.
  NUQ_FUNCTION [[nodiscard]] std::optional<double> error() const;

  /// The predicted metric of an evaluation that may end early; empty for one that goes on to its end.
  [[nodiscard]] const std::optional<double>& predicted_failure() const noexcept { return predicted_failure_; }

 private:
  NUQ_FUNCTION [[nodiscard]] std::optional<double> clear_failure() const;

  NUQ_FUNCTION [[nodiscard]] double difference(std::size_t batch) const noexcept;

  const std::vector<BatchMetric>* original_ = nullptr;
  double original_metric_ = 0.0;
  std::optional<detail::FunctionRef<bool(double)>> is_satisfied_;
  std::vector<BatchMetric> values_;
  std::optional<double> predicted_failure_;
  std::optional<double> damage_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <algorithm>
#include <cmath>
#include <utility>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool BatchMetrics::add(double metric, std::size_t samples) {
  values_.push_back({metric, samples});
  if (original_ != nullptr && !predicted_failure_) predicted_failure_ = clear_failure();
  return !predicted_failure_;
}

NUQ_DEFINITION std::optional<double> BatchMetrics::clear_failure() const {
  const std::size_t seen = values_.size();
  const std::size_t all = original_->size();
  if (seen < least_batches || seen >= all) return std::nullopt;
  double samples_seen = 0.0;
  double samples_left = 0.0;
  double sum = 0.0;
  double mean = 0.0;
  for (std::size_t batch = 0; batch < all; ++batch) {
    const auto samples = static_cast<double>((*original_)[batch].samples);
    (batch < seen ? samples_seen : samples_left) += samples;
    if (batch >= seen) continue;
    sum += samples * difference(batch);
    mean += difference(batch) / static_cast<double>(seen);
  }
  double squares = 0.0;
  for (std::size_t batch = 0; batch < seen; ++batch) squares += (difference(batch) - mean) * (difference(batch) - mean);
  const double variance = squares / static_cast<double>(seen - 1);
  const double share_left = samples_left / (samples_seen + samples_left);
  const double error =
      share_left * std::sqrt(variance * (1.0 / static_cast<double>(seen) + 1.0 / static_cast<double>(all - seen)));
  const double change = sum / samples_seen;
  const double reach = deviations * error;
  if (!(std::abs(change) > reach)) return std::nullopt;
  const double predicted = original_metric_ + change;
  const double nearest = predicted - (change > 0.0 ? reach : -reach);
  if ((*is_satisfied_)(predicted) || (*is_satisfied_)(nearest)) return std::nullopt;
  return predicted;
}

NUQ_DEFINITION std::optional<double> BatchMetrics::error() const {
  if (original_ == nullptr || values_.size() < 2 || values_.size() > original_->size()) return std::nullopt;
  double samples = 0.0;
  double sum = 0.0;
  for (std::size_t batch = 0; batch < values_.size(); ++batch) {
    samples += static_cast<double>(values_[batch].samples);
    sum += static_cast<double>(values_[batch].samples) * difference(batch);
  }
  double squares = 0.0;
  for (std::size_t batch = 0; batch < values_.size(); ++batch) {
    const double deviation = static_cast<double>(values_[batch].samples) * (difference(batch) - sum / samples);
    squares += deviation * deviation;
  }
  const auto batches = static_cast<double>(values_.size());
  return std::sqrt(squares * batches / (batches - 1.0)) / samples;
}

NUQ_DEFINITION double BatchMetrics::difference(std::size_t batch) const noexcept {
  return values_[batch].metric - (*original_)[batch].metric;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_BATCH_METRICS_HPP
