#include "nuq/activation/ifmr.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/activation/contracts.hpp"
#include "observing.hpp"

static_assert(nuq::is_activation_calibrator_v<nuq::Ifmr>);

namespace activation_ifmr_test {

/// The manual's procedure, line by line: sorts, and looks at every value for every candidate. `candidates` is given.
nuq::ActivationScale literal_ifmr(std::vector<float> values, const nuq::Ifmr& parameters, int candidates) {
  const auto rank = [&](float percentile) {
    const double n = static_cast<double>(values.size());
    return percentile == 1.0F ? std::size_t{1}
                              : static_cast<std::size_t>(n - std::floor(static_cast<double>(percentile) * n));
  };
  std::sort(values.begin(), values.end(), std::greater<float>());
  const float max0 = std::max(0.0F, values[rank(parameters.max_percentile) - 1]);
  const float min0 = std::min(0.0F, values[values.size() - rank(parameters.min_percentile)]);

  nuq::ActivationScale best;
  double least_loss = std::numeric_limits<double>::infinity();
  for (int candidate = 0; candidate < candidates; ++candidate) {
    const float ratio = parameters.search_range_start + static_cast<float>(candidate) * parameters.search_step;
    nuq::ActivationScale grid;
    float clip_min = min0;
    float clip_max = ratio * max0;
    if (parameters.asymmetric) {
      grid.scale = (clip_max - clip_min) / 255.0F;
      if (grid.scale < 1.1920929e-7F) grid.scale = 1.0F;
      grid.offset = static_cast<int>(-std::round(clip_min / grid.scale)) - 128;
      grid.with_offset = true;
    } else {
      const float magnitude = ratio * std::max(max0, std::fabs(min0));
      grid.scale = magnitude / (max0 >= std::fabs(min0) ? 127.0F : 128.0F);
      if (grid.scale < 1.1920929e-7F) grid.scale = 1.0F;
      clip_min = -magnitude;
      clip_max = magnitude;
    }
    double loss = 0.0;
    for (const float value : values) {
      const float clipped = std::min(std::max(value, clip_min), clip_max);
      const float offset = static_cast<float>(grid.offset);
      const float level = std::min(std::max(std::round(clipped / grid.scale) + offset, -128.0F), 127.0F);
      const double error = static_cast<double>((level - offset) * grid.scale - value);
      loss += error * error;
    }
    loss /= static_cast<double>(values.size());
    if (loss < least_loss) {
      least_loss = loss;
      best = grid;
    }
  }
  return best;
}

void check_equal(const nuq::ActivationScale& a, const nuq::ActivationScale& b) {
  CHECK(a.scale == b.scale);
  CHECK(a.offset == b.offset);
  CHECK(a.with_offset == b.with_offset);
}

void check_against_literal(Observing<nuq::Ifmr> calibrator, const std::vector<float>& values, int candidates) {
  calibrator.observe(values);
  check_equal(calibrator.finish(), literal_ifmr(values, calibrator, candidates));
}

std::vector<float> relu(std::vector<float> values) {
  for (float& value : values) value = std::max(value, 0.0F);
  return values;
}

/// Mostly small values with a few large ones: clipping pays.
std::vector<float> heavy_tailed(std::size_t count, std::uint32_t seed) {
  std::vector<float> values = random_values(count, seed);
  for (float& value : values) value = value * value * value * value * value;
  return values;
}

TEST_CASE("the result is that of the literal procedure, 61 candidates by default") {
  for (const std::uint32_t seed : {41U, 42U, 43U}) {
    for (const bool asymmetric : {true, false}) {
      Observing<nuq::Ifmr> calibrator;
      calibrator.asymmetric = asymmetric;
      for (const std::size_t count : {1U, 2U, 9U, 1000U, 5003U}) {
        check_against_literal(calibrator, random_values(count, seed), 61);
        check_against_literal(calibrator, relu(random_values(count, seed)), 61);
        check_against_literal(calibrator, heavy_tailed(count, seed), 61);
      }
    }
  }
}

TEST_CASE("the end of the search range is a candidate, however the step divides the range in float") {
  // 90 values lie above the percentile's maximum, so that the widest range is the best.
  std::vector<float> values(200, 0.5F);
  std::fill_n(values.begin(), 90, 1.0F);
  Observing<nuq::Ifmr> calibrator;
  calibrator.max_percentile = 0.51F;  // the 98th largest value: 0.5
  calibrator.observe(values);
  for (const int steps : {1, 2, 3, 6, 60}) {
    calibrator.search_step = 0.6F / static_cast<float>(steps);
    const float end = calibrator.search_range_start + static_cast<float>(steps) * calibrator.search_step;
    CHECK(calibrator.finish().scale == end * 0.5F / 255.0F);
  }
}

TEST_CASE("other parameters are followed") {
  Observing<nuq::Ifmr> calibrator;
  calibrator.search_range_start = 0.25F;
  calibrator.search_range_end = 1.25F;
  calibrator.search_step = 0.125F;
  for (const float percentile : {0.75F, 0.9F, 0.999F, 1.0F}) {
    calibrator.max_percentile = percentile;
    calibrator.min_percentile = 1.75F - percentile > 1.0F ? 1.0F : 1.75F - percentile;
    for (const bool asymmetric : {true, false}) {
      calibrator.asymmetric = asymmetric;
      check_against_literal(calibrator, heavy_tailed(3000, 44), 9);
      check_against_literal(calibrator, random_values(3000, 45), 9);
    }
  }
}

TEST_CASE("batches are one run of values") {
  const std::vector<float> values = heavy_tailed(4000, 46);
  Observing<nuq::Ifmr> whole;
  whole.observe(values);
  Observing<nuq::Ifmr> batches;
  for (std::size_t first = 0; first < values.size(); first += 1000) batches.observe({values.data() + first, 1000});
  check_equal(batches.finish(), whole.finish());
}

TEST_CASE("a tensor of zeros has scale 1 and the offset of an empty range") {
  Observing<nuq::Ifmr> calibrator;
  calibrator.observe(std::vector<float>(10, 0.0F));
  check_equal(calibrator.finish(), {1.0F, -128, true});
}

TEST_CASE("the k-th value needs only a buffer of 2k") {
  std::vector<float> values = random_values(2000, 47);
  std::vector<float> sorted = values;
  std::sort(sorted.begin(), sorted.end(), std::greater<float>());
  for (const std::size_t k : {1U, 2U, 3U, 17U, 999U, 1999U, 2000U}) {
    CHECK(nuq::detail::kth_value(nuq::ArrayView<const float>(values), k, std::greater<float>()) == sorted[k - 1]);
  }
}

TEST_CASE("bad values, parameters and an empty calibration are refused") {
  Observing<nuq::Ifmr> calibrator;
  CHECK(error_of<nuq::ModelError>([&] {
          calibrator.observe(std::vector<float>{-(std::numeric_limits<float>::infinity)()});
        }).says("an activation is -inf"));
  CHECK(error_of<nuq::ConfigError>([&] { (void)calibrator.finish(); }).says("no activation was observed"));
  calibrator.observe(std::vector<float>{1.0F});

  const auto refusal = [&](auto change) {
    Observing<nuq::Ifmr> changed = calibrator;
    change(changed);
    return error_of<nuq::ConfigError>([&] { (void)changed.finish(); });
  };
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.search_range_start = 0.0F; }).says("search_range_start is 0"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.search_range_end = 0.7F; }).says("search_range_end is 0.7"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.search_step = 0.0F; }).says("search_step is 0"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.search_step = 0.7F; }).says("search_step is 0.7"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.search_step = 1e-6F; }).says("search_step is 1e-06"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.max_percentile = 0.5F; }).says("max_percentile is 0.5"));
  CHECK(refusal([](nuq::Ifmr& ifmr) { ifmr.min_percentile = 1.5F; }).says("min_percentile is 1.5"));
}

}  // namespace activation_ifmr_test
