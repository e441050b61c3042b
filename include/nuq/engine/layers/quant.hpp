#ifndef NUQ_ENGINE_LAYERS_QUANT_HPP
#define NUQ_ENGINE_LAYERS_QUANT_HPP

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/quant.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Fake quantization: every value becomes the float that its int8 level stands for; in a deploy model the level itself.
/// NaN and infinities stay.
class QuantLayer {
 public:
  static constexpr bool in_place = true;

  explicit QuantLayer(const LayerRef& layer)
      : scale_(quant_scale(layer)), writes_levels_(layer.node.integer.has_value()) {}

  void forward(const LayerCall& call) const {
    if (writes_levels_) {
      for_each_value(call, [scale = scale_](float x) { return is_finite(x) ? quantized_level(x, scale) : x; });
      return;
    }
    for_each_value(call, [scale = scale_](float x) { return is_finite(x) ? fake_quantize(x, scale) : x; });
  }

 private:
  ActivationScale scale_;
  bool writes_levels_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_QUANT_HPP
