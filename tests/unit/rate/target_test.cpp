#include "nuq/rate/target.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

TEST_CASE("each target measures a layer by its own rate model") {
  // 4 levels, one of them in nearly all places: a palette pays 2 bits for each weight, entropy coding far less
  nuq::QuantizedWeights weights{8, 1000, std::vector<float>(8, 0.5F), std::vector<std::int8_t>(8000, 0)};
  for (std::size_t index = 0; index < 30; ++index)
    weights.levels[index * 250] = static_cast<std::int8_t>(index % 3 + 1);
  const double packed = nuq::layer_bytes(nuq::Target::packed, weights);
  const double palette = nuq::layer_bytes(nuq::Target::palette, weights);
  CHECK(packed == nuq::layer_bytes(nuq::EntropyRate{}, weights));
  CHECK(palette == nuq::layer_bytes(nuq::PackedPaletteRate{}, weights));
  CHECK(palette >= 2000.0);
  CHECK(packed < 200.0);
}
