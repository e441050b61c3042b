#ifndef NUQ_ENGINE_LAYER_CATALOGUE_HPP
#define NUQ_ENGINE_LAYER_CATALOGUE_HPP

#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/engine/any_layer.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Nothing for a type that neither `custom` nor the engine computes. Throws ModelError naming file and layer where its
/// attributes or blobs cannot be computed with.
NUQ_FUNCTION [[nodiscard]] std::optional<AnyLayer> load_layer(const LayerRef& layer, const CustomLayers& custom = {});

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

#include <type_traits>

#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/activations.hpp"
#include "nuq/engine/layers/affine.hpp"
#include "nuq/engine/layers/basic.hpp"
#include "nuq/engine/layers/calibration.hpp"
#include "nuq/engine/layers/convolution.hpp"
#include "nuq/engine/layers/deconvolution.hpp"
#include "nuq/engine/layers/detection.hpp"
#include "nuq/engine/layers/elementwise.hpp"
#include "nuq/engine/layers/function.hpp"
#include "nuq/engine/layers/inner_product.hpp"
#include "nuq/engine/layers/integer_convolution.hpp"
#include "nuq/engine/layers/integer_deconvolution.hpp"
#include "nuq/engine/layers/integer_inner_product.hpp"
#include "nuq/engine/layers/lookup.hpp"
#include "nuq/engine/layers/normalization.hpp"
#include "nuq/engine/layers/pooling.hpp"
#include "nuq/engine/layers/quantization.hpp"
#include "nuq/engine/layers/recurrent.hpp"
#include "nuq/engine/layers/reduction.hpp"
#include "nuq/engine/layers/resample.hpp"
#include "nuq/engine/layers/reshape.hpp"
#include "nuq/engine/layers/roi_pooling.hpp"
#include "nuq/engine/layers/slicing.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline AnyLayer load_integer_layer(const LayerRef& layer) {
  const Node& node = layer.node;
  if (is<ops::Convolution>(node)) return AnyLayer::load<IntegerConvolutionLayer>(layer);
  if (is<ops::TransposedConvolution>(node)) return AnyLayer::load<IntegerDeconvolutionLayer>(layer);
  if (is<ops::InnerProduct>(node)) return AnyLayer::load<IntegerInnerProductLayer>(layer);
  if (is<ops::Pooling>(node)) return AnyLayer::load<IntegerPoolingLayer>(layer);
  layer.fail(ErrorCode::unsupported_layer,
             layer.type + " has int8 weights, wanted a Convolution, Deconvolution or InnerProduct");
}

/// Each operation's layer is what `layer_of` of the operation would return: declared in engine/layers/ beside the
/// layer's class, never defined, OpaqueLayer where the engine computes nothing. An operation that it is not declared
/// for does not compile. A layer is a class
///
///   class FooLayer {
///    public:
///     static constexpr bool in_place = false;          // true: the output may be written over the first input
///     explicit FooLayer(const nuq::LayerRef& layer);   // reads layer.operation<ops::Foo>(), packs weights; ModelError
///     void forward(const nuq::LayerCall& call) const;  // any input shapes, which may change from call to call
///   };
NUQ_FUNCTION [[nodiscard]] inline std::optional<AnyLayer> load_float_layer(const LayerRef& layer) {
  return layer.node.operation.visit([&layer](const auto& operation) -> std::optional<AnyLayer> {
    using Layer = decltype(layer_of(operation));
    if constexpr (std::is_same_v<Layer, OpaqueLayer>) {
      return std::nullopt;
    } else {
      return AnyLayer::load<Layer>(layer);
    }
  });
}

NUQ_DEFINITION std::optional<AnyLayer> load_layer(const LayerRef& layer, const CustomLayers& custom) {
  for (const CustomLayerLoader& loader : custom.loaders) {
    if (loader.type == layer.type) return loader.load(layer);
  }
  const bool is_converter = is<ops::Quant>(layer.node) || is<ops::DeQuant>(layer.node);
  if (layer.node.integer && !is_converter) return load_integer_layer(layer);
  return load_float_layer(layer);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_LAYER_CATALOGUE_HPP
