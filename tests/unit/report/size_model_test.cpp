#include "nuq/report/size_model.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/packed/layer_encoder.hpp"

TEST_CASE("packed and palette measure a layer by the packed file, ascend by the vendor's compressor") {
  // 4 levels, one of them in nearly all places: entropy coding needs far less than 2 bits for each weight
  nuq::QuantizedWeights weights{8, 1024, std::vector<float>(8, 0.5F), std::vector<std::int8_t>(8192, 0)};
  for (std::size_t index = 0; index < 30; ++index)
    weights.levels[index * 250] = static_cast<std::int8_t>(index % 3 + 1);
  const double packed = nuq::layer_bytes(nuq::Target::packed, weights);
  const double palette = nuq::layer_bytes(nuq::Target::palette, weights);
  const double ascend = nuq::layer_bytes(nuq::Target::ascend, weights, {4, 4});
  const std::size_t levels = nuq::encode_levels({weights.levels.data(), 8, 1024}).bytes.size();
  CHECK(packed == static_cast<double>(levels + 4));
  CHECK(palette == packed);
  CHECK(ascend == nuq::layer_bytes(nuq::AscendDictionaryRate{4, 4}, weights));
  CHECK(packed < 250.0);
  weights.scales.back() = 0.25F;
  CHECK(nuq::layer_bytes(nuq::Target::packed, weights) == static_cast<double>(levels + 8 * 4));
}

TEST_CASE("a configuration of the vendor's is for the vendor's compressor where no target is given") {
  CHECK(nuq::usual_target(true) == nuq::Target::ascend);
  CHECK(nuq::usual_target(false) == nuq::Target::packed);
}

TEST_CASE("targets have names") {
  CHECK(std::string(nuq::target_name(nuq::Target::packed)) == "packed");
  CHECK(std::string(nuq::target_name(nuq::Target::palette)) == "palette");
  CHECK(std::string(nuq::target_name(nuq::Target::ascend)) == "ascend");
}
