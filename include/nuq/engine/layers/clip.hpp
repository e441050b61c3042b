#ifndef NUQ_ENGINE_LAYERS_CLIP_HPP
#define NUQ_ENGINE_LAYERS_CLIP_HPP

#include <algorithm>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x, not below min and not above max.
class ClipLayer {
 public:
  static constexpr bool in_place = true;

  explicit ClipLayer(const LayerRef& layer)
      : min_(layer.parameter().clip_param().min()), max_(layer.parameter().clip_param().max()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [min = min_, max = max_](float x) { return (std::max)((std::min)(x, max), min); });
  }

 private:
  float min_;
  float max_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_CLIP_HPP
