// A packed file opened, verified and decoded, and the decoders alone.
//
// The first byte chooses what the bytes behind the fourth are: a matrix in one of the codings, a coded text, or a model
// file, whose size and checksums are put right every other time, so that they do not keep a mutator out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/packed.hpp"
#include "target.hpp"

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

bool stands_for_much(const nuq::PackedModelView& model) {
  std::size_t values = 0;
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    model.layer(index).visit_blobs([&values](std::size_t, const nuq::PackedBlob& blob) {
      values += (std::min)(blob.count, max_values);
      return true;
    });
  }
  return values >= max_values;
}

void read_model(const std::vector<std::uint8_t>& file) {
  nuq::PackedModelView model;
  if (model.open(file.data(), file.size()) != nuq::DecodeStatus::ok) return;
  static_cast<void>(model.verify());
  decode_all(model);
  if (stands_for_much(model)) return;
  nuq::check_packed_file(file, "net.nuq");
  try {
    static_cast<void>(nuq::model_of_packed_file(file, "net.nuq"));
  } catch (const nuq::Error& error) {
    require(false, std::string("a file that has been checked is refused: ") + error.what());
  }
}

/// The portable decoder and the fastest one must agree, in the status too.
void decode_matrix(nuq::LevelCoding coding, nuq::ArrayView<const std::uint8_t> bytes, std::size_t rows,
                   std::size_t cols) {
  std::vector<std::int8_t> portable(rows * cols);
  std::vector<std::int8_t> fastest(rows * cols);
  const nuq::DecodeStatus status = nuq::decode_levels(coding, bytes, rows, portable, nuq::InstructionSet::portable);
  require(nuq::decode_levels(coding, bytes, rows, fastest) == status, "the decoders' statuses differ");
  require(status != nuq::DecodeStatus::ok || portable == fastest, "the decoders' levels differ");
}

}  // namespace

NUQ_FUZZ_TARGET(packed) {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (bytes.size() < 4) return;
  const nuq::ArrayView<const std::uint8_t> rest(data + 4, bytes.size() - 4);
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
}
