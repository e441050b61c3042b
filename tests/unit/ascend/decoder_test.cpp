#include "nuq/ascend/decoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ascend_vectors.hpp"
#include "nuq/ascend/dictionary.hpp"
#include "nuq/core/support/random.hpp"

namespace ascend_decoder_test {

using ascend_vectors::Bytes;
using nuq::AscendCompressed;
using nuq::AscendDictionaryParameters;
using nuq::AscendMode;
using nuq::AscendStatus;
using nuq::detail::RandomEngine;
using nuq::detail::uniform_below;

AscendDictionaryParameters judge(std::size_t fractal_size) {
  AscendDictionaryParameters parameters;
  parameters.fractal_size = fractal_size;
  return parameters;
}

AscendStatus status_of(const Bytes& bytes, const Bytes& index, const AscendDictionaryParameters& parameters,
                       std::size_t size) {
  Bytes output(size);
  return nuq::ascend_decompress(bytes, index, parameters, output);
}

bool restores(const Bytes& input, const Bytes& bytes, const Bytes& index,
              const AscendDictionaryParameters& parameters) {
  Bytes output(input.size(), 0xEE);
  return nuq::ascend_decompress(bytes, index, parameters, output) == AscendStatus::ok && output == input;
}

/// Bytes of which `zeros` percent are 0 and the others spread over `values` values, the low ones more often.
Bytes random_bytes(RandomEngine& engine, std::size_t size, std::uint64_t zeros, std::uint64_t values) {
  Bytes bytes(size, 0);
  for (std::uint8_t& byte : bytes) {
    if (uniform_below(engine, 100) < zeros) continue;
    byte = static_cast<std::uint8_t>(uniform_below(engine, uniform_below(engine, values) + 1));
  }
  return bytes;
}

/// Two coded blocks and a raw one of 1024 bytes.
Bytes three_blocks() {
  RandomEngine engine(1);
  Bytes bytes = random_bytes(engine, 1024, 60, 12);
  const Bytes raw = random_bytes(engine, 1024, 0, 256);
  const Bytes last = random_bytes(engine, 1024, 85, 40);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
  bytes.insert(bytes.end(), last.begin(), last.end());
  return bytes;
}

TEST_CASE("the compiler's own output, and ours in every stored case, is restored") {
  const std::string folder = ascend_vectors::folder();
  if (folder.empty()) return;
  ascend_vectors::Inputs inputs(folder);
  const nlohmann::json manifest = ascend_vectors::manifest(folder);
  int stored_outputs = 0;
  for (const nlohmann::json& stored : manifest["cases"]) {
    if (!stored["ok"].get<bool>()) continue;
    const std::string id = stored["id"];
    CAPTURE(id);
    const Bytes& input = inputs[stored["input"]];
    const AscendDictionaryParameters parameters = ascend_vectors::parameters_of(stored);
    const AscendCompressed ours = nuq::ascend_compress(input, parameters);
    CHECK(restores(input, ours.bytes, ours.index, parameters));
    if (!stored.contains("output") || !stored.contains("index_hex")) continue;
    CHECK(restores(input, ascend_vectors::read_bytes(folder + stored["output"].get<std::string>()),
                   ascend_vectors::from_hex(stored["index_hex"]), parameters));
    ++stored_outputs;
  }
  CHECK(stored_outputs > 500);
}

TEST_CASE("random bytes are restored in every mode, on every hardware, with any offset") {
  RandomEngine engine(7);
  for (int round = 0; round < 400; ++round) {
    AscendDictionaryParameters parameters = judge(512 * (1 + uniform_below(engine, 8)));
    if (uniform_below(engine, 2) == 0) {
      parameters.engines = 1;
      parameters.channels = 4;
    }
    parameters.max_ratio = uniform_below(engine, 2) == 0 ? 32 : 64;
    parameters.mode = uniform_below(engine, 2) == 0 ? AscendMode::low : AscendMode::high;
    parameters.tight = uniform_below(engine, 3) > 0;
    parameters.init_offset = uniform_below(engine, 1000);
    const std::size_t blocks = 1 + uniform_below(engine, 4);
    const Bytes input = random_bytes(engine, blocks * parameters.fractal_size, uniform_below(engine, 101),
                                     1 + uniform_below(engine, 256));
    const AscendCompressed compressed = nuq::ascend_compress(input, parameters);
    CHECK(restores(input, compressed.bytes, compressed.index, parameters));
  }
}

TEST_CASE("no blocks are no bytes") {
  CHECK(status_of({}, {}, judge(512), 0) == AscendStatus::ok);
  CHECK(status_of({1}, {}, judge(512), 0) == AscendStatus::size_mismatch);
}

TEST_CASE("every truncation and every byte too many is refused") {
  const Bytes input = three_blocks();
  for (const bool tight : {true, false}) {
    AscendDictionaryParameters parameters = judge(1024);
    parameters.tight = tight;
    const AscendCompressed compressed = nuq::ascend_compress(input, parameters);
    REQUIRE(restores(input, compressed.bytes, compressed.index, parameters));
    for (std::size_t size = 0; size < compressed.bytes.size(); ++size) {
      const Bytes truncated(compressed.bytes.begin(), compressed.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(status_of(truncated, compressed.index, parameters, input.size()) == AscendStatus::size_mismatch);
    }
    for (std::size_t size = 0; size < compressed.index.size(); ++size) {
      const Bytes truncated(compressed.index.begin(), compressed.index.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(status_of(compressed.bytes, truncated, parameters, input.size()) == AscendStatus::size_mismatch);
    }
    Bytes longer = compressed.bytes;
    longer.push_back(0);
    CHECK(status_of(longer, compressed.index, parameters, input.size()) == AscendStatus::size_mismatch);
    CHECK(status_of(compressed.bytes, compressed.index, parameters, input.size() - 1) == AscendStatus::size_mismatch);
    CHECK(status_of(compressed.bytes, compressed.index, parameters, 0) == AscendStatus::size_mismatch);
  }
}

TEST_CASE("other parameters than the compressor's are refused") {
  const Bytes input = three_blocks();
  const AscendCompressed compressed = nuq::ascend_compress(input, judge(1024));
  const auto status_with = [&](void (*change)(AscendDictionaryParameters&)) {
    AscendDictionaryParameters parameters = judge(1024);
    change(parameters);
    return status_of(compressed.bytes, compressed.index, parameters, input.size());
  };
  CHECK(status_with([](auto& p) { p.mode = AscendMode::high; }) == AscendStatus::corrupt_header);
  CHECK(status_with([](auto& p) { p.fractal_size = 512; }) == AscendStatus::size_mismatch);
  CHECK(status_with([](auto& p) { p.tight = false; }) == AscendStatus::size_mismatch);
  CHECK(status_with([](auto& p) { p.init_offset = 128; }) == AscendStatus::corrupt_index);
  CHECK(status_with([](auto& p) { p.max_ratio = 16; }) == AscendStatus::invalid_max_ratio);
  CHECK(status_with([](auto& p) { p.max_ratio = 32; }) != AscendStatus::ok);
  CHECK(status_with([](auto& p) {
          p.engines = 1;
          p.channels = 4;
        }) != AscendStatus::ok);
  CHECK(nuq::ascend_decompress({nullptr, 512}, compressed.index, judge(1024), {}) == AscendStatus::null_pointer);
  CHECK(nuq::ascend_decompress(compressed.bytes, {nullptr, 8}, judge(1024), {}) == AscendStatus::null_pointer);
  CHECK(nuq::ascend_decompress(compressed.bytes, compressed.index, judge(1024), {nullptr, 1024}) ==
        AscendStatus::null_pointer);
}

TEST_CASE("every bit of the index matters") {
  const Bytes input = three_blocks();
  for (const bool tight : {true, false}) {
    for (const std::size_t engines : {1U, 4U}) {
      AscendDictionaryParameters parameters = judge(1024);
      parameters.tight = tight;
      parameters.engines = engines;
      parameters.channels = engines == 1 ? 4 : 2;
      const AscendCompressed compressed = nuq::ascend_compress(input, parameters);
      for (std::size_t bit = 0; bit < 8 * compressed.index.size(); ++bit) {
        Bytes index = compressed.index;
        index[bit / 8] = static_cast<std::uint8_t>(index[bit / 8] ^ 1U << bit % 8);
        CHECK(status_of(compressed.bytes, index, parameters, input.size()) != AscendStatus::ok);
      }
    }
  }
}

/// One block of one engine, whose stream is the output itself.
struct OneStream {
  AscendDictionaryParameters parameters = judge(512);
  Bytes input;
  AscendCompressed compressed;

  explicit OneStream(Bytes bytes) : input(std::move(bytes)) {
    parameters.engines = 1;
    parameters.channels = 4;
    compressed = nuq::ascend_compress(input, parameters);
  }
  /// With one byte of the output changed.
  [[nodiscard]] AscendStatus with(std::size_t at, unsigned byte) const {
    Bytes bytes = compressed.bytes;
    REQUIRE(bytes.at(at) != byte);
    bytes[at] = static_cast<std::uint8_t>(byte);
    return status_of(bytes, compressed.index, parameters, input.size());
  }
};

TEST_CASE("a header that does not fit is refused") {
  const OneStream stream(Bytes(512, 9));
  CHECK(stream.with(0, 0x88) == AscendStatus::corrupt_header);
  CHECK(stream.with(1, 2) == AscendStatus::corrupt_header);
  CHECK(stream.with(4, 1) == AscendStatus::checksum_mismatch);
  CHECK(stream.with(5, 1) == AscendStatus::checksum_mismatch);
  CHECK(stream.with(39, 9) == AscendStatus::corrupt_header);  // twice in the dictionary
}

TEST_CASE("a stream whose padding or end is wrong is refused") {
  // 512 equal bytes: 12 packets of 21 pairs and one padding bit 1; then 4 pairs and the end mark, 21 bits
  const OneStream stream(Bytes(512, 9));
  const Bytes& bytes = stream.compressed.bytes;
  REQUIRE(bytes.size() == 160);
  REQUIRE(bytes[47] == 0xC9);  // bits 56–63 of the first packet
  CHECK(stream.with(47, 0x49) == AscendStatus::corrupt_stream);
  const std::size_t last = 40 + 12 * 8;
  REQUIRE(bytes[last] == 0x24);
  REQUIRE(bytes[last + 1] == 0x79);
  REQUIRE(bytes[last + 2] == 0x1F);
  CHECK(stream.with(last + 2, 0x0F) == AscendStatus::corrupt_stream);
  CHECK(stream.with(last + 2, 0x3F) == AscendStatus::corrupt_stream);
  CHECK(stream.with(last + 3, 1) == AscendStatus::corrupt_stream);
  CHECK(stream.with(159, 1) == AscendStatus::corrupt_stream);

  // a block may not have a unit more than its longest stream needs
  Bytes longer = bytes;
  longer.resize(192, 0);
  const Bytes index = {192 / 32, 0x80, 0, 0, 0, 0, 0, 0};
  CHECK(status_of(longer, index, stream.parameters, 512) == AscendStatus::corrupt_stream);
  const Bytes shorter(bytes.begin(), bytes.begin() + 128);
  CHECK(status_of(shorter, {128 / 32, 0x80, 0, 0, 0, 0, 0, 0}, stream.parameters, 512) == AscendStatus::corrupt_stream);
}

TEST_CASE("an end mark behind the last packet is needed whole") {
  // 8 pairs of the run symbol 77, then 496 codes of 3 bits: 24 packets of 63 bits, the last one without room
  Bytes input(512, 77);
  for (std::size_t at = 16; at < 512; at += 2) input[at] = 88;
  const OneStream stream(input);
  const Bytes& bytes = stream.compressed.bytes;
  const std::size_t end = 40 + 24 * 8;
  REQUIRE(bytes.size() == 256);
  REQUIRE(bytes[end] == 0xF7);
  REQUIRE(bytes[end + 1] == 0x01);
  CHECK(restores(input, bytes, stream.compressed.index, stream.parameters));
  CHECK(stream.with(end, 0xF6) == AscendStatus::corrupt_stream);
  CHECK(stream.with(end + 1, 0x03) == AscendStatus::corrupt_stream);
  CHECK(stream.with(end - 1, bytes[end - 1] & 0x7FU) == AscendStatus::corrupt_stream);
}

TEST_CASE("mutated streams are refused or decoded within the caller's memory") {
  RandomEngine engine(99);
  const Bytes input = three_blocks();
  for (const std::size_t engines : {1U, 4U}) {
    for (const AscendMode mode : {AscendMode::low, AscendMode::high}) {
      AscendDictionaryParameters parameters = judge(1024);
      parameters.engines = engines;
      parameters.channels = engines == 1 ? 4 : 2;
      parameters.mode = mode;
      const AscendCompressed compressed = nuq::ascend_compress(input, parameters);
      REQUIRE(!compressed.blocks[0].raw);
      REQUIRE(compressed.blocks[1].raw);
      Bytes output(input.size() + 64, 0xEE);
      int unnoticed = 0;
      for (int round = 0; round < 25000; ++round) {
        Bytes bytes = compressed.bytes;
        Bytes index = compressed.index;
        for (std::uint64_t flips = 1 + uniform_below(engine, 4); flips > 0; --flips) {
          Bytes& target = uniform_below(engine, 20) == 0 ? index : bytes;
          std::uint8_t& byte = target[uniform_below(engine, target.size())];
          byte = static_cast<std::uint8_t>(byte ^ 1U << uniform_below(engine, 8));
        }
        const AscendStatus status =
            nuq::ascend_decompress(bytes, index, parameters, {output.data() + 32, input.size()});
        const auto unchanged = [&](std::ptrdiff_t block) {
          const auto begin = input.begin() + 1024 * block;
          return std::equal(begin, begin + 1024, output.begin() + 32 + 1024 * block);
        };
        if (status == AscendStatus::ok && !(unchanged(0) && unchanged(2))) ++unnoticed;
      }
      CHECK(unnoticed < 50);  // two changes that cancel out in the check bytes
      CHECK(std::all_of(output.begin(), output.begin() + 32, [](std::uint8_t byte) { return byte == 0xEE; }));
      CHECK(std::all_of(output.end() - 32, output.end(), [](std::uint8_t byte) { return byte == 0xEE; }));
    }
  }
}

}  // namespace ascend_decoder_test
