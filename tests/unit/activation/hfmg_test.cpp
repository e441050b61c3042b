#include "nuq/activation/hfmg.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/activation/contracts.hpp"
#include "observing.hpp"

static_assert(nuq::is_activation_calibrator_v<nuq::Hfmg>);

namespace activation_hfmg_test {

double total(const std::vector<double>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

/// ∫ (x − centre of x's cell)² dx over every bin by the midpoint rule, `points` per bin.
double numeric_window_loss(const std::vector<double>& counts, std::size_t first, std::size_t last, int points) {
  const double cell = static_cast<double>(last - first + 1) / 256.0;
  double loss = 0.0;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    for (int point = 0; point < points; ++point) {
      const double x = static_cast<double>(bin) + (point + 0.5) / points - static_cast<double>(first);
      const double index = std::min(std::max(std::floor(x / cell), 0.0), 255.0);
      const double error = x - (index + 0.5) * cell;
      loss += counts[bin] / points * error * error;
    }
  }
  return loss;
}

TEST_CASE("the loss of a window is its integral") {
  std::vector<double> counts;
  for (const float value : random_values(1024, 51, 100.0F))
    counts.push_back(std::floor(std::abs(static_cast<double>(value))));
  const std::size_t windows[][2] = {{0, 1023}, {100, 700}, {300, 555}, {512, 800}};
  for (const auto& [first, last] : windows) {
    CHECK(nuq::detail::window_loss(counts, first, last) ==
          doctest::Approx(numeric_window_loss(counts, first, last, 2000)).epsilon(1e-4));
  }
}

TEST_CASE("a histogram counts values within its range, zero included") {
  nuq::detail::GrowingHistogram histogram(4);
  histogram.add(std::vector<float>{0.5F, 1.5F, 1.6F, 4.0F});
  CHECK(histogram.border(0) == 0.0);
  CHECK(histogram.border(4) == 4.0);
  CHECK(histogram.counts() == std::vector<double>{1.0, 2.0, 0.0, 1.0});
}

TEST_CASE("a growing histogram spreads earlier bins evenly and loses nothing") {
  nuq::detail::GrowingHistogram histogram(4);
  histogram.add(std::vector<float>{0.5F, 1.5F, 1.6F, 4.0F});
  histogram.add(std::vector<float>{-4.0F});  // bins of width 2 from -4
  CHECK(histogram.border(0) == -4.0);
  CHECK(histogram.counts() == std::vector<double>{1.0, 0.0, 3.0, 1.0});
  histogram.add(std::vector<float>{6.0F});  // width 2.5: borders -4, -1.5, 1, 3.5, 6
  CHECK(total(histogram.counts()) == doctest::Approx(6.0).epsilon(1e-12));
  CHECK(histogram.counts()[1] == doctest::Approx(1.5).epsilon(1e-12));         // half of [0, 2)
  CHECK(histogram.counts()[2] == doctest::Approx(1.5 + 0.75).epsilon(1e-12));  // the rest, and ¾ of [2, 4)
  CHECK(histogram.counts()[3] == doctest::Approx(0.25 + 1.0).epsilon(1e-12));
}

TEST_CASE("values that fill their range evenly are not clipped") {
  std::vector<float> values;
  for (int index = 0; index <= 100000; ++index) values.push_back(static_cast<float>(index) / 100000.0F);
  Observing<nuq::Hfmg> calibrator;
  calibrator.observe(values);
  const nuq::ActivationScale grid = calibrator.finish();
  CHECK(grid.offset == -128);
  CHECK(grid.scale == doctest::Approx(1.0 / 255.0).epsilon(0.002));
}

TEST_CASE("a lonely outlier is clipped, down to a quarter of the range at most") {
  std::vector<float> values = random_values(200000, 52, 0.5F);  // within ±1
  values.push_back(1.5F);
  Observing<nuq::Hfmg> calibrator;
  calibrator.observe(values);
  const nuq::ActivationScale grid = calibrator.finish();
  CHECK(grid.scale < 2.3F / 255.0F);
  values.back() = 1000.0F;
  Observing<nuq::Hfmg> wider;
  wider.observe(values);
  CHECK(wider.finish().scale > 249.0F / 255.0F);
}

TEST_CASE("clipping lowers the squared error below that of the full range") {
  std::vector<float> values = random_values(50000, 53);
  for (float& value : values) value = value * value * value;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  const auto error_of_grid = [&](const nuq::ActivationScale& grid) {
    double error = 0.0;
    for (const float value : values)
      error += std::pow(static_cast<double>(nuq::fake_quantize(value, grid) - value), 2.0);
    return error;
  };
  for (const int bins : {1024, 2048, 4096, 8192}) {
    Observing<nuq::Hfmg> calibrator;
    calibrator.num_of_bins = bins;
    calibrator.observe(values);
    CHECK(error_of_grid(calibrator.finish()) < error_of_grid(nuq::asymmetric_scale(*min, *max)));
    calibrator.asymmetric = false;
    CHECK(error_of_grid(calibrator.finish()) < error_of_grid(nuq::symmetric_scale(*min, *max)));
    CHECK(calibrator.finish().offset == 0);
  }
}

TEST_CASE("a tensor of zeros has scale 1") {
  Observing<nuq::Hfmg> calibrator;
  calibrator.observe(std::vector<float>(10, 0.0F));
  CHECK(calibrator.finish().scale == 1.0F);
  CHECK(calibrator.finish().offset == -128);
}

TEST_CASE("bad values, an unknown number of bins and an empty calibration are refused") {
  Observing<nuq::Hfmg> calibrator;
  CHECK(error_of<nuq::ConfigError>([&] { (void)calibrator.finish(); }).says("no activation was observed"));
  CHECK(error_of<nuq::ModelError>([&] { calibrator.observe(std::vector<float>{std::nanf("")}); }).code ==
        nuq::ErrorCode::non_finite_value);
  calibrator.num_of_bins = 1000;
  CHECK(error_of<nuq::ConfigError>([&] {
          calibrator.observe(std::vector<float>{1.0F});
        }).says("num_of_bins is 1000, wanted 1024, 2048, 4096 or 8192"));
}

}  // namespace activation_hfmg_test
