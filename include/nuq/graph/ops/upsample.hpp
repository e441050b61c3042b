#ifndef NUQ_GRAPH_OPS_UPSAMPLE_HPP
#define NUQ_GRAPH_OPS_UPSAMPLE_HPP

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How an Upsample layer repeats the values of an image.
struct UpsampleFactors {
  std::int64_t y = 2;
  std::int64_t x = 2;
  float value = 1.0F;  ///< multiplies every value
};

/// Two families of forks share the type. Those that give a stride (`stride`, `stride_h`, `stride_w`) repeat by it and
/// multiply by `scale`; the others (YOLO, feature pyramids) repeat by `scale`, or `scale_h` and `scale_w`. Nothing
/// given means 2. Throws ModelError naming the layer and the value.
[[nodiscard]] inline UpsampleFactors upsample_factors(const LayerRef& layer) {
  const schema::UpsampleParameter& parameter = layer.parameter().upsample_param();
  UpsampleFactors factors;
  if (parameter.has_stride() || parameter.has_stride_h() || parameter.has_stride_w()) {
    factors.y = parameter.has_stride_h() ? parameter.stride_h() : parameter.stride();
    factors.x = parameter.has_stride_w() ? parameter.stride_w() : parameter.stride();
    factors.value = parameter.scale();
  } else if (parameter.has_scale_h() || parameter.has_scale_w()) {
    factors.y = parameter.scale_h();
    factors.x = parameter.scale_w();
  } else if (parameter.has_scale()) {
    const float scale = parameter.scale();
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

/// The extent of SegNet's output along an axis: `upsample_h` and `upsample_w` where both are given, else the input's
/// times the factor (`scale`, 2 where absent, or `scale_h` and `scale_w`), less the one that `pad_out_…` takes away.
[[nodiscard]] inline std::int64_t unpooled_extent(const LayerRef& layer, std::int64_t input, std::uint32_t axis_factor,
                                                  bool shorter, std::uint32_t wanted) {
  const schema::UpsampleParameter& parameter = layer.parameter().upsample_param();
  if (parameter.has_upsample_h() && parameter.has_upsample_w()) return wanted;
  if (parameter.has_scale_h() || parameter.has_scale_w()) return input * axis_factor - (shorter ? 1 : 0);
  const double factor = parameter.has_scale() ? static_cast<double>(parameter.scale()) : 2.0;
  if (!(factor >= 1.0 && factor <= static_cast<double>(max_window_parameter))) {
    layer.fail(ErrorCode::invalid_argument,
               "scale is " + number_text(factor) + ", wanted 1 to " + std::to_string(max_window_parameter));
  }
  return input * static_cast<std::int64_t>(factor) - (shorter ? 1 : 0);
}

}  // namespace detail

/// With a second input, the places of a max pooling, the layer is SegNet's (Badrinarayanan and others, 2015): every
/// value goes back to its place in a larger image of zeros. Throws ModelError naming the layer and the value.
[[nodiscard]] inline Shape unpooled_shape(const LayerRef& layer, const Shape& input, const Shape& places) {
  require_image(layer, input);
  if (places != input) {
    layer.fail(ErrorCode::size_mismatch,
               "the places have shape " + to_string(places) + ", wanted that of the values, " + to_string(input));
  }
  const schema::UpsampleParameter& parameter = layer.parameter().upsample_param();
  const std::int64_t height =
      detail::unpooled_extent(layer, input[2], parameter.scale_h(), parameter.pad_out_h(), parameter.upsample_h());
  const std::int64_t width =
      detail::unpooled_extent(layer, input[3], parameter.scale_w(), parameter.pad_out_w(), parameter.upsample_w());
  return {input[0], input[1], height, width};
}

[[nodiscard]] inline std::vector<Shape> upsample_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() == 2) return {unpooled_shape(layer, inputs[0], inputs[1])};
  const Shape& input = only_input(layer, inputs);
  require_image(layer, input);
  const UpsampleFactors factors = upsample_factors(layer);
  return {{input[0], input[1], input[2] * factors.y, input[3] * factors.x}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_UPSAMPLE_HPP
