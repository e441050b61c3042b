#ifndef NUQ_GRAPH_OPS_RESAMPLE_HPP
#define NUQ_GRAPH_OPS_RESAMPLE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// Interpolates images between their corners (DeepLab, PSPNet). The output has the extents of the second input, if
/// there is one, else `size`, else those of the input shrunk and zoomed.
struct Interp {
  /// An extent n becomes s = ⌊(n − 1) / shrink⌋ + 1, then s + (s − 1)·(zoom − 1).
  struct Factors {
    std::int64_t shrink = 1;
    std::int64_t zoom = 1;
  };

  std::string method = "bilinear";
  AxisValues size{};  ///< height and width, or none
  std::optional<Factors> factors{};
  std::int64_t pad_begin = 0;  ///< of the input, before its first row and column; negative: values that are left out
  std::int64_t pad_end = 0;    ///< and behind the last ones
};

/// Puts every value of an image back to the place of a maximum, which the second input tells, among zeros (SegNet:
/// Badrinarayanan and others, 2015).
struct MaxUnpool {
  AxisValues size{};       ///< height and width of the output, or none
  AxisValues factors{};    ///< from the input's height and width to the output's, or none
  double scale = 2.0;      ///< one factor in place of none; its fraction is cut off
  bool shorter_y = false;  ///< one less than the factor tells
  bool shorter_x = false;
};

/// Where, in steps of the input's values, the centre of an output value lies that stands at place p of n; the input has
/// m values and the axis is stretched by s.
enum class ResizePlaces {
  half_pixel,          ///< (p + ½) / s − ½
  pytorch_half_pixel,  ///< the same, 0 for a single output value
  asymmetric,          ///< p / s
  align_corners        ///< p·(m − 1) / (n − 1)
};

/// How a Resize takes a value from the input's neighbours.
enum class ResizeMethod {
  linear,
  nearest_floor,
  nearest_ceil,
  nearest_prefer_floor,  ///< the lower of two that are as near
  nearest_prefer_ceil
};

/// Stretches images.
struct Resize {
  ResizeMethod method = ResizeMethod::linear;
  ResizePlaces places = ResizePlaces::half_pixel;
  AxisValues sizes{};           ///< height and width of the output, or none
  std::vector<float> scales{};  ///< in their place: an extent becomes ⌊extent·scale⌋
};

/// Repeats every value of an image (nearest neighbour).
struct Upsample {
  std::int64_t factor_y = 2;
  std::int64_t factor_x = 2;
  std::optional<float> scale{};  ///< one factor in place of both, which must be whole
  float value = 1.0F;            ///< multiplies every value
};

/// This family's part of `Operation`.
using Resamplings = OperationList<Interp, MaxUnpool, Resize, Upsample>;

}  // namespace ops

/// One spatial axis of an Interp: the input's values [first, first + count) are spread over `output` positions, the
/// first on the first and the last on the last.
struct InterpAxis {
  std::int64_t input = 0;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t output = 0;
};

/// An Interp with its extents worked out.
struct InterpGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  InterpAxis y;
  InterpAxis x;

  [[nodiscard]] Shape output_shape() const { return {batch, channels, y.output, x.output}; }
};

namespace detail {

NUQ_FUNCTION inline void check_interp(const ops::Interp& interp, const LayerContext& layer, bool has_second_input) {
  if (interp.method != "bilinear") {
    layer.fail(ErrorCode::unsupported_layer, "interp_type is '" + interp.method + "', wanted 'bilinear'");
  }
  const ops::Interp::Factors factors = interp.factors.value_or(ops::Interp::Factors{});
  if (factors.shrink < 1 || factors.zoom < 1) {
    layer.fail(ErrorCode::invalid_argument, "shrink_factor is " + std::to_string(factors.shrink) + " and zoom_factor " +
                                                std::to_string(factors.zoom) + ", wanted at least 1");
  }
  if (interp.pad_begin > 0 || interp.pad_end > 0) {
    layer.fail(ErrorCode::invalid_argument, "pad_beg is " + std::to_string(interp.pad_begin) + " and pad_end " +
                                                std::to_string(interp.pad_end) + ", wanted 0 or less (cropping)");
  }
  if (!has_second_input && interp.size.empty() && !interp.factors) {
    layer.fail(ErrorCode::invalid_argument,
               "has no output size, wanted height and width, zoom_factor or shrink_factor");
  }
}

/// The output's extent for `count` values along spatial axis `axis`, 0 or 1.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t interp_extent(const ops::Interp& interp, std::size_t axis,
                                                             std::int64_t count) {
  if (!interp.size.empty()) return interp.size[axis];
  const std::int64_t shrunk = (count - 1) / interp.factors->shrink + 1;
  return shrunk + (shrunk - 1) * (interp.factors->zoom - 1);
}

}  // namespace detail

/// Checks an Interp for the input [N, C, H, W]; a second one, or null, gives the output's extents. Throws ModelError
/// naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline InterpGeometry interp_geometry(const ops::Interp& interp, const LayerContext& layer,
                                                                 const Shape& input, const Shape* like) {
  require_image(layer, input);
  if (like != nullptr) require_image(layer, *like);
  detail::check_interp(interp, layer, like != nullptr);
  const auto along = [&](std::size_t axis) {
    const std::int64_t extent = input[2 + axis];
    const std::int64_t first = -interp.pad_begin;
    const std::int64_t count = extent - first + interp.pad_end;
    if (count < 1) {
      layer.fail(ErrorCode::size_mismatch, "pad_beg and pad_end leave " + std::to_string(count) + " values of " +
                                               std::to_string(extent) + ", wanted at least 1");
    }
    return InterpAxis{extent, first, count,
                      like == nullptr ? detail::interp_extent(interp, axis, count) : (*like)[2 + axis]};
  };
  return {input[0], input[1], along(0), along(1)};
}

/// One spatial axis of a Resize.
struct ResizeAxis {
  std::int64_t input = 0;
  std::int64_t output = 0;
  float scale = 1.0F;
};

/// Spatial axis `axis`, 0 or 1, of a Resize with `extent` input values. Throws ModelError naming the layer and the
/// value.
NUQ_FUNCTION [[nodiscard]] inline ResizeAxis resize_axis(const ops::Resize& resize, const LayerContext& layer,
                                                         std::size_t axis, std::int64_t extent) {
  if (resize.sizes.size() == 2) {
    return {extent, resize.sizes[axis], static_cast<float>(resize.sizes[axis]) / static_cast<float>(extent)};
  }
  if (resize.scales.size() != 2) layer.fail(ErrorCode::size_mismatch, "has neither two sizes nor two scales");
  const float scale = resize.scales[axis];
  const float output = std::floor(static_cast<float>(extent) * scale);
  if (!(scale > 0.0F && output >= 1.0F && output < static_cast<float>(1 << 24))) {
    layer.fail(ErrorCode::invalid_argument, "the scale is " + detail::number_text(static_cast<double>(scale)) +
                                                " for an extent of " + std::to_string(extent));
  }
  return {extent, static_cast<std::int64_t>(output), scale};
}

/// How often an Upsample repeats the values of an image along its axes.
struct UpsampleFactors {
  std::int64_t y = 2;
  std::int64_t x = 2;
};

/// Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline UpsampleFactors upsample_factors(const ops::Upsample& upsample,
                                                                   const LayerContext& layer) {
  UpsampleFactors factors{upsample.factor_y, upsample.factor_x};
  if (upsample.scale) {
    const float scale = *upsample.scale;
    if (!(scale >= 1.0F && scale <= static_cast<float>(max_window_parameter) && scale == std::floor(scale))) {
      layer.fail(ErrorCode::unsupported_layer, "scale is " + detail::number_text(static_cast<double>(scale)) +
                                                   ", wanted a whole number of at least 1");
    }
    factors.y = factors.x = static_cast<std::int64_t>(scale);
  }
  const auto check = [&](const char* axis, std::int64_t factor) {
    if (factor >= 1 && factor <= max_window_parameter) return;
    layer.fail(ErrorCode::invalid_argument, "the factor along the " + std::string(axis) + " is " +
                                                std::to_string(factor) + ", wanted 1 to " +
                                                std::to_string(max_window_parameter));
  };
  check("height", factors.y);
  check("width", factors.x);
  return factors;
}

namespace detail {

/// The extent of a MaxUnpool's output along spatial axis `axis`, 0 or 1.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t unpooled_extent(const ops::MaxUnpool& unpool, const LayerContext& layer,
                                                               std::size_t axis, std::int64_t input) {
  if (!unpool.size.empty()) return unpool.size[axis];
  const std::int64_t less = (axis == 0 ? unpool.shorter_y : unpool.shorter_x) ? 1 : 0;
  if (!unpool.factors.empty()) return input * unpool.factors[axis] - less;
  if (!(unpool.scale >= 1.0 && unpool.scale <= static_cast<double>(max_window_parameter))) {
    layer.fail(ErrorCode::invalid_argument,
               "scale is " + number_text(unpool.scale) + ", wanted 1 to " + std::to_string(max_window_parameter));
  }
  return input * static_cast<std::int64_t>(unpool.scale) - less;
}

}  // namespace detail

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Interp& interp, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (inputs.size() == 2) return {interp_geometry(interp, layer, inputs[0], &inputs[1]).output_shape()};
  return {interp_geometry(interp, layer, only_input(layer, inputs), nullptr).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const MaxUnpool& unpool, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  const Shape& input = inputs[0];
  require_image(layer, input);
  if (inputs[1] != input) {
    layer.fail(ErrorCode::size_mismatch,
               "the places have shape " + to_string(inputs[1]) + ", wanted that of the values, " + to_string(input));
  }
  return {{input[0], input[1], detail::unpooled_extent(unpool, layer, 0, input[2]),
           detail::unpooled_extent(unpool, layer, 1, input[3])}};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Resize& resize, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  require_image(layer, input);
  return {{input[0], input[1], resize_axis(resize, layer, 0, input[2]).output,
           resize_axis(resize, layer, 1, input[3]).output}};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Upsample& upsample, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  require_image(layer, input);
  const UpsampleFactors factors = upsample_factors(upsample, layer);
  return {{input[0], input[1], input[2] * factors.y, input[3] * factors.x}};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RESAMPLE_HPP
