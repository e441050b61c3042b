#ifndef NUQ_CAFFE_READ_OPERATION_HPP
#define NUQ_CAFFE_READ_OPERATION_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer of the present format (`layer`, not V0 or V1) computes: a mere translation of its parameters, the only
/// place that reads them. Values are checked where they are used, by the rules in graph/ops/. `Unknown`, without its
/// text, for a type that the library does not know.
NUQ_FUNCTION [[nodiscard]] Operation read_operation(const schema::LayerParameter& layer);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <string_view>

#include "nuq/caffe/detail/read_calibration.hpp"
#include "nuq/caffe/detail/read_elementwise.hpp"
#include "nuq/caffe/detail/read_images.hpp"
#include "nuq/caffe/detail/read_tensors.hpp"
#include "nuq/caffe/detail/read_windows.hpp"
#include "nuq/caffe/network_inputs.hpp"
#include "nuq/core/array_view.hpp"

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
NUQ_FUNCTION [[nodiscard]] inline ArrayView<const OperationReader> operation_readers() noexcept {
  static constexpr OperationReader readers[] = {
      {"AbsVal", read_plain<ops::AbsoluteValue>},
      {"AntiQuant", read_plain<ops::AntiQuant>},
      {"ArgMax", read_arg_max},
      {"Axpy", read_plain<ops::Axpy>},
      {"BatchNorm", read_batch_norm},
      {"BatchReindex", read_plain<ops::BatchReindex>},
      {"Bias", read_bias},
      {"BNLL", read_plain<ops::Softplus>},
      {"Clip", read_clip},
      {"Concat", read_concat},
      {"Convolution", read_convolution},
      {"ConvolutionDepthwise", read_convolution},
      {"Crop", read_crop},
      {"Deconvolution", read_deconvolution},
      {"Depthwise", read_convolution},
      {"DepthwiseConvolution", read_convolution},
      {"DeQuant", read_plain<ops::DeQuant>},
      {"DetectionOutput", read_detection_output},
      {"Dropout", read_plain<ops::Dropout>},
      {"Eltwise", read_eltwise},
      {"ELU", read_elu},
      {"Embed", read_embed},
      {"Exp", read_exp},
      {"Flatten", read_flatten},
      {"HFMG", read_hfmg},
      {"IFMR", read_ifmr},
      {"Im2col", read_im2col},
      {"InnerProduct", read_inner_product},
      {"Interp", read_interp},
      {"Log", read_log},
      {"LRN", read_lrn},
      {"LSTM", read_lstm},
      {"MinMax", read_min_max},
      {"Mish", read_plain<ops::Mish>},
      {"MVN", read_mvn},
      {"Normalize", read_normalize},
      {"Parameter", read_parameter},
      {"Permute", read_permute},
      {"Pooling", read_pooling},
      {"Power", read_power},
      {"PReLU", read_prelu},
      {"PriorBox", read_prior_box},
      {"PSROIPooling", read_psroi_pooling},
      {"Quant", read_quant},
      {"Reduction", read_reduction},
      {"ReLU", read_relu},
      {"ReLU6", read_relu6},
      {"Reshape", read_reshape},
      {"RNN", read_rnn},
      {"ROIPooling", read_roi_pooling},
      {"Scale", read_scale},
      {"SearchN", read_search_n},
      {"ShuffleChannel", read_shuffle_channel},
      {"Sigmoid", read_plain<ops::Sigmoid>},
      {"Silence", read_plain<ops::Silence>},
      {"Slice", read_slice},
      {"Softmax", read_softmax},
      {"Split", read_plain<ops::Split>},
      {"SPP", read_spp},
      {"Swish", read_swish},
      {"TanH", read_plain<ops::Tanh>},
      {"Threshold", read_threshold},
      {"Tile", read_tile},
      {"Upsample", read_upsample},
  };
  return {readers, sizeof readers / sizeof readers[0]};
}

}  // namespace detail

NUQ_DEFINITION Operation read_operation(const schema::LayerParameter& layer) {
  if (is_data_layer(layer)) return ops::Input{};
  for (const detail::OperationReader& reader : detail::operation_readers()) {
    if (reader.type == layer.type()) return reader.read(layer);
  }
  return ops::Unknown{layer.type(), {}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_READ_OPERATION_HPP
