#ifndef NUQ_ENGINE_LAYERS_ROI_POOLING_HPP
#define NUQ_ENGINE_LAYERS_ROI_POOLING_HPP

#include <algorithm>
#include <cfloat>
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

/// Largest value of each bin of a region of interest, 0 for a bin without positions (Girshick, "Fast R-CNN", 2015,
/// §2.1). Regions are rounded to whole positions and have at least one.
class RoiPoolingLayer {
 public:
  static constexpr bool in_place = false;

  explicit RoiPoolingLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape& map = call.inputs[0].shape;
    const RoiPoolingGeometry geometry = roi_pooling_geometry(call.layer, map, call.inputs[1].shape);
    const std::vector<Roi> rois = read_rois(call, geometry.rois);
    call.workspace.for_each_task(geometry.rois, [&](std::int64_t index, std::size_t) {
      const Roi& roi = rois[static_cast<std::size_t>(index)];
      const std::vector<BinRange> rows = bins(roi.y_min, roi.y_max, geometry.scale_y, geometry.rows, map[2]);
      const std::vector<BinRange> cols = bins(roi.x_min, roi.x_max, geometry.scale_x, geometry.cols, map[3]);
      const float* plane = call.inputs[0].values.data() + roi.image * map[1] * map[2] * map[3];
      float* target = call.outputs[0].values.data() + index * geometry.channels * geometry.rows * geometry.cols;
      for (std::int64_t channel = 0; channel < geometry.channels; ++channel, plane += map[2] * map[3]) {
        for (const BinRange& row : rows) {
          for (const BinRange& col : cols) *target++ = maximum(plane, map[3], row, col);
        }
      }
    });
  }

 private:
  [[nodiscard]] static std::vector<BinRange> bins(float low, float high, float scale, std::int64_t count,
                                                  std::int64_t extent) {
    const float first = std::round(low * scale);
    const float size = (std::max)(std::round(high * scale) - first + 1.0F, 1.0F);
    const BinAxis axis{first, 0.0F, size / static_cast<float>(count)};
    std::vector<BinRange> ranges;
    for (std::int64_t bin = 0; bin < count; ++bin) ranges.push_back(axis.range(bin, extent));
    return ranges;
  }

  [[nodiscard]] static float maximum(const float* plane, std::int64_t width, const BinRange& rows,
                                     const BinRange& cols) {
    if (rows.count() == 0 || cols.count() == 0) return 0.0F;
    float largest = -FLT_MAX;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t col = cols.begin; col < cols.end; ++col) {
        largest = (std::max)(largest, plane[row * width + col]);
      }
    }
    return largest;
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ROI_POOLING_HPP
