#ifndef NUQ_CORE_DETAIL_RANDOM_HPP
#define NUQ_CORE_DETAIL_RANDOM_HPP

#include <cstdint>
#include <random>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The library's generator. Its stream is fixed by the standard; the distributions of <random> are not, so the two below
/// stand in for them: same seed, same numbers, on any standard library.
using RandomEngine = std::mt19937_64;

/// Uniform in {0 … n − 1}, n ≥ 1. Draws again from the incomplete last run of n values, so that none is favoured.
[[nodiscard]] inline std::uint64_t uniform_below(RandomEngine& engine, std::uint64_t n) {
  const std::uint64_t incomplete = (0 - n) % n;  // 2^64 mod n
  std::uint64_t draw = engine();
  while (draw < incomplete) draw = engine();
  return draw % n;
}

/// Uniform in [0, 1): the upper 53 bits of one draw.
[[nodiscard]] inline double uniform_unit(RandomEngine& engine) { return static_cast<double>(engine() >> 11) * 0x1.0p-53; }

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_DETAIL_RANDOM_HPP
