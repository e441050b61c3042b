#include "nuq/packed/layer_coding.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/packed/palette_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"

namespace packed_layer_coding_test {

using Levels = std::vector<std::int8_t>;

nuq::CodedLevels encode(const Levels& levels, std::size_t rows, nuq::CodingChoice choice = {}) {
  return nuq::encode_levels({levels.data(), rows, levels.size() / rows}, choice);
}

void check_round_trip(const nuq::CodedLevels& coded, const Levels& levels, std::size_t rows) {
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    Levels out(levels.size(), 77);
    REQUIRE(nuq::decode_levels(coded.coding, coded.bytes, rows, out, instructions) == nuq::DecodeStatus::ok);
    CHECK(out == levels);
  }
}

TEST_CASE("the smallest coding is taken") {
  const Levels noise = uniform_levels(3000, 256, 1, 1);  // nothing is below a byte each
  const Levels few = uniform_levels(3000, 4, 9, 2);      // two bits each, whatever the coder
  const Levels bell = bell_levels(90000, 5.0F, 3);       // an entropy well below five bits
  const Levels small = bell_levels(600, 6.0F, 1);        // whose table would take a good part
  CHECK(encode(noise, 3).coding == nuq::LevelCoding::raw);
  CHECK(encode(few, 3).coding == nuq::LevelCoding::palette);
  CHECK(encode(bell, 3).coding == nuq::LevelCoding::rans);
  CHECK(encode(small, 3).coding == nuq::LevelCoding::adaptive);
  CHECK(encode(noise, 3).bytes.size() == 3000);
  CHECK(encode(few, 3).bytes.size() == 3000 / 4 + 5);
  for (const Levels& levels : {noise, few, bell, small}) {
    const nuq::CodedLevels coded = encode(levels, 3);
    check_round_trip(coded, levels, 3);
    CHECK(coded.bytes.size() <= (std::min)({levels.size(), nuq::encode_palette(levels).size(),
                                            nuq::encode_rans({levels.data(), 3, levels.size() / 3}).size()}));
  }
}

TEST_CASE("large layers get the adaptive coding where nothing but size counts") {
  Levels levels = bell_levels(2 * 65536, 5.0F, 3);
  for (std::size_t index = 1; index < levels.size(); index += 2)  // every other level repeats the one before
    levels[index] = levels[index - 1];
  const nuq::CodedLevels smallest = encode(levels, 64, nuq::CodingChoice::smallest());
  CHECK(smallest.coding == nuq::LevelCoding::adaptive);
  CHECK(encode(levels, 64).coding == nuq::LevelCoding::rans);
  CHECK(encode(levels, 64, {0.0, levels.size() - 1}).coding == nuq::LevelCoding::rans);
  CHECK(encode(levels, 64, {0.0, levels.size()}).bytes == smallest.bytes);
  check_round_trip(smallest, levels, 64);
  levels.resize(65536);
  CHECK(encode(levels, 64).coding == nuq::LevelCoding::adaptive);
  const double tolerance = static_cast<double>(nuq::encode_rans({levels.data(), 64, 1024}).size()) /
                           static_cast<double>(encode(levels, 64).bytes.size());
  CHECK(encode(levels, 64, nuq::CodingChoice::fastest_within(tolerance - 0.99)).coding == nuq::LevelCoding::rans);
  CHECK(encode(levels, 64, nuq::CodingChoice::fastest_within(tolerance - 1.01)).coding == nuq::LevelCoding::adaptive);
}

TEST_CASE("the fastest coding within a tolerance is taken") {
  const Levels levels = bell_levels(90000, 5.0F, 3);
  const auto smallest = static_cast<double>(encode(levels, 3).bytes.size());
  const auto palette = static_cast<double>(nuq::encode_palette(levels).size());
  const auto coding_within = [&](double tolerance) {
    const nuq::CodedLevels coded = encode(levels, 3, nuq::CodingChoice::fastest_within(tolerance));
    check_round_trip(coded, levels, 3);
    return coded.coding;
  };
  CHECK(coding_within(0.0) == nuq::LevelCoding::rans);
  CHECK(coding_within(palette / smallest - 1.001) == nuq::LevelCoding::rans);
  CHECK(coding_within(palette / smallest - 0.999) == nuq::LevelCoding::palette);
  CHECK(coding_within(90000.0 / smallest - 0.999) == nuq::LevelCoding::raw);
}

TEST_CASE("a matrix without values has no bytes") {
  const nuq::CodedLevels coded = nuq::encode_levels({nullptr, 0, 5});
  CHECK(coded.coding == nuq::LevelCoding::raw);
  CHECK(coded.bytes.empty());
  CHECK(nuq::decode_levels(coded.coding, {}, 0, {}) == nuq::DecodeStatus::ok);
}

TEST_CASE("raw levels of another number, and codings that there are not, are refused") {
  Levels out(5);
  const std::vector<std::uint8_t> bytes(4);
  CHECK(nuq::decode_levels(nuq::LevelCoding::raw, bytes, 1, out) == nuq::DecodeStatus::truncated);
  CHECK(nuq::decode_levels(static_cast<nuq::LevelCoding>(4), bytes, 1, out) == nuq::DecodeStatus::malformed);
}

}  // namespace packed_layer_coding_test
