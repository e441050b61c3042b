#include "nuq/ascend/dictionary.hpp"
#include "nuq/ascend/detail/code.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ascend_vectors.hpp"
#include "nuq/io/sha256.hpp"

namespace ascend_dictionary_test {

using ascend_vectors::Bytes;
using ascend_vectors::from_hex;
using nuq::AscendDictionaryParameters;
using nuq::AscendMode;
using nuq::AscendStatus;

std::string sha256_of(const Bytes& bytes) {
  return nuq::sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// CRC-32 of zlib, bit by bit.
std::uint32_t crc32_of(const Bytes& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

AscendDictionaryParameters judge(std::size_t fractal_size) {
  AscendDictionaryParameters parameters;
  parameters.fractal_size = fractal_size;
  return parameters;
}

/// The input of the format's worked example.
Bytes worked_example() {
  Bytes input(512, 0);
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (i % 8 == 3) input[i] = 0x05;
    if (i % 8 == 6) input[i] = 0xFB;
    if (i % 32 == 8) input[i] = 0x01;
  }
  input[70] = 0x9C;
  return input;
}

#if defined(__GLIBCXX__)
Bytes dictionary_of(const std::array<std::uint64_t, 256>& counts) {
  const nuq::detail::AscendOrder order = nuq::detail::ascend_order(counts);
  return {order.begin(), order.begin() + 36};
}

TEST_CASE("equal counts are ordered as by the compiler's own sort") {
  CHECK(dictionary_of({}) == from_hex("b0a1a2a3a4a5a6a7a8a9aaabacadaeafa0b1b2b3b4b5b6b7b8b9babbbcbdbebf90818283"));
  CHECK(dictionary_of({{512}}) == from_hex("00afa1aeadacabaaa9a8a7a6a5a4a3a2bfb0b1b2b3b4b5b6b7b8b9babbbcbdbec0908182"));
  CHECK(dictionary_of({{0, 512}}) ==
        from_hex("01afa1aeadacabaaa9a8a7a6a5a4a3a2bfb0b1b2b3b4b5b6b7b8b9babbbcbdbe8190ff82"));
}

TEST_CASE("the worked example of the format comes out byte for byte") {
  const std::string dictionary = "fb019cafa2aeadacabaaa9a8a7a6a5a4a3bfb0b1b2b3b4b5b6b7b8b9babbbcbdbe82";
  const std::string packet_1 = "264523144d8a26c5";
  const std::string packet_0 = "a46884a249d1a4e8";
  const Bytes other =
      from_hex("a80100050000" + dictionary + "846884a249d1a4e8" + packet_0 + packet_0 + packet_0 + "b80f");
  const Bytes second =
      from_hex("a80100050067" + dictionary + "845820144d8a26c5" + packet_1 + packet_1 + packet_1 + "c67d");
  Bytes expected(384, 0);
  for (std::size_t engine = 0; engine < 4; ++engine) {
    const Bytes& stream = engine == 1 ? second : other;
    REQUIRE(stream.size() == 74);
    for (std::size_t at = 0; at < stream.size(); ++at) expected[at / 32 * 128 + engine * 32 + at % 32] = stream[at];
  }

  const Bytes input = worked_example();
  const nuq::AscendCompressed result = nuq::ascend_compress(input, judge(512));
  REQUIRE(result.status == AscendStatus::ok);
  CHECK(result.bytes == expected);
  CHECK(result.compressed_size == 384);
  CHECK(result.index == from_hex("0380000000000000"));
  REQUIRE(result.blocks.size() == 1);
  CHECK(result.blocks[0].size == 384);
  CHECK(!result.blocks[0].raw);
}

TEST_CASE("every stored case of the compiler's compressor is met: bytes, sizes, blocks and index") {
  const std::string folder = ascend_vectors::folder();
  if (folder.empty()) return;
  ascend_vectors::Inputs inputs(folder);
  int cases = 0;
  int failures = 0;
  const nlohmann::json manifest = ascend_vectors::manifest(folder);
  for (const nlohmann::json& stored : manifest["cases"]) {
    const std::string id = stored["id"];
    CAPTURE(id);
    ++cases;
    const Bytes& input = inputs[stored["input"]];
    const AscendDictionaryParameters parameters = ascend_vectors::parameters_of(stored);
    const nuq::AscendCompressed result = nuq::ascend_compress(input, parameters);
    const nuq::AscendSize measured = nuq::ascend_compressed_size(input, parameters);
    REQUIRE(measured.status == result.status);
    if (!stored["ok"].get<bool>()) {
      CHECK(result.status == AscendStatus::size_mismatch);
      CHECK(result.bytes.empty());
      ++failures;
      continue;
    }
    REQUIRE(result.status == AscendStatus::ok);
    CHECK(result.compressed_size == stored["compressed_size"].get<std::size_t>());
    CHECK(measured.compressed_size == result.compressed_size);
    CHECK(static_cast<double>(nuq::ascend_ratio(result.compressed_size, input.size())) ==
          doctest::Approx(stored["ratio"].get<double>()).epsilon(1e-6));

    const std::string raw_flags = stored["bypass"];
    REQUIRE(result.blocks.size() == stored["blocks"].size());
    REQUIRE(result.blocks.size() == raw_flags.size());
    for (std::size_t block = 0; block < result.blocks.size(); ++block) {
      CHECK(result.blocks[block].size == stored["blocks"][block].get<std::size_t>());
      CHECK(result.blocks[block].raw == (raw_flags[block] == '1'));
    }
    REQUIRE(result.bytes.size() == stored["out_bytes"].get<std::size_t>());
    CHECK(crc32_of(result.bytes) ==
          static_cast<std::uint32_t>(std::stoul(stored["crc32"].get<std::string>(), nullptr, 16)));
    CHECK(sha256_of(result.bytes) == stored["sha256"].get<std::string>());
    CHECK(sha256_of(result.index) == stored["index_sha256"].get<std::string>());
    if (stored.contains("index_hex")) CHECK(result.index == from_hex(stored["index_hex"]));
    if (stored.contains("output")) {
      CHECK(result.bytes == ascend_vectors::read_bytes(folder + stored["output"].get<std::string>()));
    }
  }
  CHECK(cases > 800);
  CHECK(failures > 0);
}
#endif

/// Every code of a mode as text in stream order.
std::vector<std::string> all_codes(AscendMode mode) {
  std::vector<nuq::detail::AscendCode> codes;
  for (const nuq::detail::AscendRunCode& run : nuq::detail::ascend_run_codes(mode)) codes.push_back(run.code);
  for (std::size_t rank = 1; rank < nuq::detail::ascend_dictionary_size(mode); ++rank)
    codes.push_back(nuq::detail::ascend_code_of_rank(mode, rank));
  for (unsigned byte = 0; byte < 256; ++byte)
    codes.push_back(nuq::detail::ascend_escape(static_cast<std::uint8_t>(byte)));
  codes.push_back(nuq::detail::ascend_end_mark);
  std::vector<std::string> texts;
  for (const nuq::detail::AscendCode& code : codes) {
    std::string text;
    for (unsigned bit = 0; bit < code.bits; ++bit) text += (code.value >> bit & 1U) != 0 ? '1' : '0';
    texts.push_back(text);
  }
  return texts;
}

TEST_CASE("no code begins with another one") {
  for (const AscendMode mode : {AscendMode::low, AscendMode::high}) {
    std::vector<std::string> codes = all_codes(mode);
    std::sort(codes.begin(), codes.end());
    for (std::size_t at = 0; at + 1 < codes.size(); ++at) {
      CAPTURE(codes[at]);
      CHECK(codes[at + 1].substr(0, codes[at].size()) != codes[at]);
    }
  }
  CHECK(nuq::detail::ascend_escape(0x9C).value == 0x39F);
}

TEST_CASE("classes of code lengths: low 4 of 3 bits, 18 of 6, 14 of 9; high 2, 17, 15") {
  const auto ranks_of = [](AscendMode mode, int bits) {
    int ranks = bits == 3 ? 1 : 0;  // the run symbol
    for (std::size_t rank = 1; rank < nuq::detail::ascend_dictionary_size(mode); ++rank)
      ranks += nuq::detail::ascend_code_of_rank(mode, rank).bits == bits ? 1 : 0;
    return ranks;
  };
  CHECK(ranks_of(AscendMode::low, 3) == 4);
  CHECK(ranks_of(AscendMode::low, 6) == 18);
  CHECK(ranks_of(AscendMode::low, 9) == 14);
  CHECK(ranks_of(AscendMode::high, 3) == 2);
  CHECK(ranks_of(AscendMode::high, 6) == 17);
  CHECK(ranks_of(AscendMode::high, 9) == 15);
}

TEST_CASE("a block of one byte shrinks to the headers and its pairs") {
  // each engine: 8192 bytes in packets of 21 pairs: 196 packets, the last of 2 bytes has room for the end mark
  const Bytes input(32768, 77);
  const nuq::AscendCompressed result = nuq::ascend_compress(input, judge(32768));
  REQUIRE(result.blocks.size() == 1);
  CHECK(!result.blocks[0].raw);
  CHECK(result.compressed_size == (40 + 195 * 8 + 2 + 31) / 32 * 128);
}

TEST_CASE("a block that does not shrink is stored raw, its pieces by engines in turn; others keep their codes") {
  Bytes input(1024, 0);
  for (std::size_t at = 512; at < 1024; ++at) input[at] = static_cast<std::uint8_t>(at * 7 % 251);
  const nuq::AscendCompressed result = nuq::ascend_compress(input, judge(512));
  REQUIRE(result.blocks.size() == 2);
  CHECK(!result.blocks[0].raw);
  CHECK(result.blocks[1].raw);
  CHECK(result.blocks[1].size == 512);
  constexpr std::array<std::size_t, 8> order = {0, 2, 4, 6, 1, 3, 5, 7};  // of 32-byte pieces within 256 bytes
  for (std::size_t at = 0; at < 512; ++at) {
    const std::size_t source = 512 + at / 256 * 256 + order[at % 256 / 32] * 32 + at % 32;
    REQUIRE(result.bytes[result.blocks[0].size + at] == input[source]);
  }
}

TEST_CASE("wrong arguments are refused, and nothing is written") {
  const Bytes input(2048, 1);
  const auto status_of = [&input](void (*change)(AscendDictionaryParameters&)) {
    AscendDictionaryParameters parameters = judge(1024);
    change(parameters);
    const nuq::AscendCompressed result = nuq::ascend_compress(input, parameters);
    CHECK(result.status == nuq::ascend_compressed_size(input, parameters).status);
    CHECK((result.status == AscendStatus::ok) != (result.bytes.empty() && result.index.empty()));
    return result.status;
  };
  CHECK(status_of([](auto&) {}) == AscendStatus::ok);
  CHECK(status_of([](auto& p) { p.engines = 1; }) == AscendStatus::unsupported_hardware);
  CHECK(status_of([](auto& p) { p.channels = 4; }) == AscendStatus::unsupported_hardware);
  CHECK(status_of([](auto& p) { p.engines = 0; }) == AscendStatus::unsupported_hardware);
  CHECK(status_of([](auto& p) { p.max_ratio = 63; }) == AscendStatus::invalid_max_ratio);
  CHECK(status_of([](auto& p) { p.max_ratio = 0; }) == AscendStatus::invalid_max_ratio);
  CHECK(status_of([](auto& p) { p.mode = static_cast<AscendMode>(2); }) == AscendStatus::invalid_mode);
  CHECK(status_of([](auto& p) { p.fractal_size = 0; }) == AscendStatus::invalid_block_size);
  CHECK(status_of([](auto& p) { p.fractal_size = 256; }) == AscendStatus::invalid_block_size);
  CHECK(status_of([](auto& p) { p.fractal_size = 65536; }) == AscendStatus::invalid_block_size);
  CHECK(status_of([](auto& p) { p.fractal_size = 1536; }) == AscendStatus::size_mismatch);
  CHECK(status_of([](auto& p) { p.init_offset = std::uint64_t{1} << 39U; }) == AscendStatus::offset_too_large);
  CHECK(status_of([](auto& p) { p.init_offset = ~std::uint64_t{0}; }) == AscendStatus::offset_too_large);
  CHECK(nuq::ascend_compress({nullptr, 1024}, judge(1024)).status == AscendStatus::null_pointer);
  CHECK(nuq::ascend_compressed_size({nullptr, 1024}, judge(1024)).status == AscendStatus::null_pointer);
}

TEST_CASE("no bytes are compressed to none") {
  const nuq::AscendCompressed result = nuq::ascend_compress({}, judge(512));
  CHECK(result.status == AscendStatus::ok);
  CHECK(result.compressed_size == 0);
  CHECK(result.blocks.empty());
}

TEST_CASE("the judge takes the largest block that divides the size") {
  const auto block_of = [](std::size_t size) {
    const auto parameters = AscendDictionaryParameters::judge_parameters(size);
    return parameters ? parameters->fractal_size : 0;
  };
  CHECK(block_of(512) == 512);
  CHECK(block_of(65536) == 32768);
  CHECK(block_of(64 * 64 * 9) == 18432);
  CHECK(block_of(512 * 67) == 512);
  CHECK(block_of(4096 * 67) == 4096);
  CHECK(block_of(0) == 0);
  CHECK(block_of(1000) == 0);
}

TEST_CASE("a ratio is accepted up to the threshold, within a rounding error, and never as 0") {
  CHECK(nuq::ascend_accepts(nuq::ascend_ratio(75, 100)));
  CHECK(nuq::ascend_accepts(nuq::ascend_ratio(80, 100)));
  CHECK(!nuq::ascend_accepts(nuq::ascend_ratio(81, 100)));
  CHECK(!nuq::ascend_accepts(0.0F));
  CHECK(!nuq::ascend_accepts(nuq::ascend_ratio(0, 0)));
  CHECK(nuq::ascend_accepts(0.5F, 0.5F));
  CHECK(nuq::ascend_accepts(0.5F + 6e-8F, 0.5F));
  CHECK(!nuq::ascend_accepts(0.5F + 3e-7F, 0.5F));
  CHECK(!nuq::ascend_accepts(0.1F, 0.0F));
}

}  // namespace ascend_dictionary_test
