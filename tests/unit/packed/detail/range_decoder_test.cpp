#include "nuq/packed/detail/range_decoder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/support/random.hpp"
#include "nuq/packed/detail/range_encoder.hpp"

namespace packed_detail_range_decoder_test {

using Bytes = std::vector<std::uint8_t>;

struct Bit {
  std::uint32_t one;  ///< probability · 2^16
  unsigned value;
};

Bytes encode(const std::vector<Bit>& bits) {
  Bytes bytes;
  nuq::detail::RangeEncoder encoder(bytes);
  for (const Bit& bit : bits) encoder.bit(bit.one, bit.value);
  encoder.finish();
  return bytes;
}

/// Bits that come as often as they should, or, of those that should hardly come, one each time.
std::vector<Bit> random_bits(std::size_t count, std::uint32_t least_one, std::uint32_t greatest_one, bool unlikely) {
  nuq::detail::RandomEngine engine(count + least_one);
  std::vector<Bit> bits(count);
  for (Bit& bit : bits) {
    bit.one = least_one + static_cast<std::uint32_t>(nuq::detail::uniform_below(engine, greatest_one - least_one + 1));
    bit.value = (nuq::detail::uniform_below(engine, 65536) < bit.one) != unlikely ? 1 : 0;
  }
  return bits;
}

/// Whether the bits come back, and nothing is left of their code.
bool decodes(const Bytes& bytes, const std::vector<Bit>& bits) {
  nuq::detail::RangeDecoder decoder(bytes);
  std::size_t wrong = 0;
  for (const Bit& bit : bits) wrong += decoder.bit(bit.one) == bit.value ? 0U : 1U;
  return wrong == 0 && decoder.at_end();
}

double information_bytes(const std::vector<Bit>& bits) {
  double sum = 0.0;
  for (const Bit& bit : bits) sum -= std::log2((bit.value != 0 ? bit.one : 65536 - bit.one) / 65536.0);
  return sum / 8.0;
}

TEST_CASE("one bit divides the interval: below are the ones") {
  CHECK(encode({}) == Bytes{0});
  CHECK(encode({{32768, 1}}) == Bytes{0});
  CHECK(encode({{32768, 0}}) == Bytes{0x80});
  CHECK(encode({{16384, 0}, {32768, 1}}) == Bytes{0x40});
  CHECK(encode({{16384, 0}, {32768, 0}}) == Bytes{0xA0});
}

TEST_CASE("bits come back, and take their information and a byte") {
  for (const std::size_t count : {1U, 10U, 1000U, 50000U}) {
    for (const auto& [least, greatest] :
         std::vector<std::pair<std::uint32_t, std::uint32_t>>{{1, 65535}, {32768, 32768}, {1, 1}, {65535, 65535}}) {
      for (const bool unlikely : {false, true}) {
        const std::vector<Bit> bits = random_bits(count, least, greatest, unlikely);
        const Bytes bytes = encode(bits);
        CHECK(decodes(bytes, bits));
        CHECK(static_cast<double>(bytes.size()) <= 1.0005 * information_bytes(bits) + 2.0);
        CHECK(static_cast<double>(bytes.size()) >= information_bytes(bits) - 1.0);
      }
    }
  }
}

TEST_CASE("a carry goes through all bytes before") {
  // The interval stays around one half until the last bit: its upper part begins with 0x80, its lower with 0x7FFF…
  for (const unsigned last : {0U, 1U}) {
    std::vector<Bit> bits = {{32768, 1}};
    bits.insert(bits.end(), 200, {1, 0});
    bits.push_back({32768, 0});
    bits.push_back({32768, last});
    for (std::uint32_t index = 0; index < 3000; ++index) bits.push_back({65535 - 32768 * (index % 2), 0});
    const Bytes bytes = encode(bits);
    CHECK(decodes(bytes, bits));
  }
}

TEST_CASE("too many bytes and too few are noticed at the end") {
  const std::vector<Bit> bits = random_bits(1000, 20000, 40000, false);
  Bytes bytes = encode(bits);
  const auto is_at_end = [&] {
    nuq::detail::RangeDecoder decoder(bytes);
    for (const Bit& bit : bits) decoder.bit(bit.one);
    return decoder.at_end();
  };
  CHECK(is_at_end());
  bytes.push_back(0);
  CHECK_FALSE(is_at_end());
  bytes.resize(bytes.size() - 2);
  CHECK_FALSE(is_at_end());
  bytes.clear();
  CHECK_FALSE(is_at_end());
}

}  // namespace packed_detail_range_decoder_test
