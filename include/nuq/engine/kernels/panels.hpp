#ifndef NUQ_ENGINE_KERNELS_PANELS_HPP
#define NUQ_ENGINE_KERNELS_PANELS_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/aligned_buffer.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A matrix of somebody else's, `lines` vectors of `depth` values: the rows of a product's left side or the columns of
/// its right.
struct LineView {
  const float* data = nullptr;
  std::int64_t lines = 0;
  std::int64_t depth = 0;
  std::int64_t line_stride = 0;
  std::int64_t depth_stride = 1;
};

/// Panels of `width` lines, in memory one after the other: within a panel all lines' first values, all second ones, ….
/// The last panel is filled up with zeros.
struct PanelView {
  const float* data = nullptr;
  std::int64_t panel_stride = 0;

  /// The same panels from `depth` values on.
  NUQ_FUNCTION [[nodiscard]] PanelView from(std::int64_t depth, std::int64_t width) const noexcept {
    return {data + depth * width, panel_stride};
  }
  [[nodiscard]] const float* panel(std::int64_t index) const noexcept { return data + index * panel_stride; }
};

[[nodiscard]] constexpr std::int64_t panel_count(std::int64_t lines, std::int64_t width) noexcept {
  return (lines + width - 1) / width;
}

/// Packs one panel: the lines from `first` on.
template <std::int64_t width>
void pack_panel(const LineView& matrix, std::int64_t first, float* panel) {
  const std::int64_t used = (std::min)(width, matrix.lines - first);
  if (used < width) std::fill_n(panel, width * matrix.depth, 0.0F);
  for (std::int64_t line = 0; line < used; ++line) {
    const float* source = matrix.data + (first + line) * matrix.line_stride;
    for (std::int64_t k = 0; k < matrix.depth; ++k) panel[k * width + line] = source[k * matrix.depth_stride];
  }
}

/// A packed copy of a matrix.
template <std::int64_t width>
class Panels {
 public:
  Panels() = default;
  explicit Panels(const LineView& matrix)
      : lines_(matrix.lines), depth_(matrix.depth), buffer_(panel_count(lines_, width) * width * depth_) {
    for (std::int64_t first = 0; first < lines_; first += width) {
      pack_panel<width>(matrix, first, buffer_.data() + first * depth_);
    }
  }

  [[nodiscard]] std::int64_t lines() const noexcept { return lines_; }
  [[nodiscard]] std::int64_t depth() const noexcept { return depth_; }
  [[nodiscard]] PanelView view() const noexcept { return {buffer_.data(), width * depth_}; }

 private:
  std::int64_t lines_ = 0;
  std::int64_t depth_ = 0;
  AlignedBuffer buffer_;
};

using RowPanels = Panels<tile_rows>;
using ColumnPanels = Panels<tile_cols>;

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_PANELS_HPP
