#include "nuq/packed/byte_access.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "nuq/packed/detail/byte_writer.hpp"

namespace packed_detail_byte_access_test {

using Bytes = std::vector<std::uint8_t>;

struct VarintRead {
  std::uint64_t value;
  bool failed;
};

VarintRead read_varint(const Bytes& bytes) {
  nuq::detail::ByteReader reader(bytes);
  const std::uint64_t value = reader.varint();
  return {value, reader.failed()};
}

TEST_CASE("numbers are little-endian at any address") {
  const Bytes bytes = {0xFF, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(nuq::detail::load_u16(bytes.data() + 1) == 0x0201U);
  CHECK(nuq::detail::load_u32(bytes.data() + 1) == 0x04030201U);
  CHECK(nuq::detail::load_u64(bytes.data() + 1) == 0x0807060504030201U);
}

TEST_CASE("a varint has seven bits a byte") {
  CHECK(read_varint({0x00}).value == 0);
  CHECK(read_varint({0x7F}).value == 127);
  CHECK(read_varint({0xAC, 0x02}).value == 300);
  const Bytes greatest = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  CHECK(read_varint(greatest).value == UINT64_MAX);
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16384}, UINT64_MAX}) {
    Bytes bytes;
    nuq::detail::append_varint(bytes, value);
    CHECK(read_varint(bytes).value == value);
  }
}

TEST_CASE("a varint that ends early, is longer than it need be or exceeds 64 bits is refused") {
  CHECK(read_varint({}).failed);
  CHECK(read_varint({0x80}).failed);
  CHECK(read_varint({0x80, 0x00}).failed);
  CHECK(read_varint({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}).failed);
  CHECK(read_varint({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x01}).failed);
}

TEST_CASE("a reader that has failed gives nothing more") {
  const Bytes bytes = {1, 2, 3};
  nuq::detail::ByteReader reader(bytes);
  CHECK(reader.u8() == 1);
  CHECK(reader.u32() == 0);
  CHECK(reader.failed());
  CHECK(reader.rest().empty());
  CHECK(reader.u8() == 0);
  nuq::detail::ByteReader other(bytes);
  CHECK(other.bytes(UINT64_MAX).empty());
  CHECK(other.failed());
}

TEST_CASE("bits come lowest first") {
  const Bytes bytes = {0xB4, 0x01};  // 1011 0100, 0000 0001
  nuq::detail::BitReader reader(bytes);
  CHECK(reader.bits(3) == 4U);
  CHECK(reader.bytes_used() == 1);
  CHECK(reader.bits(6) == 0x36U);  // 10110 and then the 1 of the second byte
  CHECK(reader.bytes_used() == 2);
  CHECK(reader.bits(7) == 0U);
  CHECK(!reader.failed());
  CHECK(reader.bits(1) == 0U);
  CHECK(reader.failed());
}

TEST_CASE("Exp-Golomb codes") {
  // order 0: 0 → "0"; 1, 2 → "10x"; 3…6 → "110xx"; order 1: 0, 1 → "0x". First bit lowest.
  CHECK(nuq::detail::exp_golomb_bits(0, 0) == 1);
  CHECK(nuq::detail::exp_golomb_bits(1, 0) == 3);
  CHECK(nuq::detail::exp_golomb_bits(6, 0) == 5);
  CHECK(nuq::detail::exp_golomb_bits(7, 0) == 7);
  CHECK(nuq::detail::exp_golomb_bits(1, 1) == 2);
  Bytes bytes;
  nuq::detail::BitWriter writer(bytes);
  writer.exp_golomb(0, 0);
  writer.exp_golomb(2, 0);
  writer.exp_golomb(3, 0);  // 0, 101, 11000 (3 + 1 = 100 in binary, its lower bits 00)
  CHECK(bytes == Bytes{0x3A, 0x00});
  for (unsigned order = 0; order < 8; ++order) {
    Bytes coded;
    nuq::detail::BitWriter all(coded);
    for (std::uint32_t value = 0; value < 9000; value += 7) all.exp_golomb(value, order);
    nuq::detail::BitReader reader(coded);
    bool equal = true;
    for (std::uint32_t value = 0; value < 9000; value += 7) equal &= reader.exp_golomb(order) == value;
    CHECK(equal);
    CHECK(!reader.failed());
  }
}

TEST_CASE("an Exp-Golomb code without end is refused") {
  const Bytes ones(8, 0xFF);
  nuq::detail::BitReader reader(ones);
  CHECK(reader.exp_golomb(3) == 0U);
  CHECK(reader.failed());
}

}  // namespace packed_detail_byte_access_test
