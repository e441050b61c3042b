// Writes packed files of every coding from fixed pseudo-random values into a folder: the same bytes on every platform.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "../unit/packed/small_model.hpp"
#include "nuq/packed/adaptive_encoder.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/palette_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;
using Levels = std::vector<std::int8_t>;

/// Rows of two kinds, so that the entropy codes have more than one table.
Levels two_kinds_of_rows(std::size_t rows, std::size_t cols) {
  Levels levels;
  for (std::size_t row = 0; row < rows; ++row) {
    const Levels more = bell_levels(cols, row % 2 == 0 ? 1.5F : 40.0F, static_cast<std::uint32_t>(row));
    levels.insert(levels.end(), more.begin(), more.end());
  }
  return levels;
}

Bytes coded_file(nuq::LevelCoding coding, std::size_t rows, std::size_t cols) {
  const Levels levels = two_kinds_of_rows(rows, cols);
  const std::vector<float> scales = random_values(rows, 7);
  const nuq::MatrixView<const std::int8_t> matrix(levels.data(), rows, cols);
  nuq::CodedLevels coded{coding, {}};
  if (coding == nuq::LevelCoding::raw) {
    for (const std::int8_t level : levels) coded.bytes.push_back(static_cast<std::uint8_t>(level));
  } else if (coding == nuq::LevelCoding::palette) {
    coded.bytes = nuq::encode_palette(levels);
  } else if (coding == nuq::LevelCoding::rans) {
    coded.bytes = nuq::encode_rans(matrix);
  } else {
    coded.bytes = nuq::encode_adaptive(matrix);
  }
  nuq::PackedModelWriter writer("");
  writer.add_layer("layer", "Convolution");
  writer.add_coded_levels({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols)},
                          nuq::ScaledLevels{levels, scales, {}}, coded);
  return writer.finish();
}

/// The coding of each layer is the writer's choice.
Bytes chosen_file(nuq::CodingChoice choice) {
  std::string text;
  for (int layer = 0; layer < 40; ++layer) text += "layer { name: \"conv" + std::to_string(layer) + "\" }\n";
  nuq::PackedModelWriter writer(text, choice);
  for (int layer = 0; layer < 12; ++layer) {
    const Levels levels = layer % 3 == 0 ? uniform_levels(std::size_t{64} * 90, 3 + 2 * layer, 5, 1)
                                         : bell_levels(std::size_t{64} * 90, static_cast<float>(layer), 2);
    const std::vector<float> scales = random_values(64, static_cast<std::uint32_t>(layer));
    writer.add_layer("conv" + std::to_string(layer), "Convolution");
    writer.add_levels({64, 10, 3, 3}, nuq::ScaledLevels{levels, scales, {}});
    writer.add_values({64, 50}, nuq::ArrayView<const float>(random_values(std::size_t{64} * 50, 3)));
  }
  return writer.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  using nuq::LevelCoding;
  const std::vector<std::pair<std::string, Bytes>> files = {
      {"small", SmallModel().file()},
      {"raw", coded_file(LevelCoding::raw, 16, 144)},
      {"palette", coded_file(LevelCoding::palette, 16, 144)},
      {"rans", coded_file(LevelCoding::rans, 64, 577)},
      {"rans_of_many_lanes", coded_file(LevelCoding::rans, 128, 1152)},
      {"adaptive", coded_file(LevelCoding::adaptive, 16, 577)},
      {"chosen", chosen_file({})},
      {"chosen_smallest", chosen_file(nuq::CodingChoice::smallest())},
      {"chosen_within_5_percent", chosen_file(nuq::CodingChoice::fastest_within(0.05))},
  };
  for (const auto& [name, bytes] : files) {
    std::ofstream stream(std::string(argv[1]) + "/" + name + ".nuq", std::ios::binary);
    for (const std::uint8_t byte : bytes) stream.put(static_cast<char>(byte));
    if (!stream.flush()) return 1;
  }
  return 0;
}
