#ifndef NUQ_WORKFLOW_AUTO_NUQ_STATE_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_STATE_HPP

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/calibration/calibrate_activations.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/evaluation/any_evaluator.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/report/report.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/layer_choices.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"
#include "nuq/workflow/calibration_policies.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Thrown within a run that was asked to stop while an evaluation was under way.
struct StopRequested {};

/// The user's evaluator and policies, of whatever types. Refers to them: they outlive it.
struct AutoNuqTools {
  AnyEvaluator evaluator;
  std::optional<AnyLayerQuantizer> quantizer;  ///< absent: the target's
  AnySearchPolicy search;
  AnyExecutor executor;
  AnyProgress progress;
  CalibrationPolicies calibration;
};

/// What the parts of one run of `auto_nuq` share.
struct AutoNuqState {
  NUQ_FUNCTION AutoNuqState(QuantizationSession prepared, std::string save_prefix, const AutoNuqOptions& run_options,
                            AutoNuqTools run_tools);

  /// Puts a warning into the report, and tells it at once.
  NUQ_FUNCTION void warn(const std::string& message);

  /// Half of the time limit is for the preparation, but what four more evaluations like the first one take is left.
  NUQ_FUNCTION void limit_preparation(double evaluation_seconds);

  /// Seconds since the run began.
  NUQ_FUNCTION [[nodiscard]] double elapsed() const;

  QuantizationSession session;
  std::string prefix;
  const AutoNuqOptions& options;
  AutoNuqTools tools;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  Deadline preparation;          ///< of everything before the search, where the run has a time limit
  QuantizationPlan configured;   ///< the plan as the configuration says it
  QuantizationPlan candidates;   ///< that layers are quantized by in every way: its numbers of levels may be lifted
  NetworkStatistics statistics;  ///< of the layers that take NUQ, weighed
  std::map<std::string, CalibratedActivation> activations;  ///< of the inputs, unless the run is weights-only
  double seconds_per_price = 0.0;  ///< that the network takes to be quantized at one of the prices
  LayerChoices choices;
  std::map<std::string, std::string> refused;  ///< layers that cannot be deployed, and why
  std::vector<std::string> left_in_float;      ///< layers that the adopted configuration does not quantize
  double other_bytes = 0.0;  ///< of layers that no configuration changes, where the run has a limit of bytes
  double original_metric = 0.0;
  int evaluations = 0;  ///< that the search asked for, the original's included
  RunReport report;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <utility>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION AutoNuqState::AutoNuqState(QuantizationSession prepared, std::string save_prefix,
                                          const AutoNuqOptions& run_options, AutoNuqTools run_tools)
    : session(std::move(prepared)), prefix(std::move(save_prefix)), options(run_options), tools(std::move(run_tools)) {
  report.weights_only = options.weights_only;
}

NUQ_DEFINITION void AutoNuqState::warn(const std::string& message) {
  report.warnings.push_back(message);
  tools.progress.warned(message);
}

NUQ_DEFINITION void AutoNuqState::limit_preparation(double evaluation_seconds) {
  const double limit = options.max_seconds;
  preparation = Deadline(start, (std::min)(0.5 * limit, limit - 4.0 * evaluation_seconds));
}

NUQ_DEFINITION double AutoNuqState::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_STATE_HPP
