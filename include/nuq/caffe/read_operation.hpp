#ifndef NUQ_CAFFE_READ_OPERATION_HPP
#define NUQ_CAFFE_READ_OPERATION_HPP

#include <optional>

#include "nuq/caffe/layer_fields.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer of the present format (`layer`, not V0 or V1) computes: a mere translation of its parameters, the only
/// place that reads them. Values are checked where they are used, by the rules in graph/ops/. `Unknown`, without its
/// text, for a type that the library does not know.
NUQ_FUNCTION [[nodiscard]] Operation read_operation(const schema::LayerParameter& layer);

/// Which of a layer's fields `read_operation` takes up; nothing for a type that the library does not know and for data
/// layers, whose values come from the user.
NUQ_FUNCTION [[nodiscard]] std::optional<LayerFields> fields_read(const schema::LayerParameter& layer);

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
  LayerFields fields;
};

/// Every layer type that is understood, forks' aliases included.
NUQ_FUNCTION [[nodiscard]] inline ArrayView<const OperationReader> operation_readers() noexcept {
  static constexpr OperationReader readers[] = {
      {"AbsVal", read_plain<ops::AbsoluteValue>, {}},
      {"AntiQuant", read_plain<ops::AntiQuant>, {"quant_param", "", "scale offset with_offset object_layer"}},
      {"ArgMax", read_arg_max, arg_max_fields},
      {"Axpy", read_plain<ops::Axpy>, {}},
      {"BatchNorm", read_batch_norm, batch_norm_fields},
      {"BatchReindex", read_plain<ops::BatchReindex>, {}},
      {"Bias", read_bias, bias_fields},
      {"BN", read_bn, bn_fields},
      {"BNLL", read_plain<ops::Softplus>, {}},
      {"Clip", read_clip, clip_fields},
      {"Concat", read_concat, concat_fields},
      {"Convolution", read_convolution, convolution_fields},
      {"ConvolutionDepthwise", read_convolution, convolution_fields},
      {"Crop", read_crop, crop_fields},
      {"Deconvolution", read_deconvolution, deconvolution_fields},
      {"Depthwise", read_convolution, convolution_fields},
      {"DepthwiseConvolution", read_convolution, convolution_fields},
      {"DeQuant", read_plain<ops::DeQuant>, dequant_fields},
      {"DetectionOutput", read_detection_output, detection_output_fields},
      {"Dropout", read_dropout, dropout_fields},
      {"Eltwise", read_eltwise, eltwise_fields},
      {"ELU", read_elu, elu_fields},
      {"Embed", read_embed, embed_fields},
      {"Exp", read_exp, exp_fields},
      {"Filter", read_plain<ops::Filter>, {}},
      {"Flatten", read_flatten, flatten_fields},
      {"HFMG", read_hfmg, hfmg_fields},
      {"IFMR", read_ifmr, ifmr_fields},
      {"Im2col", read_im2col, im2col_fields},
      {"InnerProduct", read_inner_product, inner_product_fields},
      {"Interp", read_interp, interp_fields},
      {"Log", read_log, log_fields},
      {"LRN", read_lrn, lrn_fields},
      {"LSTM", read_lstm, recurrent_fields},
      {"MinMax", read_min_max, min_max_fields},
      {"Mish", read_plain<ops::Mish>, {}},
      {"MVN", read_mvn, mvn_fields},
      {"Normalize", read_normalize, normalize_fields},
      {"Parameter", read_parameter, parameter_fields},
      {"Permute", read_permute, permute_fields},
      {"Pooling", read_pooling, pooling_fields},
      {"Power", read_power, power_fields},
      {"PReLU", read_prelu, prelu_fields},
      {"PriorBox", read_prior_box, prior_box_fields},
      {"PSROIPooling", read_psroi_pooling, psroi_pooling_fields},
      {"Quant", read_quant, quant_fields},
      {"Reduction", read_reduction, reduction_fields},
      {"ReLU", read_relu, relu_fields},
      {"ReLU6", read_relu6, relu6_fields},
      {"Reshape", read_reshape, reshape_fields},
      {"RNN", read_rnn, recurrent_fields},
      {"ROIPooling", read_roi_pooling, roi_pooling_fields},
      {"Scale", read_scale, scale_fields},
      {"SearchN", read_search_n, search_n_fields},
      {"ShuffleChannel", read_shuffle_channel, shuffle_channel_fields},
      {"Sigmoid", read_plain<ops::Sigmoid>, {"sigmoid_param", "", "engine"}},
      {"Silence", read_plain<ops::Silence>, {}},
      {"Slice", read_slice, slice_fields},
      {"Softmax", read_softmax, softmax_fields},
      {"Split", read_plain<ops::Split>, {"split_param", "", "engine"}},
      {"SPP", read_spp, spp_fields},
      {"Swish", read_swish, swish_fields},
      {"TanH", read_plain<ops::Tanh>, {"tanh_param", "", "engine"}},
      {"Threshold", read_threshold, threshold_fields},
      {"Tile", read_tile, tile_fields},
      {"Upsample", read_upsample, upsample_fields},
  };
  return {readers, sizeof readers / sizeof readers[0]};
}

/// Null for a type that the library does not know.
NUQ_FUNCTION [[nodiscard]] inline const OperationReader* reader_of(const schema::LayerParameter& layer) noexcept {
  for (const OperationReader& reader : operation_readers()) {
    if (reader.type == layer.type()) return &reader;
  }
  return nullptr;
}

}  // namespace detail

NUQ_DEFINITION Operation read_operation(const schema::LayerParameter& layer) {
  if (is_data_layer(layer)) return ops::Input{};
  const detail::OperationReader* const reader = detail::reader_of(layer);
  return reader == nullptr ? Operation(ops::Unknown{layer.type(), {}}) : reader->read(layer);
}

NUQ_DEFINITION std::optional<LayerFields> fields_read(const schema::LayerParameter& layer) {
  const detail::OperationReader* const reader = is_data_layer(layer) ? nullptr : detail::reader_of(layer);
  return reader == nullptr ? std::nullopt : std::optional<LayerFields>(reader->fields);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_READ_OPERATION_HPP
