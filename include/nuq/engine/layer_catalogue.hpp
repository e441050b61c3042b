#ifndef NUQ_ENGINE_LAYER_CATALOGUE_HPP
#define NUQ_ENGINE_LAYER_CATALOGUE_HPP

#include <optional>
#include <string_view>

#include "nuq/engine/any_layer.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/abs_val.hpp"
#include "nuq/engine/layers/arg_max.hpp"
#include "nuq/engine/layers/axpy.hpp"
#include "nuq/engine/layers/batch_norm.hpp"
#include "nuq/engine/layers/batch_reindex.hpp"
#include "nuq/engine/layers/bias.hpp"
#include "nuq/engine/layers/bnll.hpp"
#include "nuq/engine/layers/clip.hpp"
#include "nuq/engine/layers/concat.hpp"
#include "nuq/engine/layers/convolution.hpp"
#include "nuq/engine/layers/copy.hpp"
#include "nuq/engine/layers/crop.hpp"
#include "nuq/engine/layers/deconvolution.hpp"
#include "nuq/engine/layers/dequant.hpp"
#include "nuq/engine/layers/detection_output.hpp"
#include "nuq/engine/layers/eltwise.hpp"
#include "nuq/engine/layers/elu.hpp"
#include "nuq/engine/layers/embed.hpp"
#include "nuq/engine/layers/exp.hpp"
#include "nuq/engine/layers/im2col.hpp"
#include "nuq/engine/layers/inner_product.hpp"
#include "nuq/engine/layers/integer_convolution.hpp"
#include "nuq/engine/layers/integer_deconvolution.hpp"
#include "nuq/engine/layers/integer_inner_product.hpp"
#include "nuq/engine/layers/integer_pooling.hpp"
#include "nuq/engine/layers/interp.hpp"
#include "nuq/engine/layers/log.hpp"
#include "nuq/engine/layers/lrn.hpp"
#include "nuq/engine/layers/mvn.hpp"
#include "nuq/engine/layers/no_op.hpp"
#include "nuq/engine/layers/normalize.hpp"
#include "nuq/engine/layers/opaque.hpp"
#include "nuq/engine/layers/parameter.hpp"
#include "nuq/engine/layers/permute.hpp"
#include "nuq/engine/layers/pooling.hpp"
#include "nuq/engine/layers/power.hpp"
#include "nuq/engine/layers/prelu.hpp"
#include "nuq/engine/layers/prior_box.hpp"
#include "nuq/engine/layers/psroi_pooling.hpp"
#include "nuq/engine/layers/quant.hpp"
#include "nuq/engine/layers/reduction.hpp"
#include "nuq/engine/layers/relu.hpp"
#include "nuq/engine/layers/relu6.hpp"
#include "nuq/engine/layers/roi_pooling.hpp"
#include "nuq/engine/layers/scale.hpp"
#include "nuq/engine/layers/shuffle_channel.hpp"
#include "nuq/engine/layers/sigmoid.hpp"
#include "nuq/engine/layers/slice.hpp"
#include "nuq/engine/layers/softmax.hpp"
#include "nuq/engine/layers/spp.hpp"
#include "nuq/engine/layers/swish.hpp"
#include "nuq/engine/layers/tanh.hpp"
#include "nuq/engine/layers/threshold.hpp"
#include "nuq/engine/layers/tile.hpp"
#include "nuq/engine/layers/upsample.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

struct LayerFamily {
  std::string_view type;
  AnyLayer (*load)(const LayerRef&);
};

/// Every layer type that the engine computes. A new family is a file in engine/layers/ with a class
///
///   class FooLayer {
///    public:
///     static constexpr bool in_place = false;          // true: the output may be written over the first input
///     explicit FooLayer(const nuq::LayerRef& layer);   // reads parameters, packs weights; ModelError if they do not fit
///     void forward(const nuq::LayerCall& call) const;  // any input shapes, which may change from call to call
///   };
///
/// a row here for each layer type, and rows in graph/passes/infer_shapes.hpp.
inline constexpr LayerFamily layer_families[] = {
    {"AbsVal", AnyLayer::load<AbsValLayer>},
    {"AntiQuant", AnyLayer::load<CopyLayer>},
    {"ArgMax", AnyLayer::load<ArgMaxLayer>},
    {"Axpy", AnyLayer::load<AxpyLayer>},
    {"BatchNorm", AnyLayer::load<BatchNormLayer>},
    {"BatchReindex", AnyLayer::load<BatchReindexLayer>},
    {"Bias", AnyLayer::load<BiasLayer>},
    {"BNLL", AnyLayer::load<BnllLayer>},
    {"Clip", AnyLayer::load<ClipLayer>},
    {"Concat", AnyLayer::load<ConcatLayer>},
    {"Convolution", AnyLayer::load<ConvolutionLayer>},
    {"ConvolutionDepthwise", AnyLayer::load<ConvolutionLayer>},
    {"Crop", AnyLayer::load<CropLayer>},
    {"Deconvolution", AnyLayer::load<DeconvolutionLayer>},
    {"Depthwise", AnyLayer::load<ConvolutionLayer>},
    {"DepthwiseConvolution", AnyLayer::load<ConvolutionLayer>},
    {"DeQuant", AnyLayer::load<DequantLayer>},
    {"DetectionOutput", AnyLayer::load<DetectionOutputLayer>},
    {"Dropout", AnyLayer::load<CopyLayer>},
    {"Eltwise", AnyLayer::load<EltwiseLayer>},
    {"ELU", AnyLayer::load<EluLayer>},
    {"Embed", AnyLayer::load<EmbedLayer>},
    {"Exp", AnyLayer::load<ExpLayer>},
    {"Flatten", AnyLayer::load<CopyLayer>},
    {"IFMR", AnyLayer::load<NoOpLayer>},
    {"Im2col", AnyLayer::load<Im2colLayer>},
    {"InnerProduct", AnyLayer::load<InnerProductLayer>},
    {"Interp", AnyLayer::load<InterpLayer>},
    {"Log", AnyLayer::load<LogLayer>},
    {"LRN", AnyLayer::load<LrnLayer>},
    {"MVN", AnyLayer::load<MvnLayer>},
    {"Normalize", AnyLayer::load<NormalizeLayer>},
    {"Parameter", AnyLayer::load<ParameterLayer>},
    {"Permute", AnyLayer::load<PermuteLayer>},
    {"Pooling", AnyLayer::load<PoolingLayer>},
    {"Power", AnyLayer::load<PowerLayer>},
    {"PReLU", AnyLayer::load<PreluLayer>},
    {"PriorBox", AnyLayer::load<PriorBoxLayer>},
    {"PSROIPooling", AnyLayer::load<PsroiPoolingLayer>},
    {"Quant", AnyLayer::load<QuantLayer>},
    {"Reduction", AnyLayer::load<ReductionLayer>},
    {"ReLU", AnyLayer::load<ReluLayer>},
    {"ReLU6", AnyLayer::load<Relu6Layer>},
    {"Reshape", AnyLayer::load<CopyLayer>},
    {"ROIPooling", AnyLayer::load<RoiPoolingLayer>},
    {"Scale", AnyLayer::load<ScaleLayer>},
    {"SearchN", AnyLayer::load<CopyLayer>},
    {"ShuffleChannel", AnyLayer::load<ShuffleChannelLayer>},
    {"Sigmoid", AnyLayer::load<SigmoidLayer>},
    {"Silence", AnyLayer::load<NoOpLayer>},
    {"Slice", AnyLayer::load<SliceLayer>},
    {"Softmax", AnyLayer::load<SoftmaxLayer>},
    {"Split", AnyLayer::load<CopyLayer>},
    {"SPP", AnyLayer::load<SppLayer>},
    {"Swish", AnyLayer::load<SwishLayer>},
    {"TanH", AnyLayer::load<TanhLayer>},
    {"Threshold", AnyLayer::load<ThresholdLayer>},
    {"Tile", AnyLayer::load<TileLayer>},
    {"Upsample", AnyLayer::load<UpsampleLayer>},
};

/// Those that compute with integers between the Quant and DeQuant of a deploy model.
inline constexpr LayerFamily integer_layer_families[] = {
    {"Convolution", AnyLayer::load<IntegerConvolutionLayer>},
    {"ConvolutionDepthwise", AnyLayer::load<IntegerConvolutionLayer>},
    {"Deconvolution", AnyLayer::load<IntegerDeconvolutionLayer>},
    {"Depthwise", AnyLayer::load<IntegerConvolutionLayer>},
    {"DepthwiseConvolution", AnyLayer::load<IntegerConvolutionLayer>},
    {"InnerProduct", AnyLayer::load<IntegerInnerProductLayer>},
    {"Pooling", AnyLayer::load<IntegerPoolingLayer>},
};

[[nodiscard]] inline AnyLayer load_integer_layer(const LayerRef& layer) {
  for (const LayerFamily& family : integer_layer_families) {
    if (family.type == layer.node.type) return family.load(layer);
  }
  layer.fail(ErrorCode::unsupported_layer,
             layer.node.type + " has int8 weights, wanted a Convolution, Deconvolution or InnerProduct");
}

/// Nothing for a type that neither `custom` nor the library knows. Throws ModelError naming file and layer where its
/// parameters or blobs cannot be computed with.
[[nodiscard]] inline std::optional<AnyLayer> load_layer(const LayerRef& layer, const CustomLayers& custom = {}) {
  for (const CustomLayerLoader& loader : custom.loaders) {
    if (loader.type == layer.node.type) return loader.load(layer);
  }
  const bool is_converter = layer.node.type == "Quant" || layer.node.type == "DeQuant";
  if (layer.node.integer && !is_converter) return load_integer_layer(layer);
  for (const LayerFamily& family : layer_families) {
    if (family.type == layer.node.type) return family.load(layer);
  }
  return std::nullopt;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYER_CATALOGUE_HPP
