#ifndef NUQ_ENGINE_LAYERS_SCALE_HPP
#define NUQ_ENGINE_LAYERS_SCALE_HPP

#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/affine.hpp"
#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/scale.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x·scale + shift along some axes; the factors are trained, or a second input, the shift is trained.
class ScaleLayer {
 public:
  static constexpr bool in_place = true;

  explicit ScaleLayer(const LayerRef& layer) {
    const bool bias_term = layer.parameter().scale_param().bias_term();
    if (layer.node.inputs.size() == 1) {
      require_blobs(layer, 1);
      scale_ = layer.node.blobs[0].values;
      shift_ = trained_bias(layer, bias_term, scale_.size());
    } else if (bias_term) {
      require_blobs(layer, 1);
      shift_ = layer.node.blobs[0].values;
    }
  }

  /// None where a second input holds them.
  [[nodiscard]] const std::vector<float>& scale() const noexcept { return scale_; }
  /// As many values as there are factors, or none.
  [[nodiscard]] const std::vector<float>& shift() const noexcept { return shift_; }

  void forward(const LayerCall& call) const {
    const Shape& input = call.inputs[0].shape;
    const bool is_trained = call.inputs.size() == 1;
    const AxisSplit split =
        is_trained ? scale_split(call.layer, input) : scale_split(call.layer, input, call.inputs[1].shape);
    if (is_trained) require_factors(call, scale_.size(), split.extent);
    if (!shift_.empty()) require_factors(call, shift_.size(), split.extent);
    apply_affine(call, split, is_trained ? scale_.data() : call.inputs[1].values.data(),
                 shift_.empty() ? nullptr : shift_.data());
  }

 private:
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SCALE_HPP
