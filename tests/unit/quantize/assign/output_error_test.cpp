#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/core/thread_pool.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <vector>

#include "../../random_values.hpp"

namespace quantize_assign_output_error_test {

constexpr std::size_t out = 37;
constexpr std::size_t in = 11;

std::vector<std::int8_t> some_levels() {
  std::vector<std::int8_t> levels;
  for (const float value : random_values(out * in, 8, 50.0F)) levels.push_back(static_cast<std::int8_t>(value));
  return levels;
}

/// Σ over rows of dᵀ H d, entry by entry.
double naive_error(const std::vector<float>& weights, const std::vector<float>& scales,
                   const std::vector<std::int8_t>& levels, const Eigen::MatrixXd& second_moments) {
  double error = 0.0;
  for (std::size_t row = 0; row < out; ++row) {
    Eigen::VectorXd difference(in);
    for (std::size_t col = 0; col < in; ++col) {
      const std::size_t index = row * in + col;
      const double scale = static_cast<double>(scales[scales.size() == 1 ? 0 : row]);
      difference[static_cast<Eigen::Index>(col)] =
          static_cast<double>(weights[index]) - scale * static_cast<double>(levels[index]);
    }
    for (Eigen::Index i = 0; i < difference.size(); ++i) {
      for (Eigen::Index j = 0; j < difference.size(); ++j) {
        error += difference[i] * second_moments(i, j) * difference[j];
      }
    }
  }
  return error;
}

TEST_CASE("the output error is that of the matrix of second moments that is known") {
  const std::vector<float> weights = random_values(out * in, 6);
  const std::vector<std::int8_t> levels = some_levels();
  const Eigen::MatrixXd samples = Eigen::MatrixXd::NullaryExpr(
      in, 40, [](Eigen::Index i, Eigen::Index j) { return static_cast<double>((i * 7 + j * j * 3) % 13 - 5); });
  const Eigen::MatrixXd second_moments = samples * samples.transpose() / 40.0;
  nuq::ThreadPool parallel(2);
  for (const std::vector<float>& scales : {std::vector<float>{0.02F}, random_values(out, 9, 0.03F)}) {
    nuq::LayerProblem problem{{weights.data(), out, in}, scales, nullptr, &parallel};
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(in, in);
    CHECK(nuq::output_error(problem, levels) ==
          doctest::Approx(naive_error(weights, scales, levels, identity)).epsilon(1e-12));

    nuq::LayerStatistics statistics;
    statistics.mean_squares = second_moments.diagonal();
    problem.statistics = &statistics;
    const Eigen::MatrixXd diagonal = second_moments.diagonal().asDiagonal();
    CHECK(nuq::output_error(problem, levels) ==
          doctest::Approx(naive_error(weights, scales, levels, diagonal)).epsilon(1e-12));

    statistics.second_moments = second_moments;
    CHECK(nuq::output_error(problem, levels) ==
          doctest::Approx(naive_error(weights, scales, levels, second_moments)).epsilon(1e-12));
  }
}

TEST_CASE("weights that lie on the grid have no error") {
  const std::vector<std::int8_t> levels = some_levels();
  std::vector<float> weights;
  for (const std::int8_t level : levels) weights.push_back(0.25F * static_cast<float>(level));
  const std::vector<float> scales = {0.25F};
  nuq::Parallel serial;
  CHECK(nuq::output_error({{weights.data(), out, in}, scales, nullptr, &serial}, levels) == 0.0);
}

TEST_CASE("the error need not be told to the end where it is more than enough") {
  constexpr std::size_t rows = 400;
  const std::vector<float> weights = random_values(rows * in, 6);
  const std::vector<std::int8_t> levels(rows * in, 0);
  const std::vector<float> scales = {0.25F};
  nuq::ThreadPool parallel(3);
  const nuq::LayerProblem problem{{weights.data(), rows, in}, scales, nullptr, &parallel};
  double whole = 0.0;
  for (const float weight : weights) whole += static_cast<double>(weight) * static_cast<double>(weight);
  CHECK(nuq::output_error(problem, levels) == doctest::Approx(whole).epsilon(1e-12));
  CHECK(nuq::output_error(problem, levels, whole) == nuq::output_error(problem, levels));
  CHECK(nuq::output_error(problem, levels, 0.1 * whole) > 0.1 * whole);
  CHECK(nuq::output_error(problem, levels, 0.1 * whole) < 0.5 * whole);
}

}  // namespace quantize_assign_output_error_test
