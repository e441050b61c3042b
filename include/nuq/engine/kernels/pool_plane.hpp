#ifndef NUQ_ENGINE_KERNELS_POOL_PLANE_HPP
#define NUQ_ENGINE_KERNELS_POOL_PLANE_HPP

#include <algorithm>
#include <cfloat>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A window clipped to the input along one axis.
struct ClippedWindow {
  NUQ_FUNCTION ClippedWindow(const WindowAxis& axis, std::int64_t position) noexcept {
    const std::int64_t first = position * axis.stride - axis.pad;
    const std::int64_t last = (std::min)(first + axis.kernel, axis.input + axis.pad_end);
    begin = (std::max)(first, std::int64_t{0});
    end = (std::max)(begin, (std::min)(last, axis.input));
    padded_extent = last - first;
  }
  std::int64_t begin;
  std::int64_t end;
  std::int64_t padded_extent;  ///< its values and the pads it covers; not above 0 where it lies behind the input
};

// Both reduce the window's rows to one `line` first, which runs along memory, and the windows of that line then.

NUQ_FUNCTION inline void pool_maximum(const PoolingGeometry& geometry, const float* input, float* line, float* output) {
  const std::int64_t width = geometry.x.input;
  for (std::int64_t y = 0; y < geometry.y.output; ++y) {
    const ClippedWindow rows(geometry.y, y);
    std::fill_n(line, width, -FLT_MAX);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t x = 0; x < width; ++x) line[x] = (std::max)(line[x], input[row * width + x]);
    }
    for (std::int64_t x = 0; x < geometry.x.output; ++x) {
      const ClippedWindow cols(geometry.x, x);
      float largest = -FLT_MAX;
      for (std::int64_t col = cols.begin; col < cols.end; ++col) largest = (std::max)(largest, line[col]);
      *output++ = largest;
    }
  }
}

NUQ_FUNCTION inline void sum_rows(const ClippedWindow& rows, std::int64_t width, const float* input, float* line) {
  std::fill_n(line, width, 0.0F);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t x = 0; x < width; ++x) line[x] += input[row * width + x];
  }
}

NUQ_FUNCTION [[nodiscard]] inline float average_of(const PoolingGeometry& geometry, const ClippedWindow& rows,
                                                   const ClippedWindow& cols, float sum) noexcept {
  const std::int64_t divisor = geometry.count_include_pad
                                   ? (std::max)(rows.padded_extent, std::int64_t{0}) * cols.padded_extent
                                   : (rows.end - rows.begin) * (cols.end - cols.begin);
  return divisor > 0 ? sum / static_cast<float>(divisor) : 0.0F;
}

NUQ_FUNCTION inline void pool_average(const PoolingGeometry& geometry, const float* input, float* line, float* output) {
  for (std::int64_t y = 0; y < geometry.y.output; ++y) {
    const ClippedWindow rows(geometry.y, y);
    sum_rows(rows, geometry.x.input, input, line);
    for (std::int64_t x = 0; x < geometry.x.output; ++x) {
      const ClippedWindow cols(geometry.x, x);
      float sum = 0.0F;
      for (std::int64_t col = cols.begin; col < cols.end; ++col) sum += line[col];
      *output++ = average_of(geometry, rows, cols, sum);
    }
  }
}

/// Planes that `pool_averages` takes at a time: a sum waits for each of its additions.
inline constexpr std::int64_t planes_together = 8;

/// What `pool_average` gives for each of `planes` planes, at most `planes_together`, that have one window; `lines` has
/// room for that many rows of the input.
NUQ_FUNCTION inline void pool_averages(const PoolingGeometry& geometry, const float* input, std::int64_t planes,
                                       float* lines, float* output) {
  const std::int64_t width = geometry.x.input;
  const ClippedWindow rows(geometry.y, 0);
  const ClippedWindow cols(geometry.x, 0);
  std::fill_n(lines, planes_together * width, 0.0F);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    sum_rows(rows, width, input + plane * geometry.y.input * width, lines + plane * width);
  }
  float sums[planes_together] = {};
  for (std::int64_t col = cols.begin; col < cols.end; ++col) {
    for (std::int64_t plane = 0; plane < planes_together; ++plane) sums[plane] += lines[plane * width + col];
  }
  for (std::int64_t plane = 0; plane < planes; ++plane) output[plane] = average_of(geometry, rows, cols, sums[plane]);
}

/// Every value weighted with its probability to be drawn in training, value / sum of the window (Zeiler and Fergus,
/// "Stochastic pooling", 2013, §3.2); 0 where the sum is not positive, as in Caffe.
NUQ_FUNCTION inline void pool_stochastic(const PoolingGeometry& geometry, const float* input, float* output) {
  for (std::int64_t y = 0; y < geometry.y.output; ++y) {
    const ClippedWindow rows(geometry.y, y);
    for (std::int64_t x = 0; x < geometry.x.output; ++x) {
      const ClippedWindow cols(geometry.x, x);
      float sum = 0.0F;
      float squares = 0.0F;
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        for (std::int64_t col = cols.begin; col < cols.end; ++col) {
          const float value = input[row * geometry.x.input + col];
          sum += value;
          squares += value * value;
        }
      }
      *output++ = sum > 0.0F ? squares / sum : 0.0F;
    }
  }
}

/// Maximum, average or expectation of one plane's windows. A window without any value (strides larger than the kernel,
/// without pads) gives −FLT_MAX as maximum, as in Caffe, and 0 otherwise, where an average is NaN in Caffe. `line` has
/// room for a row of the input.
NUQ_FUNCTION inline void pool_plane(const PoolingGeometry& geometry, const float* input, float* line, float* output) {
  switch (geometry.method) {
    case ops::PoolMethod::average:
      return pool_average(geometry, input, line, output);
    case ops::PoolMethod::expectation:
      return pool_stochastic(geometry, input, output);
    default:
      return pool_maximum(geometry, input, line, output);
  }
}

/// Where the maxima of one plane's windows stand, as row · width + column, the first of equal ones; −1 for a window
/// without any value above −FLT_MAX.
NUQ_FUNCTION inline void places_of_maxima(const PoolingGeometry& geometry, const float* input, float* places) {
  const std::int64_t width = geometry.x.input;
  for (std::int64_t y = 0; y < geometry.y.output; ++y) {
    const ClippedWindow rows(geometry.y, y);
    for (std::int64_t x = 0; x < geometry.x.output; ++x) {
      const ClippedWindow cols(geometry.x, x);
      float largest = -FLT_MAX;
      std::int64_t place = -1;
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        for (std::int64_t col = cols.begin; col < cols.end; ++col) {
          if (!(input[row * width + col] > largest)) continue;
          place = row * width + col;
          largest = input[place];
        }
      }
      *places++ = static_cast<float>(place);
    }
  }
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_POOL_PLANE_HPP
