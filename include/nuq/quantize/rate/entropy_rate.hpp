#ifndef NUQ_QUANTIZE_RATE_ENTROPY_RATE_HPP
#define NUQ_QUANTIZE_RATE_ENTROPY_RATE_HPP

#include <array>

#include "nuq/compiled.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The ideal order-0 code: what an arithmetic or rANS coder with one static table comes close to.
struct EntropyRate {
  /// Our choice of a table: per occurring level its value (1 byte) and its frequency (2 bytes).
  static constexpr double table_bytes_per_level = 3.0;

  /// −log2 of the smoothed probability (n + ½) / Σ(n + ½) over all 256 levels: a level that does not occur yet has a
  /// price too.
  NUQ_FUNCTION [[nodiscard]] std::array<float, 256> bits_per_level(const LevelCounts& counts) const noexcept;

  /// Entropy of the counted levels (without smoothing), the table, and 4 bytes per scale.
  NUQ_FUNCTION [[nodiscard]] double bytes(const LevelCounts& counts, const LayerShape& shape) const noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cmath>
#include <cstddef>
#include <cstdint>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::array<float, 256> EntropyRate::bits_per_level(const LevelCounts& counts) const noexcept {
  double total = 0.0;
  for (const std::uint64_t count : counts) total += static_cast<double>(count) + 0.5;
  std::array<float, 256> bits{};
  for (std::size_t index = 0; index < bits.size(); ++index) {
    bits[index] = static_cast<float>(std::log2(total / (static_cast<double>(counts[index]) + 0.5)));
  }
  return bits;
}

NUQ_DEFINITION double EntropyRate::bytes(const LevelCounts& counts, const LayerShape& shape) const noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  double bits = 0.0;
  for (const std::uint64_t count : counts) {
    if (count > 0)
      bits += static_cast<double>(count) * std::log2(static_cast<double>(total) / static_cast<double>(count));
  }
  return bits / 8.0 + table_bytes_per_level * static_cast<double>(distinct_levels(counts)) +
         4.0 * static_cast<double>(shape.scales);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_RATE_ENTROPY_RATE_HPP
