#ifndef NUQ_ENGINE_KERNELS_GATHER_HPP
#define NUQ_ENGINE_KERNELS_GATHER_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An axis that is read in steps: `extent` places, `stride` values apart.
struct StridedAxis {
  std::int64_t extent;
  std::int64_t stride;
};

/// The axes of a row-major tensor.
NUQ_FUNCTION [[nodiscard]] inline std::vector<StridedAxis> dense_axes(const Shape& shape) {
  std::vector<StridedAxis> axes(shape.size());
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    axes[axis] = {shape[axis], stride};
    stride *= shape[axis];
  }
  return axes;
}

/// Writes to `target`, row-major, what the axes (outermost first, at least one) find from `source` on.
NUQ_FUNCTION inline void gather(Workspace& workspace, const std::vector<StridedAxis>& axes, const float* source,
                                float* target) {
  const StridedAxis inner = axes.back();
  std::int64_t lines = 1;
  for (std::size_t axis = 0; axis + 1 < axes.size(); ++axis) lines *= axes[axis].extent;
  workspace.for_each_range(lines, inner.extent, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin; line < end; ++line) {
      const float* from = source;
      std::int64_t place = line;
      for (std::size_t axis = axes.size() - 1; axis-- > 0; place /= axes[axis].extent) {
        from += place % axes[axis].extent * axes[axis].stride;
      }
      float* const to = target + line * inner.extent;
      for (std::int64_t at = 0; at < inner.extent; ++at) to[at] = from[at * inner.stride];
    }
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_GATHER_HPP
