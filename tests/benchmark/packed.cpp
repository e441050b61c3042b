// Sizes and speeds of the packed codings against libzstd on the same symbols, the order-0 entropy and memcpy; one
// thread. Times are processor time, the best of many rounds in which all take turns. With packed files, their layers
// instead: how they are coded, and what rANS and the adaptive coding make of them.
//
//     nuq_benchmark_packed [rounds] [FILE.nuq ...]

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zstd.h>

#include "nuq/packed.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/packed/model_writer.hpp"

namespace {

using Levels = std::vector<std::int8_t>;
using Bytes = std::vector<std::uint8_t>;

struct Layer {
  std::size_t rows = 0;
  std::size_t cols = 0;
  Levels levels;

  nuq::MatrixView<const std::int8_t> view() const { return {levels.data(), rows, cols}; }
};

/// Random weights on `num_levels` levels that reach to the greatest magnitude, of each row or of the matrix. Widths of
/// rows differ by a factor of e^(±1/2) as a rule.
Layer random_layer(std::size_t rows, std::size_t cols, bool is_laplacian, bool per_channel, int num_levels,
                   std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::exponential_distribution<double> exponential;
  std::vector<double> weights(rows * cols);
  std::vector<double> greatest(rows, 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    const double width = std::exp(0.5 * normal(engine));
    for (std::size_t col = 0; col < cols; ++col) {
      const double sign = (engine() & 1U) != 0 ? 1.0 : -1.0;
      const double weight = width * (is_laplacian ? sign * exponential(engine) : normal(engine));
      weights[row * cols + col] = weight;
      greatest[row] = (std::max)(greatest[row], std::abs(weight));
    }
  }
  const double global = *std::max_element(greatest.begin(), greatest.end());
  Layer layer{rows, cols, Levels(rows * cols)};
  for (std::size_t index = 0; index < weights.size(); ++index) {
    const double step = 2.0 * (per_channel ? greatest[index / cols] : global) / num_levels;
    const double level = std::floor(weights[index] / step);
    layer.levels[index] =
        static_cast<std::int8_t>((std::max)(-num_levels / 2.0, (std::min)(num_levels / 2.0 - 1, level)));
  }
  return layer;
}

double order0_bytes(const Levels& levels) {
  double bits = 0.0;
  const auto total = static_cast<double>(levels.size());
  for (const std::uint64_t count : nuq::count_levels(levels)) {
    if (count > 0) bits += static_cast<double>(count) * std::log2(total / static_cast<double>(count));
  }
  return bits / 8.0;
}

double seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// One way to store symbols: its size, how long that took, and how they come back.
struct Contender {
  std::string name;
  std::size_t bytes = 0;
  double encode_seconds = 0.0;
  std::function<bool()> decode;
  double decode_seconds = 1e300;
};

void take_turns(std::vector<Contender>& contenders, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (Contender& contender : contenders) {
      const double begin = seconds();
      if (!contender.decode()) std::printf("%s: wrong output\n", contender.name.c_str());
      contender.decode_seconds = (std::min)(contender.decode_seconds, seconds() - begin);
    }
  }
}

/// Speeds are symbols a second; the last column compares with libzstd level 1, the first contender.
void print(const std::string& title, double order0, std::size_t symbols, const std::vector<Contender>& contenders) {
  std::printf("\n%s: %zu symbols, order-0 entropy %.0f bytes (%.3f bits)\n", title.c_str(), symbols, order0,
              8.0 * order0 / static_cast<double>(symbols));
  std::printf("  %-18s %10s %9s %12s %12s %9s\n", "", "bytes", "/order-0", "encode MB/s", "decode MB/s", "/zstd-1");
  for (const Contender& contender : contenders) {
    const double speed = static_cast<double>(symbols) / contender.decode_seconds / 1e6;
    std::printf("  %-18s %10zu %9.4f %12.1f %12.0f %9.2f\n", contender.name.c_str(), contender.bytes,
                static_cast<double>(contender.bytes) / order0,
                static_cast<double>(symbols) / contender.encode_seconds / 1e6, speed,
                contenders.front().decode_seconds / contender.decode_seconds);
  }
  std::fflush(stdout);
}

Contender zstd_contender(const Levels& levels, int level, Levels& out) {
  Bytes compressed(ZSTD_compressBound(levels.size()));
  const double begin = seconds();
  compressed.resize(ZSTD_compress(compressed.data(), compressed.size(), levels.data(), levels.size(), level));
  const double spent = seconds() - begin;
  const std::size_t size = compressed.size();
  return {"zstd -" + std::to_string(level), size, spent, [compressed = std::move(compressed), &out] {
            return ZSTD_decompress(out.data(), out.size(), compressed.data(), compressed.size()) == out.size();
          }};
}

Contender coding_contender(const std::string& name, nuq::LevelCoding coding, const Layer& layer,
                           nuq::InstructionSet instructions, Levels& out) {
  const double begin = seconds();
  Bytes bytes = coding == nuq::LevelCoding::rans       ? nuq::encode_rans(layer.view())
                : coding == nuq::LevelCoding::adaptive ? nuq::encode_adaptive(layer.view())
                                                       : nuq::encode_palette(layer.levels);
  const double spent = seconds() - begin;
  const std::size_t size = bytes.size();
  return {name, size, spent, [bytes = std::move(bytes), coding, rows = layer.rows, instructions, &out] {
            return nuq::decode_levels(coding, bytes, rows, out, instructions) == nuq::DecodeStatus::ok;
          }};
}

void compare_codings(const std::string& title, const Layer& layer, int rounds) {
  Levels out(layer.levels.size());
  std::vector<Contender> contenders;
  for (const int level : {1, 3, 19}) contenders.push_back(zstd_contender(layer.levels, level, out));
  const nuq::InstructionSet best = nuq::best_instruction_set();
  const nuq::InstructionSet portable = nuq::InstructionSet::portable;
  contenders.push_back(coding_contender("rans", nuq::LevelCoding::rans, layer, best, out));
  contenders.push_back(coding_contender("rans portable", nuq::LevelCoding::rans, layer, portable, out));
  if (layer.levels.size() <= nuq::CodingChoice::small_layer)
    contenders.push_back(coding_contender("adaptive", nuq::LevelCoding::adaptive, layer, best, out));
  contenders.push_back(coding_contender("palette", nuq::LevelCoding::palette, layer, best, out));
  contenders.push_back(coding_contender("palette portable", nuq::LevelCoding::palette, layer, portable, out));
  contenders.push_back({"memcpy", layer.levels.size(), 1e300, [&] {
                          std::memcpy(out.data(), layer.levels.data(), out.size());
                          return true;
                        }});
  take_turns(contenders, rounds);
  print(title, order0_bytes(layer.levels), layer.levels.size(), contenders);
}

/// The convolutions of ResNet-50 and its classifier, [out × in · kernel].
std::vector<std::pair<std::size_t, std::size_t>> resnet50_shapes() {
  std::vector<std::pair<std::size_t, std::size_t>> shapes = {{64, 147}};
  std::size_t in = 64;
  std::size_t width = 64;
  for (const int blocks : {3, 4, 6, 3}) {
    for (int block = 0; block < blocks; ++block) {
      if (block == 0) shapes.push_back({4 * width, in});
      shapes.push_back({width, in});
      shapes.push_back({width, 9 * width});
      shapes.push_back({4 * width, width});
      in = 4 * width;
    }
    width *= 2;
  }
  shapes.push_back({1000, 2048});
  return shapes;
}

/// A whole file with one coding tolerance, decoded layer by layer to int8 and to float.
void compare_files(int rounds) {
  std::vector<Layer> layers;
  Levels all;
  double order0 = 0.0;
  for (const auto& [rows, cols] : resnet50_shapes()) {
    layers.push_back(random_layer(rows, cols, false, true, 32, static_cast<std::uint32_t>(layers.size())));
    all.insert(all.end(), layers.back().levels.begin(), layers.back().levels.end());
    order0 += order0_bytes(layers.back().levels);
  }
  Levels out(all.size());
  std::vector<float> values(all.size());
  std::vector<Contender> contenders = {zstd_contender(all, 1, out)};
  for (const bool is_fast : {false, true}) {
    const double begin = seconds();
    nuq::PackedModelWriter writer("", {is_fast ? 0.5 : 0.0, 0});
    std::size_t scale_bytes = 0;
    for (const Layer& layer : layers) {
      const std::vector<float> scales(layer.rows, 0.01F);
      writer.add_layer("res5c_branch2c_" + std::to_string(scale_bytes), "Convolution");
      writer.add_levels({static_cast<std::int64_t>(layer.rows), static_cast<std::int64_t>(layer.cols)},
                        nuq::ScaledLevels{layer.levels, scales, {}});
      scale_bytes += 4 * layer.rows;
    }
    const Bytes file = writer.finish();
    const double spent = seconds() - begin;
    const auto decode = [file, &out, &values](bool to_float) {
      nuq::PackedModelView model;
      if (model.open(file.data(), file.size()) != nuq::DecodeStatus::ok) return false;
      std::size_t begin_of_layer = 0;
      for (std::size_t index = 0; index < model.layer_count(); ++index) {
        const nuq::PackedBlob blob = model.layer(index).blob(0);
        const nuq::DecodeStatus status = to_float
                                             ? nuq::decode_floats(blob, {values.data() + begin_of_layer, blob.count})
                                             : nuq::decode_levels(blob, {out.data() + begin_of_layer, blob.count});
        if (status != nuq::DecodeStatus::ok) return false;
        begin_of_layer += blob.count;
      }
      return begin_of_layer == out.size();
    };
    const std::string name = is_fast ? "palette file" : "rans file";
    const std::size_t bytes = file.size() - scale_bytes;
    contenders.push_back({name + ", int8", bytes, spent, [decode] { return decode(false); }});
    contenders.push_back({name + ", float", bytes, spent, [decode] { return decode(true); }});
  }
  contenders.push_back({"memcpy", all.size(), 1e300, [&] {
                          std::memcpy(out.data(), all.data(), out.size());
                          return true;
                        }});
  take_turns(contenders, rounds);
  print("54 layers of ResNet-50, 32 levels, without scales", order0, all.size(), contenders);
}

const char* name_of(nuq::LevelCoding coding) {
  constexpr const char* names[] = {"raw", "palette", "rans", "adaptive"};
  return names[static_cast<std::size_t>(coding)];
}

/// Sums over the layers of a file.
struct Totals {
  double order0 = 0.0;
  std::size_t levels = 0;
  std::size_t stored = 0;
  std::size_t rans = 0;
  std::size_t adaptive = 0;
  double rans_seconds = 0.0;
  double adaptive_seconds = 0.0;
};

/// One line: how a layer is stored, then bytes and millions of levels a second of both entropy codings.
void print_layer(std::string_view name, const nuq::PackedBlob& blob, int rounds, Totals& totals) {
  Layer layer{nuq::detail::coded_rows(blob.shape.extents, blob.shape.axes), 0, Levels(blob.count)};
  layer.cols = blob.count / layer.rows;
  if (nuq::decode_levels(blob, layer.levels) != nuq::DecodeStatus::ok) std::printf("damaged: ");
  Levels out(blob.count);
  std::vector<Contender> both;
  for (const nuq::LevelCoding coding : {nuq::LevelCoding::rans, nuq::LevelCoding::adaptive})
    both.push_back(coding_contender(name_of(coding), coding, layer, nuq::best_instruction_set(), out));
  take_turns(both, rounds);
  const double order0 = order0_bytes(layer.levels);
  const auto millions = static_cast<double>(blob.count) / 1e6;
  std::printf("%-24.*s %9zu %10.0f %-8s %9zu %8.4f %9zu %9zu %8.0f %8.1f\n", static_cast<int>(name.size()), name.data(),
              blob.count, order0, name_of(blob.coding), blob.data.size(),
              static_cast<double>(blob.data.size()) / order0, both[0].bytes, both[1].bytes,
              millions / both[0].decode_seconds, millions / both[1].decode_seconds);
  totals.order0 += order0;
  totals.levels += blob.count;
  totals.stored += blob.data.size();
  totals.rans += both[0].bytes;
  totals.adaptive += both[1].bytes;
  totals.rans_seconds += both[0].decode_seconds;
  totals.adaptive_seconds += both[1].decode_seconds;
}

void print_file(const char* path, int rounds) {
  std::ifstream stream(path, std::ios::binary);
  const Bytes file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  nuq::PackedModelView model;
  const nuq::DecodeStatus status = model.open(file.data(), file.size());
  std::printf("\n%s: %s, %zu bytes, text %zu in %zu\n", path, nuq::status_text(status), file.size(), model.text().size,
              model.text().data.size());
  std::printf("%-24s %9s %10s %-8s %9s %8s %9s %9s %8s %8s\n", "layer", "levels", "order-0", "coding", "bytes",
              "/order-0", "rans", "adaptive", "M/s", "M/s");
  Totals totals;
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    const nuq::PackedLayer layer = model.layer(index);
    layer.visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      if (blob.is_coded) print_layer(layer.name(), blob, rounds, totals);
      return true;
    });
  }
  const auto millions = static_cast<double>(totals.levels) / 1e6;
  std::printf("%-24s %9zu %10.0f %-8s %9zu %8.4f %9zu %9zu %8.0f %8.1f\n", "all", totals.levels, totals.order0, "",
              totals.stored, static_cast<double>(totals.stored) / totals.order0, totals.rans, totals.adaptive,
              millions / totals.rans_seconds, millions / totals.adaptive_seconds);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  for (int file = 2; file < argc; ++file) print_file(argv[file], rounds);
  if (argc > 2) return 0;
  for (const int num_levels : {16, 32, 256}) {
    for (const bool is_laplacian : {false, true}) {
      for (const bool per_channel : {true, false}) {
        const std::string title = std::string(is_laplacian ? "Laplacian" : "Gaussian") +
                                  (per_channel ? ", scaled per channel, " : ", scaled per tensor, ") +
                                  std::to_string(num_levels) + " levels";
        compare_codings(title, random_layer(512, 4608, is_laplacian, per_channel, num_levels, 1), rounds);
      }
    }
  }
  for (const bool is_laplacian : {false, true}) {
    const std::string title =
        std::string("a small layer, ") + (is_laplacian ? "Laplacian" : "Gaussian") + ", 32 levels";
    compare_codings(title, random_layer(64, 576, is_laplacian, false, 32, 1), rounds);
  }
  compare_files(rounds);
  return 0;
}
