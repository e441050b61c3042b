#include "next_steps.hpp"

#include <cmath>
#include <string>

#include "nuq/core/support/number_text.hpp"

std::string drop_text(double drop) {
  if (!(drop > 0.0)) return "0";
  const double step = std::pow(10.0, std::floor(std::log10(drop)) - 2.0);  // three digits
  return nuq::detail::number_text(std::ceil(drop / step - 1e-9) * step);
}

namespace {

const nuq::TrialReport* most_accurate(const nuq::RunReport& report) {
  const nuq::TrialReport* best = nullptr;
  for (const nuq::TrialReport& trial : report.trials) {
    if (trial.ended_early) continue;  // a prediction
    if (best == nullptr || trial.metric > best->metric) best = &trial;
  }
  return best;
}

}  // namespace

std::string next_steps_after(const nuq::RunReport& report, bool is_too_large, bool has_dataset) {
  if (is_too_large) return "try a larger --max-bytes, or leave fewer layers out";
  std::string steps = "try a larger --max-drop";
  const nuq::TrialReport* const best = most_accurate(report);
  if (best != nullptr && report.original_metric) {
    const std::string drop = drop_text(*report.original_metric - best->metric);
    steps =
        "the smallest drop seen is " + drop + " (" + std::to_string(best->bytes) + " bytes): try --max-drop " + drop;
  }
  if (!report.weights_only) steps += ", --weights-only (activations stay in float)";
  return steps + (has_dataset ? " or nuq rollback (sensitive layers stay in float)" : "");
}
