#ifndef NUQ_ENGINE_KERNELS_TILE_KERNEL_HPP
#define NUQ_ENGINE_KERNELS_TILE_KERNEL_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

// Kernels for instruction sets beyond the compiler's own flags, chosen at run time.
#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define NUQ_HAS_AVX2_KERNELS 1
#include <immintrin.h>
#else
#define NUQ_HAS_AVX2_KERNELS 0
#endif

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A tile of the product, tile_rows × tile_cols, is kept in registers: 12 of AVX2's 16 registers of 8 floats.
inline constexpr std::int64_t tile_rows = 6;
inline constexpr std::int64_t tile_cols = 16;

/// What happens to a finished sum before it is stored: y = x·scale[row] + shift[row], then max(y, 0) +
/// negative_slope·min(y, 0).
struct TileFinish {
  const float* scale = nullptr;  ///< null: 1
  const float* shift = nullptr;  ///< null: 0; must not be null where `scale` is not
  float negative_slope = 1.0F;   ///< 0 is ReLU, 1 does nothing
};

/// C[rows × 16] = A[rows × depth] · B[depth × 16] for 1 to 6 rows, added to C where `accumulate`, then finished unless
/// `finish` is null. A is packed by columns of 6 values, B by rows of 16 (aligned to 32 bytes); C's rows are `c_stride`
/// apart. A sum is taken from zero over the depth in ascending order and then added to C: rounding errors of a sum cut
/// into blocks grow with a block's depth, not with the whole one.
using TileKernel = void (*)(std::int64_t depth, const float* a, const float* b, float* c, std::int64_t c_stride,
                            bool accumulate, const TileFinish* finish);

/// Where the windows of a convolution lie in a patch of its input: those of neighbouring positions are neighbours, tap
/// by tap and channel by channel.
struct WindowTaps {
  std::int64_t channels = 0;
  std::int64_t channel_stride = 0;
  const std::int64_t* offsets = nullptr;  ///< of each tap's value from the first one's
  std::int64_t count = 0;                 ///< taps of a channel
};

/// A tile as `TileKernel` computes it, B being windows: those of 8 positions from `left` on and of 8 from `right` on.
/// The depth is channel by channel, tap by tap.
using WindowKernel = void (*)(const WindowTaps& taps, const float* a, const float* left, const float* right, float* c,
                              std::int64_t c_stride, bool accumulate, const TileFinish* finish);

/// What `TileFinish` says of one channel. A sum from zero is never -0: a shift by 0 leaves it as it is.
struct PlaneFinish {
  float scale = 1.0F;
  float shift = 0.0F;
  float negative_slope = 1.0F;
};

/// output[at] = Σ weights[tap] · patch[at + taps.offsets[tap]], finished, for the taps of one channel in their order,
/// from zero, each product rounded before it is added; for at least `count` positions, at most `plane_block` − 1 more.
using PlaneKernel = void (*)(const WindowTaps& taps, const float* weights, const float* patch, std::int64_t count,
                             const PlaneFinish& finish, float* output);
inline constexpr std::int64_t plane_block = 64;

/// Kernels for each number of rows, 1 to 6, and for planes.
struct TileKernels {
  std::array<TileKernel, static_cast<std::size_t>(tile_rows)> panels;
  std::array<TileKernel, static_cast<std::size_t>(tile_rows)> half_panels;  ///< the first 8 columns, at least
  std::array<WindowKernel, static_cast<std::size_t>(tile_rows)> windows;
  PlaneKernel plane;

  NUQ_FUNCTION [[nodiscard]] TileKernel tile(std::int64_t rows, std::int64_t cols) const noexcept {
    return (cols > tile_cols / 2 ? panels : half_panels)[static_cast<std::size_t>(rows - 1)];
  }
};

NUQ_FUNCTION [[nodiscard]] inline float finished(float value, const TileFinish& finish, std::int64_t row) noexcept {
  if (finish.scale != nullptr) value *= finish.scale[row];
  if (finish.shift != nullptr) value += finish.shift[row];
  return (std::max)(value, 0.0F) + finish.negative_slope * (std::min)(value, 0.0F);
}

/// A row of 16 sums.
NUQ_FUNCTION inline void store_portable(const float* sums, float* c, bool accumulate, const TileFinish* finish,
                                        std::int64_t row) noexcept {
  for (std::int64_t col = 0; col < tile_cols; ++col) {
    const float sum = accumulate ? c[col] + sums[col] : sums[col];
    c[col] = finish == nullptr ? sum : finished(sum, *finish, row);
  }
}

template <int rows>
void tile_portable(std::int64_t depth, const float* a, const float* b, float* c, std::int64_t c_stride, bool accumulate,
                   const TileFinish* finish) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float sums[tile_cols] = {};
    for (std::int64_t k = 0; k < depth; ++k) {
      const float factor = a[k * tile_rows + row];
      for (std::int64_t col = 0; col < tile_cols; ++col) sums[col] += factor * b[k * tile_cols + col];
    }
    store_portable(sums, c + row * c_stride, accumulate, finish, row);
  }
}

template <int rows>
void window_portable(const WindowTaps& taps, const float* a, const float* left, const float* right, float* c,
                     std::int64_t c_stride, bool accumulate, const TileFinish* finish) {
  constexpr std::int64_t half = tile_cols / 2;
  for (std::int64_t row = 0; row < rows; ++row) {
    float sums[tile_cols] = {};
    const float* factor = a + row;
    for (std::int64_t channel = 0; channel < taps.channels; ++channel) {
      for (std::int64_t tap = 0; tap < taps.count; ++tap, factor += tile_rows) {
        const std::int64_t offset = channel * taps.channel_stride + taps.offsets[tap];
        for (std::int64_t col = 0; col < half; ++col) sums[col] += *factor * left[offset + col];
        for (std::int64_t col = 0; col < half; ++col) sums[half + col] += *factor * right[offset + col];
      }
    }
    store_portable(sums, c + row * c_stride, accumulate, finish, row);
  }
}

NUQ_FUNCTION inline void plane_portable(const WindowTaps& taps, const float* weights, const float* patch,
                                        std::int64_t count, const PlaneFinish& finish, float* output) {
  const TileFinish tile_finish{&finish.scale, &finish.shift, finish.negative_slope};
  for (; count > 0; count -= plane_block, patch += plane_block, output += plane_block) {
    float block[plane_block] = {};
    for (std::int64_t tap = 0; tap < taps.count; ++tap) {
      const float* const source = patch + taps.offsets[tap];
      for (std::int64_t at = 0; at < plane_block; ++at) block[at] += weights[tap] * source[at];
    }
    for (std::int64_t at = 0; at < plane_block; ++at) output[at] = finished(block[at], tile_finish, 0);
  }
}

#if NUQ_HAS_AVX2_KERNELS
NUQ_FUNCTION __attribute__((target("avx2,fma"))) inline __m256 finished_avx2(__m256 value, const TileFinish& finish,
                                                                             std::int64_t row) {
  if (finish.scale != nullptr) {
    value = _mm256_fmadd_ps(value, _mm256_broadcast_ss(finish.scale + row), _mm256_broadcast_ss(finish.shift + row));
  } else if (finish.shift != nullptr) {
    value = _mm256_add_ps(value, _mm256_broadcast_ss(finish.shift + row));
  }
  if (finish.negative_slope == 1.0F) return value;
  const __m256 zero = _mm256_setzero_ps();  // as first operand of max and min it lets a NaN pass
  return _mm256_fmadd_ps(_mm256_min_ps(zero, value), _mm256_set1_ps(finish.negative_slope), _mm256_max_ps(zero, value));
}

/// Half a row of sums.
NUQ_FUNCTION __attribute__((target("avx2,fma"))) inline void store_avx2(__m256 sums, float* c, bool accumulate,
                                                                        const TileFinish* finish, std::int64_t row) {
  if (accumulate) sums = _mm256_add_ps(_mm256_loadu_ps(c), sums);
  _mm256_storeu_ps(c, finish == nullptr ? sums : finished_avx2(sums, *finish, row));
}

/// `halves` is 1 where the first 8 columns are all that is wanted.
template <int rows, int halves>
__attribute__((target("avx2,fma"))) void tile_avx2(std::int64_t depth, const float* a, const float* b, float* c,
                                                   std::int64_t c_stride, bool accumulate, const TileFinish* finish) {
  __m256 left[static_cast<std::size_t>(rows)];
  __m256 right[static_cast<std::size_t>(rows)];
#pragma GCC unroll 6
  for (int row = 0; row < rows; ++row) {
    left[row] = _mm256_setzero_ps();
    right[row] = _mm256_setzero_ps();
  }
  for (; depth > 0; --depth, a += tile_rows, b += tile_cols) {
    const __m256 b_left = _mm256_load_ps(b);
    const __m256 b_right = _mm256_load_ps(b + 8 * (halves - 1));
#pragma GCC unroll 6
    for (int row = 0; row < rows; ++row) {
      const __m256 factor = _mm256_broadcast_ss(a + row);
      left[row] = _mm256_fmadd_ps(factor, b_left, left[row]);
      if constexpr (halves == 2) right[row] = _mm256_fmadd_ps(factor, b_right, right[row]);
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < rows; ++row) {
    store_avx2(left[row], c + row * c_stride, accumulate, finish, row);
    if constexpr (halves == 2) store_avx2(right[row], c + row * c_stride + 8, accumulate, finish, row);
  }
}

template <int rows>
__attribute__((target("avx2,fma"))) void window_avx2(const WindowTaps& taps, const float* a, const float* left_source,
                                                     const float* right_source, float* c, std::int64_t c_stride,
                                                     bool accumulate, const TileFinish* finish) {
  __m256 left[static_cast<std::size_t>(rows)];
  __m256 right[static_cast<std::size_t>(rows)];
#pragma GCC unroll 6
  for (int row = 0; row < rows; ++row) {
    left[row] = _mm256_setzero_ps();
    right[row] = _mm256_setzero_ps();
  }
  const std::int64_t* const offsets_end = taps.offsets + taps.count;
  for (std::int64_t channel = taps.channels; channel > 0; --channel) {
    for (const std::int64_t* offset = taps.offsets; offset != offsets_end; ++offset, a += tile_rows) {
      const __m256 b_left = _mm256_loadu_ps(left_source + *offset);
      const __m256 b_right = _mm256_loadu_ps(right_source + *offset);
#pragma GCC unroll 6
      for (int row = 0; row < rows; ++row) {
        const __m256 factor = _mm256_broadcast_ss(a + row);
        left[row] = _mm256_fmadd_ps(factor, b_left, left[row]);
        right[row] = _mm256_fmadd_ps(factor, b_right, right[row]);
      }
    }
    left_source += taps.channel_stride;
    right_source += taps.channel_stride;
  }
#pragma GCC unroll 6
  for (int row = 0; row < rows; ++row) {
    store_avx2(left[row], c + row * c_stride, accumulate, finish, row);
    store_avx2(right[row], c + row * c_stride + 8, accumulate, finish, row);
  }
}

/// One block of `PlaneKernel`'s positions, 8 to a vector. Without fused multiply-add: a compiler that has it takes it.
template <int vectors>
__attribute__((target("avx2"))) void plane_block_avx2(const WindowTaps& taps, const float* weights, const float* patch,
                                                      const PlaneFinish& finish, float* output) {
  __m256 block[static_cast<std::size_t>(vectors)];
#pragma GCC unroll 8
  for (int at = 0; at < vectors; ++at) block[at] = _mm256_setzero_ps();
  for (std::int64_t tap = 0; tap < taps.count; ++tap) {
    const __m256 weight = _mm256_broadcast_ss(weights + tap);
    const float* const source = patch + taps.offsets[tap];
#pragma GCC unroll 8
    for (int at = 0; at < vectors; ++at) {
      block[at] = _mm256_add_ps(block[at], _mm256_mul_ps(weight, _mm256_loadu_ps(source + 8 * at)));
    }
  }
#pragma GCC unroll 8
  for (int at = 0; at < vectors; ++at) {
    const __m256 scaled = _mm256_mul_ps(block[at], _mm256_broadcast_ss(&finish.scale));
    const __m256 value = _mm256_add_ps(scaled, _mm256_broadcast_ss(&finish.shift));
    const __m256 zero = _mm256_setzero_ps();  // as first operand of max and min it lets a NaN pass
    const __m256 below = _mm256_mul_ps(_mm256_broadcast_ss(&finish.negative_slope), _mm256_min_ps(zero, value));
    _mm256_storeu_ps(output + 8 * at, _mm256_add_ps(_mm256_max_ps(zero, value), below));
  }
}

NUQ_FUNCTION __attribute__((target("avx2"))) inline void plane_avx2(const WindowTaps& taps, const float* weights,
                                                                    const float* patch, std::int64_t count,
                                                                    const PlaneFinish& finish, float* output) {
  for (; count > plane_block / 2; count -= plane_block, patch += plane_block, output += plane_block) {
    plane_block_avx2<8>(taps, weights, patch, finish, output);
  }
  if (count > 0) plane_block_avx2<4>(taps, weights, patch, finish, output);
}
#endif

/// Kernels that every machine can run.
NUQ_FUNCTION [[nodiscard]] inline const TileKernels& portable_kernels() noexcept {
  static constexpr TileKernels kernels = {
      {tile_portable<1>, tile_portable<2>, tile_portable<3>, tile_portable<4>, tile_portable<5>, tile_portable<6>},
      {tile_portable<1>, tile_portable<2>, tile_portable<3>, tile_portable<4>, tile_portable<5>, tile_portable<6>},
      {window_portable<1>, window_portable<2>, window_portable<3>, window_portable<4>, window_portable<5>,
       window_portable<6>},
      plane_portable};
  return kernels;
}

/// The fastest kernels that this machine can run.
NUQ_FUNCTION [[nodiscard]] inline const TileKernels& best_kernels() noexcept {
#if NUQ_HAS_AVX2_KERNELS
  static constexpr TileKernels avx2_kernels = {
      {tile_avx2<1, 2>, tile_avx2<2, 2>, tile_avx2<3, 2>, tile_avx2<4, 2>, tile_avx2<5, 2>, tile_avx2<6, 2>},
      {tile_avx2<1, 1>, tile_avx2<2, 1>, tile_avx2<3, 1>, tile_avx2<4, 1>, tile_avx2<5, 1>, tile_avx2<6, 1>},
      {window_avx2<1>, window_avx2<2>, window_avx2<3>, window_avx2<4>, window_avx2<5>, window_avx2<6>},
      plane_avx2};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_kernels;
#endif
  return portable_kernels();
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_TILE_KERNEL_HPP
