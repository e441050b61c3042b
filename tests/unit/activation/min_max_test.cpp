#include "nuq/activation/min_max.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "../error_of.hpp"
#include "nuq/activation/contracts.hpp"
#include "observing.hpp"

static_assert(nuq::is_activation_calibrator_v<nuq::MinMax>);
static_assert(!nuq::is_activation_calibrator_v<nuq::ActivationScale>);

TEST_CASE("the grid holds the extremes of all batches and zero") {
  Observing<nuq::MinMax> calibrator;
  calibrator.observe(std::vector<float>{0.5F, 2.0F});
  calibrator.observe(std::vector<float>{1.0F, 0.25F});
  CHECK(calibrator.finish().scale == 2.0F / 255.0F);
  CHECK(calibrator.finish().offset == -128);
  calibrator.observe(std::vector<float>{-3.0F});
  CHECK(calibrator.finish().scale == 5.0F / 255.0F);
  CHECK(calibrator.finish().offset == 153 - 128);
}

TEST_CASE("without offset the dominant side decides") {
  Observing<nuq::MinMax> calibrator;
  calibrator.asymmetric = false;
  calibrator.observe(std::vector<float>{-4.0F, 3.0F});
  CHECK(calibrator.finish().scale == 4.0F / 128.0F);
  CHECK(calibrator.finish().offset == 0);
}

TEST_CASE("values that are not finite and an empty calibration are refused") {
  Observing<nuq::MinMax> calibrator;
  CHECK(error_of<nuq::ConfigError>([&] { (void)calibrator.finish(); }).says("no activation was observed"));
  const CaughtError error = error_of<nuq::ModelError>([&] {
    calibrator.observe(std::vector<float>{1.0F, (std::numeric_limits<float>::quiet_NaN)()});
  });
  CHECK(error.code == nuq::ErrorCode::non_finite_value);
  CHECK(error.says("an activation is nan"));
}
