#ifndef NUQ_CORE_SUPPORT_RANDOM_HPP
#define NUQ_CORE_SUPPORT_RANDOM_HPP

#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A stream of 64-bit random numbers: the same for a seed on any platform, which the distributions of <random> are not
/// (and that header is a twelfth of Eigen's size). SplitMix64: Steele, Lea & Flood, Fast splittable pseudorandom number
/// generators, OOPSLA 2014.
class RandomEngine {
 public:
  explicit RandomEngine(std::uint64_t seed) noexcept : state_(seed) {}

  NUQ_FUNCTION std::uint64_t operator()() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

/// Uniform in {0 … n − 1}, n ≥ 1. Draws again from the incomplete last run of n values, so that none is favoured.
NUQ_FUNCTION [[nodiscard]] inline std::uint64_t uniform_below(RandomEngine& engine, std::uint64_t n) noexcept {
  const std::uint64_t incomplete = (0 - n) % n;  // 2^64 mod n
  std::uint64_t draw = engine();
  while (draw < incomplete) draw = engine();
  return draw % n;
}

/// Uniform in [0, 1): the upper 53 bits of one draw.
NUQ_FUNCTION [[nodiscard]] inline double uniform_unit(RandomEngine& engine) noexcept {
  return static_cast<double>(engine() >> 11) * 0x1.0p-53;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_RANDOM_HPP
