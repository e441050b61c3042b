#ifndef NUQ_ENGINE_LAYERS_INTERP_HPP
#define NUQ_ENGINE_LAYERS_INTERP_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/interp.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Bilinear interpolation with aligned corners.
class InterpLayer {
 public:
  static constexpr bool in_place = false;

  explicit InterpLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape* const like = call.inputs.size() == 2 ? &call.inputs[1].shape : nullptr;
    const InterpGeometry geometry = interp_geometry(call.layer, call.inputs[0].shape, like);
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

    [[nodiscard]] float mix(float low_value, float high_value) const noexcept {
      return (1.0F - share) * low_value + share * high_value;
    }
  };

  [[nodiscard]] static std::vector<Tap> taps_of(const InterpAxis& axis) {
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
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INTERP_HPP
