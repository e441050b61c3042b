#ifndef NUQ_REPORT_NON_DOMINATED_HPP
#define NUQ_REPORT_NON_DOMINATED_HPP

#include <cmath>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which metrics are better, as far as an evaluator's `is_satisfied(original_metric, new_metric)` tells.
enum class BetterMetric { larger, smaller, nearer_to_original };

/// Asks about metrics far above and far below the original's.
template <class IsSatisfied>
[[nodiscard]] BetterMetric better_metric(double original_metric, const IsSatisfied& is_satisfied) {
  const double far = 1e6 * (1.0 + std::abs(original_metric));
  const bool accepts_larger = is_satisfied(original_metric, original_metric + far);
  const bool accepts_smaller = is_satisfied(original_metric, original_metric - far);
  if (accepts_larger == accepts_smaller) return BetterMetric::nearer_to_original;
  return accepts_larger ? BetterMetric::larger : BetterMetric::smaller;
}

/// Marks the trials that no other beats: none has at most their bytes and at least as good a metric, one of the two
/// truly better. Of equals the first is marked; a predicted metric neither beats nor is marked.
NUQ_FUNCTION void mark_non_dominated(std::vector<TrialReport>& trials, double original_metric, BetterMetric better);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <limits>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void mark_non_dominated(std::vector<TrialReport>& trials, double original_metric, BetterMetric better) {
  const auto loss = [&](const TrialReport& trial) {
    if (better == BetterMetric::larger) return -trial.metric;
    return better == BetterMetric::smaller ? trial.metric : std::abs(trial.metric - original_metric);
  };
  std::vector<TrialReport*> by_bytes;
  for (TrialReport& trial : trials) {
    if (!trial.ended_early) by_bytes.push_back(&trial);
  }
  std::stable_sort(by_bytes.begin(), by_bytes.end(), [&](const TrialReport* a, const TrialReport* b) {
    return a->bytes != b->bytes ? a->bytes < b->bytes : loss(*a) < loss(*b);
  });
  double least_loss = (std::numeric_limits<double>::infinity)();
  for (TrialReport* trial : by_bytes) {
    trial->non_dominated = loss(*trial) < least_loss;
    if (trial->non_dominated) least_loss = loss(*trial);
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_NON_DOMINATED_HPP
