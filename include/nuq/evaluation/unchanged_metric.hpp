#ifndef NUQ_EVALUATION_UNCHANGED_METRIC_HPP
#define NUQ_EVALUATION_UNCHANGED_METRIC_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What to tell a user whose evaluator gave one metric for all models: the original's for every candidate, or another
/// one for each of at least three. Then most likely it does not look at the model, and what it accepts has not been
/// checked. Empty where metrics differ or there are none.
///
/// @param metrics    of the candidates that were evaluated to the end.
/// @param batch_num  with which the evaluator was called; 0, all data, is what one gets that never sets
///                   `evaluate_batch_num` and takes it for a count.
NUQ_FUNCTION [[nodiscard]] std::string unchanged_metric_warning(double original_metric,
                                                                const std::vector<double>& metrics, int batch_num);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <algorithm>
#include <cstddef>

#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string unchanged_metric_warning(double original_metric, const std::vector<double>& metrics,
                                                    int batch_num) {
  constexpr std::size_t enough_to_differ = 3;
  if (metrics.empty()) return {};
  const bool all_equal =
      std::all_of(metrics.begin(), metrics.end(), [&metrics](double metric) { return metric == metrics[0]; });
  const bool as_original = metrics[0] == original_metric;
  if (!all_equal || (!as_original && metrics.size() < enough_to_differ)) return {};
  std::string text = "the metric never changed: it is " + detail::number_text(metrics[0]) + " for ";
  text += as_original ? "the original and " : "";
  text += metrics.size() == 1 ? "the one configuration" : "all " + std::to_string(metrics.size()) + " configurations";
  text += as_original ? "" : ", " + detail::number_text(original_metric) + " for the original";
  text += "; either the data show no difference, or the evaluator never looks at the model and accepts anything";
  if (as_original && original_metric == 0.0 && batch_num == 0) {
    text +=
        ". It was called with batch_num 0, which means all data: one that takes it for a count evaluates nothing and "
        "has to set evaluate_batch_num";
  }
  return text;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_UNCHANGED_METRIC_HPP
