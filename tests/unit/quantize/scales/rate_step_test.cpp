#include "nuq/quantize/scales/rate_step.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "../../error_of.hpp"
#include "../../random_values.hpp"
#include "nuq/quantize/scales/round_to_scales.hpp"

namespace quantize_scales_rate_step_test {

constexpr std::size_t rows = 6;
constexpr std::size_t cols = 40;

nuq::QuantizedWeights quantize(const std::vector<float>& weights, nuq::Granularity granularity, double price,
                               const nuq::LayerStatistics* statistics = nullptr) {
  nuq::RateStepQuantizer quantizer;
  quantizer.price = price;
  const nuq::MatrixView<const float> view(weights.data(), rows, weights.size() / rows);
  return nuq::round_to_scales(view, quantizer.scales(view, granularity, {256, statistics}));
}

/// The step that is taken with statistics of `cols` inputs and a price that no row's range interferes with.
double step_with(const nuq::LayerStatistics& statistics) {
  const std::vector<float> weights(rows * cols, 0.25F);
  return static_cast<double>(quantize(weights, nuq::Granularity::per_tensor, 0.01, &statistics).scales.at(0));
}

TEST_CASE("all rows have the step at which the last bit saves its price") {
  const std::vector<float> weights = random_values(rows * cols, 1);
  nuq::RateStepQuantizer quantizer;
  quantizer.price = 1e-3;
  quantizer.kappa = 1.0;
  const std::vector<float> scales = quantizer.scales({weights.data(), rows, cols}, nuq::Granularity::per_channel, {});
  REQUIRE(scales.size() == rows);
  CHECK(std::count(scales.begin(), scales.end(), scales[0]) == rows);
  // The error of a uniform quantizer, s²/12, at a step by `bit` bits coarser against the present one.
  const double step = static_cast<double>(scales[0]);
  const double bit = 1e-3;
  CHECK((std::pow(step * std::exp2(bit), 2.0) - step * step) / 12.0 / bit == doctest::Approx(1e-3).epsilon(1e-3));
}

TEST_CASE("levels are the weights rounded to the step") {
  const std::vector<float> weights = random_values(rows * cols, 2);
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    const nuq::QuantizedWeights quantized = quantize(weights, granularity, 1e-3);
    CHECK(quantized.scales.size() == (granularity == nuq::Granularity::per_tensor ? 1 : rows));
    for (std::size_t at = 0; at < weights.size(); ++at) {
      const double scaled = static_cast<double>(weights[at]) / static_cast<double>(quantized.scale(at / cols));
      CHECK(static_cast<double>(quantized.levels[at]) == std::round(scaled));
    }
  }
}

TEST_CASE("four times the price, or kappa, or a quarter of the cost double the step") {
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::VectorXd::LinSpaced(cols, 0.5, 1.5);
  const double step = step_with(statistics);
  statistics.weigh(0.25);
  CHECK(step_with(statistics) == doctest::Approx(2.0 * step));
  const std::vector<float> weights(rows * cols, 0.25F);
  nuq::RateStepQuantizer quantizer;
  const auto step_of = [&](double price, double kappa) {
    quantizer.price = price;
    quantizer.kappa = kappa;
    const nuq::MatrixView<const float> view(weights.data(), rows, cols);
    return static_cast<double>(quantizer.scales(view, nuq::Granularity::per_tensor, {}).at(0));
  };
  CHECK(step_of(0.04, 4.0) == doctest::Approx(2.0 * step_of(0.01, 4.0)));
  CHECK(step_of(0.01, 16.0) == doctest::Approx(2.0 * step_of(0.01, 4.0)));
}

TEST_CASE("what a squared difference costs is taken from the best that is known of the inputs") {
  nuq::LayerStatistics statistics;
  const double unit_step = step_with(statistics);
  const auto cost = [&] { return std::pow(unit_step / step_with(statistics), 2.0); };
  statistics.mean_squares = Eigen::VectorXd::LinSpaced(cols, 1.0, 4.0);
  CHECK(cost() == doctest::Approx(2.5));

  statistics.prior = nuq::InputPrior{};
  const double on_prior = cost();
  CHECK(on_prior < 2.5);
  CHECK(on_prior > 0.5);
  statistics.prior->shared = 0.0;
  CHECK(cost() == doctest::Approx(2.5));  // nothing makes up for anything

  const auto size = static_cast<Eigen::Index>(cols);
  Eigen::MatrixXd moments = Eigen::MatrixXd::Ones(size, size);
  moments.diagonal() += Eigen::VectorXd::LinSpaced(size, 1.0, 4.0);
  statistics.second_moments = moments;
  const double after_feedback = nuq::second_moment_factor(statistics.second_moments, 0.01).mean_cost();
  CHECK(cost() == doctest::Approx(after_feedback));
  CHECK(after_feedback < 2.8);  // of 3.5 before

  statistics.factor = nuq::second_moment_factor(statistics.second_moments, 1.0);
  CHECK(cost() == doctest::Approx(statistics.factor->mean_cost()));
  CHECK(statistics.factor->mean_cost() > after_feedback);
}

TEST_CASE("a row whose weights would leave int8 has a step of its own, the least that keeps them") {
  std::vector<float> weights = random_values(rows * cols, 3, 0.1F);
  weights[2 * cols + 5] = 40.0F;
  weights[4 * cols] = -40.0F;
  const nuq::QuantizedWeights quantized = quantize(weights, nuq::Granularity::per_channel, 1e-6);
  CHECK(quantized.levels[2 * cols + 5] == 127);
  CHECK(quantized.levels[4 * cols] == -127);
  CHECK(static_cast<double>(quantized.scales[2]) == doctest::Approx(40.0 / 127.5));
  CHECK(quantized.scales[4] == quantized.scales[2]);
  CHECK(quantized.scales[1] == quantized.scales[0]);
  CHECK(quantized.scales[0] < 0.1F * quantized.scales[2]);
  CHECK(quantize(weights, nuq::Granularity::per_tensor, 1e-6).scales == std::vector<float>{quantized.scales[2]});
}

TEST_CASE("bits that cost nothing are all used") {
  const std::vector<float> weights = random_values(rows * cols, 4);
  const nuq::QuantizedWeights quantized = quantize(weights, nuq::Granularity::per_channel, 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto begin = quantized.levels.begin() + static_cast<std::ptrdiff_t>(row * cols);
    const auto [least, greatest] = std::minmax_element(begin, begin + cols);
    CHECK((std::max)(-static_cast<int>(*least), static_cast<int>(*greatest)) == 127);
  }
}

TEST_CASE("rows of zeros get a legal scale, and levels of zero") {
  const std::vector<float> weights(rows * cols, 0.0F);
  CHECK(quantize(weights, nuq::Granularity::per_tensor, 0.0).scales == std::vector<float>{1.0F});
  CHECK(quantize(weights, nuq::Granularity::per_channel, 0.0).levels == std::vector<std::int8_t>(rows * cols, 0));
}

TEST_CASE("without a purpose the steps are those of plain int8") {
  const std::vector<float> weights = random_values(rows * cols, 5);
  const nuq::MatrixView<const float> view(weights.data(), rows, cols);
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    const nuq::QuantizedWeights quantized = nuq::RateStepQuantizer{1.0}.quantize(view, granularity);
    CHECK(quantized.scales == nuq::AbsMaxQuantizer{}.quantize(view, granularity).scales);
    CHECK(quantized.levels == nuq::AbsMaxQuantizer{}.quantize(view, granularity).levels);
  }
}

TEST_CASE("weights that are not finite or too large are refused") {
  std::vector<float> weights = random_values(rows * cols, 6);
  weights[7] = (std::numeric_limits<float>::infinity)();
  CHECK(error_of<nuq::ModelError>([&] { (void)quantize(weights, nuq::Granularity::per_tensor, 1.0); }).code ==
        nuq::ErrorCode::non_finite_value);
  weights[7] = 1e30F;
  const CaughtError error =
      error_of<nuq::ModelError>([&] { (void)quantize(weights, nuq::Granularity::per_channel, 1.0); });
  CHECK(error.code == nuq::ErrorCode::scale_out_of_range);
  CHECK(error.says("row 0"));
}

TEST_CASE("a step beyond the legal scales is the largest of them, and everything becomes 0") {
  const nuq::QuantizedWeights quantized = quantize(random_values(rows * cols, 2), nuq::Granularity::per_tensor, 1e30);
  CHECK(quantized.scales.at(0) == nuq::max_scale);
  CHECK(std::count(quantized.levels.begin(), quantized.levels.end(), 0) == static_cast<std::ptrdiff_t>(rows * cols));
}

}  // namespace quantize_scales_rate_step_test
