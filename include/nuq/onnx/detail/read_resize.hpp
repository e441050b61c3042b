#ifndef NUQ_ONNX_DETAIL_READ_RESIZE_HPP
#define NUQ_ONNX_DETAIL_READ_RESIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/functions/resize.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A stretch of images by whole numbers that repeats values.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation upsampled(OnnxNodeReader& node, std::int64_t y, std::int64_t x) {
  ops::Upsample upsample;
  upsample.factor_y = y;
  upsample.factor_x = x;
  OnnxShape shape = node.shape(0);
  if (shape && shape->size() == 4) {
    const auto stretch = [&node](OnnxExtent& extent, std::int64_t factor) {
      if (factor != 1) extent = extent.is_known() ? OnnxExtent{times(extent.value, factor)} : node.new_symbol();
    };
    stretch((*shape)[2], y);
    stretch((*shape)[3], x);
  }
  return of_first_input(upsample, shape);
}

/// The scales of the two axes of an image; nothing where others are scaled too.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::vector<float>> image_scales(const std::vector<float>& scales) {
  if (scales.size() != 4 || scales[0] != 1.0F || scales[1] != 1.0F) return std::nullopt;
  return std::vector<float>{scales[2], scales[3]};
}

NUQ_FUNCTION [[nodiscard]] inline bool is_factor(float scale) noexcept {
  return scale >= 1.0F && scale <= 65536.0F && scale == std::floor(scale);
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<ops::ResizeMethod> resize_method(const std::string& mode,
                                                                                 const std::string& nearest) {
  if (mode == "linear") return ops::ResizeMethod::linear;
  if (mode != "nearest") return std::nullopt;
  if (nearest == "floor") return ops::ResizeMethod::nearest_floor;
  if (nearest == "ceil") return ops::ResizeMethod::nearest_ceil;
  if (nearest == "round_prefer_floor") return ops::ResizeMethod::nearest_prefer_floor;
  if (nearest == "round_prefer_ceil") return ops::ResizeMethod::nearest_prefer_ceil;
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<ops::ResizePlaces> resize_places(const std::string& mode) {
  if (mode == "half_pixel") return ops::ResizePlaces::half_pixel;
  if (mode == "pytorch_half_pixel") return ops::ResizePlaces::pytorch_half_pixel;
  if (mode == "asymmetric") return ops::ResizePlaces::asymmetric;
  if (mode == "align_corners") return ops::ResizePlaces::align_corners;
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation resized(OnnxNodeReader& node, const ops::Resize& resize) {
  const bool repeats = resize.method == ops::ResizeMethod::nearest_floor &&
                       resize.places == ops::ResizePlaces::asymmetric && resize.scales.size() == 2 &&
                       is_factor(resize.scales[0]) && is_factor(resize.scales[1]);
  if (repeats)
    return upsampled(node, static_cast<std::int64_t>(resize.scales[0]), static_cast<std::int64_t>(resize.scales[1]));
  OnnxShape shape = node.shape(0);
  if (shape && shape->size() == 4) {
    for (std::size_t axis = 0; axis < 2; ++axis)
      (*shape)[2 + axis] = resize.sizes.empty() ? node.new_symbol() : OnnxExtent{resize.sizes[axis]};
  }
  return of_first_input(resize, shape);
}

/// Values for some axes, spread to all; `otherwise` for the others.
template <class T>
[[nodiscard]] std::optional<std::vector<T>> spread_to_axes(const std::vector<T>& given,
                                                           const std::vector<std::int64_t>& axes,
                                                           const std::vector<T>& otherwise) {
  if (axes.empty()) return given;
  std::vector<T> all = otherwise;
  for (std::size_t at = 0; at < axes.size(); ++at) {
    const std::size_t place = place_of_axis(axes[at], all.size());
    if (place == all.size() || given.size() != axes.size()) return std::nullopt;
    all[place] = given[at];
  }
  return all;
}

/// Of any axes, by any method.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_stretch(OnnxNodeReader& node, Stretch stretch,
                                                             const std::string& mode, const std::string& places) {
  using Places = Stretch::Places;
  const std::vector<std::pair<std::string, Places>> known = {{"half_pixel", Places::half_pixel},
                                                             {"pytorch_half_pixel", Places::pytorch_half_pixel},
                                                             {"half_pixel_symmetric", Places::half_pixel_symmetric},
                                                             {"asymmetric", Places::asymmetric},
                                                             {"align_corners", Places::align_corners}};
  const auto found =
      std::find_if(known.begin(), known.end(), [&places](const auto& entry) { return entry.first == places; });
  if (found == known.end() || (mode != "nearest" && mode != "linear" && mode != "cubic"))
    return not_computed(node, "this way to resize ('" + mode + "', '" + places + "') is not computed");
  stretch.method = mode == "nearest" ? Stretch::Method::nearest
                                     : (mode == "linear" ? Stretch::Method::linear : Stretch::Method::cubic);
  stretch.places = found->second;
  const OnnxShape input = node.shape(0);
  const std::optional<OnnxConstant> scales = node.constant(2);
  const auto sizes = node.has_input(3) ? node.integers(3) : std::nullopt;
  const std::vector<std::int64_t> axes = node.integer_list("axes");
  if (!axes.empty() && !input) return not_computed(node, "the number of axes of its input is not known");
  const std::size_t rank = input ? input->size() : 0;
  std::optional<std::vector<float>> spread_scales;
  std::optional<Shape> spread_sizes;
  if (sizes) {
    Shape own;
    for (std::size_t axis = 0; axis < rank; ++axis) own.push_back((*input)[axis].is_known() ? (*input)[axis].value : 0);
    spread_sizes = spread_to_axes(*sizes, axes, own);
    if (!spread_sizes || !is_valid_shape(*spread_sizes))
      return not_computed(node, "its sizes are not known for all axes");
    stretch.sizes = *spread_sizes;
  } else if (scales && !scales->values().empty()) {
    spread_scales = spread_to_axes(scales->values(), axes, std::vector<float>(rank, 1.0F));
    if (!spread_scales) return not_computed(node, "its scales are not those of its axes");
    stretch.scales = *spread_scales;
  } else {
    return not_computed(node, "its scales and sizes are not constant");
  }
  OnnxShape shape = input;
  for (std::size_t axis = 0; shape && axis < rank; ++axis) {
    if (sizes) {
      (*shape)[axis] = {stretch.sizes[axis]};
    } else if (axis < stretch.scales.size() && stretch.scales[axis] != 1.0F) {
      (*shape)[axis] = node.new_symbol();
    }
  }
  return of_function(node, stretched(stretch), shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_resize(OnnxNodeReader& node) {
  const bool is_first_version = node.opset() < 11;
  const std::size_t scales_input = is_first_version ? 1 : 2;
  const std::string mode = node.text("mode", "nearest");
  const std::string nearest = node.text("nearest_mode", is_first_version ? "floor" : "round_prefer_floor");
  const std::string places_mode =
      node.text("coordinate_transformation_mode", is_first_version ? "asymmetric" : "half_pixel");
  const auto method = resize_method(mode, nearest);
  const auto places = resize_places(places_mode);
  node.ignore("extrapolation_value");
  Stretch stretch;
  stretch.rounding = nearest;
  stretch.cubic_coefficient = node.real("cubic_coeff_a", -0.75F);
  stretch.excludes_outside = node.integer("exclude_outside", 0) != 0;
  if (node.integer("antialias", 0) != 0) return not_computed(node, "antialias is not computed");
  if (node.text("keep_aspect_ratio_policy", "stretch") != "stretch")
    return not_computed(node, "sizes that keep the aspect ratio are not computed");
  const bool is_plain = method && places && !stretch.excludes_outside && !node.has("axes");
  const std::optional<OnnxConstant> given = node.constant(scales_input);
  const std::vector<float> scales = given ? given->values() : std::vector<float>{};
  ops::Resize resize;
  if (is_plain) {
    resize.method = *method;
    resize.places = *places;
    if (const auto of_image = image_scales(scales)) {
      resize.scales = *of_image;
      return resized(node, resize);
    }
  }
  const auto sizes = node.integers(3);
  const OnnxShape input = node.shape(0);
  const auto has_size = [&](std::size_t axis) { return input && (*input)[axis] == OnnxExtent{(*sizes)[axis]}; };
  const bool is_image = is_plain && sizes && sizes->size() == 4 && input && input->size() == 4 && has_size(1);
  if (!is_image) return read_stretch(node, stretch, mode, places_mode);
  resize.sizes = {(*sizes)[2], (*sizes)[3]};
  return resized(node, resize);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_upsample(OnnxNodeReader& node) {
  const std::string mode = node.text("mode", "nearest");
  std::vector<float> scales = node.real_list("scales");
  if (node.has_input(1)) {
    const std::optional<OnnxConstant> given = node.constant(1);
    scales = given ? given->values() : std::vector<float>{};
  }
  const auto of_image = image_scales(scales);
  const auto method = resize_method(mode == "bilinear" ? "linear" : mode, "floor");
  if (!of_image || !method) return not_computed(node, "this way to resize ('" + mode + "') is not computed");
  ops::Resize resize;
  resize.method = *method;
  resize.places = ops::ResizePlaces::asymmetric;
  resize.scales = *of_image;
  return resized(node, resize);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_RESIZE_HPP
