#ifndef NUQ_ENGINE_LAYERS_SIGMOID_HPP
#define NUQ_ENGINE_LAYERS_SIGMOID_HPP

#include <cmath>

#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = 1 / (1 + e⁻ˣ).
class SigmoidLayer {
 public:
  static constexpr bool in_place = true;

  explicit SigmoidLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SIGMOID_HPP
