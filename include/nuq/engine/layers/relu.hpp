#ifndef NUQ_ENGINE_LAYERS_RELU_HPP
#define NUQ_ENGINE_LAYERS_RELU_HPP

#include <algorithm>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x for x ≥ 0, otherwise x·negative_slope.
class ReluLayer {
 public:
  static constexpr bool in_place = true;

  explicit ReluLayer(const LayerRef& layer) : negative_slope_(layer.parameter().relu_param().negative_slope()) {}

  [[nodiscard]] float negative_slope() const noexcept { return negative_slope_; }

  void forward(const LayerCall& call) const {
    for_each_value(call,
                   [slope = negative_slope_](float x) { return (std::max)(x, 0.0F) + slope * (std::min)(x, 0.0F); });
  }

 private:
  float negative_slope_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_RELU_HPP
