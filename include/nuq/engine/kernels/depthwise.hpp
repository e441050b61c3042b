#ifndef NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
#define NUQ_ENGINE_KERNELS_DEPTHWISE_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
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
        taps_(layout_.taps(1)),
        height_(geometry.y.output),
        width_(geometry.x.output) {
    const auto reads_pads_alone = [&](std::int64_t ky) {
      const TapRange rows(geometry.y, ky);
      return rows.begin >= rows.end;
    };
    std::int64_t end = geometry.y.kernel;
    while (end > 0 && reads_pads_alone(end - 1)) --end;
    std::int64_t begin = 0;
    while (begin < end && reads_pads_alone(begin)) ++begin;
    first_tap_ = begin * geometry.x.kernel;
    taps_.offsets += first_tap_;
    taps_.count = end * geometry.x.kernel - first_tap_;
  }
  PlaneConvolution(const PlaneConvolution&) = delete;
  PlaneConvolution& operator=(const PlaneConvolution&) = delete;

  /// Values that `convolve` needs room for.
  [[nodiscard]] std::int64_t scratch_size() const noexcept { return patch_size() + positions() + plane_block; }

  /// Makes `scratch_size()` values ready for any number of planes.
  NUQ_FUNCTION void prepare(float* scratch) const { std::fill_n(scratch, patch_size(), 0.0F); }

  NUQ_FUNCTION void convolve(PlaneKernel kernel, const float* input, const float* filter, const PlaneFinish& finish,
                             float* scratch, float* output) const {
    layout_.fill_between_pads(input, scratch);
    float* const results = scratch + patch_size();
    kernel(taps_, filter + first_tap_, scratch, positions(), finish, results);
    for (std::int64_t row = 0; row < height_; ++row) {
      copy_values(results + row * layout_.row_stride(), width_, output + row * width_);
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
  WindowTaps taps_;  // without rows before and behind that read nothing but pads
  std::int64_t first_tap_ = 0;
  std::int64_t height_;
  std::int64_t width_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
