#ifndef NUQ_GRAPH_OPS_POOLING_HPP
#define NUQ_GRAPH_OPS_POOLING_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// What a pooling takes from each window.
enum class PoolMethod {
  maximum,
  average,
  expectation,  ///< Σ x² / Σ x of values that are not negative: the mean of stochastic pooling
};

/// Reduces each channel window by window. With a second output a pooling of maxima says where each stands in its plane.
struct Pooling {
  PoolMethod method = PoolMethod::maximum;
  Window window{};
  bool global = false;            ///< one window over the whole image; `window` has no kernel then
  bool ceil = true;               ///< whether windows that reach beyond the padded input count
  bool count_include_pad = true;  ///< whether the divisor of an average counts pads
  bool stays_within = false;      ///< no window begins behind the input, without pads either
};

/// Poolings of the whole image into 1, 4, 16, … bins, one behind the other for each image (He and others, 2014).
struct SpatialPyramidPooling {
  PoolMethod method = PoolMethod::maximum;
  std::int64_t levels = 0;  ///< level i has 2ⁱ × 2ⁱ bins
};

/// This family's part of `Operation`.
using Poolings = OperationList<Pooling, SpatialPyramidPooling>;

}  // namespace ops

/// A pooling with its extents worked out. Every channel is pooled alone. Caffe's rules:
///
///   output = ⌈(input + pads − kernel) / stride⌉ + 1   (⌊⌋ without `ceil`),
///
/// and where either axis is padded, one less if the last window would begin behind the input and its first pad. Windows
/// are clipped to the input; the divisor of an average counts the pads as well, up to input + pad, unless it is to
/// leave them out. The average of a window without any value, NaN in Caffe, is 0.
struct PoolingGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  WindowAxis y;
  WindowAxis x;
  ops::PoolMethod method = ops::PoolMethod::maximum;
  bool count_include_pad = true;

  [[nodiscard]] Shape output_shape() const { return {batch, channels, y.output, x.output}; }
};

namespace detail {

NUQ_FUNCTION inline void read_pooling_windows(const ops::Pooling& pooling, const LayerContext& layer, WindowAxis& y,
                                              WindowAxis& x) {
  read_window(layer, pooling.window, y, x);
  if (!pooling.global) return;
  y.kernel = y.input;
  x.kernel = x.input;
  if (y.stride != 1 || x.stride != 1 || y.pad != 0 || x.pad != 0 || y.pad_end != 0 || x.pad_end != 0) {
    layer.fail(ErrorCode::invalid_argument, "global_pooling has a stride or a pad, wanted stride 1 and pad 0");
  }
}

/// Throws ModelError for forms that no kernel computes.
NUQ_FUNCTION inline void check_pooling_form(const ops::Pooling& pooling, const LayerContext& layer) {
  if (has_other_than(pooling.window.dilations, 1)) {
    layer.fail(ErrorCode::unsupported_layer, "the pooling is dilated, wanted dilation 1");
  }
}

NUQ_FUNCTION inline void place_pooling_window(const LayerContext& layer, WindowAxis& window, bool ceil,
                                              bool stays_within, const std::string& axis) {
  if (const std::int64_t pad = (std::max)(window.pad, window.pad_end); pad >= window.kernel) {
    layer.fail(ErrorCode::invalid_argument, "pad along the " + axis + " is " + std::to_string(pad) +
                                                ", wanted less than the kernel size " + std::to_string(window.kernel));
  }
  const std::int64_t room = window.pad + window.input + window.pad_end - window.kernel;
  const std::int64_t floor_steps = room >= 0 ? room / window.stride : -((-room + window.stride - 1) / window.stride);
  const bool exact = floor_steps * window.stride == room;
  window.output = floor_steps + (ceil && !exact ? 1 : 0) + 1;
  if (stays_within && (window.output - 1) * window.stride >= window.input + window.pad) --window.output;
  if (window.output < 1) {
    layer.fail(ErrorCode::size_mismatch, "the kernel has " + std::to_string(window.kernel) + " values along the " +
                                             axis + ", the padded input " +
                                             std::to_string(window.pad + window.input + window.pad_end));
  }
}

/// The window that cuts `extent` values into `bins`, padded to whole windows.
struct BinWindow {
  NUQ_FUNCTION BinWindow(std::int64_t extent, std::int64_t bins) noexcept
      : kernel((extent + bins - 1) / bins), pad((kernel * bins - extent + 1) / 2) {}
  std::int64_t kernel;
  std::int64_t pad;
};

}  // namespace detail

/// Checks a pooling for the input [N, C, H, W] and works out its extents. Throws ModelError naming the layer and the
/// value.
NUQ_FUNCTION [[nodiscard]] inline PoolingGeometry pooling_geometry(const ops::Pooling& pooling,
                                                                   const LayerContext& layer, const Shape& input) {
  require_image(layer, input);
  PoolingGeometry geometry;
  geometry.batch = input[0];
  geometry.channels = input[1];
  geometry.y.input = input[2];
  geometry.x.input = input[3];
  geometry.method = pooling.method;
  geometry.count_include_pad = pooling.count_include_pad;
  detail::check_pooling_form(pooling, layer);
  detail::read_pooling_windows(pooling, layer, geometry.y, geometry.x);
  if (!pooling.global) {
    check_window(layer, geometry.y, "height");
    check_window(layer, geometry.x, "width");
  }
  set_auto_pads(pooling.window.auto_pad, geometry.y);
  set_auto_pads(pooling.window.auto_pad, geometry.x);
  const bool padded = geometry.y.pad + geometry.y.pad_end + geometry.x.pad + geometry.x.pad_end > 0;
  if (padded && pooling.method == ops::PoolMethod::expectation) {
    layer.fail(ErrorCode::invalid_argument, "pool is STOCHASTIC and padded, wanted pad 0 as in Caffe");
  }
  const bool stays_within = padded || pooling.stays_within;
  detail::place_pooling_window(layer, geometry.y, pooling.ceil, stays_within, "height");
  detail::place_pooling_window(layer, geometry.x, pooling.ceil, stays_within, "width");
  return geometry;
}

/// The poolings that a spatial pyramid pooling is made of. Throws ModelError naming the layer and the value: a pyramid
/// higher than the input allows.
NUQ_FUNCTION [[nodiscard]] inline std::vector<PoolingGeometry> spp_levels(const ops::SpatialPyramidPooling& pyramid,
                                                                          const LayerContext& layer,
                                                                          const Shape& input) {
  require_image(layer, input);
  if (pyramid.levels == 0) layer.fail(ErrorCode::invalid_argument, "pyramid_height is 0, wanted at least 1");
  std::vector<PoolingGeometry> levels;
  std::int64_t bins = 1;
  for (std::int64_t level = 0; level < pyramid.levels; ++level, bins *= 2) {
    const detail::BinWindow y(input[2], bins);
    const detail::BinWindow x(input[3], bins);
    if (y.pad >= y.kernel || x.pad >= x.kernel) {
      layer.fail(ErrorCode::invalid_argument, "pyramid_height is " + std::to_string(pyramid.levels) +
                                                  ", but the input " + to_string(input) + " cannot be cut into " +
                                                  std::to_string(bins) + " × " + std::to_string(bins) + " bins");
    }
    if (pyramid.method == ops::PoolMethod::expectation) {
      layer.fail(ErrorCode::unsupported_layer, "pool is STOCHASTIC, wanted MAX or AVE");
    }
    ops::Pooling pooling;
    pooling.method = pyramid.method;
    pooling.window.kernel = pooling.window.strides = {y.kernel, x.kernel};
    pooling.window.pads_begin = pooling.window.pads_end = {y.pad, x.pad};
    levels.push_back(pooling_geometry(pooling, layer, input));
  }
  return levels;
}

namespace ops {

/// Of the pooled values, and, where a pool of maxima has a second output, of their places.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Pooling& pooling, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const PoolingGeometry geometry = pooling_geometry(pooling, layer, only_input(layer, inputs));
  const bool with_places = pooling.method == PoolMethod::maximum && layer.outputs == 2;
  return {with_places ? 2U : 1U, geometry.output_shape()};
}

/// All levels' bins in one row for each image; a pyramid of one level stays [N, C, 1, 1].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const SpatialPyramidPooling& pyramid,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const std::vector<PoolingGeometry> levels = spp_levels(pyramid, layer, only_input(layer, inputs));
  if (levels.size() == 1) return {levels.front().output_shape()};
  std::int64_t values = 0;
  for (const PoolingGeometry& level : levels) values += level.channels * level.y.output * level.x.output;
  return {{levels.front().batch, values}};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_POOLING_HPP
