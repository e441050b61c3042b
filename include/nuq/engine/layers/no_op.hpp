#ifndef NUQ_ENGINE_LAYERS_NO_OP_HPP
#define NUQ_ENGINE_LAYERS_NO_OP_HPP

#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Computes nothing: data layers, whose outputs the user sets, Silence, which has none, and IFMR, which only marks what
/// is to be observed.
class NoOpLayer {
 public:
  static constexpr bool in_place = false;

  explicit NoOpLayer(const LayerRef&) {}

  void forward(const LayerCall&) const {}
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_NO_OP_HPP
