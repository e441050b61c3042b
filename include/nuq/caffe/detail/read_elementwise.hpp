#ifndef NUQ_CAFFE_DETAIL_READ_ELEMENTWISE_HPP
#define NUQ_CAFFE_DETAIL_READ_ELEMENTWISE_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] Operation read_clip(const schema::LayerParameter& layer);

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

NUQ_FUNCTION [[nodiscard]] Operation read_scale(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_bias(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_eltwise(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_inner_product(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_quant(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <string>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Operation read_clip(const schema::LayerParameter& layer) {
  const schema::ClipParameter& parameter = layer.clip_param();
  ops::Clip clip;
  if (parameter.has_min()) clip.min = parameter.min();
  if (parameter.has_max()) clip.max = parameter.max();
  return clip;
}

NUQ_DEFINITION Operation read_elu(const schema::LayerParameter& layer) {
  return ops::Elu{layer.elu_param().alpha()};
}

NUQ_DEFINITION Operation read_exp(const schema::LayerParameter& layer) {
  return ops::Exp{layer.exp_param().base(), layer.exp_param().scale(), layer.exp_param().shift()};
}

NUQ_DEFINITION Operation read_log(const schema::LayerParameter& layer) {
  return ops::Log{layer.log_param().base(), layer.log_param().scale(), layer.log_param().shift()};
}

NUQ_DEFINITION Operation read_power(const schema::LayerParameter& layer) {
  return ops::Power{layer.power_param().power(), layer.power_param().scale(), layer.power_param().shift()};
}

NUQ_DEFINITION Operation read_prelu(const schema::LayerParameter& layer) {
  return ops::PRelu{layer.prelu_param().channel_shared()};
}

NUQ_DEFINITION Operation read_relu(const schema::LayerParameter& layer) {
  return ops::Relu{layer.relu_param().negative_slope()};
}

NUQ_DEFINITION Operation read_relu6(const schema::LayerParameter& layer) {
  return ops::Relu6{layer.has_relu6_param() ? layer.relu6_param().negative_slope()
                                            : layer.relu_param().negative_slope()};
}

NUQ_DEFINITION Operation read_swish(const schema::LayerParameter& layer) {
  return ops::Swish{layer.swish_param().beta()};
}

NUQ_DEFINITION Operation read_threshold(const schema::LayerParameter& layer) {
  return ops::Threshold{layer.threshold_param().threshold()};
}

NUQ_DEFINITION Operation read_batch_norm(const schema::LayerParameter& layer) {
  const schema::BatchNormParameter& parameter = layer.batch_norm_param();
  return ops::BatchNorm{parameter.eps(), parameter.has_use_global_stats() && !parameter.use_global_stats()};
}

NUQ_DEFINITION Operation read_scale(const schema::LayerParameter& layer) {
  const schema::ScaleParameter& parameter = layer.scale_param();
  return ops::Scale{parameter.axis(), parameter.num_axes(), parameter.bias_term()};
}

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

NUQ_DEFINITION Operation read_eltwise(const schema::LayerParameter& layer) {
  const schema::EltwiseParameter& parameter = layer.eltwise_param();
  ops::Eltwise eltwise;
  eltwise.method = read_eltwise_method(parameter.operation());
  eltwise.coefficients.assign(parameter.coeff().begin(), parameter.coeff().end());
  return eltwise;
}

NUQ_DEFINITION Operation read_inner_product(const schema::LayerParameter& layer) {
  const schema::InnerProductParameter& parameter = layer.inner_product_param();
  return ops::InnerProduct{parameter.num_output(), parameter.axis(), parameter.transpose(), parameter.bias_term()};
}

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
