#ifndef NUQ_GRAPH_OPS_PRIOR_BOX_HPP
#define NUQ_GRAPH_OPS_PRIOR_BOX_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A PriorBox (SSD) with its parameters read: the same boxes around the centre of every position of a feature map.
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

[[nodiscard]] inline float checked_prior_value(const LayerRef& layer, const char* name, float value) {
  if (value > 0.0F && value <= max_prior_extent) return value;
  layer.fail(ErrorCode::invalid_argument, std::string(name) + " is " + number_text(static_cast<double>(value)) +
                                              ", wanted above 0 and at most " +
                                              number_text(static_cast<double>(max_prior_extent)));
}

/// 1, then the listed ratios of width to height, each with its inverse if `flip`; none twice.
[[nodiscard]] inline std::vector<float> aspect_ratios(const LayerRef& layer,
                                                      const schema::PriorBoxParameter& parameter) {
  std::vector<float> ratios = {1.0F};
  for (const float ratio : parameter.aspect_ratio()) {
    static_cast<void>(checked_prior_value(layer, "aspect_ratio", ratio));
    const bool known =
        std::any_of(ratios.begin(), ratios.end(), [&](float other) { return std::fabs(ratio - other) < 1e-6F; });
    if (known) continue;
    ratios.push_back(ratio);
    if (parameter.flip()) ratios.push_back(1.0F / ratio);
  }
  return ratios;
}

/// For every `min_size` a square of it, one of the geometric mean of it and its `max_size`, and one box of the square's
/// area for every other aspect ratio. As SSD does, sizes are cut to whole pixels.
[[nodiscard]] inline std::vector<PriorBoxGeometry::Size> prior_sizes(const LayerRef& layer,
                                                                     const schema::PriorBoxParameter& parameter) {
  if (parameter.min_size_size() == 0) layer.fail(ErrorCode::invalid_argument, "has no min_size, wanted at least 1");
  if (parameter.max_size_size() != 0 && parameter.max_size_size() != parameter.min_size_size()) {
    layer.fail(ErrorCode::invalid_argument, "has " + std::to_string(parameter.max_size_size()) +
                                                " values of max_size, wanted one for each of " +
                                                std::to_string(parameter.min_size_size()) + " of min_size");
  }
  const std::vector<float> ratios = aspect_ratios(layer, parameter);
  std::vector<PriorBoxGeometry::Size> sizes;
  for (int index = 0; index < parameter.min_size_size(); ++index) {
    const float smallest = std::trunc(checked_prior_value(layer, "min_size", parameter.min_size(index)));
    sizes.push_back({smallest, smallest});
    if (parameter.max_size_size() > 0) {
      const float largest = checked_prior_value(layer, "max_size", parameter.max_size(index));
      if (largest <= parameter.min_size(index)) {
        layer.fail(ErrorCode::invalid_argument, "max_size is " + number_text(static_cast<double>(largest)) +
                                                    ", wanted above min_size " +
                                                    number_text(static_cast<double>(parameter.min_size(index))));
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

/// None: 0.1; one: for all four values of a box; or four.
[[nodiscard]] inline std::array<float, 4> prior_variances(const LayerRef& layer,
                                                          const schema::PriorBoxParameter& parameter) {
  const int count = parameter.variance_size();
  if (count != 0 && count != 1 && count != 4) {
    layer.fail(ErrorCode::invalid_argument, "has " + std::to_string(count) + " values of variance, wanted 0, 1 or 4");
  }
  std::array<float, 4> variances = {0.1F, 0.1F, 0.1F, 0.1F};
  for (int index = 0; count > 0 && index < 4; ++index) {
    variances[static_cast<std::size_t>(index)] =
        checked_prior_value(layer, "variance", parameter.variance(count == 1 ? 0 : index));
  }
  return variances;
}

/// The image's extents: `img_size`, `img_h` and `img_w`, or those of the second input.
inline void read_prior_image(const LayerRef& layer, const Shape& image, PriorBoxGeometry& geometry) {
  const schema::PriorBoxParameter& parameter = layer.parameter().prior_box_param();
  geometry.image_height = static_cast<float>(image[2]);
  geometry.image_width = static_cast<float>(image[3]);
  if (parameter.has_img_h() || parameter.has_img_w()) {
    geometry.image_height = checked_prior_value(layer, "img_h", static_cast<float>(parameter.img_h()));
    geometry.image_width = checked_prior_value(layer, "img_w", static_cast<float>(parameter.img_w()));
  } else if (parameter.has_img_size()) {
    geometry.image_height = geometry.image_width =
        checked_prior_value(layer, "img_size", static_cast<float>(parameter.img_size()));
  }
}

/// `step`, `step_h` and `step_w`, or what spreads the positions over the image.
inline void read_prior_steps(const LayerRef& layer, PriorBoxGeometry& geometry) {
  const schema::PriorBoxParameter& parameter = layer.parameter().prior_box_param();
  geometry.step_y = geometry.image_height / static_cast<float>(geometry.rows);
  geometry.step_x = geometry.image_width / static_cast<float>(geometry.cols);
  if (parameter.has_step_h() || parameter.has_step_w()) {
    geometry.step_y = checked_prior_value(layer, "step_h", parameter.step_h());
    geometry.step_x = checked_prior_value(layer, "step_w", parameter.step_w());
  } else if (parameter.has_step()) {
    geometry.step_y = geometry.step_x = checked_prior_value(layer, "step", parameter.step());
  }
}

}  // namespace detail

/// Reads and checks a PriorBox for a feature map and an image, [N, C, H, W] both. Throws ModelError naming the layer
/// and the value.
[[nodiscard]] inline PriorBoxGeometry prior_box_geometry(const LayerRef& layer, const Shape& map, const Shape& image) {
  require_image(layer, map);
  require_image(layer, image);
  const schema::PriorBoxParameter& parameter = layer.parameter().prior_box_param();
  PriorBoxGeometry geometry;
  geometry.rows = map[2];
  geometry.cols = map[3];
  geometry.offset = parameter.offset();
  geometry.clip = parameter.clip();
  geometry.sizes = detail::prior_sizes(layer, parameter);
  geometry.variances = detail::prior_variances(layer, parameter);
  detail::read_prior_image(layer, image, geometry);
  detail::read_prior_steps(layer, geometry);
  return geometry;
}

[[nodiscard]] inline std::vector<Shape> prior_box_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() != 2) {
    layer.fail(ErrorCode::unsupported_layer,
               "PriorBox has " + std::to_string(inputs.size()) + " inputs, wanted 2: a feature map and the image");
  }
  return {prior_box_geometry(layer, inputs[0], inputs[1]).output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_PRIOR_BOX_HPP
