#ifndef NUQ_EVALUATION_ANY_EVALUATOR_HPP
#define NUQ_EVALUATION_ANY_EVALUATOR_HPP

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/trial.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The user's evaluator behind one type, so that what asks it is compiled once. Refers to the evaluator, which outlives
/// it. Members that the evaluator lacks are empty.
struct AnyEvaluator {
  /// `eval_model` on a number of batches; empty where there is `eval_net`.
  std::function<double(const ModelFiles&, int batch_num, BatchMetrics&)> of_files;
  std::function<double(Net&, int batch_num, BatchMetrics&)> of_net;  ///< `eval_net`, alike
  std::function<bool(double original_metric, double new_metric)> is_satisfied;
  std::function<std::optional<double>(const ModelFiles&, BatchMetrics&)> confirm;  ///< `confirm_model`
  std::function<InputBatch(int)> calibration_batch;
  std::function<std::string()> label;
  std::function<std::vector<std::string>()> warnings;
  int batch_num = 0;  ///< batches per evaluation; 0: all data
};

/// Refers to an evaluator that `check_evaluator` has accepted.
template <class E>
[[nodiscard]] AnyEvaluator any_evaluator(E& evaluator) {
  AnyEvaluator any;
  if constexpr (has_eval_net_v<E>) {
    any.of_net = [&evaluator](Net& net, int batch_num, BatchMetrics& batches) {
      return evaluate_net(evaluator, net, batch_num, batches);
    };
  } else {
    any.of_files = [&evaluator](const ModelFiles& files, int batch_num, BatchMetrics& batches) {
      return evaluate_files(evaluator, files.model_file, files.weights_file, batch_num, batches);
    };
  }
  any.is_satisfied = [&evaluator](double original_metric, double new_metric) {
    return static_cast<bool>(evaluator.is_satisfied(original_metric, new_metric));
  };
  if constexpr (has_confirm_model_v<E>) {
    any.confirm = [&evaluator](const ModelFiles& files, BatchMetrics& batches) -> std::optional<double> {
      return evaluator.confirm_model(files.model_file, files.weights_file, batches);
    };
  }
  if constexpr (has_calibration_batch_v<E>) {
    any.calibration_batch = [&evaluator](int index) -> InputBatch { return evaluator.calibration_batch(index); };
  }
  any.label = [&evaluator] { return label_of(evaluator); };
  any.warnings = [&evaluator] { return warnings_of(evaluator); };
  any.batch_num = evaluate_batch_num_of(evaluator);
  return any;
}

NUQ_NAMESPACE_END

#endif  // NUQ_EVALUATION_ANY_EVALUATOR_HPP
