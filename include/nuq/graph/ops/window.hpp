#ifndef NUQ_GRAPH_OPS_WINDOW_HPP
#define NUQ_GRAPH_OPS_WINDOW_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// A value for each spatial axis, or one that stands for all; none where the operation's default holds.
using AxisValues = std::vector<std::int64_t>;

/// Pads that follow from the input's extent: as many as make the output ⌈input / stride⌉ values, half of them before
/// the first value; an odd one stands behind the last value or before the first.
enum class AutoPad { none, same_upper, same_lower };

/// The window that a convolution or a pooling slides along the spatial axes of its input.
struct Window {
  AxisValues kernel{};
  AxisValues strides{};              ///< 1 where not given
  AxisValues dilations{};            ///< distance between neighbouring taps, 1 where not given
  AxisValues pads_begin{};           ///< positions added before the first value, 0 where not given
  AxisValues pads_end{};             ///< and behind the last one
  AutoPad auto_pad = AutoPad::none;  ///< where it is another, no pads are given
};

}  // namespace ops

/// A window that slides along one spatial axis of an image.
struct WindowAxis {
  std::int64_t input = 0;   ///< extent of the input
  std::int64_t output = 0;  ///< number of window positions
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;      ///< positions before the input
  std::int64_t pad_end = 0;  ///< and behind it
  std::int64_t dilation = 1;

  /// Input positions from the window's first to its last, both included.
  NUQ_FUNCTION [[nodiscard]] std::int64_t reach() const noexcept { return dilation * (kernel - 1) + 1; }
};

/// Sets the pads of a window whose input is known as `auto_pad` asks for.
NUQ_FUNCTION inline void set_auto_pads(ops::AutoPad auto_pad, WindowAxis& window) noexcept {
  if (auto_pad == ops::AutoPad::none) return;
  const std::int64_t outputs = (window.input + window.stride - 1) / window.stride;
  const std::int64_t needed = (outputs - 1) * window.stride + window.reach() - window.input;
  const std::int64_t pads = needed > 0 ? needed : 0;
  window.pad = (auto_pad == ops::AutoPad::same_lower ? pads + 1 : pads) / 2;
  window.pad_end = pads - window.pad;
}

/// Largest kernel, stride, pad and dilation that is taken for serious.
inline constexpr std::int64_t max_window_parameter = 1 << 16;

/// Throws ModelError naming the layer, `axis` ("height", "width") and the value that is zero or absurd.
NUQ_FUNCTION inline void check_window(const LayerContext& layer, const WindowAxis& window, const std::string& axis) {
  const auto check = [&](const char* name, std::int64_t value, std::int64_t least) {
    if (value >= least && value <= max_window_parameter) return;
    layer.fail(ErrorCode::invalid_argument, std::string(name) + " along the " + axis + " is " + std::to_string(value) +
                                                ", wanted " + std::to_string(least) + " to " +
                                                std::to_string(max_window_parameter));
  };
  check("kernel size", window.kernel, 1);
  check("stride", window.stride, 1);
  check("pad", window.pad, 0);
  check("pad behind the input", window.pad_end, 0);
  check("dilation", window.dilation, 1);
}

namespace detail {

/// Whether a value is given that differs from `value`.
NUQ_FUNCTION [[nodiscard]] inline bool has_other_than(const ops::AxisValues& values, std::int64_t value) {
  for (const std::int64_t given : values) {
    if (given != value) return true;
  }
  return false;
}

/// The values of the two axes of an image.
struct WindowPair {
  std::int64_t y;
  std::int64_t x;
};

/// Throws ModelError naming the layer and `name` for more values than an image has axes.
NUQ_FUNCTION [[nodiscard]] inline WindowPair window_pair(const LayerContext& layer, const char* name,
                                                         const ops::AxisValues& values, std::int64_t default_value) {
  if (values.empty()) return {default_value, default_value};
  if (values.size() <= 2) return {values.front(), values.back()};
  layer.fail(ErrorCode::unsupported_layer,
             std::string(name) + " has " + std::to_string(values.size()) + " values, wanted 1 or 2 (height, width)");
}

/// Reads the window of an image into its two axes, whose values are not checked yet.
NUQ_FUNCTION inline void read_window(const LayerContext& layer, const ops::Window& window, WindowAxis& y,
                                     WindowAxis& x) {
  const WindowPair kernel = window_pair(layer, "kernel_size", window.kernel, 0);
  const WindowPair stride = window_pair(layer, "stride", window.strides, 1);
  const WindowPair begin = window_pair(layer, "pad", window.pads_begin, 0);
  const WindowPair end = window_pair(layer, "pad", window.pads_end, 0);
  const WindowPair dilation = window_pair(layer, "dilation", window.dilations, 1);
  y.kernel = kernel.y, y.stride = stride.y, y.pad = begin.y, y.pad_end = end.y, y.dilation = dilation.y;
  x.kernel = kernel.x, x.stride = stride.x, x.pad = begin.x, x.pad_end = end.x, x.dilation = dilation.x;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_WINDOW_HPP
