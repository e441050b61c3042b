#include "nuq/quantize/rate/contracts.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

#include "nuq/quantize/rate/packed_palette.hpp"

namespace quantize_rate_contracts_test {

struct ExactRate : nuq::PackedPaletteRate {
  std::size_t exact_bytes(const nuq::QuantizedWeights& weights) const { return 1000 + weights.levels.size(); }
};

struct FloatRate {  // converts: the call works, whatever its exact types
  std::array<float, 256> bits_per_level(nuq::LevelCounts) const { return {}; }
  float bytes(const nuq::LevelCounts&, nuq::LayerShape shape) const { return static_cast<float>(shape.rows); }
};

struct WithoutBytes {
  std::array<float, 256> bits_per_level(const nuq::LevelCounts&) const { return {}; }
};

static_assert(nuq::has_exact_bytes_v<ExactRate>);
static_assert(nuq::is_rate_model_v<FloatRate>);
static_assert(!nuq::is_rate_model_v<WithoutBytes>);

TEST_CASE("a layer's bytes come from its levels, or from the exact size where the model knows it") {
  const nuq::QuantizedWeights weights{2, 3, {0.5F, 0.25F}, {1, 1, -4, 9, 9, 9}};
  CHECK(nuq::layer_bytes(nuq::PackedPaletteRate{}, weights) == 2.0 + 3.0 + 8.0);
  CHECK(nuq::layer_bytes(ExactRate{}, weights) == 1006.0);
  CHECK(nuq::layer_bytes(FloatRate{}, weights) == 2.0);
}

}  // namespace quantize_rate_contracts_test
