#ifndef NUQ_ENGINE_LAYER_CATALOGUE_HPP
#define NUQ_ENGINE_LAYER_CATALOGUE_HPP

#include <string_view>
#include <variant>

#include "nuq/caffe/layer_rules/layer_ref.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/layers/batch_norm.hpp"
#include "nuq/engine/layers/concat.hpp"
#include "nuq/engine/layers/convolution.hpp"
#include "nuq/engine/layers/copy.hpp"
#include "nuq/engine/layers/dequant.hpp"
#include "nuq/engine/layers/eltwise.hpp"
#include "nuq/engine/layers/inner_product.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/lrn.hpp"
#include "nuq/engine/layers/no_op.hpp"
#include "nuq/engine/layers/pooling.hpp"
#include "nuq/engine/layers/quant.hpp"
#include "nuq/engine/layers/relu.hpp"
#include "nuq/engine/layers/scale.hpp"
#include "nuq/engine/layers/sigmoid.hpp"
#include "nuq/engine/layers/softmax.hpp"
#include "nuq/engine/layers/tanh.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Every layer family that the engine computes. A new one is a file in engine/layers/ with a class
///
///   class FooLayer {
///    public:
///     static constexpr bool in_place = false;        // true: the output may be written over the first input
///     explicit FooLayer(const LayerRef& layer);      // reads parameters, packs weights; ModelError if it cannot be
///     computed void forward(const LayerCall& call) const;     // any input shapes, which may change from call to call
///   };
///
/// its name in this list, a row below for each layer type, and rows in caffe/shapes.hpp.
using AnyLayer = std::variant<NoOpLayer, BatchNormLayer, ConcatLayer, ConvolutionLayer, CopyLayer, DequantLayer,
                              EltwiseLayer, InnerProductLayer, LrnLayer, PoolingLayer, QuantLayer, ReluLayer,
                              ScaleLayer, SigmoidLayer, SoftmaxLayer, TanhLayer>;

template <class Layer>
[[nodiscard]] AnyLayer load_as(const LayerRef& layer) {
  return AnyLayer(std::in_place_type<Layer>, layer);
}

struct LayerFamily {
  std::string_view type;
  AnyLayer (*load)(const LayerRef&);
};

inline constexpr LayerFamily layer_families[] = {
    {"AntiQuant", load_as<CopyLayer>},  {"BatchNorm", load_as<BatchNormLayer>},
    {"Concat", load_as<ConcatLayer>},   {"Convolution", load_as<ConvolutionLayer>},
    {"DeQuant", load_as<DequantLayer>}, {"Dropout", load_as<CopyLayer>},
    {"Eltwise", load_as<EltwiseLayer>}, {"Flatten", load_as<CopyLayer>},
    {"IFMR", load_as<NoOpLayer>},       {"InnerProduct", load_as<InnerProductLayer>},
    {"LRN", load_as<LrnLayer>},         {"Pooling", load_as<PoolingLayer>},
    {"Quant", load_as<QuantLayer>},     {"ReLU", load_as<ReluLayer>},
    {"Scale", load_as<ScaleLayer>},     {"Sigmoid", load_as<SigmoidLayer>},
    {"Softmax", load_as<SoftmaxLayer>}, {"Split", load_as<CopyLayer>},
    {"TanH", load_as<TanhLayer>},
};

/// Throws ModelError naming file, layer and type where the layer cannot be computed.
[[nodiscard]] inline AnyLayer load_layer(const LayerRef& layer) {
  for (const LayerFamily& family : layer_families) {
    if (family.type == layer.node.type) return family.load(layer);
  }
  layer.fail(ErrorCode::unsupported_layer, "layers of type '" + layer.node.type + "' cannot be computed");
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYER_CATALOGUE_HPP
