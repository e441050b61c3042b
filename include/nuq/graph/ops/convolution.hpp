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
#include "nuq/graph/ops/axis.hpp"
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
  std::int64_t axis = 1;   ///< of the channels; all axes before it count as batch, the spatial axes follow, any number
  bool depthwise = false;  ///< of a layer type that is meant for one filter per input channel
  std::optional<float> relu{};  ///< of a layer that ends in a ReLU: what that multiplies negative values by
};

/// Cross-correlation of the input with filters [out_channels, in_channels / group, kernel…]; of each input, where there
/// are several, which have one shape and an output each.
struct Convolution : ConvolutionAttributes {};

/// The transpose of a convolution (deconvolution), with filters [in_channels, out_channels / group, kernel…]; of each
/// input as `Convolution`.
struct TransposedConvolution : ConvolutionAttributes {};

/// The values of a convolution's windows, tap by tap.
struct Im2col {
  Window window{};
  std::int64_t axis = 1;  ///< of the channels
};

/// This family's part of `Operation`.
using Convolutions = OperationList<Convolution, TransposedConvolution, Im2col>;

}  // namespace ops

/// A Convolution with its extents worked out: output = ⌊(input + pads − reach) / stride⌋ + 1. An image has the axes y
/// and x; what has fewer spatial axes is an image of extent 1 along those that it lacks, and `outer` holds the axes of
/// a volume that come before y.
struct ConvolutionGeometry {
  std::int64_t batch = 0;  ///< product of `batch_axes`
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t group = 1;  ///< divides both channel counts; output group g reads input group g alone
  WindowAxis y;
  WindowAxis x;
  bool bias_term = true;
  std::vector<WindowAxis> outer{};
  std::size_t spatial_axes = 2;
  Shape batch_axes{};

  NUQ_FUNCTION [[nodiscard]] Shape weight_shape() const {
    Shape shape{out_channels, in_channels / group};
    for (const WindowAxis& axis : axes()) shape.push_back(axis.kernel);
    return shape;
  }
  NUQ_FUNCTION [[nodiscard]] Shape output_shape() const {
    Shape shape = batch_axes;
    shape.push_back(out_channels);
    for (const WindowAxis& axis : axes()) shape.push_back(axis.output);
    return shape;
  }
  /// Weights of one output channel.
  NUQ_FUNCTION [[nodiscard]] std::int64_t fan_in() const {
    std::int64_t count = in_channels / group;
    for (const WindowAxis& axis : axes()) count *= axis.kernel;
    return count;
  }
  /// Output positions of one image or volume.
  NUQ_FUNCTION [[nodiscard]] std::int64_t positions() const {
    std::int64_t count = 1;
    for (const WindowAxis& axis : axes()) count *= axis.output;
    return count;
  }

  /// The spatial axes that the input has.
  NUQ_FUNCTION [[nodiscard]] std::vector<WindowAxis> axes() const {
    std::vector<WindowAxis> all = outer;
    if (spatial_axes > 1) all.push_back(y);
    if (spatial_axes > 0) all.push_back(x);
    return all;
  }
  NUQ_FUNCTION void set_axes(const std::vector<WindowAxis>& all) {
    spatial_axes = all.size();
    y = x = WindowAxis{1, 1};
    if (spatial_axes > 0) x = all.back();
    if (spatial_axes > 1) y = all[spatial_axes - 2];
    if (spatial_axes > 2) outer.assign(all.begin(), all.end() - 2);
  }
};

/// A transposed convolution with its extents worked out: the transpose of `convolution`, which reads the layer's output
/// and gives its input. Every input position adds a window to the output:
/// output = stride·(input − 1) + reach − pads.
struct DeconvolutionGeometry {
  ConvolutionGeometry convolution;

  /// [in, out / group, kernel…]
  NUQ_FUNCTION [[nodiscard]] Shape weight_shape() const { return convolution.weight_shape(); }
  NUQ_FUNCTION [[nodiscard]] Shape output_shape() const {
    Shape shape = convolution.batch_axes;
    shape.push_back(out_channels());
    for (const WindowAxis& axis : convolution.axes()) shape.push_back(axis.input);
    return shape;
  }
  [[nodiscard]] std::int64_t in_channels() const noexcept { return convolution.out_channels; }
  [[nodiscard]] std::int64_t out_channels() const noexcept { return convolution.in_channels; }
};

/// An Im2col with its extents worked out: the windows of a convolution whose output channels are those of the input.
struct Im2colGeometry {
  ConvolutionGeometry convolution;

  NUQ_FUNCTION [[nodiscard]] Shape output_shape() const {
    Shape shape = convolution.output_shape();
    shape[convolution.batch_axes.size()] = convolution.fan_in();
    return shape;
  }
};

namespace detail {

/// The number of groups for `inputs` input channels; checks `out_channels` as well.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t checked_group(const ops::ConvolutionAttributes& convolution,
                                                             const LayerContext& layer, std::int64_t inputs) {
  const std::int64_t outputs = convolution.out_channels;
  const std::int64_t group = convolution.group.value_or(inputs);
  if (outputs < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  if (group < 1 || inputs % group != 0 || outputs % group != 0) {
    layer.fail(ErrorCode::invalid_argument, "group is " + std::to_string(group) + ", wanted a divisor of " +
                                                std::to_string(inputs) + " input and " + std::to_string(outputs) +
                                                " output channels");
  }
  return group;
}

/// The window along one of `axes` spatial axes. Throws ModelError naming the layer and the field that has neither one
/// value nor as many as there are axes.
NUQ_FUNCTION [[nodiscard]] inline ops::Window window_along(const LayerContext& layer, const ops::Window& window,
                                                           std::size_t axis, std::size_t axes) {
  const auto value = [&](const char* name, const ops::AxisValues& values) -> ops::AxisValues {
    if (values.size() < 2) return values;
    if (values.size() == axes) return {values[axis]};
    layer.fail(ErrorCode::invalid_argument, std::string(name) + " has " + std::to_string(values.size()) +
                                                " values, wanted 1" +
                                                (axes > 1 ? " or " + std::to_string(axes) : std::string()));
  };
  return {value("kernel_size", window.kernel), value("stride", window.strides), value("dilation", window.dilations),
          value("pad", window.pads_begin),     value("pad", window.pads_end),   window.auto_pad};
}

/// As messages call one of `axes` spatial axes.
NUQ_FUNCTION [[nodiscard]] inline std::string name_of_axis(std::size_t axis, std::size_t axes) {
  if (axes == 2) return axis == 0 ? "height" : "width";
  return "spatial axis " + std::to_string(axis);
}

/// The window along each of `axes` spatial axes, checked.
NUQ_FUNCTION [[nodiscard]] inline std::vector<WindowAxis> checked_windows(const LayerContext& layer,
                                                                          const ops::Window& window, std::size_t axes) {
  std::vector<WindowAxis> windows(axes);
  WindowAxis same;  // as the window's other axis, which stands for none
  if (axes == 2) {
    read_window(layer, window, windows[0], windows[1]);
  } else {
    for (std::size_t axis = 0; axis < axes; ++axis) {
      read_window(layer, window_along(layer, window, axis, axes), same, windows[axis]);
    }
  }
  for (std::size_t axis = 0; axis < axes; ++axis) check_window(layer, windows[axis], name_of_axis(axis, axes));
  return windows;
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

/// An input around its channel axis.
struct ChannelAxis {
  NUQ_FUNCTION ChannelAxis(const LayerContext& layer, const Shape& input, std::int64_t axis)
      : index(canonical_axis(layer, axis, input.size())),
        channels(input[index]),
        batch_axes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(index)),
        extents(input.begin() + static_cast<std::ptrdiff_t>(index) + 1, input.end()) {}
  std::size_t index;
  std::int64_t channels;
  Shape batch_axes;
  Shape extents;  ///< of the spatial axes
};

/// The windows of a convolution over an input, its output channels not set yet.
NUQ_FUNCTION [[nodiscard]] inline ConvolutionGeometry windows_over_input(const LayerContext& layer,
                                                                         const ops::Window& window,
                                                                         const ChannelAxis& input) {
  std::vector<WindowAxis> axes = checked_windows(layer, window, input.extents.size());
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    axes[axis].input = input.extents[axis];
    set_auto_pads(window.auto_pad, axes[axis]);
    place_convolution_window(layer, axes[axis], name_of_axis(axis, axes.size()));
  }
  ConvolutionGeometry geometry;
  geometry.batch_axes = input.batch_axes;
  geometry.batch = extent_product(input.batch_axes, 0, input.batch_axes.size());
  geometry.in_channels = input.channels;
  geometry.set_axes(axes);
  return geometry;
}

}  // namespace detail

/// Checks a convolution for the input [batch…, C, spatial…] and works out its extents; its blobs, where it has them,
/// must be [out, in / group, kernel…] and [out]. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline ConvolutionGeometry convolution_geometry(const ops::Convolution& convolution,
                                                                           const LayerContext& layer,
                                                                           const Shape& input) {
  const detail::ChannelAxis channels(layer, input, convolution.axis);
  const std::int64_t group = detail::checked_group(convolution, layer, channels.channels);
  ConvolutionGeometry geometry = detail::windows_over_input(layer, convolution.window, channels);
  geometry.out_channels = convolution.out_channels;
  geometry.group = group;
  geometry.bias_term = convolution.bias;
  check_weights_and_bias(layer, geometry.weight_shape(), geometry.bias_term, geometry.out_channels);
  return geometry;
}

/// Checks a transposed convolution for the input [batch…, C, spatial…] and works out its extents; its blobs, where it
/// has them, must be [in, out / group, kernel…] and [out]. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline DeconvolutionGeometry deconvolution_geometry(
    const ops::TransposedConvolution& transposed, const LayerContext& layer, const Shape& input) {
  const detail::ChannelAxis channels(layer, input, transposed.axis);
  const std::int64_t group = detail::checked_group(transposed, layer, channels.channels);
  std::vector<WindowAxis> axes = detail::checked_windows(layer, transposed.window, channels.extents.size());
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    axes[axis].output = channels.extents[axis];
    detail::place_deconvolution_window(layer, axes[axis], detail::name_of_axis(axis, axes.size()));
  }
  DeconvolutionGeometry geometry;
  ConvolutionGeometry& convolution = geometry.convolution;
  convolution.batch_axes = channels.batch_axes;
  convolution.batch = extent_product(channels.batch_axes, 0, channels.batch_axes.size());
  convolution.in_channels = transposed.out_channels;
  convolution.out_channels = channels.channels;
  convolution.group = group;
  convolution.bias_term = transposed.bias;
  convolution.set_axes(axes);
  check_weights_and_bias(layer, geometry.weight_shape(), convolution.bias_term, geometry.out_channels());
  return geometry;
}

/// Checks an Im2col for the input [batch…, C, spatial…] and works out its extents. Throws ModelError naming the layer
/// and the value.
NUQ_FUNCTION [[nodiscard]] inline Im2colGeometry im2col_geometry(const ops::Im2col& im2col, const LayerContext& layer,
                                                                 const Shape& input) {
  const detail::ChannelAxis channels(layer, input, im2col.axis);
  return {detail::windows_over_input(layer, im2col.window, channels)};
}

/// Throws ModelError for the windows of volumes, where only those of images, or of less, are computed.
NUQ_FUNCTION inline void require_images(const LayerContext& layer, const ConvolutionGeometry& geometry) {
  if (geometry.outer.empty()) return;
  layer.fail(ErrorCode::unsupported_layer,
             layer.type + " has " + std::to_string(geometry.spatial_axes) + " spatial axes, wanted at most 2 here");
}

namespace detail {

/// The kernel's extents for a weight blob of `rank` axes.
NUQ_FUNCTION [[nodiscard]] inline Shape kernel_extents(const ops::AxisValues& kernel, std::size_t rank) {
  if (kernel.size() > 1) return kernel;
  if (kernel.empty() && rank == 2) return {};  // of an input without spatial axes
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
  const Shape& input = input_of_all(layer, inputs);
  return {inputs.size(), convolution_geometry(convolution, layer, input).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const TransposedConvolution& convolution,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = input_of_all(layer, inputs);
  return {inputs.size(), deconvolution_geometry(convolution, layer, input).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Im2col& im2col, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return {im2col_geometry(im2col, layer, only_input(layer, inputs)).output_shape()};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CONVOLUTION_HPP
