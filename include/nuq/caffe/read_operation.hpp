#ifndef NUQ_CAFFE_READ_OPERATION_HPP
#define NUQ_CAFFE_READ_OPERATION_HPP

#include <string_view>

#include "nuq/caffe/detail/read_elementwise.hpp"
#include "nuq/caffe/detail/read_windows.hpp"
#include "nuq/caffe/network_inputs.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// For layer types whose parameters, if they have any, mean nothing in inference.
template <class Op>
[[nodiscard]] Operation read_plain(const schema::LayerParameter&) {
  return Op{};
}

struct OperationReader {
  std::string_view type;
  Operation (*read)(const schema::LayerParameter&);
};

/// Every layer type that is understood, forks' aliases included.
inline constexpr OperationReader operation_readers[] = {
    {"AbsVal", read_plain<ops::AbsoluteValue>},
    {"AntiQuant", read_plain<ops::AntiQuant>},
    {"ArgMax", read_plain<ops::ArgMax>},
    {"Axpy", read_plain<ops::Axpy>},
    {"BatchNorm", read_batch_norm},
    {"BatchReindex", read_plain<ops::BatchReindex>},
    {"Bias", read_bias},
    {"BNLL", read_plain<ops::Softplus>},
    {"Clip", read_clip},
    {"Concat", read_plain<ops::Concat>},
    {"Convolution", read_convolution},
    {"ConvolutionDepthwise", read_convolution},
    {"Crop", read_plain<ops::Crop>},
    {"Deconvolution", read_deconvolution},
    {"Depthwise", read_convolution},
    {"DepthwiseConvolution", read_convolution},
    {"DeQuant", read_plain<ops::DeQuant>},
    {"DetectionOutput", read_plain<ops::DetectionOutput>},
    {"Dropout", read_plain<ops::Dropout>},
    {"Eltwise", read_eltwise},
    {"ELU", read_elu},
    {"Embed", read_plain<ops::Embed>},
    {"Exp", read_exp},
    {"Flatten", read_plain<ops::Flatten>},
    {"IFMR", read_plain<ops::Ifmr>},
    {"Im2col", read_im2col},
    {"InnerProduct", read_inner_product},
    {"Interp", read_plain<ops::Interp>},
    {"Log", read_log},
    {"LRN", read_plain<ops::Lrn>},
    {"LSTM", read_plain<ops::Lstm>},
    {"MVN", read_plain<ops::Mvn>},
    {"Normalize", read_plain<ops::Normalize>},
    {"Parameter", read_plain<ops::Parameter>},
    {"Permute", read_plain<ops::Permute>},
    {"Pooling", read_pooling},
    {"Power", read_power},
    {"PReLU", read_prelu},
    {"PriorBox", read_plain<ops::PriorBox>},
    {"PSROIPooling", read_plain<ops::PsRoiPooling>},
    {"Quant", read_quant},
    {"Reduction", read_plain<ops::Reduction>},
    {"ReLU", read_relu},
    {"ReLU6", read_relu6},
    {"Reshape", read_plain<ops::Reshape>},
    {"RNN", read_plain<ops::Rnn>},
    {"ROIPooling", read_plain<ops::RoiPooling>},
    {"Scale", read_scale},
    {"SearchN", read_plain<ops::SearchN>},
    {"ShuffleChannel", read_plain<ops::ShuffleChannel>},
    {"Sigmoid", read_plain<ops::Sigmoid>},
    {"Silence", read_plain<ops::Silence>},
    {"Slice", read_plain<ops::Slice>},
    {"Softmax", read_plain<ops::Softmax>},
    {"Split", read_plain<ops::Split>},
    {"SPP", read_spp},
    {"Swish", read_swish},
    {"TanH", read_plain<ops::Tanh>},
    {"Threshold", read_threshold},
    {"Tile", read_plain<ops::Tile>},
    {"Upsample", read_plain<ops::Upsample>},
};

}  // namespace detail

/// What a layer of the present format (`layer`, not V0 or V1) computes: a mere translation of its parameters, the only
/// place that reads them. Values are checked where they are used, by the rules in graph/ops/. `Unknown`, without its
/// text, for a type that the library does not know.
[[nodiscard]] inline Operation read_operation(const schema::LayerParameter& layer) {
  if (is_data_layer(layer)) return ops::Input{};
  for (const detail::OperationReader& reader : detail::operation_readers) {
    if (reader.type == layer.type()) return reader.read(layer);
  }
  return ops::Unknown{layer.type(), {}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_READ_OPERATION_HPP
