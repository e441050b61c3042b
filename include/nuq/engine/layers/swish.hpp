#ifndef NUQ_ENGINE_LAYERS_SWISH_HPP
#define NUQ_ENGINE_LAYERS_SWISH_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x / (1 + e^(−beta·x)) (Ramachandran, Zoph and Le, 2017).
class SwishLayer {
 public:
  static constexpr bool in_place = true;

  explicit SwishLayer(const LayerRef& layer) : beta_(layer.parameter().swish_param().beta()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [beta = beta_](float x) { return x / (1.0F + std::exp(-beta * x)); });
  }

 private:
  float beta_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SWISH_HPP
