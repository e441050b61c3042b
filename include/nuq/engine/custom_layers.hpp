#ifndef NUQ_ENGINE_CUSTOM_LAYERS_HPP
#define NUQ_ENGINE_CUSTOM_LAYERS_HPP

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/core/support/returns.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/any_layer.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Layer>
using layer_type_op = decltype(Layer::type);
template <class Layer>
using layer_in_place_op = decltype(Layer::in_place);
template <class Layer>
using layer_shapes_op =
    decltype(Layer::output_shapes(std::declval<const LayerRef&>(), std::declval<const std::vector<Shape>&>()));
template <class Layer>
using layer_construct_op = decltype(Layer(std::declval<const LayerRef&>()));
template <class Layer>
using layer_forward_op = decltype(std::declval<const Layer&>().forward(std::declval<const LayerCall&>()));

template <class Layer>
constexpr bool check_custom_layer() {
  static_assert(returns<std::string_view, layer_type_op, Layer>(),
                "[nuq] a custom layer must provide: static constexpr std::string_view type");
  static_assert(returns<bool, layer_in_place_op, Layer>(),
                "[nuq] a custom layer must provide: static constexpr bool in_place");
  static_assert(returns<std::vector<Shape>, layer_shapes_op, Layer>(),
                "[nuq] a custom layer must provide: static std::vector<Shape> output_shapes(const LayerRef&, const "
                "std::vector<Shape>& inputs)");
  static_assert(returns<Layer, layer_construct_op, Layer>(),
                "[nuq] a custom layer must provide: explicit Layer(const LayerRef&)");
  static_assert(returns<void, layer_forward_op, Layer>(),
                "[nuq] a custom layer must provide: void forward(const LayerCall&) const");
  return returns<std::string_view, layer_type_op, Layer>() && returns<bool, layer_in_place_op, Layer>() &&
         returns<std::vector<Shape>, layer_shapes_op, Layer>() && returns<Layer, layer_construct_op, Layer>() &&
         returns<void, layer_forward_op, Layer>();
}

struct CustomLayerLoader {
  std::string_view type;
  AnyLayer (*load)(const LayerRef&);
};

}  // namespace detail

/// Layer types of the user's own, which an engine computes besides the library's (and in the place of those of the same
/// name). Made by `custom_layers`.
struct CustomLayers {
  std::vector<ShapeRule> shape_rules;
  std::vector<detail::CustomLayerLoader> loaders;

  NUQ_FUNCTION [[nodiscard]] bool knows(std::string_view type) const noexcept {
    return std::any_of(loaders.begin(), loaders.end(),
                       [type](const detail::CustomLayerLoader& loader) { return loader.type == type; });
  }
};

/// Teaches an engine layers that the library does not know:
///
///   struct Softsign {
///     static constexpr std::string_view type = "Softsign";  // as in the prototxt
///     static constexpr bool in_place = true;                // the output may be written over the first input
///     static std::vector<nuq::Shape> output_shapes(const nuq::LayerRef&, const std::vector<nuq::Shape>& inputs) {
///       return inputs;
///     }
///     explicit Softsign(const nuq::LayerRef& layer) {  // its trained blobs are layer.blobs
///       if (layer.node.inputs.size() != 1) layer.fail(nuq::ErrorCode::unsupported_layer, "wanted one bottom");
///     }
///     void forward(const nuq::LayerCall& call) const {
///       const nuq::ArrayView<const float> x = call.inputs[0].values;
///       const nuq::ArrayView<float> y = call.outputs[0].values;
///       for (std::size_t at = 0; at < x.size(); ++at) y[at] = x[at] / (1.0F + std::abs(x[at]));
///     }
///   };
///
/// `nuq::Net net(model_file, weights_file, threads, nuq::custom_layers<Softsign>())` computes with it. The constructor
/// finds parameters, `softsign_param { slope: 2 }` say, in the layer's own text:
/// `nuq::text_value(layer.text(), {"softsign_param", "slope"})` is "2". A layer in the place of one of the library's
/// reads `layer.operation<nuq::ops::Power>()` instead. What cannot be computed is refused with `layer.fail(...)`.
/// `forward` may share out its work with `call.workspace.for_each_range` and must not keep state.
template <class... Layers>
[[nodiscard]] CustomLayers custom_layers() {
  if constexpr ((detail::check_custom_layer<Layers>() && ...)) {
    return {{{Layers::type, &Layers::output_shapes}...}, {{Layers::type, &detail::AnyLayer::load<Layers>}...}};
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_CUSTOM_LAYERS_HPP
