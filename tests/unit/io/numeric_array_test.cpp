#include "nuq/io/numeric_array.hpp"
#include "nuq/io/detail/little_endian.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

TEST_CASE("numbers survive a round trip through little-endian bytes") {
  std::string bytes;
  nuq::detail::append_little_endian(bytes, std::uint32_t{0x04030201});
  nuq::detail::append_little_endian(bytes, std::int8_t{-1});
  nuq::detail::append_little_endian(bytes, std::int64_t{-2});
  nuq::detail::append_little_endian(bytes, -0.5F);
  CHECK(bytes == std::string("\1\2\3\4\xff\xfe\xff\xff\xff\xff\xff\xff\xff\0\0\0\xbf", 17));
  CHECK(nuq::detail::load_little_endian<std::uint32_t>(bytes.data()) == 0x04030201);
  CHECK(nuq::detail::load_little_endian<std::int8_t>(bytes.data() + 4) == -1);
  CHECK(nuq::detail::load_little_endian<std::int64_t>(bytes.data() + 5) == -2);
  CHECK(nuq::detail::load_little_endian<float>(bytes.data() + 13) == -0.5F);
}

TEST_CASE("entries are cut out along the first axis") {
  const nuq::NumericArray array{nuq::NumericType::uint8, {3, 2}, "abcdef"};
  const nuq::NumericArray part = nuq::entries_of(array, 1, 2);
  CHECK(part.type == nuq::NumericType::uint8);
  CHECK(part.shape == nuq::Shape{2, 2});
  CHECK(part.bytes == "cdef");
}

TEST_CASE("int64 values too fine for float are rounded to the nearest") {
  std::string bytes;
  nuq::detail::append_little_endian(bytes, std::int64_t{16777217});
  nuq::detail::append_little_endian(bytes, std::int64_t{16777219});
  CHECK(nuq::to_tensor({nuq::NumericType::int64, {2}, bytes}).values == std::vector<float>{16777216.0F, 16777220.0F});
}

TEST_CASE("the first element beyond float is found, with its value") {
  const auto doubles = [](const std::vector<double>& values) {
    nuq::NumericArray array{nuq::NumericType::float64, {static_cast<std::int64_t>(values.size())}, {}};
    array.bytes.resize(8 * values.size());
    std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
    return array;
  };
  const auto largest = static_cast<double>(std::numeric_limits<float>::max());
  CHECK_FALSE(nuq::first_beyond_float(doubles({0.0, largest, -largest, 1e-300})));
  const auto found = nuq::first_beyond_float(doubles({1.0, 2.0, -1e39, 1e300}));
  REQUIRE(found);
  CHECK(found->index == 2);
  CHECK(found->value == -1e39);
  const auto nan = nuq::first_beyond_float(doubles({std::numeric_limits<double>::quiet_NaN()}));
  REQUIRE(nan);
  CHECK(std::isnan(nan->value));
  CHECK_FALSE(nuq::first_beyond_float({nuq::NumericType::int64, {1}, std::string(8, '\xff')}));
}
