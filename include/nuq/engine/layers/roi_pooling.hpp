#ifndef NUQ_ENGINE_LAYERS_ROI_POOLING_HPP
#define NUQ_ENGINE_LAYERS_ROI_POOLING_HPP

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/roi_pooling.hpp"
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
  NUQ_FUNCTION [[nodiscard]] BinRange range(std::int64_t bin, std::int64_t extent) const noexcept {
    const auto clipped = [&](float position) {
      return static_cast<std::int64_t>(std::clamp(position + first, 0.0F, static_cast<float>(extent)));
    };
    const std::int64_t begin = clipped(std::floor(static_cast<float>(bin) * size + offset));
    return {begin, (std::max)(begin, clipped(std::ceil(static_cast<float>(bin + 1) * size + offset)))};
  }
};

/// The layer's second input. Throws ModelError naming the region that is of no image of the first input or has
/// coordinates beyond all pixels.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Roi> read_rois(const LayerCall& call, std::int64_t count) {
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

/// Largest value of each bin of a region of interest, 0 for a bin without positions (Girshick, "Fast R-CNN", 2015,
/// §2.1). Regions are rounded to whole positions and have at least one.
class RoiPoolingLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit RoiPoolingLayer(const LayerRef& layer) : operation_(layer.operation<ops::RoiPooling>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& map = call.inputs[0].shape;
    const RoiPoolingGeometry geometry = roi_pooling_geometry(operation_, call.layer, map, call.inputs[1].shape);
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
  NUQ_FUNCTION [[nodiscard]] static std::vector<BinRange> bins(float low, float high, float scale, std::int64_t count,
                                                               std::int64_t extent) {
    const float first = std::round(low * scale);
    const float size = (std::max)(std::round(high * scale) - first + 1.0F, 1.0F);
    const BinAxis axis{first, 0.0F, size / static_cast<float>(count)};
    std::vector<BinRange> ranges;
    for (std::int64_t bin = 0; bin < count; ++bin) ranges.push_back(axis.range(bin, extent));
    return ranges;
  }

  NUQ_FUNCTION [[nodiscard]] static float maximum(const float* plane, std::int64_t width, const BinRange& rows,
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

  ops::RoiPooling operation_;
};
RoiPoolingLayer layer_of(const ops::RoiPooling&);

/// Average of each bin of a region of interest, each bin over a channel of its own, 0 for a bin without positions (Dai
/// and others, "R-FCN", 2016, §2). Only the regions' corners are rounded, to pixels of the image.
class PsroiPoolingLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit PsroiPoolingLayer(const LayerRef& layer) : operation_(layer.operation<ops::PsRoiPooling>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& map = call.inputs[0].shape;
    const RoiPoolingGeometry geometry = psroi_pooling_geometry(operation_, call.layer, map, call.inputs[1].shape);
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
  NUQ_FUNCTION [[nodiscard]] static BinAxis bin_axis(float low, float high, float scale, std::int64_t count) {
    const float begin = std::round(low) * scale;
    const float end = (std::round(high) + 1.0F) * scale;
    return {0.0F, begin, (std::max)(end - begin, 0.1F) / static_cast<float>(count)};
  }

  NUQ_FUNCTION [[nodiscard]] static float average(const float* plane, std::int64_t width, const BinRange& rows,
                                                  const BinRange& cols) {
    if (rows.count() == 0 || cols.count() == 0) return 0.0F;
    float sum = 0.0F;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t col = cols.begin; col < cols.end; ++col) sum += plane[row * width + col];
    }
    return sum / static_cast<float>(rows.count() * cols.count());
  }

  ops::PsRoiPooling operation_;
};
PsroiPoolingLayer layer_of(const ops::PsRoiPooling&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ROI_POOLING_HPP
