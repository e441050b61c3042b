#ifndef NUQ_GRAPH_OPS_DETECTION_OUTPUT_HPP
#define NUQ_GRAPH_OPS_DETECTION_OUTPUT_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A DetectionOutput (SSD) with its parameters read. Inputs: locations [N, priors × location classes × 4], confidences
/// [N, priors × classes], prior boxes [1, 2, priors × 4] (one row will do where variances are encoded). RefineDet
/// (Zhang and others, 2018) adds those of its first stage: objectness [N, priors × 2] and locations [N, priors × 4],
/// which move the prior boxes.
///
/// How many objects there are is not known beforehand: the output has a row for the most there can be of each image.
struct DetectionOutputGeometry {
  using CodeType = schema::PriorBoxParameter::CodeType;

  std::int64_t batch = 0;
  std::int64_t priors = 0;
  std::int64_t classes = 0;
  std::int64_t location_classes = 1;  ///< 1: all classes share their locations
  std::int64_t background = 0;        ///< the class that is no object; may be none of the classes
  std::int64_t candidates = 0;        ///< best boxes of a class that suppression looks at
  std::int64_t detections = 0;        ///< rows for an image, its best detections
  float confidence_threshold = 0.0F;  ///< a box needs more
  float overlap_threshold = 0.0F;     ///< a box that overlaps more with a better one of its class is suppressed
  float overlap_decay = 1.0F;         ///< factor of the threshold after each box kept, as long as it is above 0.5
  CodeType code_type = schema::PriorBoxParameter::CORNER;
  bool variance_encoded = false;  ///< locations need no scaling by the variances
  float objectness = 0.0F;        ///< a prior box that the first stage gives less is no object

  [[nodiscard]] Shape output_shape() const { return {1, 1, batch * detections, 7}; }
};

namespace detail {

/// Largest number of detections of an image that is taken for serious.
inline constexpr std::int64_t max_detections = 1 << 20;

inline void read_detection_parameters(const LayerRef& layer, DetectionOutputGeometry& geometry) {
  const schema::DetectionOutputParameter& parameter = layer.parameter().detection_output_param();
  const schema::NonMaximumSuppressionParameter& suppression = parameter.nms_param();
  geometry.classes = parameter.num_classes();
  geometry.location_classes = parameter.share_location() ? 1 : geometry.classes;
  geometry.background = parameter.background_label_id();
  geometry.overlap_threshold = suppression.nms_threshold();
  geometry.overlap_decay = suppression.eta();
  geometry.code_type = parameter.code_type();
  geometry.variance_encoded = parameter.variance_encoded_in_target();
  geometry.objectness = parameter.objectness_score();
  geometry.confidence_threshold =
      parameter.has_confidence_threshold() ? parameter.confidence_threshold() : -(std::numeric_limits<float>::max)();
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

/// `top_k` bounds a class's candidates, `keep_top_k` an image's detections; −1 and absence stand for no bound.
inline void read_detection_bounds(const LayerRef& layer, DetectionOutputGeometry& geometry) {
  const schema::DetectionOutputParameter& parameter = layer.parameter().detection_output_param();
  const bool bounded = parameter.nms_param().has_top_k() && parameter.nms_param().top_k() >= 0;
  geometry.candidates =
      bounded ? (std::min)(geometry.priors, std::int64_t{parameter.nms_param().top_k()}) : geometry.priors;
  const bool has_background = geometry.background >= 0 && geometry.background < geometry.classes;
  const std::int64_t objects = geometry.classes - (has_background ? 1 : 0);
  geometry.detections = parameter.keep_top_k() < 0 ? objects * geometry.candidates : parameter.keep_top_k();
  if (geometry.detections < 1 || geometry.detections > max_detections) {
    layer.fail(ErrorCode::invalid_argument, "an image has up to " + std::to_string(geometry.detections) +
                                                " detections (keep_top_k, top_k, num_classes), wanted 1 to " +
                                                std::to_string(max_detections));
  }
}

/// Throws ModelError unless `shape` has `values` values for each image.
inline void require_detection_input(const LayerRef& layer, const DetectionOutputGeometry& geometry, const char* name,
                                    const Shape& shape, std::int64_t values) {
  if (shape[0] == geometry.batch && extent_product(shape, 1, shape.size()) == values) return;
  layer.fail(ErrorCode::size_mismatch, std::string("the ") + name + " have shape " + to_string(shape) + ", wanted " +
                                           to_string({geometry.batch, values}) + " for " +
                                           std::to_string(geometry.priors) + " prior boxes");
}

}  // namespace detail

/// Reads and checks a DetectionOutput for its inputs' shapes. Throws ModelError naming the layer and the value.
[[nodiscard]] inline DetectionOutputGeometry detection_output_geometry(const LayerRef& layer, const Shape& locations,
                                                                       const Shape& confidences, const Shape& priors) {
  DetectionOutputGeometry geometry;
  detail::read_detection_parameters(layer, geometry);
  const std::int64_t prior_rows = geometry.variance_encoded ? 1 : 2;
  const std::int64_t prior_values = priors.size() < 3 ? 0 : extent_product(priors, 2, priors.size());
  if (prior_values == 0 || prior_values % 4 != 0 || priors[0] != 1 || priors[1] < prior_rows) {
    layer.fail(ErrorCode::size_mismatch, "the prior boxes have shape " + to_string(priors) + ", wanted [1," +
                                             std::to_string(prior_rows) + ",4·priors]");
  }
  geometry.priors = prior_values / 4;
  geometry.batch = locations.front();
  detail::read_detection_bounds(layer, geometry);
  detail::require_detection_input(layer, geometry, "locations", locations,
                                  geometry.priors * geometry.location_classes * 4);
  detail::require_detection_input(layer, geometry, "confidences", confidences, geometry.priors * geometry.classes);
  return geometry;
}

/// Three inputs or RefineDet's five; a fourth alone, the image, is for pictures of the result.
[[nodiscard]] inline std::vector<Shape> detection_output_shapes(const LayerRef& layer,
                                                                const std::vector<Shape>& inputs) {
  if (inputs.size() < 3 || inputs.size() > 5) {
    layer.fail(ErrorCode::unsupported_layer,
               "DetectionOutput has " + std::to_string(inputs.size()) +
                   " inputs, wanted 3: locations, confidences and prior boxes, or 5: objectness and locations of a "
                   "first stage as well");
  }
  const DetectionOutputGeometry geometry = detection_output_geometry(layer, inputs[0], inputs[1], inputs[2]);
  if (inputs.size() == 5) {
    detail::require_detection_input(layer, geometry, "objectness values", inputs[3], geometry.priors * 2);
    detail::require_detection_input(layer, geometry, "first locations", inputs[4], geometry.priors * 4);
  }
  return {geometry.output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_DETECTION_OUTPUT_HPP
