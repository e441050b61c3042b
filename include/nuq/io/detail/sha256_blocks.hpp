#ifndef NUQ_IO_DETAIL_SHA256_BLOCKS_HPP
#define NUQ_IO_DETAIL_SHA256_BLOCKS_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define NUQ_SHA256_X86 1
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

// The compression function of SHA-256 (FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2.2, whose names the variables bear):
// portable, and with the SHA extensions of x86 where the machine has them.

NUQ_NAMESPACE_BEGIN

namespace detail {

using Sha256State = std::array<std::uint32_t, 8>;

constexpr std::size_t sha256_block_size = 64;

/// Works `count` blocks of 64 bytes into a state.
using AddSha256Blocks = void (*)(Sha256State& hash, const char* blocks, std::size_t count);

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
inline constexpr std::array<std::uint32_t, 64> sha256_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

[[nodiscard]] constexpr std::uint32_t rotr(std::uint32_t x, unsigned n) noexcept {
  return (x >> n) | (x << (32U - n));
}

/// One round; instead of moving the working variables by one place it is called with them moved.
NUQ_FUNCTION inline void sha256_round(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t& d,
                                      std::uint32_t e, std::uint32_t f, std::uint32_t g, std::uint32_t& h,
                                      std::uint32_t input) noexcept {
  const std::uint32_t choice = g ^ (e & (f ^ g));
  const std::uint32_t majority = (a & b) | (c & (a | b));
  h += (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choice + input;
  d += h;
  h += (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + majority;
}

NUQ_FUNCTION [[nodiscard]] inline std::uint32_t big_endian(const char* bytes) noexcept {
  const auto byte = [bytes](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
  };
  return byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3);
}

NUQ_FUNCTION inline void add_sha256_blocks_portable(Sha256State& hash, const char* blocks, std::size_t count) {
  constexpr const auto& k = sha256_constants;
  for (; count > 0; --count, blocks += sha256_block_size) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t t = 0; t < 16; ++t) w[t] = big_endian(blocks + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t sigma0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ (w[t - 15] >> 3U);
      const std::uint32_t sigma1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ (w[t - 2] >> 10U);
      w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = hash;
    for (std::size_t t = 0; t < 64; t += 8) {  // eight rounds bring every variable back to its place
      sha256_round(a, b, c, d, e, f, g, h, k[t] + w[t]);
      sha256_round(h, a, b, c, d, e, f, g, k[t + 1] + w[t + 1]);
      sha256_round(g, h, a, b, c, d, e, f, k[t + 2] + w[t + 2]);
      sha256_round(f, g, h, a, b, c, d, e, k[t + 3] + w[t + 3]);
      sha256_round(e, f, g, h, a, b, c, d, k[t + 4] + w[t + 4]);
      sha256_round(d, e, f, g, h, a, b, c, k[t + 5] + w[t + 5]);
      sha256_round(c, d, e, f, g, h, a, b, k[t + 6] + w[t + 6]);
      sha256_round(b, c, d, e, f, g, h, a, k[t + 7] + w[t + 7]);
    }
    const Sha256State working = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) hash[i] += working[i];
  }
}

#ifdef NUQ_SHA256_X86

/// The instructions keep the working variables as (a, b, e, f) and (c, d, g, h), first in the highest lane; one call of
/// _mm_sha256rnds2_epu32 does two rounds.
NUQ_FUNCTION __attribute__((target("sha,sse4.1"))) inline void add_sha256_blocks_x86(Sha256State& hash,
                                                                                     const char* blocks,
                                                                                     std::size_t count) {
  const auto lanes = [](std::uint32_t high, std::uint32_t b, std::uint32_t c, std::uint32_t low) {
    return _mm_set_epi32(static_cast<int>(high), static_cast<int>(b), static_cast<int>(c), static_cast<int>(low));
  };
  const __m128i byte_order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  __m128i abef = lanes(hash[0], hash[1], hash[4], hash[5]);
  __m128i cdgh = lanes(hash[2], hash[3], hash[6], hash[7]);
  for (; count > 0; --count, blocks += sha256_block_size) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];  // the last sixteen words of the schedule, four by four
    for (std::size_t i = 0; i < 4; ++i) {
      const auto* words = reinterpret_cast<const __m128i*>(blocks + 16 * i);
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(words), byte_order);
    }
    for (std::size_t t = 0; t < 64; t += 4) {
      const auto* k = reinterpret_cast<const __m128i*>(sha256_constants.data() + t);
      const __m128i input = _mm_add_epi32(w[0], _mm_loadu_si128(k));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0E));
      const __m128i w_minus_7 = _mm_alignr_epi8(w[3], w[2], 4);
      const __m128i next = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), w_minus_7), w[3]);
      w[0] = w[1];
      w[1] = w[2];
      w[2] = w[3];
      w[3] = next;
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  std::array<std::uint32_t, 4> feba{};
  std::array<std::uint32_t, 4> hgdc{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(feba.data()), abef);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(hgdc.data()), cdgh);
  hash = {feba[3], feba[2], hgdc[3], hgdc[2], feba[1], feba[0], hgdc[1], hgdc[0]};
}

/// CPUID leaf 7, bit 29 of EBX.
NUQ_FUNCTION [[nodiscard]] inline bool has_sha_extensions() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (ebx & (1U << 29U)) != 0;
}

#endif

NUQ_FUNCTION [[nodiscard]] inline AddSha256Blocks sha256_blocks_of_this_machine() noexcept {
#ifdef NUQ_SHA256_X86
  if (has_sha_extensions()) return add_sha256_blocks_x86;
#endif
  return add_sha256_blocks_portable;
}

}  // namespace detail

NUQ_NAMESPACE_END

#ifdef NUQ_SHA256_X86
#undef NUQ_SHA256_X86
#endif

#endif  // NUQ_IO_DETAIL_SHA256_BLOCKS_HPP
