#ifndef NUQ_WORKFLOW_CALIBRATE_HPP
#define NUQ_WORKFLOW_CALIBRATE_HPP

#include <map>
#include <string>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/calibration/calibrate_activations.hpp"
#include "nuq/calibration/calibrator_choice.hpp"
#include "nuq/compiled.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/detail/leave_out_layers.hpp"
#include "nuq/workflow/detail/shifts.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Calibrates on the float network: `batch_num` batches of `next_batch(index)`.
template <class NextBatch, class Engine>
[[nodiscard]] std::map<std::string, CalibratedActivation> calibrated_activations(const QuantizationSession& session,
                                                                                 NextBatch&& next_batch,
                                                                                 Engine&& engine,
                                                                                 const CalibratorChoice& calibrator) {
  engine.load(session.graph);
  return calibrate_activations(session.graph, session.settings.plan, engine, session.settings.batch_num,
                               feed_from(next_batch), calibrator);
}

NUQ_FUNCTION void set_activation(LayerQuantization& layer, const CalibratedActivation& calibrated);

/// Why a layer whose input vanishes is not quantized; empty where it is.
NUQ_FUNCTION [[nodiscard]] std::string input_obstacle(const CalibratedActivation& calibrated, TinyValues tiny_values);

/// Takes a calibrated input over; a layer whose input vanishes goes back to float.
NUQ_FUNCTION void take_activation(QuantizationSession& session, const std::string& layer,
                                  const CalibratedActivation& calibrated);

/// Calibrates the input of every quantized layer.
template <class NextBatch, class Engine>
void set_activations(QuantizationSession& session, NextBatch&& next_batch, Engine&& engine,
                     const CalibratorChoice& calibrator) {
  for (const auto& [name, calibrated] : calibrated_activations(session, next_batch, engine, calibrator))
    take_activation(session, name, calibrated);
}

}  // namespace detail

/// Calibrates the input of every quantized layer, and the joint shifts of `joint_quant`, and completes the record file:
/// the second step after `quantize_model`. Layers whose input cannot be quantized or the engine does not compute stay
/// in float, with a note.
///
/// @param next_batch  `next_batch(int index)` returns an InputBatch for index 0 … batch_num − 1 of the configuration.
/// @param engine      what computes the network: an Engine, by default our own on one thread.
/// @param calibrator  an ActivationCalibrator for all layers; by default what the configuration names.
template <class NextBatch, class Engine = EigenEngine>
void calibrate(QuantizationSession& session, NextBatch&& next_batch, Engine&& engine = Engine(),
               const CalibratorChoice& calibrator = {}) {
  detail::leave_out_weights_only_layers(session);
  detail::leave_out_unreachable(
      session, next_batch, [&engine]() -> auto& { return engine; });
  detail::set_activations(session, next_batch, engine, calibrator);
  detail::set_joint_shifts(session, next_batch, engine);
  write_file_atomically(session.record_file, record_text(session.graph, session.quantization, session.settings));
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstddef>

#include "nuq/graph/passes/tiny_weights.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void set_activation(LayerQuantization& layer, const CalibratedActivation& calibrated) {
  layer.activation = calibrated.scale;
  layer.input_shape = calibrated.input_shape;
}

NUQ_DEFINITION std::string input_obstacle(const CalibratedActivation& calibrated, TinyValues tiny_values) {
  const bool stays_float = tiny_values == TinyValues::stay_float && calibrated.vanishes();
  return stays_float ? vanishing_reason("inputs", calibrated.largest) : "";
}

NUQ_DEFINITION void take_activation(QuantizationSession& session, const std::string& layer,
                                    const CalibratedActivation& calibrated) {
  const std::string obstacle = input_obstacle(calibrated, session.settings.tiny_values);
  if (obstacle.empty()) {
    set_activation(session.quantization[layer], calibrated);
    return;
  }
  keep_in_float(session.settings, session.graph.model_file(), layer, obstacle);
  session.quantization.erase(layer);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_CALIBRATE_HPP
