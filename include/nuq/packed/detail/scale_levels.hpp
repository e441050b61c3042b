#ifndef NUQ_PACKED_DETAIL_SCALE_LEVELS_HPP
#define NUQ_PACKED_DETAIL_SCALE_LEVELS_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// Levels become floats within the caller's memory. Of n floats the last quarter, bytes 3n to 4n, holds the levels. From
// front to back, blocks of m levels are read before their m floats are written: float i − 1 ends at byte 4i, level i
// lies at 3n + i, and 4i ≤ 3n + i for all i ≤ n. So nothing is overwritten before it is read.

/// The place for the levels of `out`, in its last quarter.
NUQ_FUNCTION [[nodiscard]] inline ArrayView<std::int8_t> levels_behind(ArrayView<float> out) noexcept {
  return {reinterpret_cast<std::int8_t*>(out.data()) + 3 * out.size(), out.size()};
}

#if NUQ_HAS_AVX2_DECODERS
/// Whole blocks of 8; returns how many levels.
NUQ_FUNCTION __attribute__((target("avx2"))) inline std::size_t scale_blocks_avx2(const std::int8_t* levels,
                                                                                  float scale, float* out,
                                                                                  std::size_t count) noexcept {
  const __m256 factor = _mm256_set1_ps(scale);
  std::size_t done = 0;
  for (; count - done >= 8; done += 8) {
    const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(levels + done));
    const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
    _mm256_storeu_ps(out + done, _mm256_mul_ps(values, factor));
  }
  return done;
}
#endif

/// out[i] = levels[i] · scale, for levels that `levels_behind` has placed.
NUQ_FUNCTION inline void scale_levels(const std::int8_t* levels, float scale, float* out, std::size_t count,
                                      [[maybe_unused]] InstructionSet instructions) noexcept {
  std::size_t done = 0;
#if NUQ_HAS_AVX2_DECODERS
  if (instructions == InstructionSet::avx2) done = scale_blocks_avx2(levels, scale, out, count);
#endif
  for (; done < count; ++done) {
    const std::int8_t level = levels[done];
    out[done] = static_cast<float>(level) * scale;
  }
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_SCALE_LEVELS_HPP
