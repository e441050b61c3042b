#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/ascend/dictionary.hpp"
#include "nuq/ascend/parameters.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"

static_assert(nuq::is_rate_model_v<nuq::AscendDictionaryRate>);
static_assert(nuq::has_exact_bytes_v<nuq::AscendDictionaryRate>);

namespace ascend_dictionary_rate_test {

using nuq::detail::RandomEngine;
using nuq::detail::uniform_unit;

enum class Shape { gauss, laplace };

double draw(RandomEngine& engine, Shape shape) {
  const double u = 1.0 - uniform_unit(engine);
  const double v = uniform_unit(engine);
  if (shape == Shape::laplace) return (v < 0.5 ? 1.0 : -1.0) * std::log(u);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
}

/// Rows of a distribution, each scaled to ±127, on the best `num_steps` levels for the whole.
nuq::QuantizedWeights layer(Shape shape, std::size_t rows, std::size_t cols, int num_steps, std::uint64_t seed) {
  RandomEngine engine(seed);
  nuq::QuantizedWeights weights{rows, cols, std::vector<float>(rows, 1.0F), {}};
  weights.levels.reserve(rows * cols);
  std::vector<double> row(cols);
  nuq::LevelHistogram histogram;
  for (std::size_t r = 0; r < rows; ++r) {
    double largest = 0.0;
    for (double& weight : row) {
      weight = draw(engine, shape);
      largest = (std::max)(largest, std::abs(weight));
    }
    for (const double weight : row) {
      weights.levels.push_back(static_cast<std::int8_t>(std::round(weight / largest * 127.0)));
      histogram.add(weights.levels.back(), 1.0);
    }
  }
  const nuq::NearestLevelTable nearest(nuq::OptimalCodebook{}.select(histogram, num_steps));
  for (std::int8_t& level : weights.levels) level = nearest(level);
  return weights;
}

double exact_ratio(const nuq::QuantizedWeights& weights, const nuq::AscendDictionaryRate& rate = {}) {
  return static_cast<double>(rate.exact_bytes(weights) - 4 * weights.scales.size()) /
         static_cast<double>(weights.levels.size());
}

double estimated_ratio(const nuq::QuantizedWeights& weights) {
  const double bytes = nuq::AscendDictionaryRate{}.bytes(nuq::count_levels(weights.levels), nuq::shape_of(weights));
  return (bytes - 4.0 * static_cast<double>(weights.scales.size())) / static_cast<double>(weights.levels.size());
}

TEST_CASE("the classes of code lengths hold all 256 levels") {
  int capacity = 0;
  for (const nuq::CodeClass& code_class : nuq::AscendDictionaryRate::code_classes) capacity += code_class.capacity;
  CHECK(capacity == 256);
}

TEST_CASE("a level costs the code of its rank, one that does not occur the next free code") {
  nuq::LevelCounts counts{};
  for (int level = 0; level < 40; ++level)
    counts[nuq::level_index(level - 20)] = 1000 - 10 * static_cast<std::uint64_t>(level);
  std::array<float, 256> bits = nuq::AscendDictionaryRate{}.bits_per_level(counts);
  for (int rank = 0; rank < 40; ++rank) {
    const float expected = rank < 4 ? 3.0F : rank < 22 ? 6.0F : rank < 36 ? 9.0F : 12.0F;
    CHECK(bits[nuq::level_index(rank - 20)] == expected);
  }
  CHECK(bits[nuq::level_index(100)] == 12.0F);

  bits = nuq::AscendDictionaryRate{}.bits_per_level({});
  CHECK(bits == nuq::AscendDictionaryRate{}.bits_per_level({{0, 1, 1, 1}}));
  CHECK(std::all_of(bits.begin(), bits.end(), [](float price) { return price == 3.0F; }));

  counts.fill(5);
  bits = nuq::AscendDictionaryRate{}.bits_per_level(counts);
  CHECK(std::count(bits.begin(), bits.end(), 3.0F) == 4);
  CHECK(std::count(bits.begin(), bits.end(), 6.0F) == 18);
  CHECK(std::count(bits.begin(), bits.end(), 9.0F) == 14);
  CHECK(std::count(bits.begin(), bits.end(), 12.0F) == 220);
}

TEST_CASE("the exact size is the compressor's on the device's order, and 4 bytes per scale") {
  const nuq::QuantizedWeights weights = layer(Shape::laplace, 20, 40 * 9, 16, 3);
  nuq::AscendDictionaryRate rate;
  rate.kernel_rows = 3;
  rate.kernel_cols = 3;
  std::vector<std::int8_t> device(18 * 2 * 512, 0);
  for (std::size_t o = 0; o < 20; ++o) {
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t k = 0; k < 9; ++k) {
        device[(i / 32 * 9 + k) * 1024 + o / 16 * 512 + o % 16 * 32 + i % 32] = weights.levels[(o * 40 + i) * 9 + k];
      }
    }
  }
  const std::vector<std::uint8_t> bytes(device.begin(), device.end());
  const auto parameters = nuq::AscendDictionaryParameters::judge_parameters(bytes.size());
  const std::size_t expected = nuq::ascend_compress(bytes, parameters.value()).bytes.size() + 80;
  CHECK(rate.exact_bytes(weights) == expected);
  CHECK(nuq::layer_bytes(rate, weights) == static_cast<double>(expected));
}

TEST_CASE("exact ratios of the best K levels are those measured with the compiler") {
  // 64 × 64 × 3 × 3, blocks of 18432; seeds differ, hence the tolerance
  nuq::AscendDictionaryRate rate;
  rate.kernel_rows = 3;
  rate.kernel_cols = 3;
  const std::array<int, 5> steps = {16, 22, 24, 32, 36};
  const std::array<double, 5> gauss = {0.632, 0.681, 0.684, 0.757, 0.778};
  const std::array<double, 5> laplace = {0.580, 0.629, 0.635, 0.712, 0.733};
  for (std::size_t at = 0; at < steps.size(); ++at) {
    CAPTURE(steps[at]);
    CHECK(std::abs(exact_ratio(layer(Shape::gauss, 64, 576, steps[at], 5), rate) - gauss[at]) < 0.02);
    CHECK(std::abs(exact_ratio(layer(Shape::laplace, 64, 576, steps[at], 5), rate) - laplace[at]) < 0.02);
  }
}

TEST_CASE("the estimate from the counts is within 0.003 of the exact ratio at blocks of 32768, 0.008 at 4096") {
  for (const Shape shape : {Shape::gauss, Shape::laplace}) {
    for (const int num_steps : {2, 4, 8, 12, 16, 22, 28, 32, 36}) {
      CAPTURE(num_steps);
      const nuq::QuantizedWeights large = layer(shape, 256, 512, num_steps, 11);
      CHECK(std::abs(estimated_ratio(large) - exact_ratio(large)) < 0.003);
      const nuq::QuantizedWeights small = layer(shape, 128, 32 * 67, num_steps, 12);
      CHECK(std::abs(estimated_ratio(small) - exact_ratio(small)) < 0.008);
    }
  }
}

TEST_CASE("the estimate counts the device's padding, and is never above the uncompressed size") {
  // 10 x 84: padded to 3 x 16 x 32, F = 1536; a kernel of 7 x 12 pads one input to 32
  const nuq::QuantizedWeights weights = layer(Shape::gauss, 10, 84, 250, 4);
  const nuq::LevelCounts counts = nuq::count_levels(weights.levels);
  CHECK(nuq::AscendDictionaryRate{}.bytes(counts, {10, 84, 1}) <= 1536.0 + 4.0);
  nuq::AscendDictionaryRate rate;
  rate.kernel_rows = 7;
  rate.kernel_cols = 12;
  const double bytes = rate.bytes(counts, {10, 84, 1});
  CHECK(bytes > 84.0 * 512.0 * 0.19);
  CHECK(std::abs(bytes - static_cast<double>(rate.exact_bytes({10, 84, {1.0F}, weights.levels}))) <
        0.02 * 84.0 * 512.0);
}

TEST_CASE("an empty layer costs its scales, a kernel that does not divide the columns is an error") {
  CHECK(nuq::AscendDictionaryRate{}.bytes({}, {0, 0, 1}) == 4.0);
  CHECK(nuq::AscendDictionaryRate{}.exact_bytes({0, 0, {1.0F}, {}}) == 4);
  nuq::AscendDictionaryRate rate;
  rate.kernel_rows = 3;
  CHECK_THROWS_AS(static_cast<void>(rate.bytes({}, {2, 10, 1})), nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(rate.exact_bytes({1, 10, {1.0F}, std::vector<std::int8_t>(10)})), nuq::ConfigError);
  rate.kernel_rows = 0;
  CHECK_THROWS_AS(static_cast<void>(rate.bytes({}, {2, 10, 1})), nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(nuq::AscendDictionaryRate{}.exact_bytes({2, 10, {1.0F}, {1, 2, 3}})),
                  nuq::ConfigError);
}

}  // namespace ascend_dictionary_rate_test
