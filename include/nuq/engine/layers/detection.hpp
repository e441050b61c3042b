#ifndef NUQ_ENGINE_LAYERS_DETECTION_HPP
#define NUQ_ENGINE_LAYERS_DETECTION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/detection.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A box in fractions of the image.
struct Box {
  float x_min = 0.0F;
  float y_min = 0.0F;
  float x_max = 0.0F;
  float y_max = 0.0F;

  NUQ_FUNCTION [[nodiscard]] static Box at(const float* corners) noexcept {
    return {corners[0], corners[1], corners[2], corners[3]};
  }
  [[nodiscard]] float width() const noexcept { return x_max - x_min; }
  [[nodiscard]] float height() const noexcept { return y_max - y_min; }
  /// 0 where the corners stand the wrong way round.
  NUQ_FUNCTION [[nodiscard]] float area() const noexcept {
    return x_max < x_min || y_max < y_min ? 0.0F : width() * height();
  }
};

/// Intersection over union of two boxes (Jaccard index); 0 where they do not meet.
NUQ_FUNCTION [[nodiscard]] inline float overlap(const Box& a, const Box& b) noexcept {
  const Box common = {(std::max)(a.x_min, b.x_min), (std::max)(a.y_min, b.y_min), (std::min)(a.x_max, b.x_max),
                      (std::min)(a.y_max, b.y_max)};
  if (!(common.width() > 0.0F && common.height() > 0.0F)) return 0.0F;
  return common.area() / (a.area() + b.area() - common.area());
}

/// The box that SSD's `location`, four values relative to a prior box, stands for (Liu and others, "SSD: Single shot
/// multibox detector", 2016, §2.2, and its implementation's three codes).
NUQ_FUNCTION [[nodiscard]] inline Box decoded_box(ops::BoxCode code, const float* location, const Box& prior,
                                                  const float* variances) {
  const float x0 = variances[0] * location[0];
  const float y0 = variances[1] * location[1];
  const float x1 = variances[2] * location[2];
  const float y1 = variances[3] * location[3];
  const float width = prior.width();
  const float height = prior.height();
  if (code == ops::BoxCode::center_size) {
    const float x = x0 * width + (prior.x_min + prior.x_max) / 2.0F;
    const float y = y0 * height + (prior.y_min + prior.y_max) / 2.0F;
    const float half_width = std::exp(x1) * width / 2.0F;
    const float half_height = std::exp(y1) * height / 2.0F;
    return {x - half_width, y - half_height, x + half_width, y + half_height};
  }
  const bool by_size = code == ops::BoxCode::corner_size;
  const float unit_x = by_size ? width : 1.0F;
  const float unit_y = by_size ? height : 1.0F;
  return {prior.x_min + x0 * unit_x, prior.y_min + y0 * unit_y, prior.x_max + x1 * unit_x, prior.y_max + y1 * unit_y};
}

/// The boxes that SSD's detections are given relative to, position by position: corners (xmin, ymin, xmax, ymax) as
/// fractions of the image, then the variances of all. Reads its inputs' shapes alone.
class PriorBoxLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit PriorBoxLayer(const LayerRef& layer) : operation_(layer.operation<ops::PriorBox>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const PriorBoxGeometry geometry =
        prior_box_geometry(operation_, call.layer, call.inputs[0].shape, call.inputs[1].shape);
    float* const corners = call.outputs[0].values.data();
    float* const variances = corners + call.outputs[0].shape[2];
    write_corners(geometry, corners);
    if (geometry.clip) {
      for (float* corner = corners; corner != variances; ++corner) *corner = std::clamp(*corner, 0.0F, 1.0F);
    }
    for (float* variance = variances; variance != call.outputs[0].values.end(); variance += 4) {
      std::copy(geometry.variances.begin(), geometry.variances.end(), variance);
    }
  }

 private:
  NUQ_FUNCTION static void write_corners(const PriorBoxGeometry& geometry, float* target) {
    const double height = static_cast<double>(geometry.image_height);
    const double width = static_cast<double>(geometry.image_width);
    for (std::int64_t row = 0; row < geometry.rows; ++row) {
      const double y = static_cast<double>((static_cast<float>(row) + geometry.offset) * geometry.step_y);
      for (std::int64_t col = 0; col < geometry.cols; ++col) {
        const double x = static_cast<double>((static_cast<float>(col) + geometry.offset) * geometry.step_x);
        for (const PriorBoxGeometry::Size& size : geometry.sizes) {
          const double half_height = static_cast<double>(size.height) / 2.0;
          const double half_width = static_cast<double>(size.width) / 2.0;
          *target++ = static_cast<float>((x - half_width) / width);
          *target++ = static_cast<float>((y - half_height) / height);
          *target++ = static_cast<float>((x + half_width) / width);
          *target++ = static_cast<float>((y + half_height) / height);
        }
      }
    }
  }

  ops::PriorBox operation_;
};
PriorBoxLayer layer_of(const ops::PriorBox&);

/// SSD's last layer: decodes the boxes of each class, suppresses those that overlap with a better one and keeps the
/// best of an image. With RefineDet's five inputs a first stage moves the prior boxes and says which hold an object. A
/// row of the output is image, class, confidence, xmin, ymin, xmax, ymax: image by image, class by class, by falling
/// confidence, as SSD's Caffe writes them. There are as many rows as detections; where there are none at all, one for
/// each image, with −1 behind its number.
class DetectionOutputLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit DetectionOutputLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::DetectionOutput>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const DetectionOutputGeometry geometry = detection_output_geometry(operation_, call.layer, call.inputs[0].shape,
                                                                       call.inputs[1].shape, call.inputs[2].shape);
    std::vector<std::vector<Detection>> images(static_cast<std::size_t>(geometry.batch));
    call.workspace.for_each_task(geometry.batch, [&](std::int64_t image, std::size_t) {
      ImageInputs inputs{call.inputs[0].values.data() + image * geometry.priors * geometry.location_classes * 4,
                         call.inputs[1].values.data() + image * geometry.priors * geometry.classes,
                         call.inputs[2].values.data()};
      if (call.inputs.size() == 5) {
        inputs.objectness = call.inputs[3].values.data() + image * geometry.priors * 2;
        inputs.first_locations = call.inputs[4].values.data() + image * geometry.priors * 4;
      }
      images[static_cast<std::size_t>(image)] = detect(geometry, inputs);
    });
    const bool is_empty =
        std::all_of(images.begin(), images.end(), [](const std::vector<Detection>& image) { return image.empty(); });
    const Detection none = {-1, -1.0F, {-1.0F, -1.0F, -1.0F, -1.0F}};
    if (is_empty) images.assign(images.size(), {none});
    float* row = call.outputs[0].values.begin();
    for (std::size_t image = 0; image < images.size(); ++image) {
      for (const Detection& found : images[image]) {
        const Box& box = found.box;
        for (const float value : {static_cast<float>(image), static_cast<float>(found.label), found.confidence,
                                  box.x_min, box.y_min, box.x_max, box.y_max}) {
          *row++ = value;
        }
      }
    }
    call.outputs[0].shape[2] = (row - call.outputs[0].values.begin()) / 7;
  }

 private:
  struct ImageInputs {
    const float* locations;
    const float* confidences;
    const float* priors;
    const float* objectness = nullptr;       ///< two values a prior box, the second speaks for an object
    const float* first_locations = nullptr;  ///< of the first stage, where there is one
  };
  struct Detection {
    std::int64_t label;
    float confidence;
    Box box;
  };
  struct Candidate {
    float confidence;
    std::int64_t prior;
  };

  NUQ_FUNCTION [[nodiscard]] static std::vector<Detection> detect(const DetectionOutputGeometry& geometry,
                                                                  const ImageInputs& inputs) {
    std::vector<Detection> found;
    for (std::int64_t label = 0; label < geometry.classes; ++label) {
      if (label != geometry.background) add_class(geometry, inputs, label, found);
    }
    const std::size_t most = static_cast<std::size_t>(geometry.detections);
    if (found.size() <= most) return found;
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(most), found.end());
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& a, const Detection& b) { return a.label < b.label; });
    return found;
  }

  /// Takes a class's candidates, best first, unless they overlap too much with one taken before.
  NUQ_FUNCTION static void add_class(const DetectionOutputGeometry& geometry, const ImageInputs& inputs,
                                     std::int64_t label, std::vector<Detection>& found) {
    const std::size_t first = found.size();
    float threshold = geometry.overlap_threshold;
    for (const Candidate& candidate : candidates(geometry, inputs, label)) {
      const Box box = candidate_box(geometry, inputs, label, candidate.prior);
      const bool apart = std::all_of(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                                     [&](const Detection& better) { return overlap(box, better.box) <= threshold; });
      if (!apart) continue;
      found.push_back({label, candidate.confidence, box});
      if (geometry.overlap_decay < 1.0F && threshold > 0.5F) threshold *= geometry.overlap_decay;
    }
  }

  NUQ_FUNCTION [[nodiscard]] static std::vector<Candidate> candidates(const DetectionOutputGeometry& geometry,
                                                                      const ImageInputs& inputs, std::int64_t label) {
    std::vector<Candidate> chosen;
    for (std::int64_t prior = 0; prior < geometry.priors; ++prior) {
      const float confidence = confidence_of(geometry, inputs, label, prior);
      if (confidence > geometry.confidence_threshold) chosen.push_back({confidence, prior});
    }
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const Candidate& a, const Candidate& b) { return a.confidence > b.confidence; });
    if (chosen.size() > static_cast<std::size_t>(geometry.candidates)) {
      chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(geometry.candidates), chosen.end());
    }
    return chosen;
  }

  /// A prior box that the first stage takes for background is of class 0, whatever the second says.
  NUQ_FUNCTION [[nodiscard]] static float confidence_of(const DetectionOutputGeometry& geometry,
                                                        const ImageInputs& inputs, std::int64_t label,
                                                        std::int64_t prior) {
    if (inputs.objectness != nullptr && inputs.objectness[prior * 2 + 1] < geometry.objectness)
      return label == 0 ? 1.0F : 0.0F;
    return inputs.confidences[prior * geometry.classes + label];
  }

  NUQ_FUNCTION [[nodiscard]] static Box candidate_box(const DetectionOutputGeometry& geometry,
                                                      const ImageInputs& inputs, std::int64_t label,
                                                      std::int64_t prior) {
    const std::int64_t location = geometry.location_classes == 1 ? prior : prior * geometry.location_classes + label;
    const float ones[] = {1.0F, 1.0F, 1.0F, 1.0F};
    const float* const variances = geometry.variance_encoded ? ones : inputs.priors + (geometry.priors + prior) * 4;
    Box box = Box::at(inputs.priors + prior * 4);
    if (inputs.first_locations != nullptr)
      box = decoded_box(geometry.code, inputs.first_locations + prior * 4, box, variances);
    return decoded_box(geometry.code, inputs.locations + location * 4, box, variances);
  }

  ops::DetectionOutput operation_;
};
DetectionOutputLayer layer_of(const ops::DetectionOutput&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_DETECTION_HPP
