#ifndef NUQ_GRAPH_OPS_ROI_POOLING_HPP
#define NUQ_GRAPH_OPS_ROI_POOLING_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// Largest value of each of rows × cols bins that a region of interest is cut into (Girshick, "Fast R-CNN", 2015,
/// §2.1).
struct RoiPooling {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  float scale_y = 1.0F;  ///< pixels of the image to positions of the map
  float scale_x = 1.0F;
};

/// Average of each of group_size × group_size bins of a region of interest, each bin over a channel of its own (Dai and
/// others, "R-FCN", 2016, §2).
struct PsRoiPooling {
  std::int64_t channels = 0;  ///< of the output
  std::int64_t group_size = 0;
  float scale = 0.0F;  ///< pixels of the image to positions of the map
};

/// This family's part of `Operation`.
using RoiPoolings = OperationList<RoiPooling, PsRoiPooling>;

}  // namespace ops

/// A ROIPooling (Fast R-CNN) or PSROIPooling (R-FCN) with its parameters read. Inputs: a feature map [N, C, H, W] and
/// regions of interest [R, 5]: image, xmin, ymin, xmax, ymax in pixels of the image.
struct RoiPoolingGeometry {
  std::int64_t rois = 0;
  std::int64_t channels = 0;  ///< of the output
  std::int64_t rows = 0;      ///< bins
  std::int64_t cols = 0;
  float scale_y = 1.0F;  ///< from pixels of the image to positions of the map
  float scale_x = 1.0F;

  [[nodiscard]] Shape output_shape() const { return {rois, channels, rows, cols}; }
};

namespace detail {

NUQ_FUNCTION inline void check_rois(const LayerContext& layer, const Shape& map, const Shape& rois) {
  require_image(layer, map);
  if (rois.size() >= 2 && extent_product(rois, 1, rois.size()) == 5) return;
  layer.fail(ErrorCode::size_mismatch,
             "the regions have shape " + to_string(rois) + ", wanted [R,5]: image, xmin, ymin, xmax, ymax");
}

NUQ_FUNCTION inline void check_bins(const LayerContext& layer, const char* name, std::int64_t bins) {
  if (bins >= 1 && bins <= max_window_parameter) return;
  layer.fail(ErrorCode::invalid_argument, std::string(name) + " is " + std::to_string(bins) + ", wanted 1 to " +
                                              std::to_string(max_window_parameter));
}

NUQ_FUNCTION [[nodiscard]] inline float checked_spatial_scale(const LayerContext& layer, float scale) {
  if (scale > 0.0F && scale <= static_cast<float>(max_window_parameter)) return scale;
  layer.fail(ErrorCode::invalid_argument, "spatial_scale is " + number_text(static_cast<double>(scale)) +
                                              ", wanted above 0 and at most " + std::to_string(max_window_parameter));
}

NUQ_FUNCTION inline void require_map_and_rois(const LayerContext& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() == 2) return;
  layer.fail(ErrorCode::unsupported_layer, layer.type + " has " + std::to_string(inputs.size()) +
                                               " inputs, wanted 2: a feature map and regions of interest");
}

}  // namespace detail

/// Checks a ROIPooling. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline RoiPoolingGeometry roi_pooling_geometry(const ops::RoiPooling& pooling,
                                                                          const LayerContext& layer, const Shape& map,
                                                                          const Shape& rois) {
  detail::check_rois(layer, map, rois);
  detail::check_bins(layer, "pooled_h", pooling.rows);
  detail::check_bins(layer, "pooled_w", pooling.cols);
  return {rois[0],
          map[1],
          pooling.rows,
          pooling.cols,
          detail::checked_spatial_scale(layer, pooling.scale_y),
          detail::checked_spatial_scale(layer, pooling.scale_x)};
}

/// Checks a PSROIPooling: bins and groups of channels are `group_size` both ways, and every bin of an output
/// channel reads a channel of its own. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline RoiPoolingGeometry psroi_pooling_geometry(const ops::PsRoiPooling& pooling,
                                                                            const LayerContext& layer, const Shape& map,
                                                                            const Shape& rois) {
  detail::check_rois(layer, map, rois);
  const std::int64_t bins = pooling.group_size;
  const std::int64_t channels = pooling.channels;
  detail::check_bins(layer, "group_size", bins);
  detail::check_bins(layer, "output_dim", channels);
  if (map[1] != channels * bins * bins) {
    layer.fail(ErrorCode::size_mismatch,
               "the feature map has " + std::to_string(map[1]) +
                   " channels, wanted output_dim·group_size² = " + std::to_string(channels * bins * bins));
  }
  const float scale = detail::checked_spatial_scale(layer, pooling.scale);
  return {rois[0], channels, bins, bins, scale, scale};
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const RoiPooling& pooling, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  detail::require_map_and_rois(layer, inputs);
  return {roi_pooling_geometry(pooling, layer, inputs[0], inputs[1]).output_shape()};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const PsRoiPooling& pooling,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  detail::require_map_and_rois(layer, inputs);
  return {psroi_pooling_geometry(pooling, layer, inputs[0], inputs[1]).output_shape()};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_ROI_POOLING_HPP
