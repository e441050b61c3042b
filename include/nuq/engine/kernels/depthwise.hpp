#ifndef NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
#define NUQ_ENGINE_KERNELS_DEPTHWISE_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/kernels/window_patch.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The window positions [begin, end) whose tap `tap` falls on the input.
struct TapRange {
  NUQ_FUNCTION TapRange(const WindowAxis& axis, std::int64_t tap) noexcept {
    const std::int64_t first = tap * axis.dilation - axis.pad;  // where position 0 reads
    begin = (std::min)(axis.output, first >= 0 ? 0 : (-first + axis.stride - 1) / axis.stride);
    end = (std::max)(begin, (std::min)(axis.output, (axis.input - first + axis.stride - 1) / axis.stride));
    offset = first;
  }
  std::int64_t begin;
  std::int64_t end;
  std::int64_t offset;
};

/// Convolves planes of the input with one filter each.
class PlaneConvolution {
 public:
  NUQ_FUNCTION explicit PlaneConvolution(const ConvolutionGeometry& geometry)
      : layout_(geometry, {0, 1, 0, geometry.y.output, 0, geometry.x.output}),
        height_(geometry.y.output),
        width_(geometry.x.output) {}

  /// Values that `convolve` needs room for.
  [[nodiscard]] std::int64_t scratch_size() const noexcept { return patch_size() + positions() + plane_block; }

  /// `finish` is that of output channel `channel`.
  NUQ_FUNCTION void convolve(PlaneKernel kernel, const float* input, const float* filter, const TileFinish& finish,
                             std::int64_t channel, float* scratch, float* output) const {
    layout_.fill(input, scratch);
    std::fill_n(scratch + layout_.size(), patch_size() - layout_.size(), 0.0F);
    float* const sums = scratch + patch_size();
    kernel(layout_.taps(1), filter, scratch, positions(), sums);
    const float scale = finish.scale == nullptr ? 1.0F : finish.scale[channel];
    const float shift = finish.shift == nullptr ? 0.0F : finish.shift[channel];  // a sum from zero is never -0
    for_each_index(0, positions(), [=, slope = finish.negative_slope](std::int64_t at) {
      const float value = sums[at] * scale + shift;
      sums[at] = (std::max)(value, 0.0F) + slope * (std::min)(value, 0.0F);
    });
    for (std::int64_t row = 0; row < height_; ++row) {
      std::copy_n(sums + row * layout_.row_stride(), width_, output + row * width_);
    }
  }

 private:
  /// From the first one to the last one, those between two rows as well.
  NUQ_FUNCTION [[nodiscard]] std::int64_t positions() const noexcept {
    return (height_ - 1) * layout_.row_stride() + width_;
  }
  /// With what the kernel reads too much.
  NUQ_FUNCTION [[nodiscard]] std::int64_t patch_size() const noexcept {
    return layout_.size() + layout_.shared_pad() + plane_block;
  }

  PatchLayout layout_;
  std::int64_t height_;
  std::int64_t width_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
