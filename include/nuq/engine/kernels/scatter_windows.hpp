#ifndef NUQ_ENGINE_KERNELS_SCATTER_WINDOWS_HPP
#define NUQ_ENGINE_KERNELS_SCATTER_WINDOWS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/depthwise.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// The transpose of cutting windows out of a plane: each window position's values are added to the plane where the
// window lies on it. Here a geometry's input is what is written, its output positions are what is read.

/// Rows [begin, end) of a plane.
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t count() const noexcept { return end - begin; }
};

/// The window positions along `axis` that reach into `rows`.
NUQ_FUNCTION [[nodiscard]] inline RowRange windows_over(const WindowAxis& axis, const RowRange& rows) noexcept {
  const std::int64_t behind = rows.begin + axis.pad - axis.reach() + 1;  // where the first of them may begin
  const std::int64_t begin = behind <= 0 ? 0 : (behind + axis.stride - 1) / axis.stride;
  const std::int64_t end = (std::min)(axis.output, (rows.end - 1 + axis.pad) / axis.stride + 1);
  return {(std::min)(begin, end), end};
}

/// target[position·stride + offset] += weight·source[position] for all positions whose tap falls on the target.
NUQ_FUNCTION inline void scatter_row(const TapRange& positions, std::int64_t stride, float weight, const float* source,
                                     float* target) {
  const std::int64_t offset = positions.offset;
  if (stride == 1) {
    for (std::int64_t at = positions.begin; at < positions.end; ++at) target[at + offset] += weight * source[at];
  } else {
    for (std::int64_t at = positions.begin; at < positions.end; ++at) {
      target[at * stride + offset] += weight * source[at];
    }
  }
}

/// Adds windows to the rows `rows` of a plane. `row_of(ky, kx, position)` gives a row of window positions' values for
/// one tap, `weight_of(ky, kx)` their factor; `target` is the plane's row `rows.begin`.
template <class RowOf, class WeightOf>
void scatter_windows(const ConvolutionGeometry& geometry, const RowRange& rows, const RowOf& row_of,
                     const WeightOf& weight_of, float* target) {
  std::vector<TapRange> cols;
  for (std::int64_t kx = 0; kx < geometry.x.kernel; ++kx) cols.emplace_back(geometry.x, kx);
  const RowRange positions = windows_over(geometry.y, rows);
  for (std::int64_t position = positions.begin; position < positions.end; ++position) {
    for (std::int64_t ky = 0; ky < geometry.y.kernel; ++ky) {
      const std::int64_t row = position * geometry.y.stride + ky * geometry.y.dilation - geometry.y.pad;
      if (row < rows.begin || row >= rows.end) continue;
      for (std::int64_t kx = 0; kx < geometry.x.kernel; ++kx) {
        scatter_row(cols[static_cast<std::size_t>(kx)], geometry.x.stride, weight_of(ky, kx), row_of(ky, kx, position),
                    target + (row - rows.begin) * geometry.x.input);
      }
    }
  }
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_SCATTER_WINDOWS_HPP
