#ifndef NUQ_CAFFE_LAYER_RULES_UPSAMPLE_HPP
#define NUQ_CAFFE_LAYER_RULES_UPSAMPLE_HPP

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/caffe/layer_rules/inputs.hpp"
#include "nuq/caffe/layer_rules/layer_ref.hpp"
#include "nuq/caffe/layer_rules/window.hpp"
#include "nuq/core/detail/number_text.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
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

/// A second input is the mask of SegNet's layer of this name, which is not supported.
[[nodiscard]] inline std::vector<Shape> upsample_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = only_input(layer, inputs);
  require_image(layer, input);
  const UpsampleFactors factors = upsample_factors(layer);
  return {{input[0], input[1], input[2] * factors.y, input[3] * factors.x}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_LAYER_RULES_UPSAMPLE_HPP
