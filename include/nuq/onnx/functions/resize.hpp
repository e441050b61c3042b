#ifndef NUQ_ONNX_FUNCTIONS_RESIZE_HPP
#define NUQ_ONNX_FUNCTIONS_RESIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How tensors of any number of axes are stretched.
struct Stretch {
  enum class Method { nearest, linear, cubic };
  enum class Places { half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric, align_corners };

  Method method = Method::nearest;
  Places places = Places::half_pixel;
  std::string rounding = "round_prefer_floor";  ///< of the nearest place
  float cubic_coefficient = -0.75F;
  bool excludes_outside = false;  ///< values beyond the border have no share
  std::vector<float> scales{};    ///< of all axes
  Shape sizes{};                  ///< of the output, in place of scales
};

/// A value of the input and its share in one of the output.
struct Share {
  std::int64_t place;
  float weight;
};

/// One axis of a Stretch.
struct StretchedAxis {
  std::int64_t input;
  std::int64_t output;
  float scale;
};

NUQ_FUNCTION [[nodiscard]] inline float place_before_stretch(const Stretch& stretch, const StretchedAxis& axis,
                                                             float position) {
  switch (stretch.places) {
    case Stretch::Places::asymmetric:
      return position / axis.scale;
    case Stretch::Places::align_corners:
      return axis.output == 1 ? 0.0F
                              : position * static_cast<float>(axis.input - 1) / static_cast<float>(axis.output - 1);
    case Stretch::Places::pytorch_half_pixel:
      if (axis.output == 1) return 0.0F;
      break;
    case Stretch::Places::half_pixel_symmetric: {
      const float whole = axis.scale * static_cast<float>(axis.input);
      const float offset = static_cast<float>(axis.input) / 2.0F * (1.0F - static_cast<float>(axis.output) / whole);
      return offset + (position + 0.5F) / axis.scale - 0.5F;
    }
    case Stretch::Places::half_pixel:
      break;
  }
  return (position + 0.5F) / axis.scale - 0.5F;
}

NUQ_FUNCTION [[nodiscard]] inline float rounded_place(const std::string& rounding, float place) {
  if (rounding == "floor") return std::floor(place);
  if (rounding == "ceil") return std::ceil(place);
  return rounding == "round_prefer_ceil" ? std::floor(place + 0.5F) : std::ceil(place - 0.5F);
}

/// What the values at distance −1 − t, −t, 1 − t and 2 − t count (Keys, 1981).
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> cubic_weights(float a, float t) {
  const auto near = [a](float x) { return ((a + 2.0F) * x - (a + 3.0F)) * x * x + 1.0F; };
  const auto far = [a](float x) { return ((a * x - 5.0F * a) * x + 8.0F * a) * x - 4.0F * a; };
  return {far(t + 1.0F), near(t), near(1.0F - t), far(2.0F - t)};
}

/// The shares of the input's values in one of the output, added up where they stand beyond the border.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Share> shares_at(const Stretch& stretch, const StretchedAxis& axis,
                                                               std::int64_t position) {
  const float place = place_before_stretch(stretch, axis, static_cast<float>(position));
  const auto within = [&axis](std::int64_t at) { return (std::max)(std::int64_t{0}, (std::min)(at, axis.input - 1)); };
  if (stretch.method == Stretch::Method::nearest)
    return {{within(static_cast<std::int64_t>(rounded_place(stretch.rounding, place))), 1.0F}};
  const float low = std::floor(place);
  const float t = place - low;
  const bool is_linear = stretch.method == Stretch::Method::linear;
  const std::vector<float> weights =
      is_linear ? std::vector<float>{1.0F - t, t} : cubic_weights(stretch.cubic_coefficient, t);
  std::vector<Share> shares;
  float total = 0.0F;
  for (std::size_t at = 0; at < weights.size(); ++at) {
    const std::int64_t given = static_cast<std::int64_t>(low) + static_cast<std::int64_t>(at) - (is_linear ? 0 : 1);
    if (stretch.excludes_outside && within(given) != given) continue;
    shares.push_back({within(given), weights[at]});
    total += weights[at];
  }
  if (stretch.excludes_outside) {
    for (Share& share : shares) share.weight /= total;
  }
  return shares;
}

/// The axes of a Stretch for an input. Throws ModelError naming the layer.
NUQ_FUNCTION [[nodiscard]] inline std::vector<StretchedAxis> stretched_axes(const Stretch& stretch,
                                                                            const LayerContext& layer,
                                                                            const Shape& input) {
  const std::size_t given = stretch.sizes.empty() ? stretch.scales.size() : stretch.sizes.size();
  if (given != input.size()) {
    layer.fail(ErrorCode::size_mismatch,
               "scales or sizes are given for " + std::to_string(given) + " axes, the input is " + to_string(input));
  }
  std::vector<StretchedAxis> axes;
  for (std::size_t at = 0; at < given; ++at) {
    const auto extent = static_cast<float>(input[at]);
    StretchedAxis axis{input[at], 0, 1.0F};
    if (stretch.sizes.empty()) {
      axis.scale = stretch.scales[at];
      const float output = std::floor(extent * axis.scale);
      if (!(output >= 1.0F && output < static_cast<float>(max_element_count)))
        layer.fail(ErrorCode::invalid_argument, "a scale is impossible for the input " + to_string(input));
      axis.output = static_cast<std::int64_t>(output);
    } else {
      axis.output = stretch.sizes[at];
      axis.scale = static_cast<float>(axis.output) / extent;
    }
    axes.push_back(axis);
  }
  return axes;
}

/// Axis after axis.
NUQ_FUNCTION [[nodiscard]] inline ops::Function stretched(const Stretch& stretch) {
  ops::Function function;
  function.shapes = [stretch](const LayerContext& layer, const std::vector<Shape>& inputs) {
    Shape shape;
    for (const StretchedAxis& axis : stretched_axes(stretch, layer, inputs.front())) shape.push_back(axis.output);
    if (!is_valid_shape(shape)) layer.fail(ErrorCode::invalid_argument, "its sizes are impossible");
    return std::vector<Shape>{shape};
  };
  function.compute = [stretch](const LayerContext& layer, ArrayView<const TensorView> inputs,
                               std::vector<Tensor>& outputs) {
    const std::vector<StretchedAxis> axes = stretched_axes(stretch, layer, inputs[0].shape);
    Tensor values(inputs[0].shape, {inputs[0].values.begin(), inputs[0].values.end()});
    for (std::size_t at = 0; at < axes.size(); ++at) {
      if (axes[at].output == axes[at].input && axes[at].scale == 1.0F) continue;
      const AxisSplit split = split_at(values.shape, at, at + 1);
      Shape shape = values.shape;
      shape[at] = axes[at].output;
      Tensor next(shape);
      for (std::int64_t position = 0; position < axes[at].output; ++position) {
        for (const Share& share : shares_at(stretch, axes[at], position)) {
          for (std::int64_t outer = 0; outer < split.outer; ++outer) {
            const float* const from = values.values.data() + (outer * split.extent + share.place) * split.inner;
            float* const to = next.values.data() + (outer * axes[at].output + position) * split.inner;
            for (std::int64_t inner = 0; inner < split.inner; ++inner) to[inner] += share.weight * from[inner];
          }
        }
      }
      values = std::move(next);
    }
    outputs.front() = std::move(values);
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_RESIZE_HPP
