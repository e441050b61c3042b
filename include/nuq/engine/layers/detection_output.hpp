#ifndef NUQ_ENGINE_LAYERS_DETECTION_OUTPUT_HPP
#define NUQ_ENGINE_LAYERS_DETECTION_OUTPUT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/detail/box.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/detection_output.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// SSD's last layer: decodes the boxes of each class, suppresses those that overlap with a better one and keeps the
/// best of an image. With RefineDet's five inputs a first stage moves the prior boxes and says which hold an object. A
/// row of the output is image, class, confidence, xmin, ymin, xmax, ymax; an image's rows are
/// sorted by falling confidence, as OpenCV has them, and come right after those of the image before. Shapes are fixed
/// before anything is computed, so that rows without an object follow at the end, all zeros.
class DetectionOutputLayer {
 public:
  static constexpr bool in_place = false;

  explicit DetectionOutputLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const DetectionOutputGeometry geometry =
        detection_output_geometry(call.layer, call.inputs[0].shape, call.inputs[1].shape, call.inputs[2].shape);
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
    std::fill(row, call.outputs[0].values.end(), 0.0F);
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

  [[nodiscard]] static std::vector<Detection> detect(const DetectionOutputGeometry& geometry,
                                                     const ImageInputs& inputs) {
    std::vector<Detection> found;
    for (std::int64_t label = 0; label < geometry.classes; ++label) {
      if (label != geometry.background) add_class(geometry, inputs, label, found);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
    const std::size_t most = static_cast<std::size_t>(geometry.detections);
    if (found.size() > most) found.erase(found.begin() + static_cast<std::ptrdiff_t>(most), found.end());
    return found;
  }

  /// Takes a class's candidates, best first, unless they overlap too much with one taken before.
  static void add_class(const DetectionOutputGeometry& geometry, const ImageInputs& inputs, std::int64_t label,
                        std::vector<Detection>& found) {
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

  [[nodiscard]] static std::vector<Candidate> candidates(const DetectionOutputGeometry& geometry,
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
  [[nodiscard]] static float confidence_of(const DetectionOutputGeometry& geometry, const ImageInputs& inputs,
                                           std::int64_t label, std::int64_t prior) {
    if (inputs.objectness != nullptr && inputs.objectness[prior * 2 + 1] < geometry.objectness)
      return label == 0 ? 1.0F : 0.0F;
    return inputs.confidences[prior * geometry.classes + label];
  }

  [[nodiscard]] static Box candidate_box(const DetectionOutputGeometry& geometry, const ImageInputs& inputs,
                                         std::int64_t label, std::int64_t prior) {
    const std::int64_t location = geometry.location_classes == 1 ? prior : prior * geometry.location_classes + label;
    const float ones[] = {1.0F, 1.0F, 1.0F, 1.0F};
    const float* const variances = geometry.variance_encoded ? ones : inputs.priors + (geometry.priors + prior) * 4;
    Box box = Box::at(inputs.priors + prior * 4);
    if (inputs.first_locations != nullptr)
      box = decoded_box(geometry.code_type, inputs.first_locations + prior * 4, box, variances);
    return decoded_box(geometry.code_type, inputs.locations + location * 4, box, variances);
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_DETECTION_OUTPUT_HPP
