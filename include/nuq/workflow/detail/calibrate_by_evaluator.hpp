#ifndef NUQ_WORKFLOW_DETAIL_CALIBRATE_BY_EVALUATOR_HPP
#define NUQ_WORKFLOW_DETAIL_CALIBRATE_BY_EVALUATOR_HPP

#include <cstddef>
#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/evaluation/any_evaluator.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What an evaluation of a calibration model has left.
struct EvaluatorCalibration {
  std::map<std::string, CalibratedActivation> activations;  ///< of all planned layers but those that are quantized
                                                            ///< weights-only, or of none
  std::string obstacle;                                     ///< why there are none; else empty
};

/// A recorded grid, which says nothing of an offset that is 0, as calibration by the plan gives it.
NUQ_FUNCTION [[nodiscard]] CalibratedActivation as_planned(CalibratedActivation recorded, const QuantizationPlan& plan,
                                                           const std::string& layer);

/// Calibrates activations as the vendor's tools do it: asks the evaluator about the float network with calibration
/// layers, on the configuration's `batch_num` batches, and reads the record that these leave. Model and record stand
/// beside the results meanwhile. What the evaluator throws is an obstacle.
NUQ_FUNCTION [[nodiscard]] EvaluatorCalibration calibrated_by_evaluator(const QuantizationSession& session,
                                                                        const AnyEvaluator& evaluator,
                                                                        const std::string& save_prefix,
                                                                        std::size_t threads,
                                                                        const CustomLayers& custom_layers);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/evaluation/model_evaluation.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION CalibratedActivation as_planned(CalibratedActivation recorded, const QuantizationPlan& plan,
                                               const std::string& layer) {
  const auto planned = plan.find(layer);
  if (planned != plan.end() && planned->second.activation.asymmetric) recorded.scale.with_offset = true;
  return recorded;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<std::string> layers_to_calibrate(const QuantizationSession& session) {
  std::vector<std::string> layers;
  for (const Node& node : session.graph.nodes) {
    if (session.settings.plan.count(node.name) > 0 && input_quantization_obstacle(session.graph, node).empty())
      layers.push_back(node.name);
  }
  return layers;
}

NUQ_DEFINITION EvaluatorCalibration calibrated_by_evaluator(const QuantizationSession& session,
                                                            const AnyEvaluator& evaluator,
                                                            const std::string& save_prefix, std::size_t threads,
                                                            const CustomLayers& custom_layers) {
  const std::vector<std::string> layers = layers_to_calibrate(session);
  if (layers.empty()) return {{}, "there is no layer whose input can be quantized"};
  const std::string record = std::filesystem::absolute(save_prefix + "_calibration_record.txt").string();
  write_file_atomically(record, "");
  EvaluatorCalibration found;
  try {
    ModelEvaluation evaluation(evaluator, save_prefix + "_calibration", threads, custom_layers);
    evaluation.calibrate(calibration_model(session.graph, session.settings, record), session.settings.batch_num);
    const std::map<std::string, CalibratedActivation> recorded = activations_in(record);
    for (const std::string& layer : layers) {
      const auto activation = recorded.find(layer);
      if (activation == recorded.end()) {
        found.obstacle = "its run of the calibration model recorded no scale_d of layer '" + layer + "'";
        break;
      }
      found.activations.emplace(layer, as_planned(activation->second, session.settings.plan, layer));
    }
  } catch (const std::exception& error) {
    found.obstacle = std::string("its run of the calibration model failed: ") + error.what();
  }
  if (!found.obstacle.empty()) found.activations.clear();
  std::error_code ignored;
  std::filesystem::remove(record, ignored);
  return found;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_CALIBRATE_BY_EVALUATOR_HPP
