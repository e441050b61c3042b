#ifndef NUQ_ENGINE_ANY_LAYER_HPP
#define NUQ_ENGINE_ANY_LAYER_HPP

#include <memory>

#include "nuq/compiled.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Its address stands for the type, without run-time type information.
template <class Layer>
inline constexpr char type_tag = 0;

/// A loaded layer of any family, the library's or a user's.
class AnyLayer {
 public:
  template <class Layer>
  [[nodiscard]] static AnyLayer load(const LayerRef& layer) {
    AnyLayer any;
    any.layer_ = std::make_shared<const Layer>(layer);
    any.tag_ = &type_tag<Layer>;
    any.in_place_ = Layer::in_place;
    any.forward_ = [](const void* loaded, const LayerCall& call) { static_cast<const Layer*>(loaded)->forward(call); };
    return any;
  }

  /// Whether the first output may be written over the first input.
  [[nodiscard]] bool in_place() const noexcept { return in_place_; }
  NUQ_FUNCTION void forward(const LayerCall& call) const { forward_(layer_.get(), call); }

  /// The layer if it is of this family, else null.
  template <class Layer>
  [[nodiscard]] const Layer* get_if() const noexcept {
    return tag_ == &type_tag<Layer> ? static_cast<const Layer*>(layer_.get()) : nullptr;
  }

 private:
  AnyLayer() = default;

  std::shared_ptr<const void> layer_;
  const char* tag_ = nullptr;
  bool in_place_ = false;
  void (*forward_)(const void* layer, const LayerCall& call) = nullptr;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_ANY_LAYER_HPP
