#ifndef NUQ_TESTS_BENCHMARK_QUALITY_TIME_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_TIME_HPP

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <chrono>
#include <cstddef>
#include <vector>

#include "../unit/random_values.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "quality_row.hpp"
#include "quality_small_layers.hpp"

/// Seconds on one thread.
struct QuantizationTime {
  double quantize = 0.0;
  double factorize = 0.0;
};

/// A layer of 512 × 4608 weights at 16 levels, its statistics and their factor given, against one Cholesky
/// factorization of a matrix of its inputs' size.
[[nodiscard]] inline QuantizationTime quantization_time() {
  constexpr std::size_t outputs = 512;
  constexpr std::size_t inputs = 4608;
  constexpr double damping = 0.3;
  const std::vector<float> weights = random_values(outputs * inputs, 1);
  nuq::LayerStatistics statistics = random_statistics(inputs, 1024, 2);
  statistics.factor = nuq::second_moment_factor(statistics.second_moments, damping);
  nuq::NuqParameters parameters;
  parameters.num_steps = 16;
  nuq::Parallel serial;
  const nuq::NonUniformQuantizer quantizer(nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, nuq::ErrorFeedback{});

  QuantizationTime time;
  auto start = std::chrono::steady_clock::now();
  static_cast<void>(quantizer.quantize({weights.data(), outputs, inputs}, nuq::Granularity::per_channel, parameters,
                                       &statistics, serial));
  time.quantize = seconds_since(start);

  Eigen::MatrixXd damped = statistics.second_moments;
  damped.diagonal().array() += damping * damped.diagonal().mean();
  Eigen::LLT<Eigen::MatrixXd> cholesky(static_cast<Eigen::Index>(inputs));
  start = std::chrono::steady_clock::now();
  cholesky.compute(damped);
  time.factorize = seconds_since(start);
  return time;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_TIME_HPP
