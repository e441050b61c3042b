#ifndef NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
#define NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/activation/observation.hpp"
#include "nuq/calibration/calibrator_choice.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A value of the network under calibration for the layers that read it with one plan.
struct CalibratedInput {
  std::size_t value = 0;
  ActivationPlan plan;
  std::string place;                ///< of the first layer, for messages
  std::vector<std::string> layers;  ///< the first one observes
  ActivationObservation observation;
  Shape shape;
};

NUQ_FUNCTION [[nodiscard]] std::vector<CalibratedInput> inputs_to_calibrate(const Graph& graph,
                                                                            const QuantizationPlan& plan,
                                                                            const CalibratorChoice& calibrator);

NUQ_FUNCTION void observe(CalibratedInput& input, const TensorView& tensor);

NUQ_FUNCTION [[nodiscard]] ActivationScale finish(const CalibratedInput& input);

}  // namespace detail

/// Runs `batch_num` batches of calibration data through the float network and calibrates the input of every planned
/// layer. Layers that read one blob version with one plan share one calibrator, hence one grid.
///
/// @param engine  an Engine that has `graph` loaded.
/// @param feed    `feed(engine, batch)` sets the network's inputs for batch 0 … batch_num − 1.
/// @param calibrator  what chooses the grids; by default what the plan says.
/// @return        by layer; `input_shape` is that of the last batch.
/// @throws ModelError naming the layer when its input has NaN, infinities or no usable range, or is not computed by the
///         engine; ConfigError invalid_argument for parameters of a plan out of their range, nothing_to_do without a
///         batch.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, CalibratedActivation> calibrate_activations(
    const Graph& graph, const QuantizationPlan& plan, Engine& engine, int batch_num, Feed&& feed,
    const CalibratorChoice& calibrator = {}) {
  std::map<std::string, CalibratedActivation> calibrated;
  if constexpr (check_engine<Engine>()) {
    std::vector<detail::CalibratedInput> inputs = detail::inputs_to_calibrate(graph, plan, calibrator);
    for (int batch = 0; batch < batch_num; ++batch) {
      feed(engine, batch);
      engine.forward([&inputs](const Node& node, ArrayView<const TensorView> tensors, ArrayView<const TensorView>) {
        for (detail::CalibratedInput& input : inputs) {
          if (input.layers.front() == node.name) detail::observe(input, tensors[0]);
        }
      });
    }
    for (const detail::CalibratedInput& input : inputs) {
      if (batch_num > 0 && input.shape.empty()) {
        detail::fail(ModelError(ErrorCode::unsupported_layer,
                                input.place + " is not computed by this engine: quantize the weights only"));
      }
      const CalibratedActivation activation{detail::finish(input), input.shape};
      for (const std::string& layer : input.layers) calibrated.emplace(layer, activation);
    }
  }
  return calibrated;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <algorithm>
#include <utility>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::vector<CalibratedInput> inputs_to_calibrate(const Graph& graph, const QuantizationPlan& plan,
                                                                const CalibratorChoice& calibrator) {
  std::vector<CalibratedInput> inputs;
  for (const Node& node : graph.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end()) continue;
    const std::size_t value = node.inputs.front();
    const ActivationPlan& wanted = planned->second.activation;
    auto input = std::find_if(inputs.begin(), inputs.end(), [value, &wanted](const CalibratedInput& other) {
      return other.value == value && other.plan == wanted;
    });
    if (input == inputs.end()) {
      const std::string place = graph.model_file() + ": layer '" + node.name + "': input";
      input = inputs.insert(inputs.end(), {value, wanted, place, {}, calibrator.begin(wanted), {}});
    }
    input->layers.push_back(node.name);
  }
  return inputs;
}

NUQ_DEFINITION void observe(CalibratedInput& input, const TensorView& tensor) {
  input.shape = tensor.shape;
  with_error_place(input.place, [&] { input.observation.observe(tensor.values); });
}

NUQ_DEFINITION ActivationScale finish(const CalibratedInput& input) {
  return with_error_place(input.place, [&input] { return input.observation.finish(); });
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
