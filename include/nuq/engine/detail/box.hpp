#ifndef NUQ_ENGINE_DETAIL_BOX_HPP
#define NUQ_ENGINE_DETAIL_BOX_HPP

#include <algorithm>
#include <cmath>

#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A box in fractions of the image.
struct Box {
  float x_min = 0.0F;
  float y_min = 0.0F;
  float x_max = 0.0F;
  float y_max = 0.0F;

  [[nodiscard]] static Box at(const float* corners) noexcept {
    return {corners[0], corners[1], corners[2], corners[3]};
  }
  [[nodiscard]] float width() const noexcept { return x_max - x_min; }
  [[nodiscard]] float height() const noexcept { return y_max - y_min; }
  /// 0 where the corners stand the wrong way round.
  [[nodiscard]] float area() const noexcept { return x_max < x_min || y_max < y_min ? 0.0F : width() * height(); }
};

/// Intersection over union of two boxes (Jaccard index); 0 where they do not meet.
[[nodiscard]] inline float overlap(const Box& a, const Box& b) noexcept {
  const Box common = {(std::max)(a.x_min, b.x_min), (std::max)(a.y_min, b.y_min), (std::min)(a.x_max, b.x_max),
                      (std::min)(a.y_max, b.y_max)};
  if (!(common.width() > 0.0F && common.height() > 0.0F)) return 0.0F;
  return common.area() / (a.area() + b.area() - common.area());
}

/// The box that SSD's `location`, four values relative to a prior box, stands for (Liu and others, "SSD: Single shot
/// multibox detector", 2016, §2.2, and its implementation's three codes).
[[nodiscard]] inline Box decoded_box(schema::PriorBoxParameter::CodeType code, const float* location, const Box& prior,
                                     const float* variances) {
  const float x0 = variances[0] * location[0];
  const float y0 = variances[1] * location[1];
  const float x1 = variances[2] * location[2];
  const float y1 = variances[3] * location[3];
  const float width = prior.width();
  const float height = prior.height();
  if (code == schema::PriorBoxParameter::CENTER_SIZE) {
    const float x = x0 * width + (prior.x_min + prior.x_max) / 2.0F;
    const float y = y0 * height + (prior.y_min + prior.y_max) / 2.0F;
    const float half_width = std::exp(x1) * width / 2.0F;
    const float half_height = std::exp(y1) * height / 2.0F;
    return {x - half_width, y - half_height, x + half_width, y + half_height};
  }
  const bool by_size = code == schema::PriorBoxParameter::CORNER_SIZE;
  const float unit_x = by_size ? width : 1.0F;
  const float unit_y = by_size ? height : 1.0F;
  return {prior.x_min + x0 * unit_x, prior.y_min + y0 * unit_y, prior.x_max + x1 * unit_x, prior.y_max + y1 * unit_y};
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_BOX_HPP
