#include "nuq/core/round.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "../random_values.hpp"

TEST_CASE("rounding agrees with std::round on and next to every half") {
  for (int twice = -2048; twice <= 2048; ++twice) {
    const double half = twice / 2.0;
    for (const double value : {std::nextafter(half, -1e9), half, std::nextafter(half, 1e9)}) {
      CHECK(nuq::round_half_away(value) == static_cast<int>(std::round(value)));
    }
    const float single = static_cast<float>(half);
    for (const float value : {std::nextafter(single, -1e9F), single, std::nextafter(single, 1e9F)}) {
      CHECK(nuq::round_half_away(value) == static_cast<int>(std::round(value)));
    }
  }
}

TEST_CASE("rounding agrees with std::round on random values up to the end of its range") {
  for (const float spread : {1.0F, 100.0F, 2097151.0F}) {
    for (const float value : random_values(5000, 7, spread)) {
      CHECK(nuq::round_half_away(value) == static_cast<int>(std::round(value)));
      CHECK(nuq::round_half_away(static_cast<double>(value)) == static_cast<int>(std::round(value)));
    }
  }
}
