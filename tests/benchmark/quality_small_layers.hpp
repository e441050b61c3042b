#ifndef NUQ_TESTS_BENCHMARK_QUALITY_SMALL_LAYERS_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_SMALL_LAYERS_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../unit/random_values.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"

/// The least dᵀ H d over every assignment of levels to the weights of one row.
class ExhaustiveAssignment {
 public:
  ExhaustiveAssignment(const nuq::LayerProblem& problem, const nuq::Codebook& codebook)
      : problem_(problem), codebook_(codebook), differences_(problem.weights.cols()) {
    search(0, 0.0);
  }
  [[nodiscard]] double error() const noexcept { return least_; }

 private:
  /// `error` is that of the weights before `col`.
  void search(std::size_t col, double error) {
    if (col == differences_.size()) {
      least_ = (std::min)(least_, error);
      return;
    }
    const nuq::Matrix& h = problem_.statistics->second_moments;
    const auto index = static_cast<Eigen::Index>(col);
    double coupling = 0.0;
    for (Eigen::Index other = 0; other < index; ++other) {
      coupling += h(other, index) * differences_[static_cast<std::size_t>(other)];
    }
    for (const std::int8_t level : codebook_) {
      const double difference = static_cast<double>(problem_.weights(0, col)) - problem_.scale(0) * level;
      differences_[col] = difference;
      search(col + 1, error + difference * (h(index, index) * difference + 2.0 * coupling));
    }
  }

  const nuq::LayerProblem& problem_;
  const nuq::Codebook& codebook_;
  std::vector<double> differences_;
  double least_ = (std::numeric_limits<double>::max)();
};

/// How much more than the least possible error an assigner leaves, in percent.
struct AssignmentGaps {
  std::vector<double> nearest;
  std::vector<double> feedback;
};

/// Second moments of few random samples.
[[nodiscard]] inline nuq::LayerStatistics random_statistics(std::size_t inputs, std::size_t samples,
                                                            std::uint32_t seed) {
  const std::vector<float> values = random_values(inputs * samples, seed);
  const auto rows = static_cast<Eigen::Index>(inputs);
  const auto cols = static_cast<Eigen::Index>(samples);
  const Eigen::MatrixXd x = Eigen::Map<const Eigen::MatrixXf>(values.data(), rows, cols).cast<double>();
  Eigen::MatrixXd moments = Eigen::MatrixXd::Zero(rows, rows);
  moments.selfadjointView<Eigen::Lower>().rankUpdate(x, 1.0 / static_cast<double>(samples));
  moments.triangularView<Eigen::StrictlyUpper>() = moments.transpose();
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.second_moments = moments;
  statistics.mean_squares = statistics.second_moments.diagonal();
  return statistics;
}

/// Rows of 4 … 10 random weights at 2 … 4 levels.
[[nodiscard]] inline AssignmentGaps small_layer_gaps() {
  AssignmentGaps gaps;
  nuq::Parallel serial;
  std::uint32_t seed = 0;
  for (const std::size_t inputs : {4U, 6U, 8U, 10U}) {
    for (const int levels : {2, 3, 4}) {
      for (int row = 0; row < 25; ++row) {
        const std::vector<float> weights = random_values(inputs, ++seed);
        const nuq::MatrixView<const float> matrix(weights.data(), 1, inputs);
        const nuq::LayerStatistics statistics = random_statistics(inputs, inputs + 2, ++seed);
        const auto scales = nuq::AbsMaxQuantizer{}.quantize(matrix, nuq::Granularity::per_channel).scales;
        const nuq::LayerProblem problem{matrix, scales, &statistics, &serial};
        const nuq::Codebook codebook =
            nuq::OptimalCodebook{}.select(nuq::histogram_of(matrix, scales, &statistics, serial), levels);
        const double least = ExhaustiveAssignment(problem, codebook).error();
        gaps.nearest.push_back(100.0 * (nuq::NearestLevel{}.assign(problem, codebook).error / least - 1.0));
        gaps.feedback.push_back(100.0 * (nuq::ErrorFeedback{}.assign(problem, codebook).error / least - 1.0));
      }
    }
  }
  std::sort(gaps.nearest.begin(), gaps.nearest.end());
  std::sort(gaps.feedback.begin(), gaps.feedback.end());
  return gaps;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_SMALL_LAYERS_HPP
