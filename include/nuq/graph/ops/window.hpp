#ifndef NUQ_GRAPH_OPS_WINDOW_HPP
#define NUQ_GRAPH_OPS_WINDOW_HPP

#include <cstdint>
#include <string>

#include "nuq/core/error.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A window that slides along one spatial axis of an image.
struct WindowAxis {
  std::int64_t input = 0;   ///< extent of the input
  std::int64_t output = 0;  ///< number of window positions
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;  ///< zeros before the input; as many behind it
  std::int64_t dilation = 1;

  /// Input positions from the window's first to its last, both included.
  [[nodiscard]] std::int64_t reach() const noexcept { return dilation * (kernel - 1) + 1; }
};

/// Largest kernel, stride, pad and dilation that is taken for serious.
inline constexpr std::int64_t max_window_parameter = 1 << 16;

/// Throws ModelError naming the layer, `axis` ("height", "width") and the value that is zero or absurd.
inline void check_window(const LayerRef& layer, const WindowAxis& window, const std::string& axis) {
  const auto check = [&](const char* name, std::int64_t value, std::int64_t least) {
    if (value >= least && value <= max_window_parameter) return;
    layer.fail(ErrorCode::invalid_argument, std::string(name) + " along the " + axis + " is " + std::to_string(value) +
                                                ", wanted " + std::to_string(least) + " to " +
                                                std::to_string(max_window_parameter));
  };
  check("kernel size", window.kernel, 1);
  check("stride", window.stride, 1);
  check("pad", window.pad, 0);
  check("dilation", window.dilation, 1);
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_WINDOW_HPP
