#ifndef NUQ_ENGINE_LAYERS_PSROI_POOLING_HPP
#define NUQ_ENGINE_LAYERS_PSROI_POOLING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/detail/roi.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/roi_pooling.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Average of each bin of a region of interest, each bin over a channel of its own, 0 for a bin without positions (Dai
/// and others, "R-FCN", 2016, §2). Only the regions' corners are rounded, to pixels of the image.
class PsroiPoolingLayer {
 public:
  static constexpr bool in_place = false;

  explicit PsroiPoolingLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape& map = call.inputs[0].shape;
    const RoiPoolingGeometry geometry = psroi_pooling_geometry(call.layer, map, call.inputs[1].shape);
    const std::vector<Roi> rois = read_rois(call, geometry.rois);
    call.workspace.for_each_task(geometry.rois, [&](std::int64_t index, std::size_t) {
      const Roi& roi = rois[static_cast<std::size_t>(index)];
      const BinAxis y = bin_axis(roi.y_min, roi.y_max, geometry.scale_y, geometry.rows);
      const BinAxis x = bin_axis(roi.x_min, roi.x_max, geometry.scale_x, geometry.cols);
      const float* plane = call.inputs[0].values.data() + roi.image * map[1] * map[2] * map[3];
      float* target = call.outputs[0].values.data() + index * geometry.channels * geometry.rows * geometry.cols;
      for (std::int64_t channel = 0; channel < geometry.channels; ++channel) {
        for (std::int64_t row = 0; row < geometry.rows; ++row) {
          for (std::int64_t col = 0; col < geometry.cols; ++col, plane += map[2] * map[3]) {
            *target++ = average(plane, map[3], y.range(row, map[2]), x.range(col, map[3]));
          }
        }
      }
    });
  }

 private:
  [[nodiscard]] static BinAxis bin_axis(float low, float high, float scale, std::int64_t count) {
    const float begin = std::round(low) * scale;
    const float end = (std::round(high) + 1.0F) * scale;
    return {0.0F, begin, (std::max)(end - begin, 0.1F) / static_cast<float>(count)};
  }

  [[nodiscard]] static float average(const float* plane, std::int64_t width, const BinRange& rows,
                                     const BinRange& cols) {
    if (rows.count() == 0 || cols.count() == 0) return 0.0F;
    float sum = 0.0F;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t col = cols.begin; col < cols.end; ++col) sum += plane[row * width + col];
    }
    return sum / static_cast<float>(rows.count() * cols.count());
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_PSROI_POOLING_HPP
