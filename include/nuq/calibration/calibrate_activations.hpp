#ifndef NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
#define NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nuq/activation/hfmg.hpp"
#include "nuq/activation/ifmr.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The int8 grid of one layer's input, and the shape [N, C, H, W] it had in calibration.
struct CalibratedActivation {
  ActivationScale scale;
  Shape input_shape;
};

namespace detail {

using AnyCalibrator = std::variant<Ifmr, Hfmg>;

[[nodiscard]] inline AnyCalibrator calibrator_of(const ActivationPlan& plan) {
  if (plan.algorithm == ActivationAlgorithm::hfmg) {
    Hfmg hfmg;
    hfmg.num_of_bins = plan.num_of_bins;
    hfmg.asymmetric = plan.asymmetric;
    return hfmg;
  }
  Ifmr ifmr;
  ifmr.max_percentile = plan.max_percentile;
  ifmr.min_percentile = plan.min_percentile;
  ifmr.search_range_start = plan.search_range_start;
  ifmr.search_range_end = plan.search_range_end;
  ifmr.search_step = plan.search_step;
  ifmr.asymmetric = plan.asymmetric;
  return ifmr;
}

}  // namespace detail

/// Runs `batch_num` batches of calibration data through the float network and calibrates the input of every planned layer.
/// Layers that read one blob version with one plan share one calibrator, hence one scale.
///
/// @param engine  has `graph` loaded.
/// @param feed    `feed(engine, batch)` sets the network's inputs for batch 0 … batch_num − 1.
/// @throws ModelError naming the layer when its input has NaN, infinities or no usable range.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, CalibratedActivation> calibrate_activations(const Graph& graph, Engine& engine, int batch_num, Feed&& feed) {
  struct Input {
    std::size_t value;
    ActivationPlan plan;
    std::vector<std::string> layers;  // the first one observes
    detail::AnyCalibrator calibrator;
    Shape shape;
  };
  std::vector<Input> inputs;
  for (const Node& node : graph.nodes) {
    const auto planned = graph.plan.find(node.name);
    if (planned == graph.plan.end()) continue;
    const ActivationPlan& plan = planned->second.activation;
    const std::size_t value = node.inputs.front();
    auto shared = std::find_if(inputs.begin(), inputs.end(), [&](const Input& input) { return input.value == value && input.plan == plan; });
    if (shared == inputs.end()) shared = inputs.insert(inputs.end(), {value, plan, {}, detail::calibrator_of(plan), {}});
    shared->layers.push_back(node.name);
  }

  for (int batch = 0; batch < batch_num; ++batch) {
    feed(engine, batch);
    engine.forward([&inputs](const Node& node, ArrayView<const TensorView> layer_inputs, ArrayView<const TensorView>) {
      for (Input& input : inputs) {
        if (input.layers.front() != node.name) continue;
        input.shape = layer_inputs[0].shape;
        std::visit([&layer_inputs](auto& calibrator) { calibrator.observe(layer_inputs[0].values); }, input.calibrator);
      }
    });
  }

  std::map<std::string, CalibratedActivation> calibrated;
  for (const Input& input : inputs) {
    try {
      const ActivationScale scale = std::visit([](const auto& calibrator) { return calibrator.finish(); }, input.calibrator);
      for (const std::string& layer : input.layers) calibrated[layer] = {scale, input.shape};
    } catch (const ModelError& error) {
      detail::fail(ModelError(error.code(), graph.model->model_file + ": layer '" + input.layers.front() + "': input: " + error.message()));
    }
  }
  return calibrated;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_CALIBRATE_ACTIVATIONS_HPP
