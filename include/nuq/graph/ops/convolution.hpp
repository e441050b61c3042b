#ifndef NUQ_GRAPH_OPS_CONVOLUTION_HPP
#define NUQ_GRAPH_OPS_CONVOLUTION_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A Convolution with its parameters read and its extents worked out: output = ⌊(input + 2·pad − reach) / stride⌋ + 1.
struct ConvolutionGeometry {
  std::int64_t batch = 0;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t group = 1;  ///< divides both channel counts; output group g reads input group g alone
  WindowAxis y;
  WindowAxis x;
  bool bias_term = true;

  [[nodiscard]] Shape weight_shape() const { return {out_channels, in_channels / group, y.kernel, x.kernel}; }
  [[nodiscard]] Shape output_shape() const { return {batch, out_channels, y.output, x.output}; }
  /// Weights of one output channel.
  [[nodiscard]] std::int64_t fan_in() const noexcept { return in_channels / group * y.kernel * x.kernel; }
};

/// Whether the layer is of a fork's type that has as many groups as input channels unless `group` is given.
[[nodiscard]] inline bool is_depthwise(const Node& node) {
  return node.type == "ConvolutionDepthwise" || node.type == "DepthwiseConvolution" || node.type == "Depthwise";
}

namespace detail {

struct WindowPair {
  std::int64_t y;
  std::int64_t x;
};

/// `name: 3`, `name: 3 name: 5` (height, width), or `name_h: 3 name_w: 5`, which wins.
template <class Repeated>
[[nodiscard]] WindowPair window_pair(const LayerRef& layer, const char* name, const Repeated& values, bool has_pair,
                                     WindowPair pair, std::int64_t default_value) {
  if (has_pair) return pair;
  if (values.size() == 0) return {default_value, default_value};
  if (values.size() <= 2) return {values.Get(0), values.Get(values.size() - 1)};
  layer.fail(ErrorCode::unsupported_layer,
             std::string(name) + " has " + std::to_string(values.size()) + " values, wanted 1 or 2 (height, width)");
}

/// Whether a fork's fields give the dilation by height and width.
[[nodiscard]] inline bool has_dilation_pair(const schema::ConvolutionParameter& parameter) {
  return parameter.has_dilation_h() || parameter.has_dilation_w() || parameter.has_hole_h() || parameter.has_hole_w();
}

/// `dilation_h`, `dilation_w` or their older names `hole_h`, `hole_w`.
[[nodiscard]] inline WindowPair dilation_pair(const schema::ConvolutionParameter& parameter) {
  if (parameter.has_dilation_h() || parameter.has_dilation_w()) return {parameter.dilation_h(), parameter.dilation_w()};
  return {parameter.hole_h(), parameter.hole_w()};
}

inline void read_windows(const LayerRef& layer, const schema::ConvolutionParameter& parameter, WindowAxis& y,
                         WindowAxis& x) {
  const WindowPair kernel =
      window_pair(layer, "kernel_size", parameter.kernel_size(), parameter.has_kernel_h() || parameter.has_kernel_w(),
                  {parameter.kernel_h(), parameter.kernel_w()}, 0);
  const WindowPair stride =
      window_pair(layer, "stride", parameter.stride(), parameter.has_stride_h() || parameter.has_stride_w(),
                  {parameter.stride_h(), parameter.stride_w()}, 1);
  const WindowPair pad = window_pair(layer, "pad", parameter.pad(), parameter.has_pad_h() || parameter.has_pad_w(),
                                     {parameter.pad_h(), parameter.pad_w()}, 0);
  const WindowPair dilation = window_pair(layer, "dilation", parameter.dilation(), has_dilation_pair(parameter),
                                          dilation_pair(parameter), parameter.hole());
  y.kernel = kernel.y, y.stride = stride.y, y.pad = pad.y, y.dilation = dilation.y;
  x.kernel = kernel.x, x.stride = stride.x, x.pad = pad.x, x.dilation = dilation.x;
  check_window(layer, y, "height");
  check_window(layer, x, "width");
}

/// The number of groups of a layer with `convolution_param` and `inputs` input channels; checks `num_output` and `axis`
/// as well.
[[nodiscard]] inline std::int64_t checked_group(const LayerRef& layer, std::int64_t inputs) {
  const schema::ConvolutionParameter& parameter = layer.parameter().convolution_param();
  const std::int64_t outputs = parameter.num_output();
  const bool by_channel = is_depthwise(layer.node) && !parameter.has_group();
  const std::int64_t group = by_channel ? inputs : std::int64_t{parameter.group()};
  if (parameter.axis() != 1 && parameter.axis() != -3) {
    layer.fail(ErrorCode::unsupported_layer, "axis is " + std::to_string(parameter.axis()) + ", wanted 1");
  }
  if (outputs < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  if (group < 1 || inputs % group != 0 || outputs % group != 0) {
    layer.fail(ErrorCode::invalid_argument, "group is " + std::to_string(group) + ", wanted a divisor of " +
                                                std::to_string(inputs) + " input and " + std::to_string(outputs) +
                                                " output channels");
  }
  return group;
}

inline void place_convolution_window(const LayerRef& layer, WindowAxis& window, const std::string& axis) {
  const std::int64_t room = window.input + 2 * window.pad - window.reach();
  if (room < 0) {
    layer.fail(ErrorCode::size_mismatch, "the kernel reaches over " + std::to_string(window.reach()) +
                                             " values along the " + axis + ", the padded input has " +
                                             std::to_string(window.input + 2 * window.pad));
  }
  window.output = room / window.stride + 1;
}

}  // namespace detail

/// Reads and checks a Convolution, a depthwise one too, for the input [N, C, H, W]; its blobs, where it has them, must
/// be [out, in / group, kh, kw] and [out]. Throws ModelError naming the layer and the value.
[[nodiscard]] inline ConvolutionGeometry convolution_geometry(const LayerRef& layer, const Shape& input) {
  require_image(layer, input);
  const schema::ConvolutionParameter& parameter = layer.parameter().convolution_param();
  ConvolutionGeometry geometry;
  geometry.batch = input[0];
  geometry.in_channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  geometry.out_channels = parameter.num_output();
  geometry.group = detail::checked_group(layer, geometry.in_channels);
  geometry.bias_term = parameter.bias_term();
  detail::read_windows(layer, parameter, geometry.y, geometry.x);
  detail::place_convolution_window(layer, geometry.y, "height");
  detail::place_convolution_window(layer, geometry.x, "width");
  check_weights_and_bias(layer, geometry.weight_shape(), geometry.bias_term, geometry.out_channels);
  return geometry;
}

[[nodiscard]] inline std::vector<Shape> convolution_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return {convolution_geometry(layer, only_input(layer, inputs)).output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CONVOLUTION_HPP
