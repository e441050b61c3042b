#include "nuq/report/size_model.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/quantize/rate/packed_palette.hpp"

TEST_CASE("each target measures a layer by its own rate model") {
  // 4 levels, one of them in nearly all places: a palette pays 2 bits for each weight, entropy coding far less
  nuq::QuantizedWeights weights{8, 1024, std::vector<float>(8, 0.5F), std::vector<std::int8_t>(8192, 0)};
  for (std::size_t index = 0; index < 30; ++index)
    weights.levels[index * 250] = static_cast<std::int8_t>(index % 3 + 1);
  const double packed = nuq::layer_bytes(nuq::Target::packed, weights);
  const double palette = nuq::layer_bytes(nuq::Target::palette, weights);
  const double ascend = nuq::layer_bytes(nuq::Target::ascend, weights, {4, 4});
  CHECK(packed == static_cast<double>(nuq::encode_levels({weights.levels.data(), 8, 1024}).bytes.size() + 32));
  CHECK(palette == nuq::layer_bytes(nuq::PackedPaletteRate{}, weights));
  CHECK(ascend == nuq::layer_bytes(nuq::AscendDictionaryRate{4, 4}, weights));
  CHECK(palette >= 2048.0);
  CHECK(packed < 250.0);
}

TEST_CASE("targets have names") {
  CHECK(std::string(nuq::target_name(nuq::Target::packed)) == "packed");
  CHECK(std::string(nuq::target_name(nuq::Target::palette)) == "palette");
  CHECK(std::string(nuq::target_name(nuq::Target::ascend)) == "ascend");
}
