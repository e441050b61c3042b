#ifndef NUQ_ENGINE_LAYERS_THRESHOLD_HPP
#define NUQ_ENGINE_LAYERS_THRESHOLD_HPP

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = 1 for x > threshold, otherwise 0.
class ThresholdLayer {
 public:
  static constexpr bool in_place = true;

  explicit ThresholdLayer(const LayerRef& layer) : threshold_(layer.parameter().threshold_param().threshold()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [threshold = threshold_](float x) { return x > threshold ? 1.0F : 0.0F; });
  }

 private:
  float threshold_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_THRESHOLD_HPP
