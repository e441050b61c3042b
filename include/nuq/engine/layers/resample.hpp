#ifndef NUQ_ENGINE_LAYERS_RESAMPLE_HPP
#define NUQ_ENGINE_LAYERS_RESAMPLE_HPP

#include <algorithm>
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

/// Bilinear interpolation with aligned corners.
class InterpLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit InterpLayer(const LayerRef& layer) : operation_(layer.operation<ops::Interp>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape* const like = call.inputs.size() == 2 ? &call.inputs[1].shape : nullptr;
    const InterpGeometry geometry = interp_geometry(operation_, call.layer, call.inputs[0].shape, like);
    const std::vector<Tap> rows = taps_of(geometry.y);
    const std::vector<Tap> cols = taps_of(geometry.x);
    const std::int64_t lines = geometry.batch * geometry.channels * geometry.y.output;
    call.workspace.for_each_range(lines, geometry.x.output, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const Tap& row = rows[static_cast<std::size_t>(line % geometry.y.output)];
        const float* const plane =
            call.inputs[0].values.data() + line / geometry.y.output * geometry.y.input * geometry.x.input;
        const float* const low = plane + row.low * geometry.x.input;
        const float* const high = plane + row.high * geometry.x.input;
        float* const target = call.outputs[0].values.data() + line * geometry.x.output;
        for (std::size_t at = 0; at < cols.size(); ++at) {
          target[at] = cols[at].mix(row.mix(low[cols[at].low], high[cols[at].low]),
                                    row.mix(low[cols[at].high], high[cols[at].high]));
        }
      }
    });
  }

 private:
  /// The input positions between which an output position lies.
  struct Tap {
    std::int64_t low;
    std::int64_t high;
    float share;  // of the high one

    NUQ_FUNCTION [[nodiscard]] float mix(float low_value, float high_value) const noexcept {
      return (1.0F - share) * low_value + share * high_value;
    }
  };

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
