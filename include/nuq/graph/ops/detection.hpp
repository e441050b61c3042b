#ifndef NUQ_GRAPH_OPS_DETECTION_HPP
#define NUQ_GRAPH_OPS_DETECTION_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
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

/// The boxes that detections are given relative to, around the centre of every position of a feature map (Liu and
/// others, "SSD: Single shot multibox detector", 2016, §2.2). Sizes in pixels of the image, the second input.
struct PriorBox {
  std::vector<float> min_sizes{};
  std::vector<float> max_sizes{};      ///< none, or one for each of `min_sizes`
  std::vector<float> aspect_ratios{};  ///< width to height, besides 1
  bool flip = true;                    ///< the inverse of each ratio as well
  bool clip = false;                   ///< corners to the image
  std::vector<float> variances{};      ///< none: 0.1; one for all four values of a box, or four
  AxisValues image{};                  ///< height and width, or both in one; none: of the second input
  std::vector<float> steps{};  ///< between neighbouring centres, as `image`; none: what spreads them over the image
  float offset = 0.5F;         ///< of the first centre, in steps
};

/// How four values stand for a box relative to a prior box.
enum class BoxCode {
  corner,       ///< differences of the corners
  center_size,  ///< differences of the centre and logarithms of the size's ratios, in sizes of the prior box
  corner_size,  ///< differences of the corners in sizes of the prior box
};

/// Decodes boxes, suppresses those that overlap with a better one of their class and keeps the best of an image (SSD;
/// with five inputs RefineDet: Zhang and others, 2018).
struct DetectionOutput {
  std::int64_t classes = 0;
  bool share_location = true;                   ///< all classes share their locations
  std::int64_t background = 0;                  ///< the class that is no object; may be none of the classes
  std::optional<float> confidence_threshold{};  ///< a box needs more
  float overlap_threshold = 0.3F;  ///< a box that overlaps more with a better one of its class is suppressed
  float overlap_decay = 1.0F;      ///< factor of the threshold after each box kept, as long as it is above 0.5
  std::int64_t top_k = -1;         ///< best boxes of a class that suppression looks at; negative: all
  std::int64_t keep_top_k = -1;    ///< best detections of an image; negative: all
  BoxCode code = BoxCode::corner;
  bool variance_encoded = false;  ///< locations need no scaling by the variances
  float objectness = 0.0F;        ///< a prior box that the first stage gives less is no object
};

/// This family's part of `Operation`.
using DetectionOperations = OperationList<PriorBox, DetectionOutput>;

}  // namespace ops

/// A PriorBox with its extents worked out: the same boxes around the centre of every position of a feature map.
struct PriorBoxGeometry {
  /// In pixels of the image.
  struct Size {
    float height;
    float width;
  };

  std::int64_t rows = 0;
  std::int64_t cols = 0;
  float image_height = 0.0F;
  float image_width = 0.0F;
  float step_y = 0.0F;  ///< pixels between neighbouring centres
  float step_x = 0.0F;
  float offset = 0.5F;      ///< of the first centre, in steps
  std::vector<Size> sizes;  ///< of a position's boxes
  std::array<float, 4> variances = {};
  bool clip = false;  ///< to the image

  /// Corners and variances of all boxes: 2 rows of 4 values for each.
  [[nodiscard]] Shape output_shape() const { return {1, 2, rows * cols * static_cast<std::int64_t>(sizes.size()) * 4}; }
};

namespace detail {

/// Largest size, step or image extent in pixels that is taken for serious.
inline constexpr float max_prior_extent = 1 << 24;

NUQ_FUNCTION [[nodiscard]] inline float checked_prior_value(const LayerContext& layer, const char* name, float value) {
  if (value > 0.0F && value <= max_prior_extent) return value;
  layer.fail(ErrorCode::invalid_argument, std::string(name) + " is " + number_text(static_cast<double>(value)) +
                                              ", wanted above 0 and at most " +
                                              number_text(static_cast<double>(max_prior_extent)));
}

/// 1, then the listed ratios of width to height, each with its inverse if `flip`; none twice.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> aspect_ratios(const ops::PriorBox& prior,
                                                                   const LayerContext& layer) {
  std::vector<float> ratios = {1.0F};
  for (const float ratio : prior.aspect_ratios) {
    static_cast<void>(checked_prior_value(layer, "aspect_ratio", ratio));
    const bool known =
        std::any_of(ratios.begin(), ratios.end(), [&](float other) { return std::fabs(ratio - other) < 1e-6F; });
    if (known) continue;
    ratios.push_back(ratio);
    if (prior.flip) ratios.push_back(1.0F / ratio);
  }
  return ratios;
}

/// For every `min_size` a square of it, one of the geometric mean of it and its `max_size`, and one box of the square's
/// area for every other aspect ratio. As SSD does, sizes are cut to whole pixels.
NUQ_FUNCTION [[nodiscard]] inline std::vector<PriorBoxGeometry::Size> prior_sizes(const ops::PriorBox& prior,
                                                                                  const LayerContext& layer) {
  if (prior.min_sizes.empty()) layer.fail(ErrorCode::invalid_argument, "has no min_size, wanted at least 1");
  if (!prior.max_sizes.empty() && prior.max_sizes.size() != prior.min_sizes.size()) {
    layer.fail(ErrorCode::invalid_argument, "has " + std::to_string(prior.max_sizes.size()) +
                                                " values of max_size, wanted one for each of " +
                                                std::to_string(prior.min_sizes.size()) + " of min_size");
  }
  const std::vector<float> ratios = aspect_ratios(prior, layer);
  std::vector<PriorBoxGeometry::Size> sizes;
  for (std::size_t index = 0; index < prior.min_sizes.size(); ++index) {
    const float smallest = std::trunc(checked_prior_value(layer, "min_size", prior.min_sizes[index]));
    sizes.push_back({smallest, smallest});
    if (!prior.max_sizes.empty()) {
      const float largest = checked_prior_value(layer, "max_size", prior.max_sizes[index]);
      if (largest <= prior.min_sizes[index]) {
        layer.fail(ErrorCode::invalid_argument, "max_size is " + number_text(static_cast<double>(largest)) +
                                                    ", wanted above min_size " +
                                                    number_text(static_cast<double>(prior.min_sizes[index])));
      }
      const float mean = std::sqrt(smallest * std::trunc(largest));
      sizes.push_back({mean, mean});
    }
    for (std::size_t other = 1; other < ratios.size(); ++other) {
      const float root = std::sqrt(ratios[other]);
      sizes.push_back({smallest / root, smallest * root});
    }
  }
  return sizes;
}

NUQ_FUNCTION [[nodiscard]] inline std::array<float, 4> prior_variances(const ops::PriorBox& prior,
                                                                       const LayerContext& layer) {
  const std::size_t count = prior.variances.size();
  if (count != 0 && count != 1 && count != 4) {
    layer.fail(ErrorCode::invalid_argument, "has " + std::to_string(count) + " values of variance, wanted 0, 1 or 4");
  }
  std::array<float, 4> variances = {0.1F, 0.1F, 0.1F, 0.1F};
  for (std::size_t index = 0; count > 0 && index < 4; ++index) {
    variances[index] = checked_prior_value(layer, "variance", prior.variances[count == 1 ? 0 : index]);
  }
  return variances;
}

NUQ_FUNCTION inline void read_prior_image(const ops::PriorBox& prior, const LayerContext& layer, const Shape& image,
                                          PriorBoxGeometry& geometry) {
  geometry.image_height = static_cast<float>(image[2]);
  geometry.image_width = static_cast<float>(image[3]);
  if (prior.image.size() > 1) {
    geometry.image_height = checked_prior_value(layer, "img_h", static_cast<float>(prior.image[0]));
    geometry.image_width = checked_prior_value(layer, "img_w", static_cast<float>(prior.image[1]));
  } else if (prior.image.size() == 1) {
    geometry.image_height = geometry.image_width =
        checked_prior_value(layer, "img_size", static_cast<float>(prior.image[0]));
  }
}

NUQ_FUNCTION inline void read_prior_steps(const ops::PriorBox& prior, const LayerContext& layer,
                                          PriorBoxGeometry& geometry) {
  geometry.step_y = geometry.image_height / static_cast<float>(geometry.rows);
  geometry.step_x = geometry.image_width / static_cast<float>(geometry.cols);
  if (prior.steps.size() > 1) {
    geometry.step_y = checked_prior_value(layer, "step_h", prior.steps[0]);
    geometry.step_x = checked_prior_value(layer, "step_w", prior.steps[1]);
  } else if (prior.steps.size() == 1) {
    geometry.step_y = geometry.step_x = checked_prior_value(layer, "step", prior.steps[0]);
  }
}

}  // namespace detail

/// Checks a PriorBox for a feature map and an image, [N, C, H, W] both. Throws ModelError naming the layer and the
/// value.
NUQ_FUNCTION [[nodiscard]] inline PriorBoxGeometry prior_box_geometry(const ops::PriorBox& prior,
                                                                      const LayerContext& layer, const Shape& map,
                                                                      const Shape& image) {
  require_image(layer, map);
  require_image(layer, image);
  PriorBoxGeometry geometry;
  geometry.rows = map[2];
  geometry.cols = map[3];
  geometry.offset = prior.offset;
  geometry.clip = prior.clip;
  geometry.sizes = detail::prior_sizes(prior, layer);
  geometry.variances = detail::prior_variances(prior, layer);
  detail::read_prior_image(prior, layer, image, geometry);
  detail::read_prior_steps(prior, layer, geometry);
  return geometry;
}

/// A DetectionOutput with its extents worked out. Inputs: locations [N, priors × location classes × 4], confidences
/// [N, priors × classes], prior boxes [1, 2, priors × 4] (one row will do where variances are encoded). RefineDet adds
/// those of its first stage: objectness [N, priors × 2] and locations [N, priors × 4], which move the prior boxes.
///
/// How many objects there are is not known beforehand: the output's shape, as the rules know it, has a row for the most
/// there can be of each image.
struct DetectionOutputGeometry {
  std::int64_t batch = 0;
  std::int64_t priors = 0;
  std::int64_t classes = 0;
  std::int64_t location_classes = 1;  ///< 1: all classes share their locations
  std::int64_t background = 0;        ///< the class that is no object
  std::int64_t candidates = 0;        ///< best boxes of a class that suppression looks at
  std::int64_t detections = 0;        ///< rows for an image, its best detections
  float confidence_threshold = 0.0F;  ///< a box needs more
  float overlap_threshold = 0.0F;     ///< a box that overlaps more with a better one of its class is suppressed
  float overlap_decay = 1.0F;         ///< factor of the threshold after each box kept, as long as it is above 0.5
  ops::BoxCode code = ops::BoxCode::corner;
  bool variance_encoded = false;  ///< locations need no scaling by the variances
  float objectness = 0.0F;        ///< a prior box that the first stage gives less is no object

  [[nodiscard]] Shape output_shape() const { return {1, 1, batch * detections, 7}; }
};

namespace detail {

/// Largest number of detections of an image that is taken for serious.
inline constexpr std::int64_t max_detections = 1 << 20;

NUQ_FUNCTION inline void read_detection_attributes(const ops::DetectionOutput& detection, const LayerContext& layer,
                                                   DetectionOutputGeometry& geometry) {
  geometry.classes = detection.classes;
  geometry.location_classes = detection.share_location ? 1 : geometry.classes;
  geometry.background = detection.background;
  geometry.overlap_threshold = detection.overlap_threshold;
  geometry.overlap_decay = detection.overlap_decay;
  geometry.code = detection.code;
  geometry.variance_encoded = detection.variance_encoded;
  geometry.objectness = detection.objectness;
  geometry.confidence_threshold = detection.confidence_threshold.value_or(-(std::numeric_limits<float>::max)());
  if (geometry.classes < 1) layer.fail(ErrorCode::invalid_argument, "num_classes is 0, wanted at least 1");
  if (!(geometry.overlap_threshold >= 0.0F)) {
    layer.fail(
        ErrorCode::invalid_argument,
        "nms_threshold is " + number_text(static_cast<double>(geometry.overlap_threshold)) + ", wanted at least 0");
  }
  if (!(geometry.overlap_decay > 0.0F && geometry.overlap_decay <= 1.0F)) {
    layer.fail(ErrorCode::invalid_argument,
               "eta is " + number_text(static_cast<double>(geometry.overlap_decay)) + ", wanted above 0 and at most 1");
  }
}

NUQ_FUNCTION inline void read_detection_bounds(const ops::DetectionOutput& detection, const LayerContext& layer,
                                               DetectionOutputGeometry& geometry) {
  geometry.candidates = detection.top_k >= 0 ? (std::min)(geometry.priors, detection.top_k) : geometry.priors;
  const bool has_background = geometry.background >= 0 && geometry.background < geometry.classes;
  const std::int64_t objects = geometry.classes - (has_background ? 1 : 0);
  geometry.detections = detection.keep_top_k < 0 ? objects * geometry.candidates : detection.keep_top_k;
  if (geometry.detections < 1 || geometry.detections > max_detections) {
    layer.fail(ErrorCode::invalid_argument, "an image has up to " + std::to_string(geometry.detections) +
                                                " detections (keep_top_k, top_k, num_classes), wanted 1 to " +
                                                std::to_string(max_detections));
  }
}

/// Throws ModelError unless `shape` has `values` values for each image.
NUQ_FUNCTION inline void require_detection_input(const LayerContext& layer, const DetectionOutputGeometry& geometry,
                                                 const char* name, const Shape& shape, std::int64_t values) {
  if (shape[0] == geometry.batch && extent_product(shape, 1, shape.size()) == values) return;
  layer.fail(ErrorCode::size_mismatch, std::string("the ") + name + " have shape " + to_string(shape) + ", wanted " +
                                           to_string({geometry.batch, values}) + " for " +
                                           std::to_string(geometry.priors) + " prior boxes");
}

}  // namespace detail

/// Checks a DetectionOutput for its inputs' shapes. Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline DetectionOutputGeometry detection_output_geometry(
    const ops::DetectionOutput& detection, const LayerContext& layer, const Shape& locations, const Shape& confidences,
    const Shape& priors) {
  DetectionOutputGeometry geometry;
  detail::read_detection_attributes(detection, layer, geometry);
  const std::int64_t prior_rows = geometry.variance_encoded ? 1 : 2;
  const std::int64_t prior_values = priors.size() < 3 ? 0 : extent_product(priors, 2, priors.size());
  if (prior_values == 0 || prior_values % 4 != 0 || priors[0] != 1 || priors[1] < prior_rows) {
    layer.fail(ErrorCode::size_mismatch, "the prior boxes have shape " + to_string(priors) + ", wanted [1," +
                                             std::to_string(prior_rows) + ",4·priors]");
  }
  geometry.priors = prior_values / 4;
  geometry.batch = locations.front();
  detail::read_detection_bounds(detection, layer, geometry);
  detail::require_detection_input(layer, geometry, "locations", locations,
                                  geometry.priors * geometry.location_classes * 4);
  detail::require_detection_input(layer, geometry, "confidences", confidences, geometry.priors * geometry.classes);
  return geometry;
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const PriorBox& prior, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (inputs.size() != 2) {
    layer.fail(ErrorCode::unsupported_layer,
               "PriorBox has " + std::to_string(inputs.size()) + " inputs, wanted 2: a feature map and the image");
  }
  return {prior_box_geometry(prior, layer, inputs[0], inputs[1]).output_shape()};
}

/// Three inputs or RefineDet's five; a fourth alone, the image, is for pictures of the result.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const DetectionOutput& detection,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (inputs.size() < 3 || inputs.size() > 5) {
    layer.fail(ErrorCode::unsupported_layer,
               "DetectionOutput has " + std::to_string(inputs.size()) +
                   " inputs, wanted 3: locations, confidences and prior boxes, or 5: objectness and locations of a "
                   "first stage as well");
  }
  const DetectionOutputGeometry geometry = detection_output_geometry(detection, layer, inputs[0], inputs[1], inputs[2]);
  if (inputs.size() == 5) {
    detail::require_detection_input(layer, geometry, "objectness values", inputs[3], geometry.priors * 2);
    detail::require_detection_input(layer, geometry, "first locations", inputs[4], geometry.priors * 4);
  }
  return {geometry.output_shape()};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_DETECTION_HPP
