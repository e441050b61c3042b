#include "nuq/quantize/rate/packed_palette.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "nuq/quantize/rate/contracts.hpp"

static_assert(nuq::is_rate_model_v<nuq::PackedPaletteRate>);

namespace quantize_rate_packed_palette_test {

/// The first `levels` levels once each, the rest of `weights` on the first of them.
nuq::LevelCounts counts_of(std::size_t levels, std::size_t weights) {
  nuq::LevelCounts counts{};
  std::fill_n(counts.begin(), levels, 1);
  counts[0] += weights - levels;
  return counts;
}

TEST_CASE("a layer pays whole bytes of indices, its palette and its scales") {
  const nuq::PackedPaletteRate rate;
  CHECK(rate.bytes(counts_of(32, 1000), {10, 100, 10}) == 625.0 + 32.0 + 40.0);
  CHECK(rate.bytes(counts_of(5, 11), {1, 11, 1}) == 5.0 + 5.0 + 4.0);  // 33 bits
  CHECK(rate.bytes(counts_of(1, 50), {5, 10, 5}) == 0.0 + 1.0 + 20.0);
}

TEST_CASE("every level costs the same") {
  const std::array<float, 256> bits = nuq::PackedPaletteRate{}.bits_per_level(counts_of(20, 100));
  CHECK(std::all_of(bits.begin(), bits.end(), [](float price) { return price == 5.0F; }));
}

}  // namespace quantize_rate_packed_palette_test
