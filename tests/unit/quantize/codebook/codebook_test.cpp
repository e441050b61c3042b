#include "nuq/quantize/codebook/codebook.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nuq/core/support/random.hpp"

namespace quantize_codebook_codebook_test {

nuq::Codebook codebook_of(const std::vector<int>& levels) {
  return {levels.begin(), levels.end()};
}

/// Nearest by definition; of two equally near the one away from zero, at zero the upper one.
int nearest_by_search(const std::vector<int>& ascending, double scaled) {
  int best = ascending[0];
  for (const int level : ascending) {
    const double gain = std::abs(scaled - best) - std::abs(scaled - level);
    if (gain > 0.0 || (gain == 0.0 && scaled >= 0.0)) best = level;
  }
  return best;
}

TEST_CASE("a codebook is ascending and without repetitions") {
  const nuq::Codebook codebook = codebook_of({5, -128, 127, 5, 0});
  CHECK(std::vector<int>(codebook.begin(), codebook.end()) == std::vector<int>{-128, 0, 5, 127});
  CHECK(codebook == codebook_of({127, 5, 0, -128}));
  CHECK(codebook != codebook_of({127, 5, 0}));
  CHECK(codebook != codebook_of({127, 5, 1, -128}));
  CHECK(nuq::Codebook{}.empty());
}

TEST_CASE("the codebook of all levels rounds as std::round and clamps") {
  CHECK(nuq::Codebook::all().size() == 256);
  const nuq::NearestLevelTable nearest(nuq::Codebook::all());
  for (int eighths = -8 * 140; eighths <= 8 * 140; ++eighths) {
    const double value = eighths / 8.0;
    CHECK(nearest(value) == (std::min)((std::max)(std::round(value), -128.0), 127.0));
  }
}

TEST_CASE("the table finds the level that a search finds, on borders too") {
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<int> levels;
    const std::uint64_t draws = 1 + nuq::detail::uniform_below(engine, 20);
    for (std::uint64_t draw = 0; draw < draws; ++draw)
      levels.push_back(static_cast<int>(nuq::detail::uniform_below(engine, 256)) - 128);
    std::sort(levels.begin(), levels.end());
    const nuq::NearestLevelTable nearest(codebook_of(levels));
    bool equal = true;
    for (int quarters = -4 * 135; quarters <= 4 * 135; ++quarters) {
      equal = equal && nearest(quarters / 4.0) == nearest_by_search(levels, quarters / 4.0);
    }
    CHECK(equal);
    for (int quarters = -4 * 135; quarters <= 4 * 135; quarters += 3) {
      const std::array<double, 3> scaled = {quarters / 4.0, (quarters + 1) / 4.0, (quarters + 2) / 4.0};
      for (std::size_t at = 0; at < scaled.size(); ++at)
        equal = equal && nearest.nearest<3>(scaled.data())[at] == nearest(scaled[at]);
    }
    CHECK(equal);
    CHECK(nearest(1e300) == levels.back());
    CHECK(nearest(-1e300) == levels.front());
  }
}

TEST_CASE("values that no weight has stay within the table") {
  const std::array<int, 3> levels = {-7, 0, 90};
  const nuq::NearestLevelTable nearest(nuq::Codebook(levels.begin(), levels.end()));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::array<double, 4> scaled = {std::numeric_limits<double>::quiet_NaN(), -infinity, infinity, 1e300};
  const std::array<std::int8_t, 4> expected = {-7, -7, 90, 90};
  CHECK(nearest.nearest<4>(scaled.data()) == expected);
  for (std::size_t at = 0; at < scaled.size(); ++at) CHECK(nearest(scaled[at]) == expected[at]);
}

TEST_CASE("distortion is the weighted squared error to the nearest level") {
  nuq::detail::RandomEngine engine(2);
  const std::vector<int> levels{-100, -3, 0, 8, 64};
  nuq::LevelHistogram histogram;
  double expected = 0.0;
  for (int draw = 0; draw < 1000; ++draw) {
    const double value = 270.0 * nuq::detail::uniform_unit(engine) - 135.0;
    const double weight = nuq::detail::uniform_unit(engine);
    const double error = value - nearest_by_search(levels, value);
    histogram.add(value, weight);
    expected += weight * error * error;
  }
  CHECK(nuq::distortion(histogram, codebook_of(levels)) == doctest::Approx(expected).epsilon(1e-12));
}

}  // namespace quantize_codebook_codebook_test
