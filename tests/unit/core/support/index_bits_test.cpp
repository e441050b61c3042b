#include "nuq/core/support/index_bits.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

namespace core_support_index_bits_test {

TEST_CASE("an index has just enough bits to tell things apart") {
  const std::array<std::array<std::size_t, 2>, 10> expected = {
      {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {16, 4}, {17, 5}, {32, 5}, {256, 8}}};
  for (const auto& [count, bits] : expected) CHECK(nuq::detail::index_bits(count) == bits);
}

TEST_CASE("indices fill whole bytes, and their number may be as large as memory") {
  CHECK(nuq::detail::packed_index_bytes(0, 5) == 0);
  CHECK(nuq::detail::packed_index_bytes(8, 5) == 5);
  CHECK(nuq::detail::packed_index_bytes(9, 5) == 6);
  CHECK(nuq::detail::packed_index_bytes(static_cast<std::size_t>(-1), 8) == static_cast<std::size_t>(-1));
  CHECK(nuq::detail::packed_index_bytes(1000, 0) == 0);
}

}  // namespace core_support_index_bits_test
