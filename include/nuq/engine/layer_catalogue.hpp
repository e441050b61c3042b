#ifndef NUQ_ENGINE_LAYER_CATALOGUE_HPP
#define NUQ_ENGINE_LAYER_CATALOGUE_HPP

#include <optional>
#include <type_traits>
#include <variant>

#include "nuq/engine/any_layer.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/activations.hpp"
#include "nuq/engine/layers/affine.hpp"
#include "nuq/engine/layers/basic.hpp"
#include "nuq/engine/layers/convolution.hpp"
#include "nuq/engine/layers/deconvolution.hpp"
#include "nuq/engine/layers/detection.hpp"
#include "nuq/engine/layers/elementwise.hpp"
#include "nuq/engine/layers/inner_product.hpp"
#include "nuq/engine/layers/integer_convolution.hpp"
#include "nuq/engine/layers/integer_deconvolution.hpp"
#include "nuq/engine/layers/integer_inner_product.hpp"
#include "nuq/engine/layers/lookup.hpp"
#include "nuq/engine/layers/normalization.hpp"
#include "nuq/engine/layers/pooling.hpp"
#include "nuq/engine/layers/quantization.hpp"
#include "nuq/engine/layers/reduction.hpp"
#include "nuq/engine/layers/resample.hpp"
#include "nuq/engine/layers/reshape.hpp"
#include "nuq/engine/layers/roi_pooling.hpp"
#include "nuq/engine/layers/slicing.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The engine's layer for each operation; OpaqueLayer for those that it does not compute. The functions have no
/// definition: only their return types count, and an operation that none is declared for does not compile. A new family
/// is a file in engine/layers/ with a class
///
///   class FooLayer {
///    public:
///     static constexpr bool in_place = false;          // true: the output may be written over the first input
///     explicit FooLayer(const nuq::LayerRef& layer);   // reads layer.operation<ops::Foo>(), packs weights; ModelError
///     void forward(const nuq::LayerCall& call) const;  // any input shapes, which may change from call to call
///   };
///
/// and a row here.
AbsValLayer layer_of(const ops::AbsoluteValue&);
CopyLayer layer_of(const ops::AntiQuant&);
ArgMaxLayer layer_of(const ops::ArgMax&);
AxpyLayer layer_of(const ops::Axpy&);
BatchNormLayer layer_of(const ops::BatchNorm&);
BatchReindexLayer layer_of(const ops::BatchReindex&);
BiasLayer layer_of(const ops::Bias&);
ClipLayer layer_of(const ops::Clip&);
ConcatLayer layer_of(const ops::Concat&);
ConvolutionLayer layer_of(const ops::Convolution&);
CropLayer layer_of(const ops::Crop&);
DequantLayer layer_of(const ops::DeQuant&);
DetectionOutputLayer layer_of(const ops::DetectionOutput&);
CopyLayer layer_of(const ops::Dropout&);
EltwiseLayer layer_of(const ops::Eltwise&);
EluLayer layer_of(const ops::Elu&);
EmbedLayer layer_of(const ops::Embed&);
ExpLayer layer_of(const ops::Exp&);
CopyLayer layer_of(const ops::Flatten&);
NoOpLayer layer_of(const ops::Ifmr&);
Im2colLayer layer_of(const ops::Im2col&);
InnerProductLayer layer_of(const ops::InnerProduct&);
NoOpLayer layer_of(const ops::Input&);
InterpLayer layer_of(const ops::Interp&);
LogLayer layer_of(const ops::Log&);
LrnLayer layer_of(const ops::Lrn&);
OpaqueLayer layer_of(const ops::Lstm&);
MaxUnpoolLayer layer_of(const ops::MaxUnpool&);
MvnLayer layer_of(const ops::Mvn&);
NormalizeLayer layer_of(const ops::Normalize&);
ParameterLayer layer_of(const ops::Parameter&);
PermuteLayer layer_of(const ops::Permute&);
PoolingLayer layer_of(const ops::Pooling&);
PowerLayer layer_of(const ops::Power&);
PreluLayer layer_of(const ops::PRelu&);
PriorBoxLayer layer_of(const ops::PriorBox&);
PsroiPoolingLayer layer_of(const ops::PsRoiPooling&);
QuantLayer layer_of(const ops::Quant&);
ReductionLayer layer_of(const ops::Reduction&);
ReluLayer layer_of(const ops::Relu&);
Relu6Layer layer_of(const ops::Relu6&);
CopyLayer layer_of(const ops::Reshape&);
OpaqueLayer layer_of(const ops::Rnn&);
RoiPoolingLayer layer_of(const ops::RoiPooling&);
ScaleLayer layer_of(const ops::Scale&);
CopyLayer layer_of(const ops::SearchN&);
ShuffleChannelLayer layer_of(const ops::ShuffleChannel&);
SigmoidLayer layer_of(const ops::Sigmoid&);
NoOpLayer layer_of(const ops::Silence&);
SliceLayer layer_of(const ops::Slice&);
SoftmaxLayer layer_of(const ops::Softmax&);
BnllLayer layer_of(const ops::Softplus&);
SppLayer layer_of(const ops::SpatialPyramidPooling&);
CopyLayer layer_of(const ops::Split&);
SwishLayer layer_of(const ops::Swish&);
TanhLayer layer_of(const ops::Tanh&);
ThresholdLayer layer_of(const ops::Threshold&);
TileLayer layer_of(const ops::Tile&);
DeconvolutionLayer layer_of(const ops::TransposedConvolution&);
OpaqueLayer layer_of(const ops::Unknown&);
UpsampleLayer layer_of(const ops::Upsample&);

[[nodiscard]] inline AnyLayer load_integer_layer(const LayerRef& layer) {
  const Node& node = layer.node;
  if (is<ops::Convolution>(node)) return AnyLayer::load<IntegerConvolutionLayer>(layer);
  if (is<ops::TransposedConvolution>(node)) return AnyLayer::load<IntegerDeconvolutionLayer>(layer);
  if (is<ops::InnerProduct>(node)) return AnyLayer::load<IntegerInnerProductLayer>(layer);
  if (is<ops::Pooling>(node)) return AnyLayer::load<IntegerPoolingLayer>(layer);
  layer.fail(ErrorCode::unsupported_layer,
             layer.type + " has int8 weights, wanted a Convolution, Deconvolution or InnerProduct");
}

[[nodiscard]] inline std::optional<AnyLayer> load_float_layer(const LayerRef& layer) {
  return std::visit(
      [&layer](const auto& operation) -> std::optional<AnyLayer> {
        using Layer = decltype(layer_of(operation));
        if constexpr (std::is_same_v<Layer, OpaqueLayer>) {
          return std::nullopt;
        } else {
          return AnyLayer::load<Layer>(layer);
        }
      },
      layer.node.operation);
}

/// Nothing for a type that neither `custom` nor the engine computes. Throws ModelError naming file and layer where its
/// attributes or blobs cannot be computed with.
[[nodiscard]] inline std::optional<AnyLayer> load_layer(const LayerRef& layer, const CustomLayers& custom = {}) {
  for (const CustomLayerLoader& loader : custom.loaders) {
    if (loader.type == layer.type) return loader.load(layer);
  }
  const bool is_converter = is<ops::Quant>(layer.node) || is<ops::DeQuant>(layer.node);
  if (layer.node.integer && !is_converter) return load_integer_layer(layer);
  return load_float_layer(layer);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYER_CATALOGUE_HPP
