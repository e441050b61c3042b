#include "nuq/quantize/codebook/uniform_step.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"

namespace quantize_codebook_uniform_step_test {

nuq::LevelHistogram histogram_of_values(const std::vector<double>& values) {
  nuq::LevelHistogram histogram;
  for (const double value : values) histogram.add(value, 1.0);
  return histogram;
}

std::vector<int> select(const nuq::LevelHistogram& histogram, int num_steps) {
  const nuq::Codebook codebook = nuq::UniformStepCodebook{}.select(histogram, num_steps);
  return {codebook.begin(), codebook.end()};
}

TEST_CASE("a symmetric range has its levels on both sides at one step") {
  // ±127 with three cells: (1 + 1/2) step = 127.
  CHECK(select(histogram_of_values({-127.0, 0.0, 127.0}), 3) == std::vector<int>{-85, 0, 85});
}

TEST_CASE("a one-sided range takes all levels on that side") {
  CHECK(select(histogram_of_values({1.0, 90.0}), 5) == std::vector<int>{0, 20, 40, 60, 80});  // (4 + 1/2) step = 90
  CHECK(select(histogram_of_values({-1.0, -90.0}), 5) == std::vector<int>{-80, -60, -40, -20, 0});
}

TEST_CASE("of an even number of levels the odd one goes to the heavier side") {
  CHECK(select(histogram_of_values({-35.0, 3.0, 35.0}), 4) == std::vector<int>{-23, 0, 23, 47});  // (1 + 1/2) step = 35
  CHECK(select(histogram_of_values({-35.0, -3.0, 35.0}), 4) == std::vector<int>{-47, -23, 0, 23});
  CHECK(select(histogram_of_values({-35.0, 35.0}), 4) == std::vector<int>{-47, -23, 0, 23});
}

TEST_CASE("every occupied int8 value lies within half a step of a level, rounding aside, and zero is a level") {
  nuq::detail::RandomEngine engine(1);
  for (int trial = 0; trial < 300; ++trial) {
    const double low = 256.0 * nuq::detail::uniform_unit(engine) - 128.0;
    const double high = 256.0 * nuq::detail::uniform_unit(engine) - 128.0;
    const int num_steps = 3 + static_cast<int>(nuq::detail::uniform_below(engine, 254));
    const std::vector<int> levels = select(histogram_of_values({low, high}), num_steps);
    CHECK(levels.size() <= static_cast<std::size_t>(num_steps));
    CHECK(std::count(levels.begin(), levels.end(), 0) == 1);
    // No division of the levels needs a greater step than the even one.
    const double reach = (std::max)(std::abs(std::round(low)), std::abs(std::round(high)));
    const double step = reach / ((num_steps - 1) / 2 + 0.5);
    for (const double value : {low, high}) {
      double nearest = 256.0;
      const double rounded = (std::min)(std::round(value), 127.0);
      for (const int level : levels) nearest = (std::min)(nearest, std::abs(rounded - level));
      CHECK(nearest <= step / 2.0 + 0.5);
    }
  }
}

TEST_CASE("with 256 levels every occupied value is one") {
  for (const auto& [low, high] : {std::pair{-128, 127}, {-127, 127}, {-128, 3}, {-3, 127}, {0, 127}, {-128, 0}}) {
    nuq::LevelHistogram histogram;
    for (int value = low; value <= high; ++value) histogram.add(value, value > 0 ? 2.0 : 1.0);
    const std::vector<int> levels = select(histogram, 256);
    for (int value = low; value <= high; ++value) CHECK(std::count(levels.begin(), levels.end(), value) == 1);
  }
}

TEST_CASE("one level, or a histogram without weight, is zero alone") {
  CHECK(select(histogram_of_values({-5.0, 90.0}), 1) == std::vector<int>{0});
  CHECK(select({}, 32) == std::vector<int>{0});
}

TEST_CASE("a number of levels out of range is refused") {
  CHECK_THROWS_AS(select({}, 0), nuq::ConfigError);
  CHECK_THROWS_AS(select({}, 257), nuq::ConfigError);
}

}  // namespace quantize_codebook_uniform_step_test
