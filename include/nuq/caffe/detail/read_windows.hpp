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

NUQ_DEFINITION ops::Window read_window(const schema::ConvolutionParameter& parameter) {
  ops::Window window;
  window.kernel = axis_values(parameter.kernel_size(), parameter.has_kernel_h() || parameter.has_kernel_w(),
                              parameter.kernel_h(), parameter.kernel_w());
  window.strides = axis_values(parameter.stride(), parameter.has_stride_h() || parameter.has_stride_w(),
                               parameter.stride_h(), parameter.stride_w());
  window.dilations = read_dilations(parameter);
  window.pads_begin = window.pads_end = axis_values(parameter.pad(), parameter.has_pad_h() || parameter.has_pad_w(),
                                                    parameter.pad_h(), parameter.pad_w());
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

NUQ_DEFINITION Operation read_convolution(const schema::LayerParameter& layer) {
  return ops::Convolution{read_convolution_attributes(layer)};
}

NUQ_DEFINITION Operation read_deconvolution(const schema::LayerParameter& layer) {
  return ops::TransposedConvolution{read_convolution_attributes(layer)};
}

NUQ_DEFINITION Operation read_im2col(const schema::LayerParameter& layer) {
  return ops::Im2col{read_window(layer.convolution_param()), layer.convolution_param().axis()};
}

NUQ_FUNCTION [[nodiscard]] inline ops::PoolMethod read_pool_method(int method) noexcept {
  if (method == schema::PoolingParameter::MAX) return ops::PoolMethod::maximum;
  return method == schema::PoolingParameter::AVE ? ops::PoolMethod::average : ops::PoolMethod::expectation;
}

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
  pooling.global = parameter.global_pooling();
  pooling.ceil = parameter.round_mode() == schema::PoolingParameter::CEIL && parameter.ceil_mode();
  return pooling;
}

NUQ_DEFINITION Operation read_spp(const schema::LayerParameter& layer) {
  return ops::SpatialPyramidPooling{read_pool_method(layer.spp_param().pool()), layer.spp_param().pyramid_height()};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_WINDOWS_HPP
