#include "nuq/quantize/codebook/consecutive.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <numeric>
#include <vector>

#include "../../error_of.hpp"
#include "nuq/quantize/codebook/contracts.hpp"

static_assert(nuq::is_codebook_selector_v<nuq::ConsecutiveLevels>);

namespace quantize_codebook_consecutive_test {

nuq::LevelHistogram histogram_of_values(std::initializer_list<double> values) {
  nuq::LevelHistogram histogram;
  for (const double value : values) histogram.add(value, 1.0);
  return histogram;
}

std::vector<int> select(const nuq::LevelHistogram& histogram, int num_steps) {
  const nuq::Codebook codebook = nuq::ConsecutiveLevels{}.select(histogram, num_steps);
  return {codebook.begin(), codebook.end()};
}

std::vector<int> integers(int first, int last) {
  std::vector<int> levels(static_cast<std::size_t>(last - first + 1));
  std::iota(levels.begin(), levels.end(), first);
  return levels;
}

TEST_CASE("levels reach one beyond the rounded weights on both sides") {
  for (double least = -20.1; least < 0.0; least += 0.7) {
    for (double greatest = 0.1; greatest < 20.0; greatest += 0.7) {
      const int low = static_cast<int>(std::round(least));
      const int high = static_cast<int>(std::round(greatest));
      CHECK(select(histogram_of_values({least, greatest}), 256) == integers(low - 1, high + 1));
    }
  }
}

TEST_CASE("zero is a level even where all weights are on one side of it") {
  CHECK(select(histogram_of_values({3.2, 5.1}), 256) == integers(-1, 6));
  CHECK(select(histogram_of_values({-3.2, -5.1}), 256) == integers(-6, 1));
  CHECK(select(nuq::LevelHistogram{}, 256) == integers(-1, 1));
}

TEST_CASE("levels end with int8") {
  CHECK(select(histogram_of_values({-500.0, 500.0}), 256) == integers(-128, 127));
  CHECK(select(histogram_of_values({-127.6, 126.4}), 256) == integers(-128, 127));
}

TEST_CASE("weights that do not count do not widen the range") {
  nuq::LevelHistogram histogram = histogram_of_values({1.0, 2.2});
  histogram.add(80.0, 0.0);
  CHECK(select(histogram, 256) == integers(-1, 3));
}

TEST_CASE("where there are too many levels the best few are taken") {
  const nuq::LevelHistogram histogram = histogram_of_values({-6.0, -5.9, 0.1, 0.2, 4.1, 9.0});
  CHECK(select(histogram, 18) == integers(-7, 10));
  CHECK(nuq::ConsecutiveLevels{}.select(histogram, 17) == nuq::OptimalCodebook{}.select(histogram, 17));
  CHECK(select(histogram, 4) == std::vector<int>{-6, 0, 4, 9});
}

TEST_CASE("a number of levels that int8 does not have is refused") {
  for (const int num_steps : {0, 257}) {
    const CaughtError error =
        error_of<nuq::ConfigError>([&] { (void)nuq::ConsecutiveLevels{}.select(nuq::LevelHistogram{}, num_steps); });
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
    CHECK(error.says("ConsecutiveLevels: num_steps is " + std::to_string(num_steps)));
  }
}

}  // namespace quantize_codebook_consecutive_test
