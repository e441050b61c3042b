#include "nuq/packed/detail/fixed_log2.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "nuq/core/support/random.hpp"

namespace packed_detail_fixed_log2_test {

TEST_CASE("powers of two are exact") {
  for (unsigned exponent = 0; exponent < 64; ++exponent)
    CHECK(nuq::detail::fixed_log2(std::uint64_t{1} << exponent) == exponent << 16U);
}

TEST_CASE("all others are within two units of the logarithm") {
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const std::uint64_t value = (engine() >> (trial % 60)) | 1U;
    const double wanted = std::log2(static_cast<double>(value)) * 65536.0;
    CHECK(std::abs(nuq::detail::fixed_log2(value) - wanted) <= 2.0);
  }
}

}  // namespace packed_detail_fixed_log2_test
