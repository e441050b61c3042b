#ifndef NUQ_ENGINE_LAYERS_POWER_HPP
#define NUQ_ENGINE_LAYERS_POWER_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = (shift + scale·x)^power.
class PowerLayer {
 public:
  static constexpr bool in_place = true;

  explicit PowerLayer(const LayerRef& layer)
      : power_(layer.parameter().power_param().power()),
        scale_(layer.parameter().power_param().scale()),
        shift_(layer.parameter().power_param().shift()) {}

  void forward(const LayerCall& call) const {
    const auto base = [scale = scale_, shift = shift_](float x) { return shift + scale * x; };
    if (power_ == 1.0F) {  // the usual value: mere scaling
      for_each_value(call, base);
    } else {
      for_each_value(call, [base, power = power_](float x) { return std::pow(base(x), power); });
    }
  }

 private:
  float power_;
  float scale_;
  float shift_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_POWER_HPP
