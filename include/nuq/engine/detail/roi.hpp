#ifndef NUQ_ENGINE_DETAIL_ROI_HPP
#define NUQ_ENGINE_DETAIL_ROI_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A region of interest, in pixels of the image.
struct Roi {
  std::int64_t image;
  float x_min;
  float y_min;
  float x_max;
  float y_max;
};

/// Positions [begin, end) of a bin along one axis.
struct BinRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t count() const noexcept { return end - begin; }
};

/// How a region is cut into bins of equal size along one axis, in positions of the map.
struct BinAxis {
  float first = 0.0F;   ///< where the region begins, whole positions
  float offset = 0.0F;  ///< and the fraction behind them
  float size = 1.0F;    ///< of a bin

  /// The positions of bin `bin` on a map of `extent` positions.
  [[nodiscard]] BinRange range(std::int64_t bin, std::int64_t extent) const noexcept {
    const auto clipped = [&](float position) {
      return static_cast<std::int64_t>(std::clamp(position + first, 0.0F, static_cast<float>(extent)));
    };
    const std::int64_t begin = clipped(std::floor(static_cast<float>(bin) * size + offset));
    return {begin, (std::max)(begin, clipped(std::ceil(static_cast<float>(bin + 1) * size + offset)))};
  }
};

/// The layer's second input. Throws ModelError naming the region that is of no image of the first input or has
/// coordinates beyond all pixels.
[[nodiscard]] inline std::vector<Roi> read_rois(const LayerCall& call, std::int64_t count) {
  constexpr float far = 1 << 24;
  const std::int64_t images = call.inputs[0].shape[0];
  std::vector<Roi> rois;
  for (std::int64_t index = 0; index < count; ++index) {
    const float* const values = call.inputs[1].values.data() + index * 5;
    if (!(values[0] >= 0.0F && values[0] < static_cast<float>(images))) {
      call.layer.fail(ErrorCode::invalid_argument, "region " + std::to_string(index) + " is of image " +
                                                       number_text(static_cast<double>(values[0])) + ", wanted 0 to " +
                                                       std::to_string(images - 1));
    }
    for (std::size_t at = 1; at < 5; ++at) {
      if (std::fabs(values[at]) <= far) continue;
      call.layer.fail(ErrorCode::non_finite_value, "region " + std::to_string(index) + " has the coordinate " +
                                                       number_text(static_cast<double>(values[at])) +
                                                       ", wanted pixels of an image");
    }
    rois.push_back({static_cast<std::int64_t>(values[0]), values[1], values[2], values[3], values[4]});
  }
  return rois;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_ROI_HPP
