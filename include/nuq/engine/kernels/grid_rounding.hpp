#ifndef NUQ_ENGINE_KERNELS_GRID_ROUNDING_HPP
#define NUQ_ENGINE_KERNELS_GRID_ROUNDING_HPP

#include <cmath>
#include <cstdint>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/round.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// Roundings of whole rows of values. The kernels for AVX2 do what the portable functions do, value by value, and give
// the same bits.

/// The grid value that stands for x; NaN and infinities stay.
NUQ_FUNCTION [[nodiscard]] inline float fake_quantized_or_same(float x, const ActivationScale& grid) noexcept {
  return is_finite(x) ? fake_quantize(x, grid) : x;
}

/// x rounded to a multiple of `scale`, whose reciprocal is `inverse`. Multiples from 2²² on have no fraction to speak
/// of in a float: such x stay, as NaN does.
NUQ_FUNCTION [[nodiscard]] inline float rounded_sum(float x, float scale, double inverse) noexcept {
  const double sum = static_cast<double>(x) * inverse;
  return std::fabs(sum) < 0x1p22 ? static_cast<float>(round_half_away(sum)) * scale : x;
}

#if NUQ_HAS_AVX2_KERNELS
/// `fake_quantized_or_same` for the first values, by eight; returns how many these are.
NUQ_FUNCTION __attribute__((target("avx2"))) inline std::int64_t fake_quantize_avx2(const float* input,
                                                                                    std::int64_t count,
                                                                                    const ActivationScale& grid,
                                                                                    float* output) {
  const float offset = static_cast<float>(grid.offset);
  const __m256 scale = _mm256_set1_ps(grid.scale);
  const __m256 least = _mm256_set1_ps(-128.0F - offset);
  const __m256 most = _mm256_set1_ps(127.0F - offset);
  const __m256 sign = _mm256_set1_ps(-0.0F);
  const __m256 half = _mm256_set1_ps(0x1.fffffep-2F);
  const __m256i exponent = _mm256_set1_epi32(0x7F800000);
  std::int64_t at = 0;
  for (; at + 8 <= count; at += 8) {
    const __m256 x = _mm256_loadu_ps(input + at);
    const __m256 scaled = _mm256_min_ps(most, _mm256_max_ps(least, _mm256_div_ps(x, scale)));
    const __m256 lifted = _mm256_add_ps(scaled, _mm256_or_ps(half, _mm256_and_ps(scaled, sign)));
    const __m256 rounded = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvttps_epi32(lifted)), scale);
    const __m256i infinite = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_castps_si256(x), exponent), exponent);
    _mm256_storeu_ps(output + at, _mm256_blendv_ps(rounded, x, _mm256_castsi256_ps(infinite)));
  }
  return at;
}

/// `rounded_sum` of four values, of which `small` says whether they are rounded.
NUQ_FUNCTION __attribute__((target("avx2"))) inline __m128i rounded_counts_avx2(__m128 x, __m256d inverse,
                                                                                __m128& small) {
  const __m256d sign = _mm256_set1_pd(-0.0);
  const __m256d sum = _mm256_mul_pd(_mm256_cvtps_pd(x), inverse);
  const __m256d is_small = _mm256_cmp_pd(_mm256_andnot_pd(sign, sum), _mm256_set1_pd(0x1p22), _CMP_LT_OQ);
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  small = _mm_castsi128_ps(_mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(is_small), even)));
  const __m256d half = _mm256_or_pd(_mm256_set1_pd(0x1.fffffffffffffp-2), _mm256_and_pd(sum, sign));
  return _mm256_cvttpd_epi32(_mm256_add_pd(sum, half));
}

/// `rounded_sum` of the first values, by four; returns how many these are.
NUQ_FUNCTION __attribute__((target("avx2"))) inline std::int64_t round_sums_avx2(const float* input, std::int64_t count,
                                                                                 float scale, double inverse,
                                                                                 float* output) {
  std::int64_t at = 0;
  for (; at + 4 <= count; at += 4) {
    const __m128 x = _mm_loadu_ps(input + at);
    __m128 small;
    const __m128i counts = rounded_counts_avx2(x, _mm256_set1_pd(inverse), small);
    _mm_storeu_ps(output + at, _mm_blendv_ps(x, _mm_mul_ps(_mm_cvtepi32_ps(counts), _mm_set1_ps(scale)), small));
  }
  return at;
}
#endif

/// Every value as `fake_quantized_or_same` has it.
NUQ_FUNCTION inline void fake_quantize_values(const float* input, std::int64_t count, const ActivationScale& grid,
                                              float* output) {
  std::int64_t at = 0;
#if NUQ_HAS_AVX2_KERNELS
  if (__builtin_cpu_supports("avx2")) at = fake_quantize_avx2(input, count, grid, output);
#endif
  for (; at < count; ++at) output[at] = fake_quantized_or_same(input[at], grid);
}

/// Every value as `rounded_sum` has it.
NUQ_FUNCTION inline void round_sums(const float* input, std::int64_t count, float scale, float* output) {
  const double inverse = 1.0 / static_cast<double>(scale);
  std::int64_t at = 0;
#if NUQ_HAS_AVX2_KERNELS
  if (__builtin_cpu_supports("avx2")) at = round_sums_avx2(input, count, scale, inverse, output);
#endif
  for (; at < count; ++at) output[at] = rounded_sum(input[at], scale, inverse);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_GRID_ROUNDING_HPP
