#ifndef NUQ_ENGINE_LAYERS_EXP_HPP
#define NUQ_ENGINE_LAYERS_EXP_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/exponential.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = base^(shift + scale·x).
class ExpLayer {
 public:
  static constexpr bool in_place = true;

  explicit ExpLayer(const LayerRef& layer) : factors_(exp_factors(layer)) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [factors = factors_](float x) { return factors.outer * std::exp(factors.inner * x); });
  }

 private:
  ExpFactors factors_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_EXP_HPP
