#include "nuq/quantize/codebook/lloyd.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/optimal.hpp"

namespace quantize_codebook_lloyd_test {

nuq::LevelHistogram bell(std::uint64_t seed) {
  nuq::detail::RandomEngine engine(seed);
  nuq::LevelHistogram histogram;
  for (int draw = 0; draw < 3000; ++draw) {
    double sum = -3.0;
    for (int term = 0; term < 6; ++term) sum += nuq::detail::uniform_unit(engine);
    histogram.add(40.0 * sum, 0.5 + nuq::detail::uniform_unit(engine));
  }
  return histogram;
}

std::vector<int> levels_of(const nuq::Codebook& codebook) {
  return {codebook.begin(), codebook.end()};
}

TEST_CASE("k-means finds clusters that are far apart, each at its rounded weighted mean") {
  nuq::LevelHistogram histogram;
  for (const double value : {-101.0, -100.0, -99.0, -1.0, 1.0, 80.0, 90.0})
    histogram.add(value, value > 85.0 ? 3.0 : 1.0);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CHECK(levels_of(nuq::LloydCodebook{seed}.select(histogram, 3, 3)) == std::vector<int>{-100, 0, 88});
  }
}

TEST_CASE("k-means sees int8 values: what rounds alike is one point") {
  nuq::LevelHistogram histogram;
  histogram.add(2.6, 1.0);
  histogram.add(3.4, 5.0);
  histogram.add(-200.0, 1.0);
  histogram.add(127.9, 1.0);
  CHECK(levels_of(nuq::LloydCodebook{}.select(histogram, 16)) == std::vector<int>{-128, 3, 127});
}

TEST_CASE("k-means with as many centres as values keeps the values") {
  nuq::LevelHistogram histogram;
  std::vector<int> values;
  for (int value = -128; value <= 127; value += 5) {
    values.push_back(value);
    histogram.add(value, 1.0 + value * value);
  }
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CHECK(levels_of(nuq::LloydCodebook{seed}.select(histogram, static_cast<int>(values.size()))) == values);
    CHECK(levels_of(nuq::LloydCodebook{seed}.select(histogram, 256)) == values);
  }
}

TEST_CASE("k-means at one level is the rounded mean of the int8 values") {
  const nuq::LevelHistogram histogram = bell(3);
  double weight = 0.0;
  double moment = 0.0;
  for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) {
    weight += histogram[bin].weight;
    moment += histogram[bin].weight * std::round(nuq::LevelHistogram::centre(bin));
  }
  CHECK(levels_of(nuq::LloydCodebook{}.select(histogram, 1)) ==
        std::vector<int>{static_cast<int>(std::round(moment / weight))});
}

TEST_CASE("k-means is reproducible for a seed and never beats the optimum") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const nuq::LevelHistogram histogram = bell(seed);
    const nuq::Codebook codebook = nuq::LloydCodebook{seed}.select(histogram, 24);
    CHECK(codebook == nuq::LloydCodebook{seed}.select(histogram, 24));
    CHECK(codebook.size() <= 24);
    const double optimum = nuq::distortion(histogram, nuq::OptimalCodebook{}.select(histogram, 24));
    CHECK(nuq::distortion(histogram, codebook) >= optimum * (1.0 - 1e-12));
    CHECK(nuq::distortion(histogram, codebook) <= 1.6 * optimum);
  }
}

TEST_CASE("k-means of one seed is one codebook on every platform") {
  nuq::LevelHistogram histogram;
  for (int value = -60; value <= 60; ++value) histogram.add(value, 1.0 / (1.0 + std::abs(value)));
  CHECK(levels_of(nuq::LloydCodebook{7}.select(histogram, 6)) == std::vector<int>{-44, -18, -1, 10, 28, 49});
}

TEST_CASE("further iterations of k-means are never worse, and some are better") {
  int better = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const nuq::LevelHistogram histogram = bell(seed);
    double previous = nuq::distortion(histogram, nuq::LloydCodebook{seed}.select(histogram, 12, 0));
    for (int iterations = 1; iterations <= 5; ++iterations) {
      const double next = nuq::distortion(histogram, nuq::LloydCodebook{seed}.select(histogram, 12, iterations));
      CHECK(next <= previous);
      better += next < previous ? 1 : 0;
      previous = next;
    }
  }
  CHECK(better > 0);
}

TEST_CASE("without Lloyd steps the levels are int8 values that occur") {
  nuq::LevelHistogram histogram;
  for (int value = -120; value <= 120; value += 3) histogram.add(value, 1.0);
  for (const int level : levels_of(nuq::LloydCodebook{5, 0}.select(histogram, 10))) CHECK(level % 3 == 0);
}

TEST_CASE("k-means without weight gives the level zero") {
  CHECK(levels_of(nuq::LloydCodebook{}.select(nuq::LevelHistogram{}, 16)) == std::vector<int>{0});
}

TEST_CASE("k-means refuses numbers out of range") {
  CHECK_THROWS_AS(static_cast<void>(nuq::LloydCodebook{}.select({}, 0)), nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(nuq::LloydCodebook{}.select({}, 257)), nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(nuq::LloydCodebook{}.select({}, 16, -1)), nuq::ConfigError);
}

}  // namespace quantize_codebook_lloyd_test
