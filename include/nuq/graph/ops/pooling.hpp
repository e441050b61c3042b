#ifndef NUQ_GRAPH_OPS_POOLING_HPP
#define NUQ_GRAPH_OPS_POOLING_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A Pooling layer with its parameters read and its extents worked out. Every channel is pooled alone. Caffe's rules:
///
///   output = ⌈(input + 2·pad − kernel) / stride⌉ + 1   (⌊⌋ with round_mode FLOOR or ceil_mode false),
///
/// and where either axis is padded, one less if the last window would begin behind the input and its first pad. Windows
/// are clipped to the input; the divisor of an average counts the pads as well, up to input + pad.
struct PoolingGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  WindowAxis y;
  WindowAxis x;
  schema::PoolingParameter::PoolMethod method = schema::PoolingParameter::MAX;

  [[nodiscard]] Shape output_shape() const { return {batch, channels, y.output, x.output}; }
};

namespace detail {

inline void read_pooling_windows(const LayerRef& layer, const schema::PoolingParameter& parameter, WindowAxis& y,
                                 WindowAxis& x) {
  const bool kernel_pair = parameter.has_kernel_h() || parameter.has_kernel_w();
  const bool stride_pair = parameter.has_stride_h() || parameter.has_stride_w();
  const bool pad_pair = parameter.has_pad_h() || parameter.has_pad_w();
  y.kernel = kernel_pair ? parameter.kernel_h() : parameter.kernel_size();
  x.kernel = kernel_pair ? parameter.kernel_w() : parameter.kernel_size();
  y.stride = stride_pair ? parameter.stride_h() : parameter.stride();
  x.stride = stride_pair ? parameter.stride_w() : parameter.stride();
  y.pad = pad_pair ? parameter.pad_h() : parameter.pad();
  x.pad = pad_pair ? parameter.pad_w() : parameter.pad();
  if (!parameter.global_pooling()) return;
  y.kernel = y.input;
  x.kernel = x.input;
  if (y.stride != 1 || x.stride != 1 || y.pad != 0 || x.pad != 0) {
    layer.fail(ErrorCode::invalid_argument, "global_pooling has a stride or a pad, wanted stride 1 and pad 0");
  }
}

inline void place_pooling_window(const LayerRef& layer, WindowAxis& window, bool ceil, bool padded,
                                 const std::string& axis) {
  if (window.pad >= window.kernel) {
    layer.fail(ErrorCode::invalid_argument, "pad along the " + axis + " is " + std::to_string(window.pad) +
                                                ", wanted less than the kernel size " + std::to_string(window.kernel));
  }
  const std::int64_t room = window.input + 2 * window.pad - window.kernel;
  const std::int64_t floor_steps = room >= 0 ? room / window.stride : -((-room + window.stride - 1) / window.stride);
  const bool exact = floor_steps * window.stride == room;
  window.output = floor_steps + (ceil && !exact ? 1 : 0) + 1;
  if (padded && (window.output - 1) * window.stride >= window.input + window.pad) --window.output;
  if (window.output < 1) {
    layer.fail(ErrorCode::size_mismatch, "the kernel has " + std::to_string(window.kernel) + " values along the " +
                                             axis + ", the padded input " +
                                             std::to_string(window.input + 2 * window.pad));
  }
}

}  // namespace detail

/// Reads and checks the parameters of a pooling for the input [N, C, H, W]. Throws ModelError naming the layer and the
/// value.
[[nodiscard]] inline PoolingGeometry pooling_geometry(const LayerRef& layer, const schema::PoolingParameter& parameter,
                                                      const Shape& input) {
  require_image(layer, input);
  PoolingGeometry geometry;
  geometry.batch = input[0];
  geometry.channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  geometry.method = parameter.pool();
  detail::read_pooling_windows(layer, parameter, geometry.y, geometry.x);
  if (!parameter.global_pooling()) {
    check_window(layer, geometry.y, "height");
    check_window(layer, geometry.x, "width");
  }
  const bool padded = geometry.y.pad > 0 || geometry.x.pad > 0;
  if (padded && parameter.pool() == schema::PoolingParameter::STOCHASTIC) {
    layer.fail(ErrorCode::invalid_argument, "pool is STOCHASTIC and padded, wanted pad 0 as in Caffe");
  }
  const bool ceil = parameter.round_mode() == schema::PoolingParameter::CEIL && parameter.ceil_mode();
  detail::place_pooling_window(layer, geometry.y, ceil, padded, "height");
  detail::place_pooling_window(layer, geometry.x, ceil, padded, "width");
  return geometry;
}

/// Of a Pooling layer.
[[nodiscard]] inline PoolingGeometry pooling_geometry(const LayerRef& layer, const Shape& input) {
  return pooling_geometry(layer, layer.parameter().pooling_param(), input);
}

/// Of the pooled values, and, where a pool of maxima has a second output, of their places.
[[nodiscard]] inline std::vector<Shape> pooling_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const PoolingGeometry geometry = pooling_geometry(layer, only_input(layer, inputs));
  const bool with_places = geometry.method == schema::PoolingParameter::MAX && layer.node.outputs.size() == 2;
  return {with_places ? 2U : 1U, geometry.output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_POOLING_HPP
