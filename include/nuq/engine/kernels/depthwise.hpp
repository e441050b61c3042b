#ifndef NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
#define NUQ_ENGINE_KERNELS_DEPTHWISE_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
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

/// Convolves one plane with one filter of kh × kw values; `finish` is that of output channel `channel`.
NUQ_FUNCTION inline void convolve_plane(const ConvolutionGeometry& geometry, const float* input, const float* filter,
                                        float* output, const TileFinish& finish, std::int64_t channel) {
  const WindowAxis& y = geometry.y;
  const WindowAxis& x = geometry.x;
  std::fill_n(output, y.output * x.output, 0.0F);
  for (std::int64_t ky = 0; ky < y.kernel; ++ky) {
    const TapRange rows(y, ky);
    for (std::int64_t kx = 0; kx < x.kernel; ++kx) {
      const TapRange cols(x, kx);
      const float weight = filter[ky * x.kernel + kx];
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const float* const source = input + (row * y.stride + rows.offset) * x.input;
        float* const target = output + row * x.output;
        if (x.stride == 1) {
          for (std::int64_t col = cols.begin; col < cols.end; ++col) target[col] += weight * source[col + cols.offset];
        } else {
          for (std::int64_t col = cols.begin; col < cols.end; ++col) {
            target[col] += weight * source[col * x.stride + cols.offset];
          }
        }
      }
    }
  }
  for (std::int64_t at = 0; at < y.output * x.output; ++at) output[at] = finished(output[at], finish, channel);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_DEPTHWISE_HPP
