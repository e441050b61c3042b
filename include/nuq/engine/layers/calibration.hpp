#ifndef NUQ_ENGINE_LAYERS_CALIBRATION_HPP
#define NUQ_ENGINE_LAYERS_CALIBRATION_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/activation/observation.hpp"
#include "nuq/activation/shift_search.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/basic.hpp"
#include "nuq/graph/factor_record.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/quantization.hpp"
#include "nuq/graph/planned_observation.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// Layers of a calibration model. They count the forward passes since they were loaded, which no other layer does, and
// do nothing once they have recorded what they found.

/// "net.prototxt: layer 'conv1_ifmr'", for messages.
NUQ_FUNCTION [[nodiscard]] inline std::string observer_place(const LayerRef& layer) {
  return (layer.file.empty() ? std::string() : std::string(layer.file) + ": ") + "layer '" + layer.name + "'";
}

/// Observes all its inputs, and after `batch_num` passes records one int8 grid for the layers that read them.
class ActivationObserverLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ActivationObserverLayer(const LayerRef& layer)
      : observer_(layer.operation<ops::ActivationObserver>()),
        place_(observer_place(layer)),
        observation_(planned_observation(observer_.plan)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    if (observer_.record == nullptr || passes_ >= observer_.batch_num || call.inputs.size() == 0) return;
    with_error_place(place_, [&] {
      for (const TensorView& input : call.inputs) observation_.observe(input.values);
      if (++passes_ < observer_.batch_num) return;
      const CalibratedActivation found{observation_.finish(), call.inputs[0].shape};
      for (const std::string& layer : observer_.layers) observer_.record->record_activation(layer, found);
    });
    if (passes_ == observer_.batch_num) observation_ = {};
  }

 private:
  ops::ActivationObserver observer_;
  std::string place_;
  mutable ActivationObservation observation_;
  mutable int passes_ = 0;
};
ActivationObserverLayer layer_of(const ops::ActivationObserver&);

/// Hands its first input on where it has an output; keeps all its inputs, outputs of layers in the order of `layers`,
/// and after `batch_num` passes records by how much their sums are shifted, channel by channel the same for all.
class ShiftObserverLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ShiftObserverLayer(const LayerRef& layer)
      : observer_(layer.operation<ops::ShiftObserver>()), place_(observer_place(layer)), copy_(layer) {
    if (!observes() || observer_.layers.size() == layer.node.inputs.size()) return;
    layer.fail(ErrorCode::size_mismatch, "observes " + std::to_string(layer.node.inputs.size()) + " inputs for " +
                                             std::to_string(observer_.layers.size()) + " layers, wanted as many");
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    if (observes() && passes_ < observer_.batch_num) {
      for (const TensorView& input : call.inputs)
        kept_.emplace_back(input.shape, std::vector<float>(input.values.begin(), input.values.end()));
      if (++passes_ == observer_.batch_num) with_error_place(place_, [this] { record(); });
    }
    copy_.forward(call);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] bool observes() const noexcept { return observer_.record != nullptr; }

  /// As many as the first layer has, for one shift per channel is to do for all.
  NUQ_FUNCTION [[nodiscard]] std::vector<float> scales_of(const std::string& layer) const {
    const std::string& first = observer_.layers.front();
    std::vector<float> scales = observer_.record->dequantization_scales(layer);
    const std::size_t wanted = observer_.record->dequantization_scales(first).size();
    if (scales.size() == wanted) return scales;
    fail(RecordError(ErrorCode::size_mismatch, place_ + ": layer '" + layer + "' has " + std::to_string(scales.size()) +
                                                   " scales, layer '" + first + "' " + std::to_string(wanted) +
                                                   ", wanted as many"));
  }

  NUQ_FUNCTION void record() const {
    std::vector<ShiftSearch> searches;
    for (const std::string& layer : observer_.layers) searches.emplace_back(scales_of(layer));
    for (std::size_t index = 0; index < kept_.size(); ++index)
      searches[index % searches.size()].observe(kept_[index].view());
    kept_.clear();
    std::vector<const ShiftSearch*> together;
    for (const ShiftSearch& search : searches) together.push_back(&search);
    const CalibratedShift found = ShiftSearch::finish(together);
    for (const std::string& layer : observer_.layers) observer_.record->record_shift(layer, found);
  }

  ops::ShiftObserver observer_;
  std::string place_;
  CopyLayer copy_;
  mutable std::vector<Tensor> kept_;  // pass by pass, input by input
  mutable int passes_ = 0;
};
ShiftObserverLayer layer_of(const ops::ShiftObserver&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_CALIBRATION_HPP
