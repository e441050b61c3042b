#ifndef NUQ_ENGINE_LAYERS_PRIOR_BOX_HPP
#define NUQ_ENGINE_LAYERS_PRIOR_BOX_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/prior_box.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The boxes that SSD's detections are given relative to, position by position: corners (xmin, ymin, xmax, ymax) as
/// fractions of the image, then the variances of all. Reads its inputs' shapes alone.
class PriorBoxLayer {
 public:
  static constexpr bool in_place = false;

  explicit PriorBoxLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const PriorBoxGeometry geometry = prior_box_geometry(call.layer, call.inputs[0].shape, call.inputs[1].shape);
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
  static void write_corners(const PriorBoxGeometry& geometry, float* target) {
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
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_PRIOR_BOX_HPP
