#include "nuq/packed/float_coding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "../random_values.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/packed/float_encoder.hpp"

namespace packed_float_coding_test {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

/// Encodes and decodes; the size.
std::size_t size_of(const Floats& values) {
  const Bytes bytes = nuq::encode_float_values(values);
  Floats out(values.size(), 77.0F);
  REQUIRE(nuq::decode_float_values(bytes, out) == nuq::DecodeStatus::ok);
  REQUIRE((values.empty() || std::memcmp(out.data(), values.data(), 4 * values.size()) == 0));
  return bytes.size();
}

TEST_CASE("floats come back to the bit") {
  using Limits = std::numeric_limits<float>;
  CHECK(size_of({}) == 2);
  CHECK(size_of({0.0F}) <= 5);
  static_cast<void>(size_of({-0.0F, 0.0F, Limits::denorm_min(), -Limits::min(), Limits::max(), -1.0F}));
  static_cast<void>(size_of({Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), 1.0F}));
  nuq::detail::RandomEngine engine(1);
  Floats any(5000);
  for (float& value : any) {
    const auto bits = static_cast<std::uint32_t>(engine());
    std::memcpy(&value, &bits, sizeof bits);
  }
  CHECK(size_of(any) < 4 * any.size() + 400);
}

TEST_CASE("what is alike in floats is not paid for") {
  const Floats values = random_values(2000, 3);
  CHECK(size_of(values) < 2000 * 27 / 8);
  CHECK(size_of({values.begin(), values.begin() + 16}) < 16 * 4);
  Floats short_values = values;
  for (float& value : short_values) value = std::round(value * 64.0F) / 64.0F;
  CHECK(size_of(short_values) < 2000 * 16 / 8);
  CHECK(size_of(Floats(1000, 0.3F)) < 40);
}

TEST_CASE("bytes that are none are refused, damaged ones give a status or other floats") {
  const Floats values = random_values(100, 3);
  Bytes bytes = nuq::encode_float_values(values);
  Floats out(100);
  CHECK(nuq::decode_float_values(Bytes(), out) == nuq::DecodeStatus::truncated);
  for (std::size_t size = 0; size < bytes.size() / 2; ++size)
    CHECK(nuq::decode_float_values({bytes.data(), size}, out) == nuq::DecodeStatus::truncated);
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 500; ++trial) {
    Bytes damaged = bytes;
    damaged[static_cast<std::size_t>(nuq::detail::uniform_below(engine, bytes.size()))] ^=
        static_cast<std::uint8_t>(1U << (engine() % 8));
    static_cast<void>(nuq::decode_float_values(damaged, out));
  }
  bytes.push_back(0);
  CHECK(nuq::decode_float_values(bytes, out) == nuq::DecodeStatus::truncated);
}

}  // namespace packed_float_coding_test
