#ifndef NUQ_ENGINE_LAYERS_BNLL_HPP
#define NUQ_ENGINE_LAYERS_BNLL_HPP

#include <algorithm>
#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = log(1 + eˣ), the binomial normal log likelihood.
class BnllLayer {
 public:
  static constexpr bool in_place = true;

  explicit BnllLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return (std::max)(x, 0.0F) + std::log1p(std::exp(-std::fabs(x))); });
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_BNLL_HPP
