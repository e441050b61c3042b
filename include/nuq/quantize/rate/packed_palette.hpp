#ifndef NUQ_QUANTIZE_RATE_PACKED_PALETTE_HPP
#define NUQ_QUANTIZE_RATE_PACKED_PALETTE_HPP

#include <array>

#include "nuq/compiled.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A palette of the K levels that occur and one bit-packed index of ceil(log2 K) bits per weight: a layer pays for the
/// number of its levels, not for how often they occur. A layer of one level needs no index at all.
struct PackedPaletteRate {
  /// The same for every level: all indices are equally long.
  NUQ_FUNCTION [[nodiscard]] std::array<float, 256> bits_per_level(const LevelCounts& counts) const noexcept;

  /// Indices filled up to a whole byte, one byte per palette entry, and 4 bytes per scale.
  NUQ_FUNCTION [[nodiscard]] double bytes(const LevelCounts& counts, const LayerShape& shape) const noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cstddef>

#include "nuq/core/support/index_bits.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::array<float, 256> PackedPaletteRate::bits_per_level(const LevelCounts& counts) const noexcept {
  std::array<float, 256> bits{};
  bits.fill(static_cast<float>(detail::index_bits(distinct_levels(counts))));
  return bits;
}

NUQ_DEFINITION double PackedPaletteRate::bytes(const LevelCounts& counts, const LayerShape& shape) const noexcept {
  const std::size_t levels = distinct_levels(counts);
  const std::size_t index_bytes = detail::packed_index_bytes(shape.weights(), detail::index_bits(levels));
  return static_cast<double>(index_bytes + levels + 4 * shape.scales);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_RATE_PACKED_PALETTE_HPP
