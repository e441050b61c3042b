#ifndef NUQ_PACKED_CODING_CHOICE_HPP
#define NUQ_PACKED_CODING_CHOICE_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which coding a layer gets: of those that are at most `tolerance` larger than the smallest, the one that is decoded
/// fastest. Those that adapt are tried where decoding is a matter of milliseconds: levels take about 40 times as long
/// as with rANS, floats twice as long as levels.
struct CodingChoice {
  /// At about 10 million a second these levels take 7 ms.
  static constexpr std::size_t small_layer = std::size_t{1} << 16U;

  double tolerance = 0.0;                  ///< relative, ≥ 0
  std::size_t max_adaptive = small_layer;  ///< levels or floats of a blob for which they are tried

  /// Whatever the time for decoding.
  [[nodiscard]] static constexpr CodingChoice smallest() noexcept { return {0.0, SIZE_MAX}; }
  [[nodiscard]] static constexpr CodingChoice fastest_within(double tolerance) noexcept {
    return {tolerance, small_layer};
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_CODING_CHOICE_HPP
