// libFuzzer target: opens, verifies and decodes whatever it is given.
//
//     clang++ -std=c++17 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/packed_fuzz.cpp -o fuzz
//     nuq_packed_seeds corpus && ./fuzz -max_len=4096 corpus/
//
// The first byte chooses what the bytes behind the fourth are: a matrix in one of the codings, a coded text, or a model
// file, whose size and checksums are put right every other time, so that they do not keep a mutator out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/packed.hpp"

namespace {

constexpr std::size_t max_values = std::size_t{1} << 20U;

void put(std::vector<std::uint8_t>& file, std::size_t place, std::uint64_t value, unsigned count) {
  for (unsigned index = 0; index < count; ++index)
    file[place + index] = static_cast<std::uint8_t>(value >> (8 * index));
}

/// The file with a size and checksums of header and directory that fit its other bytes.
std::vector<std::uint8_t> with_checksums(nuq::ArrayView<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> file(bytes.begin(), bytes.end());
  if (file.size() < 48) return file;
  put(file, 8, file.size(), 8);
  const std::uint64_t text = nuq::detail::load_u64(file.data() + 16);
  const std::uint64_t directory = nuq::detail::load_u64(file.data() + 32);
  if (text <= file.size() - 48 && directory <= file.size() - 48 - text)
    put(file, 40, nuq::crc32({file.data() + 48 + text, static_cast<std::size_t>(directory)}), 4);
  put(file, 44, nuq::crc32({file.data(), 44}), 4);
  return file;
}

void decode_all(const nuq::PackedModelView& model) {
  std::vector<char> text((std::min)(model.text().size, max_values));
  static_cast<void>(nuq::decode_text(model.text(), text));
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    model.layer(index).visit_blobs([](std::size_t, const nuq::PackedBlob& blob) {
      if (blob.count > max_values) return true;
      std::vector<std::int8_t> levels(blob.count);
      std::vector<float> values(blob.count);
      static_cast<void>(nuq::decode_levels(blob, levels));
      static_cast<void>(nuq::decode_floats(blob, values));
      return true;
    });
  }
}

void read_model(const std::vector<std::uint8_t>& file) {
  nuq::PackedModelView model;
  if (model.open(file.data(), file.size()) != nuq::DecodeStatus::ok) return;
  static_cast<void>(model.verify());
  decode_all(model);
}

/// The portable decoder and the fastest one must agree, in the status too.
void decode_matrix(nuq::LevelCoding coding, nuq::ArrayView<const std::uint8_t> bytes, std::size_t rows,
                   std::size_t cols) {
  std::vector<std::int8_t> portable(rows * cols);
  std::vector<std::int8_t> fastest(rows * cols);
  const nuq::DecodeStatus status = nuq::decode_levels(coding, bytes, rows, portable, nuq::InstructionSet::portable);
  if (nuq::decode_levels(coding, bytes, rows, fastest) != status) __builtin_trap();
  if (status == nuq::DecodeStatus::ok && portable != fastest) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const nuq::ArrayView<const std::uint8_t> rest(data + 4, size - 4);
  const unsigned kind = data[0] % 6;
  if (kind == 5) {
    read_model(data[1] % 2 == 0 ? with_checksums(rest) : std::vector<std::uint8_t>(rest.begin(), rest.end()));
  } else if (kind == 4) {
    std::vector<char> text(data[1] + 256 * std::size_t{data[2]});
    static_cast<void>(nuq::decode_text(rest, text));
  } else {
    decode_matrix(static_cast<nuq::LevelCoding>(kind), rest, 1 + std::size_t{data[1]},
                  1 + std::size_t{data[2]} + 256 * std::size_t{data[3] % 4U});
  }
  return 0;
}
