#include "nuq/packed/palette_coding.hpp"
#include "nuq/packed/level_set_encoder.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/packed/palette_encoder.hpp"

namespace packed_palette_coding_test {

using Bytes = std::vector<std::uint8_t>;
using Levels = std::vector<std::int8_t>;

nuq::DecodeStatus decode(const Bytes& bytes, Levels& out, nuq::InstructionSet instructions) {
  return nuq::decode_palette(bytes, out, instructions);
}

TEST_CASE("indices of two bits, the first lowest, behind the levels") {
  const Bytes bytes = nuq::encode_palette(Levels{-7, -6, -5, -4, -4});
  CHECK(bytes == Bytes{0, 0xF9, 0xFC, 0xE4, 0x03});
}

TEST_CASE("a single level needs no index") {
  CHECK(nuq::encode_palette(Levels(1000, 42)) == Bytes{0, 42, 42});
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    Levels out(1000, 1);
    CHECK(decode({0, 42, 42}, out, instructions) == nuq::DecodeStatus::ok);
    CHECK(out == Levels(1000, 42));
  }
}

TEST_CASE("any number of levels and of weights is decoded as it was, by every decoder") {
  for (int num_levels = 1; num_levels <= 256; num_levels += num_levels < 40 ? 1 : 27) {
    for (const std::size_t count : {1U, 7U, 8U, 31U, 32U, 33U, 64U, 100U, 5003U}) {
      for (const int step : {1, 256 / num_levels}) {
        const Levels levels = uniform_levels(count, num_levels, step, count);
        const Bytes bytes = nuq::encode_palette(levels);
        CHECK(bytes.size() == nuq::palette_bytes(nuq::level_set_of(nuq::count_levels(levels)), count));
        for (const nuq::InstructionSet instructions : instruction_sets()) {
          Levels out(count, 77);
          REQUIRE(decode(bytes, out, instructions) == nuq::DecodeStatus::ok);
          REQUIRE(out == levels);
        }
      }
    }
  }
}

TEST_CASE("an index beyond the last level is refused wherever it stands") {
  constexpr std::size_t count = 8000;
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    for (const std::size_t place : {0U, 1U, 500U, 7990U, 7999U}) {
      Bytes bytes = {0, 5, 9};  // five levels: three bits
      Bytes indices(count * 3 / 8, 0);
      Levels out(count);
      for (unsigned bit = 0; bit < 3; ++bit)
        indices[(3 * place + bit) / 8] |= static_cast<std::uint8_t>((4U >> bit & 1U) << ((3 * place + bit) % 8));
      bytes.insert(bytes.end(), indices.begin(), indices.end());
      CHECK(decode(bytes, out, instructions) == nuq::DecodeStatus::ok);
      CHECK(out[place] == 9);
      bytes[3 + 3 * place / 8] |= static_cast<std::uint8_t>(1U << (3 * place % 8));  // its lowest bit: 5
      CHECK(decode(bytes, out, instructions) == nuq::DecodeStatus::malformed);
    }
  }
}

TEST_CASE("bytes that are too few, too many or no level set are refused") {
  const Levels levels = uniform_levels(333, 21, 3, 1);
  const Bytes bytes = nuq::encode_palette(levels);
  Levels out(333);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(nuq::decode_palette({bytes.data(), size}, out) != nuq::DecodeStatus::ok);
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(nuq::decode_palette(longer, out) == nuq::DecodeStatus::truncated);
  CHECK(nuq::decode_palette(Bytes{3, 0, 0}, out) == nuq::DecodeStatus::malformed);
  Levels other(341);
  CHECK(nuq::decode_palette(bytes, other) == nuq::DecodeStatus::truncated);
}

}  // namespace packed_palette_coding_test
