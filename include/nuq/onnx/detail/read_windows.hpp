#ifndef NUQ_ONNX_DETAIL_READ_WINDOWS_HPP
#define NUQ_ONNX_DETAIL_READ_WINDOWS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/functions/pooling.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Strides, dilations and pads; nothing, and the reason in `problem`, for what no window has.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ops::Window> read_onnx_window(OnnxNodeReader& node,
                                                                              std::vector<std::int64_t> kernel,
                                                                              std::string& problem) {
  const std::size_t axes = kernel.size();
  ops::Window window;
  window.kernel = std::move(kernel);
  window.strides = node.integer_list("strides");
  window.dilations = node.integer_list("dilations");
  const std::vector<std::int64_t> pads = node.integer_list("pads");
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER") window.auto_pad = ops::AutoPad::same_upper;
  if (auto_pad == "SAME_LOWER") window.auto_pad = ops::AutoPad::same_lower;
  const bool is_known =
      window.auto_pad != ops::AutoPad::none || auto_pad == "NOTSET" || auto_pad == "VALID" || auto_pad.empty();
  if (!is_known) problem = "auto_pad '" + auto_pad + "' is not known";
  const auto fits = [axes](const ops::AxisValues& values) { return values.empty() || values.size() == axes; };
  if (!fits(window.strides) || !fits(window.dilations) || (!pads.empty() && pads.size() != 2 * axes))
    problem = "strides, dilations or pads are not as many as the kernel's " + std::to_string(axes) + " axes ask for";
  if (!problem.empty()) return std::nullopt;
  if (!pads.empty() && (auto_pad == "NOTSET" || auto_pad.empty())) {
    window.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
    window.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  }
  return window;
}

NUQ_FUNCTION [[nodiscard]] inline std::int64_t axis_value(const ops::AxisValues& values, std::size_t axis,
                                                          std::int64_t otherwise) noexcept {
  return values.empty() ? otherwise : values[axis];
}

/// The output's shape of a window that slides over an input; its spatial extents, where they are not known, are new.
NUQ_FUNCTION [[nodiscard]] inline OnnxShape slid_shape(OnnxNodeReader& node, const ops::Window& window,
                                                       std::optional<std::int64_t> channels, bool ceil) {
  OnnxShape shape = node.shape(0);
  if (!shape || shape->size() != window.kernel.size() + 2) return std::nullopt;
  if (channels) (*shape)[1] = {*channels};
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    OnnxExtent& extent = (*shape)[2 + axis];
    const auto is_small = [](std::int64_t value) { return value >= 0 && value <= max_window_parameter; };
    const std::int64_t stride = axis_value(window.strides, axis, 1);
    const std::int64_t dilation = axis_value(window.dilations, axis, 1);
    const std::int64_t before = axis_value(window.pads_begin, axis, 0);
    const std::int64_t behind = axis_value(window.pads_end, axis, 0);
    if (!is_small(stride) || !is_small(dilation) || !is_small(before) || !is_small(behind) ||
        !is_small(window.kernel[axis])) {
      extent = node.new_symbol();
      continue;
    }
    const std::int64_t reach = dilation * (window.kernel[axis] - 1) + 1;
    const std::int64_t room = extent.value + before + behind - reach;
    const bool is_plain =
        extent.is_known() && !ceil && stride > 0 && room >= 0 && window.auto_pad == ops::AutoPad::none;
    extent = is_plain ? OnnxExtent{room / stride + 1} : node.new_symbol();
  }
  return shape;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_pooling(OnnxNodeReader& node, ops::PoolMethod method) {
  std::string problem;
  const std::optional<ops::Window> window = read_onnx_window(node, node.integer_list("kernel_shape"), problem);
  if (!window) return not_computed(node, problem);
  ops::Pooling pooling;
  pooling.method = method;
  pooling.window = *window;
  pooling.ceil = node.integer("ceil_mode", 0) != 0;
  pooling.stays_within = true;
  pooling.count_include_pad = method == ops::PoolMethod::average && node.integer("count_include_pad", 0) != 0;
  if (method == ops::PoolMethod::maximum) node.ignore("storage_order");
  const OnnxShape shape = slid_shape(node, *window, std::nullopt, pooling.ceil);
  const bool is_plain = window->kernel.size() == 2 && !has_other_than(window->dilations, 1);
  return is_plain ? of_first_input(pooling, shape) : of_function(node, volume_pooling(pooling), shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_average_pool(OnnxNodeReader& node) {
  return read_onnx_pooling(node, ops::PoolMethod::average);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_max_pool(OnnxNodeReader& node) {
  return read_onnx_pooling(node, ops::PoolMethod::maximum);
}

/// Over all spatial axes.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_global_pool(OnnxNodeReader& node, ops::PoolMethod method) {
  OnnxShape shape = node.shape(0);
  if (shape) {
    for (std::size_t axis = 2; axis < shape->size(); ++axis) (*shape)[axis] = {1};
  }
  if (!shape || shape->size() == 4) {
    ops::Pooling pooling;
    pooling.method = method;
    pooling.global = true;
    return of_first_input(pooling, shape);
  }
  ops::Reduce reduce;
  reduce.method = method == ops::PoolMethod::average ? ops::ReduceMethod::mean : ops::ReduceMethod::maximum;
  for (std::size_t axis = 2; axis < shape->size(); ++axis) reduce.axes.push_back(static_cast<std::int64_t>(axis));
  return of_first_input(reduce, shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_global_average_pool(OnnxNodeReader& node) {
  return read_global_pool(node, ops::PoolMethod::average);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_global_max_pool(OnnxNodeReader& node) {
  return read_global_pool(node, ops::PoolMethod::maximum);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_lrn(OnnxNodeReader& node) {
  ops::Lrn lrn;
  lrn.size = node.integer("size", 0);
  lrn.alpha = node.real("alpha", 1e-4F);
  lrn.beta = node.real("beta", 0.75F);
  lrn.k = node.real("bias", 1.0F);
  return same_shape(node, lrn);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_WINDOWS_HPP
