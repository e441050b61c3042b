// Writes a corpus for packed_fuzz.cpp to begin with: well-formed parts of each kind.
//
//     nuq_packed_seeds FOLDER

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../unit/packed/small_model.hpp"
#include "nuq/packed/adaptive_encoder.hpp"
#include "nuq/packed/palette_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"
#include "nuq/packed/text_encoder.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

void write(const std::filesystem::path& file, const Bytes& head, const Bytes& rest) {
  std::ofstream stream(file, std::ios::binary);
  for (const Bytes& bytes : {head, rest})
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  constexpr std::uint8_t rows = 12;
  constexpr std::uint8_t cols = 90;
  const Bytes shape = {rows - 1, cols - 1, 0};
  const auto with_kind = [](std::uint8_t kind, Bytes head) {
    head.insert(head.begin(), kind);
    return head;
  };
  int number = 0;
  for (const std::vector<std::int8_t>& levels :
       {bell_levels(rows * cols, 2.0F, 1), bell_levels(rows * cols, 30.0F, 2), uniform_levels(rows * cols, 7, 9, 3)}) {
    const nuq::MatrixView<const std::int8_t> matrix(levels.data(), rows, cols);
    const std::string name = std::to_string(number++);
    write(folder / ("palette_" + name), with_kind(1, shape), nuq::encode_palette(levels));
    write(folder / ("rans_" + name), with_kind(2, shape), nuq::encode_rans(matrix));
    write(folder / ("adaptive_" + name), with_kind(3, shape), nuq::encode_adaptive(matrix));
  }
  const std::string text = SmallModel().prototxt + "layer { name: \"conv2\" }\nlayer { name: \"conv3\" }\n";
  write(folder / "text", {4, static_cast<std::uint8_t>(text.size()), 0, 0}, nuq::encode_text(text));
  write(folder / "model", {5, 0, 0, 0}, SmallModel().file());
  return 0;
}
