#include "nuq/packed/text_coding.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/support/random.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/packed_text.hpp"
#include "nuq/packed/text_encoder.hpp"

namespace packed_text_coding_test {

using Bytes = std::vector<std::uint8_t>;

/// Encodes and decodes; the size.
std::size_t size_of(const std::string& text) {
  const Bytes bytes = nuq::encode_text(text);
  std::string out(text.size(), '?');
  REQUIRE(nuq::decode_text(bytes, {out.data(), out.size()}) == nuq::DecodeStatus::ok);
  REQUIRE(out == text);
  return bytes.size();
}

std::string random_text(std::size_t count, std::uint64_t letters, std::uint64_t seed) {
  nuq::detail::RandomEngine engine(seed);
  std::string text(count, ' ');
  for (char& letter : text) letter = static_cast<char>(nuq::detail::uniform_below(engine, letters));
  return text;
}

/// A chain of convolutions and activations.
std::string network_text(int layers) {
  std::string text = "name: \"net\"\n";
  std::string bottom = "data";
  for (int index = 0; index < layers; ++index) {
    const std::string name = "conv" + std::to_string(index);
    text += "layer {\n  name: \"" + name + "\"\n  type: \"Convolution\"\n  bottom: \"" + bottom + "\"\n  top: \"" +
            name + "\"\n  convolution_param { num_output: " + std::to_string(16 + index / 3 * 16) +
            " kernel_size: 3 pad: 1 }\n}\nlayer { name: \"relu" + std::to_string(index) +
            "\" type: \"ReLU\" bottom: \"" + name + "\" top: \"" + name + "\" }\n";
    bottom = name;
  }
  return text;
}

TEST_CASE("texts come back as they were") {
  static_cast<void>(size_of(""));
  static_cast<void>(size_of("x"));
  static_cast<void>(size_of(std::string(1, '\0')));
  static_cast<void>(size_of("abcabcabcabcabcx"));
  static_cast<void>(size_of(random_text(3000, 256, 1)));
  static_cast<void>(size_of(random_text(3000, 2, 2)));
  for (std::size_t count = 1; count < 40; ++count) static_cast<void>(size_of(random_text(count, 3, count)));
  static_cast<void>(size_of(random_text(2000, 90, 3) + random_text(5000, 4, 4) + random_text(2000, 90, 3)));
}

TEST_CASE("letters without order take their entropy, repetitions next to nothing") {
  CHECK(size_of(random_text(20000, 256, 1)) < 20600);
  CHECK(size_of(random_text(20000, 16, 1)) < 10500);
  CHECK(size_of(std::string(100000, 'a')) < 20);
  const std::string once = random_text(1000, 256, 5);
  std::string often;
  for (int index = 0; index < 100; ++index) often += once;
  CHECK(size_of(often) < size_of(once) + 20);
}

TEST_CASE("a network's text shrinks to a few bytes a layer") {
  const std::string few = network_text(10);
  const std::string many = network_text(60);
  CHECK(size_of(few) < few.size() / 6);
  CHECK(size_of(many) - size_of(few) < 50 * 14);
}

TEST_CASE("bytes that are none are refused, and memory of another size") {
  const std::string text = network_text(5);
  Bytes bytes = nuq::encode_text(text);
  std::string out(text.size(), ' ');
  CHECK(nuq::decode_text(bytes, {out.data(), out.size() - 1}) != nuq::DecodeStatus::ok);
  bytes.push_back(0);
  CHECK(nuq::decode_text(bytes, {out.data(), out.size()}) == nuq::DecodeStatus::truncated);
  CHECK(nuq::decode_text(Bytes(), {out.data(), out.size()}) != nuq::DecodeStatus::ok);
  std::string too_large(nuq::max_coded_text + 1, ' ');
  CHECK(nuq::decode_text(bytes, {too_large.data(), too_large.size()}) == nuq::DecodeStatus::wrong_size);
  nuq::PackedText packed{text.size(), true, {bytes.data(), bytes.size() - 1}};
  CHECK(nuq::decode_text(packed, {out.data(), out.size()}) == nuq::DecodeStatus::ok);
  CHECK(out == text);
  CHECK(nuq::decode_text(packed, {out.data(), out.size() - 1}) == nuq::DecodeStatus::wrong_size);
}

TEST_CASE("damaged bytes give a status or another text") {
  const std::string text = network_text(12);
  const Bytes bytes = nuq::encode_text(text);
  nuq::detail::RandomEngine engine(1);
  std::size_t malformed = 0;
  std::size_t truncated = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Bytes damaged = bytes;
    damaged[static_cast<std::size_t>(nuq::detail::uniform_below(engine, bytes.size()))] ^=
        static_cast<std::uint8_t>(1U << (engine() % 8));
    if (trial % 3 == 0) damaged.resize(static_cast<std::size_t>(nuq::detail::uniform_below(engine, damaged.size())));
    std::vector<char> out(text.size());
    const nuq::DecodeStatus status = nuq::decode_text(damaged, {out.data(), out.size()});
    malformed += status == nuq::DecodeStatus::malformed ? 1 : 0;
    truncated += status == nuq::DecodeStatus::truncated ? 1 : 0;
  }
  CHECK(malformed > 30);
  CHECK(truncated > 30);
}

TEST_CASE("the bytes are the same with every compiler, on every platform") {
  const Bytes bytes = nuq::encode_text(network_text(20));
  CHECK(bytes.size() == 329);
  CHECK(nuq::crc32(bytes) == 0xC4EFE461U);
}

}  // namespace packed_text_coding_test
