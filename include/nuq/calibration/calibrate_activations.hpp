#ifndef NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
#define NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP

#include <algorithm>
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

/// Values of the network under calibration for one grid, and the layers that read them with one plan.
struct CalibratedInput {
  struct Reader {
    std::string layer;
    std::size_t value = 0;
    bool observes = false;  ///< the first reader of each value does
    Shape shape{};          ///< of what it has observed
  };

  ActivationPlan plan;
  std::string place;  ///< of the first layer, for messages
  std::vector<Reader> readers;
  ActivationObservation observation;
  float largest = 0.0F;
};

NUQ_FUNCTION [[nodiscard]] std::vector<CalibratedInput> inputs_to_calibrate(const Graph& graph,
                                                                            const QuantizationPlan& plan,
                                                                            const CalibratorChoice& calibrator);

/// What a layer reads, if it is one that observes.
NUQ_FUNCTION void observe(CalibratedInput& input, const std::string& layer, const TensorView& tensor);

/// What has been observed of a value; empty where it has not been.
NUQ_FUNCTION [[nodiscard]] Shape observed_shape(const CalibratedInput& input, std::size_t value);

NUQ_FUNCTION [[nodiscard]] ActivationScale finish(const CalibratedInput& input);

}  // namespace detail

/// Runs `batch_num` batches of calibration data through the float network and calibrates the input of every planned
/// layer. Layers that read one blob version with one plan share one calibrator, hence one grid, and so do layers of one
/// plan that share weights and bias.
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
        if (tensors.empty()) return;
        for (detail::CalibratedInput& input : inputs) detail::observe(input, node.name, tensors[0]);
      });
    }
    for (const detail::CalibratedInput& input : inputs) {
      const auto is_unseen = [&input](const detail::CalibratedInput::Reader& reader) {
        return detail::observed_shape(input, reader.value).empty();
      };
      if (batch_num > 0 && std::any_of(input.readers.begin(), input.readers.end(), is_unseen)) {
        detail::fail(ModelError(ErrorCode::unsupported_layer,
                                input.place + " is not computed by this engine: quantize the weights only"));
      }
      const ActivationScale scale = detail::finish(input);
      for (const detail::CalibratedInput::Reader& reader : input.readers) {
        calibrated.emplace(reader.layer,
                           CalibratedActivation{scale, detail::observed_shape(input, reader.value), input.largest});
      }
    }
  }
  return calibrated;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <utility>

#include "nuq/graph/shared_weights.hpp"
#include "nuq/quantize/scales/row_scales.hpp"

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
    const auto has_grid_of = [&](const CalibratedInput::Reader& reader) {
      return reader.value == value || have_same_weights_and_bias(node, *graph.find(reader.layer));
    };
    auto input = std::find_if(inputs.begin(), inputs.end(), [&](const CalibratedInput& other) {
      return other.plan == wanted && std::any_of(other.readers.begin(), other.readers.end(), has_grid_of);
    });
    if (input == inputs.end()) {
      const std::string place = graph.model_file() + ": layer '" + node.name + "': input";
      input = inputs.insert(inputs.end(), {wanted, place, {}, calibrator.begin(wanted), 0.0F});
    }
    const bool is_first = std::none_of(input->readers.begin(), input->readers.end(),
                                       [value](const auto& reader) { return reader.value == value; });
    input->readers.push_back({node.name, value, is_first});
  }
  return inputs;
}

NUQ_DEFINITION void observe(CalibratedInput& input, const std::string& layer, const TensorView& tensor) {
  for (CalibratedInput::Reader& reader : input.readers) {
    if (!reader.observes || reader.layer != layer) continue;
    reader.shape = tensor.shape;
    with_error_place(input.place, [&] { input.observation.observe(tensor.values); });
    input.largest = (std::max)(input.largest, largest_magnitude(tensor.values));
  }
}

NUQ_DEFINITION Shape observed_shape(const CalibratedInput& input, std::size_t value) {
  for (const CalibratedInput::Reader& reader : input.readers) {
    if (reader.observes && reader.value == value) return reader.shape;
  }
  return {};
}

NUQ_DEFINITION ActivationScale finish(const CalibratedInput& input) {
  return with_error_place(input.place, [&input] { return input.observation.finish(); });
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
