#include "nuq/core/support/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>

using nuq::detail::RandomEngine;

TEST_CASE("the generator is SplitMix64: its published first numbers for the seed 1234567") {
  RandomEngine engine(1234567);
  CHECK(engine() == 6457827717110365317U);
  CHECK(engine() == 3203168211198807973U);
  CHECK(engine() == 9817491932198370423U);
}

TEST_CASE("numbers below n are in range and equally frequent") {
  RandomEngine engine(1);
  std::array<int, 7> counts{};
  for (int draw = 0; draw < 70000; ++draw)
    ++counts.at(static_cast<std::size_t>(nuq::detail::uniform_below(engine, counts.size())));
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);  // 5 standard deviations
  CHECK(nuq::detail::uniform_below(engine, 1) == 0);
}

TEST_CASE("numbers below an n that does not divide 2^64 are not biased") {
  // With n = 3 · 2^62 a plain remainder would fall below 2^62 half of the time instead of a third.
  RandomEngine engine(2);
  constexpr std::uint64_t quarter = std::uint64_t{1} << 62;
  int low = 0;
  for (int draw = 0; draw < 30000; ++draw) low += nuq::detail::uniform_below(engine, 3 * quarter) < quarter ? 1 : 0;
  CHECK(std::abs(low - 10000) < 500);
}

TEST_CASE("unit numbers lie in [0, 1) with mean one half") {
  RandomEngine engine(3);
  double sum = 0.0;
  bool inside = true;
  for (int draw = 0; draw < 40000; ++draw) {
    const double value = nuq::detail::uniform_unit(engine);
    inside = inside && value >= 0.0 && value < 1.0;
    sum += value;
  }
  CHECK(inside);
  CHECK(std::abs(sum / 40000.0 - 0.5) < 0.008);
}
