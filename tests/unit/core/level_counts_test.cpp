#include "nuq/core/level_counts.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

TEST_CASE("levels are counted at their index") {
  CHECK(nuq::level_index(-128) == 0);
  CHECK(nuq::level_index(0) == 128);
  CHECK(nuq::level_index(127) == 255);
  const std::vector<std::int8_t> levels{-128, 0, 0, 127, 0, -128, 5};
  nuq::LevelCounts expected{};
  expected[0] = 2;
  expected[128] = 3;
  expected[133] = 1;
  expected[255] = 1;
  CHECK(nuq::count_levels(levels) == expected);
  CHECK(nuq::distinct_levels(expected) == 4);
}

TEST_CASE("all levels are counted, however many there are") {
  std::vector<std::int8_t> levels;
  for (int count = 0; count < 12; ++count) {
    const nuq::LevelCounts counts = nuq::count_levels(levels);
    CHECK(counts[nuq::level_index(3)] == static_cast<std::uint64_t>(count - count / 3));
    CHECK(counts[nuq::level_index(-7)] == static_cast<std::uint64_t>(count / 3));
    levels.push_back(count % 3 == 2 ? std::int8_t{-7} : std::int8_t{3});
  }
}

TEST_CASE("a layer without weights has no levels") {
  CHECK(nuq::distinct_levels(nuq::count_levels({})) == 0);
}
