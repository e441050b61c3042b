#include "nuq/quantize/rate/entropy_rate.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "nuq/quantize/rate/contracts.hpp"

static_assert(nuq::is_rate_model_v<nuq::EntropyRate>);
static_assert(!nuq::has_exact_bytes_v<nuq::EntropyRate>);

namespace quantize_rate_entropy_rate_test {

nuq::LevelCounts counts_of(const std::vector<int>& levels) {
  nuq::LevelCounts counts{};
  for (const int level : levels) ++counts[nuq::level_index(level)];
  return counts;
}

TEST_CASE("four equally frequent levels cost two bits an index") {
  const nuq::LevelCounts counts = counts_of({-3, -3, 0, 0, 5, 5, 127, 127});
  // 8 indices of 2 bits, a table of 4 · 3 bytes, 2 scales
  CHECK(nuq::EntropyRate{}.bytes(counts, {2, 4, 2}) == doctest::Approx(2.0 + 12.0 + 8.0).epsilon(1e-12));
}

TEST_CASE("a single level needs no index bits") {
  CHECK(nuq::EntropyRate{}.bytes(counts_of({7, 7, 7}), {1, 3, 1}) == 3.0 + 4.0);
}

TEST_CASE("unequal levels cost their entropy") {
  const nuq::LevelCounts counts = counts_of({0, 0, 0, 1});
  const double entropy = -(0.75 * std::log2(0.75) + 0.25 * std::log2(0.25));
  CHECK(nuq::EntropyRate{}.bytes(counts, {1, 4, 1}) == doctest::Approx(4.0 * entropy / 8.0 + 6.0 + 4.0).epsilon(1e-12));
}

TEST_CASE("prices are those of a probability distribution, finite for unseen levels and lower for frequent ones") {
  const nuq::LevelCounts counts = counts_of({0, 0, 0, 1});
  const std::array<float, 256> bits = nuq::EntropyRate{}.bits_per_level(counts);
  double total = 0.0;
  for (const float price : bits) total += std::exp2(-static_cast<double>(price));
  CHECK(total == doctest::Approx(1.0).epsilon(1e-5));
  CHECK(bits[nuq::level_index(0)] < bits[nuq::level_index(1)]);
  CHECK(bits[nuq::level_index(1)] < bits[nuq::level_index(2)]);
  // (n + ½) / (4 + 128)
  CHECK(bits[nuq::level_index(0)] == doctest::Approx(std::log2(132.0 / 3.5)).epsilon(1e-6));
  CHECK(bits[nuq::level_index(2)] == doctest::Approx(std::log2(132.0 / 0.5)).epsilon(1e-6));
}

}  // namespace quantize_rate_entropy_rate_test
