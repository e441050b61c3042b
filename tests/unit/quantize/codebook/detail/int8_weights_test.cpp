#include "nuq/quantize/codebook/detail/int8_weights.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/random.hpp"

TEST_CASE("the weight of an int8 value is that of everything that rounds and clamps to it") {
  nuq::detail::RandomEngine engine(1);
  nuq::LevelHistogram histogram;
  std::array<double, 256> expected{};
  for (int draw = 0; draw < 5000; ++draw) {
    const double value = 280.0 * nuq::detail::uniform_unit(engine) - 140.0;
    const double weight = static_cast<double>(1 + nuq::detail::uniform_below(engine, 9));
    histogram.add(value, weight);
    expected[nuq::level_index(static_cast<int>((std::min)((std::max)(std::round(value), -128.0), 127.0)))] += weight;
  }
  CHECK(nuq::detail::int8_weights(histogram) == expected);
}
