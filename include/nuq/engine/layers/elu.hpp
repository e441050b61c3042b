#ifndef NUQ_ENGINE_LAYERS_ELU_HPP
#define NUQ_ENGINE_LAYERS_ELU_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x for x ≥ 0, otherwise alpha·(eˣ − 1) (Clevert, Unterthiner and Hochreiter, 2015).
class EluLayer {
 public:
  static constexpr bool in_place = true;

  explicit EluLayer(const LayerRef& layer) : alpha_(layer.parameter().elu_param().alpha()) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [alpha = alpha_](float x) { return x < 0.0F ? alpha * std::expm1(x) : x; });
  }

 private:
  float alpha_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ELU_HPP
