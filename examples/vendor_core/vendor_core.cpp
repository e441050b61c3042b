// A tool chain that reads packed model files: the standard library alone, no exceptions, no RTTI.
//
//     nuq_vendor_core FILE.nuq
//
// Lists the layers of a file, decodes each to int8 levels and prints a checksum of them.

#include <cstdint>
#include <cstdio>
#include <vector>

#include "nuq/packed.hpp"

namespace {

/// The file's bytes; none where it cannot be read.
std::vector<std::uint8_t> content_of(const char* path) {
  std::vector<std::uint8_t> bytes;
  std::FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) return bytes;
  std::uint8_t buffer[65536];
  for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, file)) > 0;)
    bytes.insert(bytes.end(), buffer, buffer + count);
  std::fclose(file);
  return bytes;
}

/// Decodes one blob's levels and prints what they are.
nuq::DecodeStatus print_levels(const nuq::PackedLayer& layer, const nuq::PackedBlob& blob) {
  std::vector<std::int8_t> levels(blob.count);
  const nuq::DecodeStatus status = nuq::decode_levels(blob, levels);
  if (status != nuq::DecodeStatus::ok) return status;
  long long sum = 0;
  for (const std::int8_t level : levels) sum += level;
  std::printf("%.*s: %zu levels from %zu bytes, %zu scales, sum %lld\n", static_cast<int>(layer.name().size()),
              layer.name().data(), blob.count, blob.data.size(), blob.scale_count, sum);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: nuq_vendor_core FILE.nuq\n");
    return 2;
  }
  const std::vector<std::uint8_t> bytes = content_of(argv[1]);
  nuq::PackedModelView model;
  nuq::DecodeStatus status = model.open(bytes.data(), bytes.size());
  if (status == nuq::DecodeStatus::ok) status = model.verify();
  for (std::size_t index = 0; status == nuq::DecodeStatus::ok && index < model.layer_count(); ++index) {
    const nuq::PackedLayer layer = model.layer(index);
    layer.visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      if (blob.is_coded) status = print_levels(layer, blob);
      return status == nuq::DecodeStatus::ok;
    });
  }
  if (status == nuq::DecodeStatus::ok) return 0;
  std::fprintf(stderr, "%s: %s\n", argv[1], nuq::status_text(status));
  return 2;
}
