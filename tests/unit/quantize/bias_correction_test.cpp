#include "nuq/quantize/bias_correction.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"

namespace quantize_bias_correction_test {

using nuq::BiasCorrection;

// Differences (0.25, −0.5) and (0, 1).
const std::vector<float> values = {1.25F, 0.5F, 2.0F, -2.0F};
const nuq::MatrixView<const float> weights(values.data(), 2, 2);
const nuq::QuantizedWeights quantized{2, 2, {1.0F, 0.5F}, {1, 1, 4, -6}};

nuq::LayerStatistics statistics_of(const std::vector<double>& even, const std::vector<double>& odd) {
  nuq::LayerStatistics statistics;
  const Eigen::Map<const Eigen::VectorXd> a(even.data(), 2);
  const Eigen::Map<const Eigen::VectorXd> b(odd.data(), 2);
  statistics.input_mean = 0.5 * (a + b);
  statistics.mean_deviation = 0.5 * (a - b);
  return statistics;
}

TEST_CASE("the correction is what the mean outputs lose") {
  const nuq::LayerStatistics statistics = statistics_of({3.0, 1.0}, {5.0, 3.0});  // mean (4, 2)
  CHECK(nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::on) == std::vector<float>{0.0F, 2.0F});
  CHECK(nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::off).empty());
}

TEST_CASE("nothing is corrected where the mean inputs are unknown") {
  const nuq::LayerStatistics unknown;
  CHECK(nuq::bias_correction(weights, quantized, &unknown, BiasCorrection::on).empty());
  CHECK(nuq::bias_correction(weights, quantized, nullptr, BiasCorrection::on).empty());
  nuq::LayerStatistics one_half = statistics_of({3.0, 1.0}, {3.0, 1.0});
  one_half.mean_deviation.resize(0);
  CHECK(nuq::bias_correction(weights, quantized, &one_half, BiasCorrection::automatic).empty());
}

/// Mean squared change of a half's outputs by its own mean inputs, with the bias corrected by those of the other half.
double held_out_error(const std::vector<double>& own, const std::vector<double>& other, double corrected) {
  const double differences[2][2] = {{0.25, -0.5}, {0.0, 1.0}};
  double error = 0.0;
  for (const auto& row : differences) {
    const double left = row[0] * (own[0] - corrected * other[0]) + row[1] * (own[1] - corrected * other[1]);
    error += left * left;
  }
  return error;
}

TEST_CASE("automatic: corrected where that lowers the error of each half by the means of the other") {
  int corrected = 0;
  for (double second = -3.0; second <= 3.0; second += 0.37) {
    const std::vector<double> even = {1.5, 1.0};
    const std::vector<double> odd = {0.4, second};
    const nuq::LayerStatistics statistics = statistics_of(even, odd);
    const bool pays = held_out_error(even, odd, 1.0) + held_out_error(odd, even, 1.0) <
                      held_out_error(even, odd, 0.0) + held_out_error(odd, even, 0.0);
    const auto correction = nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::automatic);
    CHECK(correction.empty() != pays);
    if (pays) CHECK(correction == nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::on));
    corrected += pays ? 1 : 0;
  }
  CHECK(corrected > 2);
  CHECK(corrected < 14);
}

TEST_CASE("automatic: always corrected where the moments are centred, since the levels rely on it") {
  nuq::LayerStatistics statistics = statistics_of({1.0, 1.0}, {-1.0, -0.8});  // means that contradict each other
  CHECK(nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::automatic).empty());
  statistics.is_centred = true;
  CHECK(nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::automatic).size() == 2);
  CHECK(nuq::bias_correction(weights, quantized, &statistics, BiasCorrection::off).empty());
}

}  // namespace quantize_bias_correction_test
