#ifndef NUQ_CAFFE_DETAIL_READ_WINDOWS_HPP
#define NUQ_CAFFE_DETAIL_READ_WINDOWS_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] ops::Window read_window(const schema::ConvolutionParameter& parameter);

NUQ_FUNCTION [[nodiscard]] Operation read_convolution(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_deconvolution(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_im2col(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_pooling(const schema::LayerParameter& layer);

static_assert(static_cast<int>(schema::SPPParameter::MAX) == static_cast<int>(schema::PoolingParameter::MAX) &&
                  static_cast<int>(schema::SPPParameter::AVE) == static_cast<int>(schema::PoolingParameter::AVE),
              "read_pool_method reads the methods of both");

NUQ_FUNCTION [[nodiscard]] Operation read_spp(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <string_view>

#include "nuq/caffe/layer_fields.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// `name: 3`, `name: 3 name: 5` (height, width), or `name_h: 3 name_w: 5`, which wins.
template <class Repeated>
[[nodiscard]] ops::AxisValues axis_values(const Repeated& values, bool has_pair, std::int64_t height,
                                          std::int64_t width) {
  if (has_pair) return {height, width};
  return {values.begin(), values.end()};
}

/// `dilation`, or forks' `dilation_h` and `dilation_w`, or their older names `hole`, `hole_h` and `hole_w`.
NUQ_FUNCTION [[nodiscard]] inline ops::AxisValues read_dilations(const schema::ConvolutionParameter& parameter) {
  if (parameter.has_dilation_h() || parameter.has_dilation_w()) return {parameter.dilation_h(), parameter.dilation_w()};
  if (parameter.has_hole_h() || parameter.has_hole_w()) return {parameter.hole_h(), parameter.hole_w()};
  if (parameter.dilation_size() > 0) return {parameter.dilation().begin(), parameter.dilation().end()};
  return {parameter.hole()};
}

/// Synopsys' pads of the four sides, which stand in the place of the others.
template <class Parameter>
void read_side_pads(const Parameter& parameter, ops::Window& window) {
  if (!parameter.has_pad_l() && !parameter.has_pad_r() && !parameter.has_pad_t() && !parameter.has_pad_b()) return;
  window.pads_begin = {parameter.pad_t(), parameter.pad_l()};
  window.pads_end = {parameter.pad_b(), parameter.pad_r()};
}

NUQ_DEFINITION ops::Window read_window(const schema::ConvolutionParameter& parameter) {
  ops::Window window;
  window.kernel = axis_values(parameter.kernel_size(), parameter.has_kernel_h() || parameter.has_kernel_w(),
                              parameter.kernel_h(), parameter.kernel_w());
  window.strides = axis_values(parameter.stride(), parameter.has_stride_h() || parameter.has_stride_w(),
                               parameter.stride_h(), parameter.stride_w());
  window.dilations = read_dilations(parameter);
  window.pads_begin = window.pads_end = axis_values(parameter.pad(), parameter.has_pad_h() || parameter.has_pad_w(),
                                                    parameter.pad_h(), parameter.pad_w());
  read_side_pads(parameter, window);
  return window;
}

/// Forks' depthwise types have as many groups as input channels unless `group` is given.
NUQ_FUNCTION [[nodiscard]] inline bool is_depthwise_type(std::string_view type) noexcept {
  return type == "ConvolutionDepthwise" || type == "DepthwiseConvolution" || type == "Depthwise";
}

NUQ_FUNCTION [[nodiscard]] inline ops::ConvolutionAttributes read_convolution_attributes(
    const schema::LayerParameter& layer) {
  const schema::ConvolutionParameter& parameter = layer.convolution_param();
  ops::ConvolutionAttributes attributes;
  attributes.out_channels = parameter.num_output();
  attributes.window = read_window(parameter);
  attributes.group = parameter.group();
  attributes.bias = parameter.bias_term();
  attributes.axis = parameter.axis();
  attributes.depthwise = is_depthwise_type(layer.type());
  if (attributes.depthwise && !parameter.has_group()) attributes.group.reset();
  return attributes;
}

/// `force_nd_im2col` and the choice of an algorithm change how the work is done, not what comes out.
inline constexpr LayerFields convolution_fields = {
    "convolution_param",
    "num_output bias_term pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w dilation dilation_h "
    "dilation_w hole hole_h hole_w group axis pad_l pad_r pad_t pad_b relu negative_slope",
    "weight_filler bias_filler engine force_nd_im2col cudnn_convolution_algo_seeker conv_algos_override "
    "conv_algorithm"};

NUQ_DEFINITION Operation read_convolution(const schema::LayerParameter& layer) {
  ops::Convolution convolution{read_convolution_attributes(layer)};
  if (layer.convolution_param().relu()) convolution.relu = layer.convolution_param().negative_slope();
  return convolution;
}

/// The fused ReLU is Convolution's alone.
inline constexpr LayerFields deconvolution_fields = {
    "convolution_param",
    "num_output bias_term pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w dilation dilation_h "
    "dilation_w hole hole_h hole_w group axis pad_l pad_r pad_t pad_b",
    convolution_fields.without_meaning};

NUQ_DEFINITION Operation read_deconvolution(const schema::LayerParameter& layer) {
  return ops::TransposedConvolution{read_convolution_attributes(layer)};
}

/// Of a Convolution's fields; the others do not matter to it.
inline constexpr LayerFields im2col_fields = {
    "convolution_param",
    "pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w dilation dilation_h dilation_w hole hole_h "
    "hole_w axis pad_l pad_r pad_t pad_b",
    "num_output bias_term group weight_filler bias_filler engine force_nd_im2col"};

NUQ_DEFINITION Operation read_im2col(const schema::LayerParameter& layer) {
  return ops::Im2col{read_window(layer.convolution_param()), layer.convolution_param().axis()};
}

NUQ_FUNCTION [[nodiscard]] inline ops::PoolMethod read_pool_method(int method) noexcept {
  if (method == schema::PoolingParameter::MAX) return ops::PoolMethod::maximum;
  return method == schema::PoolingParameter::STOCHASTIC ? ops::PoolMethod::expectation : ops::PoolMethod::average;
}

inline constexpr LayerFields pooling_fields = {
    "pooling_param",
    "pool pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w global_pooling round_mode ceil_mode "
    "pad_l pad_r pad_t pad_b",
    "engine"};

NUQ_DEFINITION Operation read_pooling(const schema::LayerParameter& layer) {
  const schema::PoolingParameter& parameter = layer.pooling_param();
  const auto values = [](bool has_pair, std::int64_t height, std::int64_t width, std::int64_t both) {
    return has_pair ? ops::AxisValues{height, width} : ops::AxisValues{both};
  };
  ops::Pooling pooling;
  pooling.method = read_pool_method(parameter.pool());
  pooling.window.kernel = values(parameter.has_kernel_h() || parameter.has_kernel_w(), parameter.kernel_h(),
                                 parameter.kernel_w(), parameter.kernel_size());
  pooling.window.strides = values(parameter.has_stride_h() || parameter.has_stride_w(), parameter.stride_h(),
                                  parameter.stride_w(), parameter.stride());
  pooling.window.pads_begin = pooling.window.pads_end =
      values(parameter.has_pad_h() || parameter.has_pad_w(), parameter.pad_h(), parameter.pad_w(), parameter.pad());
  read_side_pads(parameter, pooling.window);
  pooling.count_include_pad =
      parameter.pool() != schema::PoolingParameter::AVE_EXC_PAD && parameter.pool() != schema::PoolingParameter::AVE_TF;
  pooling.global = parameter.global_pooling();
  pooling.ceil = parameter.round_mode() == schema::PoolingParameter::CEIL && parameter.ceil_mode();
  return pooling;
}

inline constexpr LayerFields spp_fields = {"spp_param", "pyramid_height pool", "engine"};

NUQ_DEFINITION Operation read_spp(const schema::LayerParameter& layer) {
  return ops::SpatialPyramidPooling{read_pool_method(layer.spp_param().pool()), layer.spp_param().pyramid_height()};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_WINDOWS_HPP
