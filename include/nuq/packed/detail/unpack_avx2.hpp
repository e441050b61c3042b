#ifndef NUQ_PACKED_DETAIL_UNPACK_AVX2_HPP
#define NUQ_PACKED_DETAIL_UNPACK_AVX2_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/version.hpp"

#if NUQ_HAS_AVX2_DECODERS

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How 16 indices of `bits` ≤ 7 bits come apart in 16-bit fields: the two bytes that hold an index, and the factor that
/// shifts its upper bit to the top.
struct UnpackPlan {
  alignas(32) std::uint8_t bytes[32];
  alignas(32) std::uint16_t factors[16];
  int shift;  ///< from the top to the bottom
};

NUQ_FUNCTION [[nodiscard]] inline UnpackPlan make_unpack_plan(unsigned bits) noexcept {
  UnpackPlan plan{};
  for (unsigned index = 0; index < 16; ++index) {
    const unsigned first = index * bits;
    plan.bytes[2 * index] = static_cast<std::uint8_t>(first / 8);
    plan.bytes[2 * index + 1] = static_cast<std::uint8_t>(first / 8 + 1);
    plan.factors[index] = static_cast<std::uint16_t>(1U << (16 - bits - first % 8));
  }
  plan.shift = static_cast<int>(16 - bits);
  return plan;
}

/// 16 indices, one in each 16-bit field, from the first bytes of `bytes`, of which 16 must be readable.
NUQ_FUNCTION __attribute__((target("avx2"))) inline __m256i unpack_16(const UnpackPlan& plan,
                                                                      const std::uint8_t* bytes) noexcept {
  const __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  const __m256i pairs = _mm256_shuffle_epi8(both, _mm256_load_si256(reinterpret_cast<const __m256i*>(plan.bytes)));
  const __m256i tops = _mm256_mullo_epi16(pairs, _mm256_load_si256(reinterpret_cast<const __m256i*>(plan.factors)));
  return _mm256_srl_epi16(tops, _mm_cvtsi32_si128(plan.shift));
}

/// levels[index] for indices of at most `bits` bits: one shuffle for 16 levels, a choice by the next bit above.
template <unsigned bits>
__attribute__((target("avx2"))) inline __m256i look_up(const __m256i* tables, __m256i indices) noexcept {
  if constexpr (bits <= 4) {
    return _mm256_shuffle_epi8(tables[0], indices);
  } else {
    const __m256i low = look_up<bits - 1>(tables, indices);
    const __m256i high = look_up<bits - 1>(tables + (std::size_t{1} << (bits - 5)), indices);
    return _mm256_blendv_epi8(low, high, _mm256_slli_epi16(indices, static_cast<int>(8 - bits)));
  }
}

/// Unpacks groups of 32 levels while `indices` is long enough for loads of 16 bytes. Returns how many levels; `inside`
/// becomes false where an index is outside the palette.
template <unsigned bits>
__attribute__((target("avx2"))) inline std::size_t unpack_groups_avx2(const LevelSet& set, Bytes indices,
                                                                      ArrayView<std::int8_t> out,
                                                                      bool& inside) noexcept {
  constexpr std::size_t table_count = bits <= 4 ? 1 : std::size_t{1} << (bits - 4);
  __m256i tables[table_count];
  for (std::size_t table = 0; table < table_count; ++table) {
    tables[table] =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(set.levels.data() + 16 * table)));
  }
  const UnpackPlan plan = make_unpack_plan(bits);
  __m256i greatest = _mm256_setzero_si256();
  const std::uint8_t* next = indices.data();
  std::size_t left = indices.size();
  std::size_t done = 0;
  for (; out.size() - done >= 32 && left >= 2 * bits + 16; done += 32, next += 4 * bits, left -= 4 * bits) {
    const __m256i first = unpack_16(plan, next);
    const __m256i second = unpack_16(plan, next + 2 * bits);
    const __m256i group = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
    greatest = _mm256_max_epu8(greatest, group);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.data() + done), look_up<bits>(tables, group));
  }
  const __m256i last = _mm256_set1_epi8(static_cast<char>(set.size - 1));
  const __m256i fits = _mm256_cmpeq_epi8(_mm256_max_epu8(greatest, last), last);
  if (_mm256_movemask_epi8(fits) != -1) inside = false;
  return done;
}

/// The same for 1 to 7 bits; for 8, which no writer chooses, none.
NUQ_FUNCTION [[nodiscard]] inline std::size_t unpack_avx2(const LevelSet& set, unsigned bits, Bytes indices,
                                                          ArrayView<std::int8_t> out, bool& inside) noexcept {
  switch (bits) {
    case 1:
      return unpack_groups_avx2<1>(set, indices, out, inside);
    case 2:
      return unpack_groups_avx2<2>(set, indices, out, inside);
    case 3:
      return unpack_groups_avx2<3>(set, indices, out, inside);
    case 4:
      return unpack_groups_avx2<4>(set, indices, out, inside);
    case 5:
      return unpack_groups_avx2<5>(set, indices, out, inside);
    case 6:
      return unpack_groups_avx2<6>(set, indices, out, inside);
    case 7:
      return unpack_groups_avx2<7>(set, indices, out, inside);
    default:
      return 0;
  }
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif
#endif  // NUQ_PACKED_DETAIL_UNPACK_AVX2_HPP
