#ifndef NUQ_ENGINE_LAYERS_LOG_HPP
#define NUQ_ENGINE_LAYERS_LOG_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/exponential.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = log(shift + scale·x) to the layer's base; not a number where shift + scale·x is negative.
class LogLayer {
 public:
  static constexpr bool in_place = true;

  explicit LogLayer(const LayerRef& layer)
      : factor_(log_factor(layer)),
        scale_(layer.parameter().log_param().scale()),
        shift_(layer.parameter().log_param().shift()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [factor = factor_, scale = scale_, shift = shift_](float x) {
      return factor * std::log(shift + scale * x);
    });
  }

 private:
  float factor_;
  float scale_;
  float shift_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_LOG_HPP
