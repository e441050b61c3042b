#ifndef NUQ_GRAPH_OPS_IM2COL_HPP
#define NUQ_GRAPH_OPS_IM2COL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An Im2col with its parameters read: the values of a convolution's windows, tap by tap.
struct Im2colGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  WindowAxis y;
  WindowAxis x;

  [[nodiscard]] Shape output_shape() const { return {batch, channels * y.kernel * x.kernel, y.output, x.output}; }
};

/// Reads and checks an Im2col for the input [N, C, H, W]. Throws ModelError naming the layer and the value.
[[nodiscard]] inline Im2colGeometry im2col_geometry(const LayerRef& layer, const Shape& input) {
  require_image(layer, input);
  const schema::ConvolutionParameter& parameter = layer.parameter().convolution_param();
  if (parameter.axis() != 1 && parameter.axis() != -3) {
    layer.fail(ErrorCode::unsupported_layer, "axis is " + std::to_string(parameter.axis()) + ", wanted 1");
  }
  Im2colGeometry geometry;
  geometry.batch = input[0];
  geometry.channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  detail::read_windows(layer, parameter, geometry.y, geometry.x);
  detail::place_convolution_window(layer, geometry.y, "height");
  detail::place_convolution_window(layer, geometry.x, "width");
  return geometry;
}

[[nodiscard]] inline std::vector<Shape> im2col_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return {im2col_geometry(layer, only_input(layer, inputs)).output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_IM2COL_HPP
