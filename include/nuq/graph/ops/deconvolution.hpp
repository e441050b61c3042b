#ifndef NUQ_GRAPH_OPS_DECONVOLUTION_HPP
#define NUQ_GRAPH_OPS_DECONVOLUTION_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A Deconvolution with its parameters read and its extents worked out: the transpose of `convolution`, which reads the
/// layer's output and gives its input. Every input position adds a window to the output:
/// output = stride·(input − 1) + reach − 2·pad.
struct DeconvolutionGeometry {
  ConvolutionGeometry convolution;

  /// [in, out / group, kh, kw]
  [[nodiscard]] Shape weight_shape() const { return convolution.weight_shape(); }
  [[nodiscard]] Shape output_shape() const {
    return {convolution.batch, out_channels(), convolution.y.input, convolution.x.input};
  }
  [[nodiscard]] std::int64_t in_channels() const noexcept { return convolution.out_channels; }
  [[nodiscard]] std::int64_t out_channels() const noexcept { return convolution.in_channels; }
};

namespace detail {

inline void place_deconvolution_window(const LayerRef& layer, WindowAxis& window, const std::string& axis) {
  window.input = window.stride * (window.output - 1) + window.reach() - 2 * window.pad;
  if (window.input >= 1) return;
  layer.fail(ErrorCode::size_mismatch, "the output has " + std::to_string(window.input) + " values along the " + axis +
                                           " within the pads, wanted at least 1");
}

}  // namespace detail

/// Reads and checks a Deconvolution for the input [N, C, H, W]; its blobs, where it has them, must be [in, out / group,
/// kh, kw] and [out]. Throws ModelError naming the layer and the value.
[[nodiscard]] inline DeconvolutionGeometry deconvolution_geometry(const LayerRef& layer, const Shape& input) {
  require_image(layer, input);
  const schema::ConvolutionParameter& parameter = layer.parameter().convolution_param();
  DeconvolutionGeometry geometry;
  ConvolutionGeometry& convolution = geometry.convolution;
  convolution.batch = input[0];
  convolution.in_channels = parameter.num_output();
  convolution.out_channels = input[1];
  convolution.y.output = input[2];
  convolution.x.output = input[3];
  convolution.group = detail::checked_group(layer, input[1]);
  convolution.bias_term = parameter.bias_term();
  detail::read_windows(layer, parameter, convolution.y, convolution.x);
  detail::place_deconvolution_window(layer, convolution.y, "height");
  detail::place_deconvolution_window(layer, convolution.x, "width");
  check_weights_and_bias(layer, geometry.weight_shape(), convolution.bias_term, geometry.out_channels());
  return geometry;
}

[[nodiscard]] inline std::vector<Shape> deconvolution_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return {deconvolution_geometry(layer, only_input(layer, inputs)).output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_DECONVOLUTION_HPP
