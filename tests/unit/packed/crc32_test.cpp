#include "nuq/packed/crc32.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/support/random.hpp"

namespace packed_crc32_test {

std::uint32_t crc32_of(const std::string& text) {
  return nuq::crc32(std::vector<std::uint8_t>(text.begin(), text.end()));
}

/// The definition: division of polynomials, bit by bit.
std::uint32_t crc32_by_bits(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t remainder = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool is_set = ((remainder ^ (std::uint32_t{byte} >> bit)) & 1U) != 0;
      remainder = (remainder >> 1U) ^ (is_set ? 0xEDB88320U : 0U);
    }
  }
  return ~remainder;
}

TEST_CASE("the published check values") {
  CHECK(crc32_of("") == 0U);
  CHECK(crc32_of("123456789") == 0xCBF43926U);
  CHECK(crc32_of("The quick brown fox jumps over the lazy dog") == 0x414FA339U);
}

TEST_CASE("any length, whole or in two pieces, equals the division bit by bit") {
  nuq::detail::RandomEngine engine(1);
  std::vector<std::uint8_t> bytes;
  for (std::size_t size = 0; size < 70; ++size) {
    CHECK(nuq::crc32(bytes) == crc32_by_bits(bytes));
    const std::size_t cut = size / 3;
    const std::uint32_t first = nuq::crc32({bytes.data(), cut});
    CHECK(nuq::crc32({bytes.data() + cut, size - cut}, first) == crc32_by_bits(bytes));
    bytes.push_back(static_cast<std::uint8_t>(engine()));
  }
}

}  // namespace packed_crc32_test
