#include "nuq/quantize/statistics/level_histogram.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "nuq/core/support/random.hpp"
#include "nuq/core/thread_pool.hpp"

namespace quantize_statistics_level_histogram_test {

using nuq::LevelHistogram;
using nuq::detail::uniform_unit;

struct Layer {
  std::size_t rows;
  std::size_t cols;
  std::vector<float> weights;
  std::vector<float> scales;
  nuq::LayerStatistics statistics;

  nuq::LevelHistogram histogram(std::size_t threads, bool with_statistics) const {
    nuq::ThreadPool parallel(threads);
    return nuq::histogram_of({weights.data(), rows, cols}, scales, with_statistics ? &statistics : nullptr, parallel);
  }
};

/// Scaled weights within ±140: some lie beyond what int8 holds.
Layer random_layer(std::size_t rows, std::size_t cols, bool per_channel) {
  nuq::detail::RandomEngine engine(rows * cols);
  Layer layer{rows, cols, {}, {}, {}};
  for (std::size_t row = 0; row < (per_channel ? rows : 1); ++row)
    layer.scales.push_back(static_cast<float>(0.01 + uniform_unit(engine)));
  layer.statistics.mean_squares.resize(static_cast<Eigen::Index>(cols));
  for (double& moment : layer.statistics.mean_squares) moment = 3.0 * uniform_unit(engine);
  for (std::size_t index = 0; index < rows * cols; ++index) {
    const double scale = static_cast<double>(layer.scales[per_channel ? index / cols : 0]);
    layer.weights.push_back(static_cast<float>(scale * 140.0 * (2.0 * uniform_unit(engine) - 1.0)));
  }
  return layer;
}

double total_cost(const LevelHistogram& histogram, int level) {
  double total = 0.0;
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) total += histogram.cost(bin, level);
  return total;
}

bool same_bits(const LevelHistogram& a, const LevelHistogram& b) {
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    if (std::memcmp(&a[bin], &b[bin], sizeof(LevelHistogram::Bin)) != 0) return false;
  }
  return true;
}

TEST_CASE("a value's bin is the half-integer interval that holds it, the end bins take what lies beyond") {
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    const double lower = (static_cast<double>(bin) - 256.0) / 2.0;
    CHECK(LevelHistogram::bin_of(lower) == bin);
    CHECK(LevelHistogram::bin_of(std::nextafter(lower + 0.5, lower)) == bin);
    CHECK(LevelHistogram::centre(bin) == lower + 0.25);
  }
  CHECK(LevelHistogram::bin_of(-128.1) == 0);
  CHECK(LevelHistogram::bin_of(-1e300) == 0);
  CHECK(LevelHistogram::bin_of(128.0) == 511);
  CHECK(LevelHistogram::bin_of(1e300) == 511);
}

TEST_CASE("the cost of substituting any level is the direct sum over the weights") {
  for (const bool per_channel : {false, true}) {
    for (const bool with_statistics : {false, true}) {
      const Layer layer = random_layer(37, 29, per_channel);
      const LevelHistogram histogram = layer.histogram(1, with_statistics);
      for (const int level : {-128, -77, -1, 0, 1, 64, 127}) {
        double expected = 0.0;
        for (std::size_t index = 0; index < layer.weights.size(); ++index) {
          const double scale = static_cast<double>(layer.scales[per_channel ? index / layer.cols : 0]);
          const double error = static_cast<double>(layer.weights[index]) - scale * level;
          const double importance =
              with_statistics ? layer.statistics.mean_squares[static_cast<Eigen::Index>(index % layer.cols)] : 1.0;
          expected += importance * error * error;
        }
        CHECK(std::abs(total_cost(histogram, level) - expected) <= 1e-12 * expected);
      }
    }
  }
}

TEST_CASE("each bin alone costs what its own values cost, exactly") {
  nuq::detail::RandomEngine engine(1);
  LevelHistogram histogram;
  std::vector<std::vector<double>> content(LevelHistogram::num_bins);
  for (int draw = 0; draw < 4000; ++draw) {
    const double value = static_cast<double>(nuq::detail::uniform_below(engine, 16 * 270)) / 16.0 - 135.0;
    histogram.add(value, 3.0);
    content[LevelHistogram::bin_of(value)].push_back(value);
  }
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    double expected = 0.0;
    for (const double value : content[bin]) expected += 3.0 * (value - 11.0) * (value - 11.0);
    CHECK(histogram.cost(bin, 11) == expected);
  }
}

TEST_CASE("a bin's cost is never negative, whatever rounding does") {
  LevelHistogram histogram;
  for (int draw = 0; draw < 1000; ++draw) histogram.add(42.0 + 1e-9 * draw, 0.1);
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) CHECK(histogram.cost(bin, 42) >= 0.0);
}

TEST_CASE("a histogram has the same bits for any number of threads") {
  const Layer layer = random_layer(101, 23, true);
  const LevelHistogram serial = layer.histogram(1, true);
  for (const std::size_t threads : {2U, 3U, 4U}) CHECK(same_bits(layer.histogram(threads, true), serial));
}

TEST_CASE("a layer without weights gives a histogram without weight") {
  CHECK(total_cost(Layer{0, 5, {}, {1.0F}, {}}.histogram(2, false), 0) == 0.0);
  CHECK(total_cost(Layer{5, 0, {}, {1.0F}, {}}.histogram(2, false), 100) == 0.0);
}

}  // namespace quantize_statistics_level_histogram_test
