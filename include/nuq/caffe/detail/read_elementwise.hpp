#ifndef NUQ_CAFFE_DETAIL_READ_ELEMENTWISE_HPP
#define NUQ_CAFFE_DETAIL_READ_ELEMENTWISE_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] Operation read_clip(const schema::LayerParameter& layer);

/// With `scale_train: false` training left the values as they are, and inference multiplies by the share that it kept.
NUQ_FUNCTION [[nodiscard]] Operation read_dropout(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_elu(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_exp(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_log(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_power(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_prelu(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_relu(const schema::LayerParameter& layer);

/// Forks read the slope from relu6_param or from relu_param.
NUQ_FUNCTION [[nodiscard]] Operation read_relu6(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_swish(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_threshold(const schema::LayerParameter& layer);

/// Inference uses the trained statistics unless the file says otherwise.
NUQ_FUNCTION [[nodiscard]] Operation read_batch_norm(const schema::LayerParameter& layer);

/// Forks share the type. SegNet and DeconvNet (`bn_mode`): blobs scale and shift, the statistics folded into them in
/// mode INFERENCE and those of the batch otherwise. PSPNet's first form (`moving_average`) and that of Temporal Segment
/// Networks, which is PSPNet's second: scale, shift, mean and variance.
NUQ_FUNCTION [[nodiscard]] Operation read_bn(const schema::LayerParameter& layer);

/// Whether a BN layer's parameters tell what its fourth blob is. Those of Temporal Segment Networks do not: it is the
/// variance, but from December 2015 to April 2016 it was 1 / sqrt(variance + eps), as cuDNN 4 has it.
NUQ_FUNCTION [[nodiscard]] bool tells_variance(const schema::BNParameter& parameter) noexcept;

NUQ_FUNCTION [[nodiscard]] Operation read_scale(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_bias(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_eltwise(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_inner_product(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_quant(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <string>

#include "nuq/caffe/layer_fields.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr LayerFields clip_fields = {"clip_param", "min max"};

NUQ_DEFINITION Operation read_clip(const schema::LayerParameter& layer) {
  const schema::ClipParameter& parameter = layer.clip_param();
  ops::Clip clip;
  if (parameter.has_min()) clip.min = parameter.min();
  if (parameter.has_max()) clip.max = parameter.max();
  return clip;
}

inline constexpr LayerFields dropout_fields = {"dropout_param", "dropout_ratio scale_train"};

NUQ_DEFINITION Operation read_dropout(const schema::LayerParameter& layer) {
  const schema::DropoutParameter& parameter = layer.dropout_param();
  return ops::Dropout{parameter.scale_train() ? 1.0F : 1.0F - parameter.dropout_ratio()};
}

inline constexpr LayerFields elu_fields = {"elu_param", "alpha"};

NUQ_DEFINITION Operation read_elu(const schema::LayerParameter& layer) {
  return ops::Elu{layer.elu_param().alpha()};
}

inline constexpr LayerFields exp_fields = {"exp_param", "base scale shift"};

NUQ_DEFINITION Operation read_exp(const schema::LayerParameter& layer) {
  return ops::Exp{layer.exp_param().base(), layer.exp_param().scale(), layer.exp_param().shift()};
}

inline constexpr LayerFields log_fields = {"log_param", "base scale shift"};

NUQ_DEFINITION Operation read_log(const schema::LayerParameter& layer) {
  return ops::Log{layer.log_param().base(), layer.log_param().scale(), layer.log_param().shift()};
}

inline constexpr LayerFields power_fields = {"power_param", "power scale shift"};

NUQ_DEFINITION Operation read_power(const schema::LayerParameter& layer) {
  return ops::Power{layer.power_param().power(), layer.power_param().scale(), layer.power_param().shift()};
}

inline constexpr LayerFields prelu_fields = {"prelu_param", "channel_shared", "filler"};

NUQ_DEFINITION Operation read_prelu(const schema::LayerParameter& layer) {
  return ops::PRelu{layer.prelu_param().channel_shared()};
}

inline constexpr LayerFields relu_fields = {"relu_param", "negative_slope relu6", "engine"};

NUQ_DEFINITION Operation read_relu(const schema::LayerParameter& layer) {
  if (layer.relu_param().relu6()) return ops::Relu6{layer.relu_param().negative_slope()};
  return ops::Relu{layer.relu_param().negative_slope()};
}

inline constexpr LayerFields relu6_fields = {"relu6_param", "negative_slope", "engine", "relu_param"};

NUQ_DEFINITION Operation read_relu6(const schema::LayerParameter& layer) {
  return ops::Relu6{layer.has_relu6_param() ? layer.relu6_param().negative_slope()
                                            : layer.relu_param().negative_slope()};
}

inline constexpr LayerFields swish_fields = {"swish_param", "beta"};

NUQ_DEFINITION Operation read_swish(const schema::LayerParameter& layer) {
  return ops::Swish{layer.swish_param().beta()};
}

inline constexpr LayerFields threshold_fields = {"threshold_param", "threshold"};

NUQ_DEFINITION Operation read_threshold(const schema::LayerParameter& layer) {
  return ops::Threshold{layer.threshold_param().threshold()};
}

inline constexpr LayerFields batch_norm_fields = {
    "batch_norm_param", "use_global_stats eps scale_bias relu",
    "moving_average_fraction engine scale_filler bias_filler filler stats_batch_size"};

NUQ_DEFINITION Operation read_batch_norm(const schema::LayerParameter& layer) {
  const schema::BatchNormParameter& parameter = layer.batch_norm_param();
  ops::BatchNorm norm;
  norm.eps = parameter.eps();
  norm.batch_statistics = parameter.has_use_global_stats() && !parameter.use_global_stats();
  if (parameter.scale_bias()) norm.blobs = ops::BatchNormBlobs::statistics_and_scale;
  norm.relu = parameter.relu();
  return norm;
}

inline constexpr LayerFields bn_fields = {"bn_param", "bn_mode eps var_eps moving_average",
                                          "slope_filler bias_filler scale_filler shift_filler momentum decay frozen "
                                          "engine"};

/// Whether a BN layer is of the forks that have `moving_average`, and compute the statistics of the batch without it.
NUQ_FUNCTION [[nodiscard]] inline bool is_pspnet_bn(const schema::BNParameter& parameter) noexcept {
  return parameter.has_moving_average() || parameter.has_var_eps() || parameter.has_decay() ||
         parameter.has_scale_filler() || parameter.has_shift_filler();
}

NUQ_DEFINITION bool tells_variance(const schema::BNParameter& parameter) noexcept {
  return parameter.has_bn_mode() || is_pspnet_bn(parameter);
}

NUQ_DEFINITION Operation read_bn(const schema::LayerParameter& layer) {
  const schema::BNParameter& parameter = layer.bn_param();
  if (parameter.bn_mode() == schema::BNParameter::INFERENCE) return ops::Scale{1, 1, true};
  ops::BatchNorm norm;
  norm.blobs = ops::BatchNormBlobs::scale_and_statistics;
  const bool is_pspnet = is_pspnet_bn(parameter);
  norm.eps = is_pspnet && !parameter.has_eps() ? parameter.var_eps() : parameter.eps();
  norm.batch_statistics = parameter.has_bn_mode() || (is_pspnet && !parameter.moving_average());
  return norm;
}

inline constexpr LayerFields scale_fields = {"scale_param", "axis num_axes bias_term", "filler bias_filler"};

NUQ_DEFINITION Operation read_scale(const schema::LayerParameter& layer) {
  const schema::ScaleParameter& parameter = layer.scale_param();
  return ops::Scale{parameter.axis(), parameter.num_axes(), parameter.bias_term()};
}

inline constexpr LayerFields bias_fields = {"bias_param", "axis num_axes", "filler"};

NUQ_DEFINITION Operation read_bias(const schema::LayerParameter& layer) {
  return ops::Bias{layer.bias_param().axis(), layer.bias_param().num_axes()};
}

NUQ_FUNCTION [[nodiscard]] inline ops::EltwiseMethod read_eltwise_method(
    schema::EltwiseParameter::EltwiseOp method) noexcept {
  switch (method) {
    case schema::EltwiseParameter::PROD:
      return ops::EltwiseMethod::product;
    case schema::EltwiseParameter::MAX:
      return ops::EltwiseMethod::maximum;
    case schema::EltwiseParameter::STOCHASTIC_SUM:
      return ops::EltwiseMethod::stochastic_sum;
    default:
      return ops::EltwiseMethod::sum;
  }
}

inline constexpr LayerFields eltwise_fields = {"eltwise_param", "operation coeff", "stable_prod_grad engine"};

NUQ_DEFINITION Operation read_eltwise(const schema::LayerParameter& layer) {
  const schema::EltwiseParameter& parameter = layer.eltwise_param();
  ops::Eltwise eltwise;
  eltwise.method = read_eltwise_method(parameter.operation());
  eltwise.coefficients.assign(parameter.coeff().begin(), parameter.coeff().end());
  return eltwise;
}

inline constexpr LayerFields inner_product_fields = {"inner_product_param", "num_output bias_term axis transpose",
                                                     "weight_filler bias_filler"};

NUQ_DEFINITION Operation read_inner_product(const schema::LayerParameter& layer) {
  const schema::InnerProductParameter& parameter = layer.inner_product_param();
  return ops::InnerProduct{parameter.num_output(), parameter.axis(), parameter.transpose(), parameter.bias_term()};
}

inline constexpr LayerFields dequant_fields = {
    "dequant_param", "", "channel_wise need_calibration batch_num object_layer layer_type deqscale shift_bit offset"};

inline constexpr LayerFields quant_fields = {"quant_param", "scale offset with_offset", "object_layer"};

NUQ_DEFINITION Operation read_quant(const schema::LayerParameter& layer) {
  const schema::QuantParameter& parameter = layer.quant_param();
  ops::Quant quant;
  quant.reciprocal_scale = parameter.scale();
  for (const char byte : parameter.offset()) quant.offset.push_back(static_cast<std::int8_t>(byte));
  quant.with_offset = parameter.with_offset();
  return quant;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_ELEMENTWISE_HPP
