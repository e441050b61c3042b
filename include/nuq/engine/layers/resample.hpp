#ifndef NUQ_ENGINE_LAYERS_RESAMPLE_HPP
#define NUQ_ENGINE_LAYERS_RESAMPLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/resample.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The input positions between which an output position lies.
struct Tap {
  std::int64_t low;
  std::int64_t high;
  float share;  // of the high one

  NUQ_FUNCTION [[nodiscard]] float mix(float low_value, float high_value) const noexcept {
    return (1.0F - share) * low_value + share * high_value;
  }
};

/// Mixes each value of `planes` output planes from four of an input plane.
NUQ_FUNCTION inline void mix_planes(const LayerCall& call, std::int64_t planes, const std::vector<Tap>& rows,
                                    const std::vector<Tap>& cols, std::int64_t in_height, std::int64_t in_width) {
  const auto height = static_cast<std::int64_t>(rows.size());
  const auto width = static_cast<std::int64_t>(cols.size());
  call.workspace.for_each_range(planes * height, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin; line < end; ++line) {
      const Tap& row = rows[static_cast<std::size_t>(line % height)];
      const float* const plane = call.inputs[0].values.data() + line / height * in_height * in_width;
      const float* const low = plane + row.low * in_width;
      const float* const high = plane + row.high * in_width;
      float* const target = call.outputs[0].values.data() + line * width;
      for (std::size_t at = 0; at < cols.size(); ++at) {
        target[at] = cols[at].mix(row.mix(low[cols[at].low], high[cols[at].low]),
                                  row.mix(low[cols[at].high], high[cols[at].high]));
      }
    }
  });
}

/// Bilinear interpolation with aligned corners.
class InterpLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit InterpLayer(const LayerRef& layer) : operation_(layer.operation<ops::Interp>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape* const like = call.inputs.size() == 2 ? &call.inputs[1].shape : nullptr;
    const InterpGeometry geometry = interp_geometry(operation_, call.layer, call.inputs[0].shape, like);
    mix_planes(call, geometry.batch * geometry.channels, taps_of(geometry.y), taps_of(geometry.x), geometry.y.input,
               geometry.x.input);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static std::vector<Tap> taps_of(const InterpAxis& axis) {
    const float step =
        axis.output > 1 ? static_cast<float>(axis.count - 1) / static_cast<float>(axis.output - 1) : 0.0F;
    std::vector<Tap> taps;
    for (std::int64_t position = 0; position < axis.output; ++position) {
      const float place = step * static_cast<float>(position);
      const std::int64_t low = (std::min)(static_cast<std::int64_t>(place), axis.count - 1);
      const std::int64_t high = (std::min)(low + 1, axis.count - 1);
      taps.push_back({axis.first + low, axis.first + high, place - static_cast<float>(low)});
    }
    return taps;
  }

  ops::Interp operation_;
};
InterpLayer layer_of(const ops::Interp&);

/// Puts every value back to its place among zeros; of values with one place the last stays.
class MaxUnpoolLayer {
 public:
  static constexpr bool in_place = false;

  explicit MaxUnpoolLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t in_plane = shape[2] * shape[3];
    const std::int64_t out_plane = call.outputs[0].shape[2] * call.outputs[0].shape[3];
    call.workspace.for_each_task(shape[0] * shape[1], [&](std::int64_t plane, std::size_t) {
      const float* const values = call.inputs[0].values.data() + plane * in_plane;
      const float* const places = call.inputs[1].values.data() + plane * in_plane;
      float* const target = call.outputs[0].values.data() + plane * out_plane;
      std::fill_n(target, out_plane, 0.0F);
      for (std::int64_t index = 0; index < in_plane; ++index) {
        if (!(places[index] >= 0.0F && places[index] < static_cast<float>(out_plane))) {
          call.layer.fail(ErrorCode::size_mismatch, "place " + number_text(static_cast<double>(places[index])) +
                                                        " lies outside of the output's plane of " +
                                                        std::to_string(out_plane) + " values");
        }
        target[static_cast<std::int64_t>(places[index])] = values[index];
      }
    });
  }
};
MaxUnpoolLayer layer_of(const ops::MaxUnpool&);

/// Stretches images: linear interpolation or the nearest value.
class ResizeLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ResizeLayer(const LayerRef& layer) : operation_(layer.operation<ops::Resize>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    mix_planes(call, shape[0] * shape[1], taps_of(resize_axis(operation_, call.layer, 0, shape[2])),
               taps_of(resize_axis(operation_, call.layer, 1, shape[3])), shape[2], shape[3]);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] std::vector<Tap> taps_of(const ResizeAxis& axis) const {
    std::vector<Tap> taps;
    for (std::int64_t position = 0; position < axis.output; ++position) taps.push_back(tap(axis, position));
    return taps;
  }

  NUQ_FUNCTION [[nodiscard]] Tap tap(const ResizeAxis& axis, std::int64_t position) const {
    const float place =
        (std::max)(0.0F, (std::min)(place_of(axis, static_cast<float>(position)), static_cast<float>(axis.input - 1)));
    if (operation_.method != ops::ResizeMethod::linear) {
      const std::int64_t nearest = static_cast<std::int64_t>(rounded(place));
      return {nearest, nearest, 0.0F};
    }
    const std::int64_t low = static_cast<std::int64_t>(place);
    return {low, (std::min)(low + 1, axis.input - 1), place - static_cast<float>(low)};
  }

  NUQ_FUNCTION [[nodiscard]] float place_of(const ResizeAxis& axis, float position) const noexcept {
    switch (operation_.places) {
      case ops::ResizePlaces::half_pixel:
        break;
      case ops::ResizePlaces::pytorch_half_pixel:
        if (axis.output == 1) return 0.0F;
        break;
      case ops::ResizePlaces::asymmetric:
        return position / axis.scale;
      case ops::ResizePlaces::align_corners:
        return axis.output == 1 ? 0.0F
                                : position * static_cast<float>(axis.input - 1) / static_cast<float>(axis.output - 1);
    }
    return (position + 0.5F) / axis.scale - 0.5F;
  }

  NUQ_FUNCTION [[nodiscard]] float rounded(float place) const {
    switch (operation_.method) {
      case ops::ResizeMethod::linear:
      case ops::ResizeMethod::nearest_floor:
        break;
      case ops::ResizeMethod::nearest_ceil:
        return std::ceil(place);
      case ops::ResizeMethod::nearest_prefer_floor:
        return std::ceil(place - 0.5F);
      case ops::ResizeMethod::nearest_prefer_ceil:
        return std::floor(place + 0.5F);
    }
    return std::floor(place);
  }

  ops::Resize operation_;
};
ResizeLayer layer_of(const ops::Resize&);

/// Repeats every value of an image (nearest neighbour).
class UpsampleLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit UpsampleLayer(const LayerRef& layer)
      : factors_(upsample_factors(layer.operation<ops::Upsample>(), layer)),
        value_(layer.operation<ops::Upsample>().value) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t width = shape[3];
    const std::int64_t out_width = width * factors_.x;
    call.workspace.for_each_range(
        shape[0] * shape[1] * shape[2], factors_.y * out_width, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const source = call.inputs[0].values.data() + row * width;
            float* const target = call.outputs[0].values.data() + row * factors_.y * out_width;
            repeat_row(source, width, target);
          }
        });
  }

 private:
  NUQ_FUNCTION void repeat_row(const float* source, std::int64_t width, float* target) const {
    for (std::int64_t col = 0; col < width; ++col) {
      std::fill_n(target + col * factors_.x, factors_.x, source[col] * value_);
    }
    const std::int64_t out_width = width * factors_.x;
    for (std::int64_t copy = 1; copy < factors_.y; ++copy) std::copy_n(target, out_width, target + copy * out_width);
  }

  UpsampleFactors factors_;
  float value_;
};
UpsampleLayer layer_of(const ops::Upsample&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_RESAMPLE_HPP
