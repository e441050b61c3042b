#ifndef NUQ_ENGINE_LAYERS_RELU6_HPP
#define NUQ_ENGINE_LAYERS_RELU6_HPP

#include <algorithm>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = min(max(x, 0), 6), plus x·negative_slope for x < 0. Forks read the slope from relu6_param or from relu_param.
class Relu6Layer {
 public:
  static constexpr bool in_place = true;

  explicit Relu6Layer(const LayerRef& layer)
      : negative_slope_(layer.parameter().has_relu6_param() ? layer.parameter().relu6_param().negative_slope()
                                                            : layer.parameter().relu_param().negative_slope()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [slope = negative_slope_](float x) {
      return (std::min)((std::max)(x, 0.0F), 6.0F) + slope * (std::min)(x, 0.0F);
    });
  }

 private:
  float negative_slope_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_RELU6_HPP
