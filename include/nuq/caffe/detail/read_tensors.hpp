#ifndef NUQ_CAFFE_DETAIL_READ_TENSORS_HPP
#define NUQ_CAFFE_DETAIL_READ_TENSORS_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// Operations that reduce, normalize, cut or rearrange tensors along their axes.

NUQ_FUNCTION [[nodiscard]] inline Operation read_arg_max(const schema::LayerParameter& layer) {
  const schema::ArgMaxParameter& parameter = layer.argmax_param();
  ops::ArgMax arg_max;
  if (parameter.has_axis()) arg_max.axis = parameter.axis();
  arg_max.top_k = parameter.top_k();
  arg_max.with_values = parameter.out_max_val();
  return arg_max;
}

/// `concat_dim` is the axis' old name.
NUQ_FUNCTION [[nodiscard]] Operation read_concat(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_crop(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_embed(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_flatten(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_lrn(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_lstm(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_rnn(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_mvn(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_normalize(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_parameter(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_permute(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_reduction(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_reshape(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_shuffle_channel(const schema::LayerParameter& layer);

/// `slice_dim` is the axis' old name.
NUQ_FUNCTION [[nodiscard]] Operation read_slice(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_softmax(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_tile(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <cstdint>

#include "nuq/caffe/layer_fields.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr LayerFields arg_max_fields = {"argmax_param", "out_max_val top_k axis"};

inline constexpr LayerFields concat_fields = {"concat_param", "axis concat_dim", "engine"};

NUQ_DEFINITION Operation read_concat(const schema::LayerParameter& layer) {
  const schema::ConcatParameter& parameter = layer.concat_param();
  if (parameter.has_concat_dim()) return ops::Concat{parameter.concat_dim()};
  return ops::Concat{parameter.axis()};
}

inline constexpr LayerFields crop_fields = {"crop_param", "axis offset"};

NUQ_DEFINITION Operation read_crop(const schema::LayerParameter& layer) {
  const schema::CropParameter& parameter = layer.crop_param();
  return ops::Crop{parameter.axis(), {parameter.offset().begin(), parameter.offset().end()}};
}

inline constexpr LayerFields embed_fields = {"embed_param", "num_output input_dim bias_term",
                                             "weight_filler bias_filler"};

NUQ_DEFINITION Operation read_embed(const schema::LayerParameter& layer) {
  const schema::EmbedParameter& parameter = layer.embed_param();
  return ops::Embed{parameter.input_dim(), parameter.num_output(), parameter.bias_term()};
}

inline constexpr LayerFields flatten_fields = {"flatten_param", "axis end_axis"};

NUQ_DEFINITION Operation read_flatten(const schema::LayerParameter& layer) {
  return ops::Flatten{layer.flatten_param().axis(), layer.flatten_param().end_axis()};
}

inline constexpr LayerFields lrn_fields = {"lrn_param", "local_size alpha beta norm_region k", "engine"};

NUQ_DEFINITION Operation read_lrn(const schema::LayerParameter& layer) {
  const schema::LRNParameter& parameter = layer.lrn_param();
  ops::Lrn lrn;
  lrn.size = parameter.local_size();
  lrn.alpha = parameter.alpha();
  lrn.beta = parameter.beta();
  lrn.k = parameter.k();
  lrn.across_channels = parameter.norm_region() == schema::LRNParameter::ACROSS_CHANNELS;
  return lrn;
}

NUQ_FUNCTION [[nodiscard]] inline ops::RecurrentAttributes read_recurrent(const schema::RecurrentParameter& parameter) {
  return {parameter.num_output(), parameter.expose_hidden()};
}

inline constexpr LayerFields recurrent_fields = {"recurrent_param", "num_output expose_hidden",
                                                 "weight_filler bias_filler debug_info"};

NUQ_DEFINITION Operation read_lstm(const schema::LayerParameter& layer) {
  return ops::Lstm{read_recurrent(layer.recurrent_param())};
}

NUQ_DEFINITION Operation read_rnn(const schema::LayerParameter& layer) {
  return ops::Rnn{read_recurrent(layer.recurrent_param())};
}

inline constexpr LayerFields mvn_fields = {"mvn_param", "normalize_variance across_channels eps"};

NUQ_DEFINITION Operation read_mvn(const schema::LayerParameter& layer) {
  const schema::MVNParameter& parameter = layer.mvn_param();
  return ops::Mvn{parameter.normalize_variance(), parameter.across_channels(), parameter.eps()};
}

inline constexpr LayerFields normalize_fields = {"norm_param", "across_spatial channel_shared eps", "scale_filler"};

NUQ_DEFINITION Operation read_normalize(const schema::LayerParameter& layer) {
  const schema::NormalizeParameter& parameter = layer.norm_param();
  return ops::Normalize{parameter.across_spatial(), parameter.channel_shared(), parameter.eps()};
}

inline constexpr LayerFields parameter_fields = {"parameter_param", "shape"};

NUQ_DEFINITION Operation read_parameter(const schema::LayerParameter& layer) {
  const schema::BlobShape& shape = layer.parameter_param().shape();
  return ops::Parameter{{shape.dim().begin(), shape.dim().end()}};
}

inline constexpr LayerFields permute_fields = {"permute_param", "order"};

NUQ_DEFINITION Operation read_permute(const schema::LayerParameter& layer) {
  return ops::Permute{{layer.permute_param().order().begin(), layer.permute_param().order().end()}};
}

NUQ_FUNCTION [[nodiscard]] inline ops::ReductionMethod read_reduction_method(
    schema::ReductionParameter::ReductionOp method) noexcept {
  switch (method) {
    case schema::ReductionParameter::ASUM:
      return ops::ReductionMethod::sum_of_magnitudes;
    case schema::ReductionParameter::SUMSQ:
      return ops::ReductionMethod::sum_of_squares;
    case schema::ReductionParameter::MEAN:
      return ops::ReductionMethod::mean;
    default:
      return ops::ReductionMethod::sum;
  }
}

inline constexpr LayerFields reduction_fields = {"reduction_param", "operation axis coeff"};

NUQ_DEFINITION Operation read_reduction(const schema::LayerParameter& layer) {
  const schema::ReductionParameter& parameter = layer.reduction_param();
  return ops::Reduction{read_reduction_method(parameter.operation()), parameter.axis(), parameter.coeff()};
}

inline constexpr LayerFields reshape_fields = {"reshape_param", "shape axis num_axes"};

NUQ_DEFINITION Operation read_reshape(const schema::LayerParameter& layer) {
  const schema::ReshapeParameter& parameter = layer.reshape_param();
  return ops::Reshape{
      {parameter.shape().dim().begin(), parameter.shape().dim().end()}, parameter.axis(), parameter.num_axes()};
}

inline constexpr LayerFields shuffle_channel_fields = {"shuffle_channel_param", "group"};

NUQ_DEFINITION Operation read_shuffle_channel(const schema::LayerParameter& layer) {
  return ops::ShuffleChannel{layer.shuffle_channel_param().group()};
}

inline constexpr LayerFields slice_fields = {"slice_param", "axis slice_point slice_dim"};

NUQ_DEFINITION Operation read_slice(const schema::LayerParameter& layer) {
  const schema::SliceParameter& parameter = layer.slice_param();
  ops::Slice slice;
  slice.axis = parameter.has_slice_dim() ? std::int64_t{parameter.slice_dim()} : std::int64_t{parameter.axis()};
  slice.points.assign(parameter.slice_point().begin(), parameter.slice_point().end());
  return slice;
}

inline constexpr LayerFields softmax_fields = {"softmax_param", "axis", "engine"};

NUQ_DEFINITION Operation read_softmax(const schema::LayerParameter& layer) {
  return ops::Softmax{layer.softmax_param().axis()};
}

inline constexpr LayerFields tile_fields = {"tile_param", "axis tiles"};

NUQ_DEFINITION Operation read_tile(const schema::LayerParameter& layer) {
  return ops::Tile{layer.tile_param().axis(), layer.tile_param().tiles()};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_TENSORS_HPP
