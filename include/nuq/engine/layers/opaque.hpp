#ifndef NUQ_ENGINE_LAYERS_OPAQUE_HPP
#define NUQ_ENGINE_LAYERS_OPAQUE_HPP

#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A layer of a type that the engine does not know, or below one: never computed.
class OpaqueLayer {
 public:
  static constexpr bool in_place = false;

  explicit OpaqueLayer(const LayerRef&) {}

  void forward(const LayerCall&) const {}
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_OPAQUE_HPP
