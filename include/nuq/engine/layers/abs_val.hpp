#ifndef NUQ_ENGINE_LAYERS_ABS_VAL_HPP
#define NUQ_ENGINE_LAYERS_ABS_VAL_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = |x|.
class AbsValLayer {
 public:
  static constexpr bool in_place = true;

  explicit AbsValLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return std::fabs(x); });
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ABS_VAL_HPP
