#ifndef NUQ_GRAPH_OPS_CONVOLUTION_HPP
#define NUQ_GRAPH_OPS_CONVOLUTION_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// What a convolution and a transposed one have in common. Blobs: the filters, then the bias [out_channels].
struct ConvolutionAttributes {
  std::int64_t out_channels = 0;
  Window window{};
  std::optional<std::int64_t> group = 1;  ///< divides both channel counts; none: as many as input channels
  bool bias = true;
  std::int64_t axis = 1;        ///< of the channels; the spatial axes follow
  bool depthwise = false;       ///< of a layer type that is meant for one filter per input channel
  std::optional<float> relu{};  ///< of a layer that ends in a ReLU: what that multiplies negative values by
};

/// Cross-correlation of the input with filters [out_channels, in_channels / group, kernel…].
struct Convolution : ConvolutionAttributes {};

/// The transpose of a convolution (deconvolution), with filters [in_channels, out_channels / group, kernel…].
struct TransposedConvolution : ConvolutionAttributes {};

/// The values of a convolution's windows, tap by tap.
struct Im2col {
  Window window{};
  std::int64_t axis = 1;  ///< of the channels
};

/// This family's part of `Operation`.
using Convolutions = OperationList<Convolution, TransposedConvolution, Im2col>;

}  // namespace ops

/// A Convolution with its extents worked out: output = ⌊(input + pads − reach) / stride⌋ + 1.
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

/// A transposed convolution with its extents worked out: the transpose of `convolution`, which reads the layer's output
/// and gives its input. Every input position adds a window to the output:
/// output = stride·(input − 1) + reach − pads.
struct DeconvolutionGeometry {
  ConvolutionGeometry convolution;

  /// [in, out / group, kh, kw]
  NUQ_FUNCTION [[nodiscard]] Shape weight_shape() const { return convolution.weight_shape(); }
  NUQ_FUNCTION [[nodiscard]] Shape output_shape() const {
    return {convolution.batch, out_channels(), convolution.y.input, convolution.x.input};
  }
  [[nodiscard]] std::int64_t in_channels() const noexcept { return convolution.out_channels; }
  [[nodiscard]] std::int64_t out_channels() const noexcept { return convolution.in_channels; }
};

/// An Im2col with its extents worked out.
struct Im2colGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  WindowAxis y;
  WindowAxis x;

  [[nodiscard]] Shape output_shape() const { return {batch, channels * y.kernel * x.kernel, y.output, x.output}; }
};

namespace detail {

NUQ_FUNCTION inline void require_channel_axis(const LayerContext& layer, std::int64_t axis) {
  if (axis == 1 || axis == -3) return;
  layer.fail(ErrorCode::unsupported_layer, "axis is " + std::to_string(axis) + ", wanted 1");
}

/// The number of groups for `inputs` input channels; checks `out_channels` and `axis` as well.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t checked_group(const ops::ConvolutionAttributes& convolution,
                                                             const LayerContext& layer, std::int64_t inputs) {
  const std::int64_t outputs = convolution.out_channels;
  const std::int64_t group = convolution.group.value_or(inputs);
  require_channel_axis(layer, convolution.axis);
  if (outputs < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  if (group < 1 || inputs % group != 0 || outputs % group != 0) {
    layer.fail(ErrorCode::invalid_argument, "group is " + std::to_string(group) + ", wanted a divisor of " +
                                                std::to_string(inputs) + " input and " + std::to_string(outputs) +
                                                " output channels");
  }
  return group;
}

NUQ_FUNCTION inline void read_checked_window(const LayerContext& layer, const ops::Window& window, WindowAxis& y,
                                             WindowAxis& x) {
  read_window(layer, window, y, x);
  check_window(layer, y, "height");
  check_window(layer, x, "width");
}

NUQ_FUNCTION inline void place_convolution_window(const LayerContext& layer, WindowAxis& window,
                                                  const std::string& axis) {
  const std::int64_t padded = window.pad + window.input + window.pad_end;
  const std::int64_t room = padded - window.reach();
  if (room < 0) {
    layer.fail(ErrorCode::size_mismatch, "the kernel reaches over " + std::to_string(window.reach()) +
                                             " values along the " + axis + ", the padded input has " +
                                             std::to_string(padded));
  }
  window.output = room / window.stride + 1;
}

NUQ_FUNCTION inline void place_deconvolution_window(const LayerContext& layer, WindowAxis& window,
                                                    const std::string& axis) {
  window.input = window.stride * (window.output - 1) + window.reach() - window.pad - window.pad_end;
  if (window.input >= 1) return;
  layer.fail(ErrorCode::size_mismatch, "the output has " + std::to_string(window.input) + " values along the " + axis +
                                           " within the pads, wanted at least 1");
}

}  // namespace detail

/// Checks a convolution for the input [N, C, H, W] and works out its extents; its blobs, where it has them, must be
/// [out, in / group, kh, kw] and [out]. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline ConvolutionGeometry convolution_geometry(const ops::Convolution& convolution,
                                                                           const LayerContext& layer,
                                                                           const Shape& input) {
  require_image(layer, input);
  ConvolutionGeometry geometry;
  geometry.batch = input[0];
  geometry.in_channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  geometry.out_channels = convolution.out_channels;
  geometry.group = detail::checked_group(convolution, layer, geometry.in_channels);
  geometry.bias_term = convolution.bias;
  detail::read_checked_window(layer, convolution.window, geometry.y, geometry.x);
  detail::place_convolution_window(layer, geometry.y, "height");
  detail::place_convolution_window(layer, geometry.x, "width");
  check_weights_and_bias(layer, geometry.weight_shape(), geometry.bias_term, geometry.out_channels);
  return geometry;
}

/// Checks a transposed convolution for the input [N, C, H, W] and works out its extents; its blobs, where it has them,
/// must be [in, out / group, kh, kw] and [out]. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline DeconvolutionGeometry deconvolution_geometry(
    const ops::TransposedConvolution& transposed, const LayerContext& layer, const Shape& input) {
  require_image(layer, input);
  DeconvolutionGeometry geometry;
  ConvolutionGeometry& convolution = geometry.convolution;
  convolution.batch = input[0];
  convolution.in_channels = transposed.out_channels;
  convolution.out_channels = input[1];
  convolution.y.output = input[2];
  convolution.x.output = input[3];
  convolution.group = detail::checked_group(transposed, layer, input[1]);
  convolution.bias_term = transposed.bias;
  detail::read_checked_window(layer, transposed.window, convolution.y, convolution.x);
  detail::place_deconvolution_window(layer, convolution.y, "height");
  detail::place_deconvolution_window(layer, convolution.x, "width");
  check_weights_and_bias(layer, geometry.weight_shape(), convolution.bias_term, geometry.out_channels());
  return geometry;
}

/// Checks an Im2col for the input [N, C, H, W] and works out its extents. Throws ModelError naming the layer and the
/// value.
NUQ_FUNCTION [[nodiscard]] inline Im2colGeometry im2col_geometry(const ops::Im2col& im2col, const LayerContext& layer,
                                                                 const Shape& input) {
  require_image(layer, input);
  detail::require_channel_axis(layer, im2col.axis);
  Im2colGeometry geometry;
  geometry.batch = input[0];
  geometry.channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  detail::read_checked_window(layer, im2col.window, geometry.y, geometry.x);
  detail::place_convolution_window(layer, geometry.y, "height");
  detail::place_convolution_window(layer, geometry.x, "width");
  return geometry;
}

namespace detail {

/// The kernel's extents for a weight blob of `rank` axes.
NUQ_FUNCTION [[nodiscard]] inline Shape kernel_extents(const ops::AxisValues& kernel, std::size_t rank) {
  if (kernel.size() > 1) return kernel;
  return Shape(rank > 2 ? rank - 2 : 2, kernel.size() == 1 ? kernel.front() : any_extent);
}

/// [channels…, kernel…], or the bias.
NUQ_FUNCTION [[nodiscard]] inline Shape filter_shape(const ops::ConvolutionAttributes& convolution, Shape channels,
                                                     std::size_t index, std::size_t rank) {
  if (index == 1) return {convolution.out_channels};
  const Shape kernel = kernel_extents(convolution.window.kernel, rank);
  channels.insert(channels.end(), kernel.begin(), kernel.end());
  return channels;
}

}  // namespace detail

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Convolution& convolution, std::size_t) {
  return convolution.bias ? 2 : 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> blob_shape(const Convolution& convolution, std::size_t index,
                                                                  std::size_t rank) {
  return detail::filter_shape(convolution, {convolution.out_channels, any_extent}, index, rank);
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const TransposedConvolution& convolution,
                                                                        std::size_t) {
  return convolution.bias ? 2 : 1;
}

/// The group must not be 0.
NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> blob_shape(const TransposedConvolution& convolution,
                                                                  std::size_t index, std::size_t rank) {
  const std::int64_t group = convolution.group.value_or(1);
  return detail::filter_shape(convolution, {any_extent, convolution.out_channels / group}, index, rank);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Convolution& convolution,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {convolution_geometry(convolution, layer, only_input(layer, inputs)).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const TransposedConvolution& convolution,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {deconvolution_geometry(convolution, layer, only_input(layer, inputs)).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Im2col& im2col, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {im2col_geometry(im2col, layer, only_input(layer, inputs)).output_shape()};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CONVOLUTION_HPP
