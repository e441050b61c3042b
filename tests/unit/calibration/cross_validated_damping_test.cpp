#include "nuq/calibration/cross_validated_damping.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <vector>

#include "../eigen_values.hpp"
#include "../quantize/assign/textbook_feedback.hpp"
#include "../random_values.hpp"
#include "nuq/core/thread_pool.hpp"

namespace calibration_cross_validated_damping_test {

const std::vector<double> grid = {0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0};

/// Two halves of the data of one layer: of the same distribution unless told otherwise.
struct Layer {
  Layer(std::size_t row_count, std::size_t col_count, std::size_t samples, std::uint32_t seed, bool same_halves = false)
      : rows(row_count), cols(col_count), weights(random_values(row_count * col_count, seed)) {
    even.second_moments = random_second_moments(cols, samples, seed + 1);
    odd.second_moments = random_second_moments(cols, samples, seed + (same_halves ? 1 : 2));
  }
  [[nodiscard]] nuq::MatrixView<const float> view() const { return {weights.data(), rows, cols}; }
  [[nodiscard]] double damping() const {
    nuq::Parallel serial;
    return nuq::cross_validated_damping(view(), even, odd, serial).damping;
  }

  std::size_t rows;
  std::size_t cols;
  std::vector<float> weights;
  nuq::LayerStatistics even;
  nuq::LayerStatistics odd;
};

/// dᵀ H d of all rows on `other`, for levels −4 … 4 over 0.8 of a row's range that the published loop chose on `known`.
double transferred_error(const Layer& layer, const Eigen::MatrixXd& known, const Eigen::MatrixXd& other,
                         double damping) {
  const auto cols = static_cast<Eigen::Index>(layer.cols);
  double error = 0.0;
  for (std::size_t row = 0; row < layer.rows; ++row) {
    const float* const weights = layer.view().row(row).data();
    float largest = 0.0F;
    for (std::size_t col = 0; col < layer.cols; ++col) largest = (std::max)(largest, std::abs(weights[col]));
    const std::vector<float> scale = {0.2F * largest};
    nuq::Parallel serial;
    const nuq::LayerProblem problem{{weights, 1, layer.cols}, scale, nullptr, &serial};
    const std::vector<std::int8_t> levels =
        textbook_feedback(problem, damped(known, damping), order_by_importance(known), [](double target, double) {
          return static_cast<std::int8_t>((std::min)((std::max)(std::round(target), -4.0), 4.0));
        });
    Eigen::VectorXd difference(cols);
    for (Eigen::Index col = 0; col < cols; ++col) {
      const auto at = static_cast<std::size_t>(col);
      difference[col] = static_cast<double>(weights[at]) - problem.scale(0) * static_cast<double>(levels[at]);
    }
    error += difference.dot(other * difference);
  }
  return error;
}

/// The grid's value from which a walk from 0.01 cannot go further down.
double downhill(const std::vector<double>& errors) {
  std::size_t at = 3;
  const bool upwards = errors[4] < errors[3];
  if (upwards) {
    while (at < 7 && errors[at + 1] < errors[at]) ++at;
  } else {
    while (at > 0 && errors[at - 1] < errors[at]) --at;
  }
  return grid[at];
}

TEST_CASE("the damping is the one with which each half's levels err least on the other half") {
  std::set<double> seen;
  for (const std::size_t samples :
       {std::size_t{8}, std::size_t{25}, std::size_t{60}, std::size_t{400}, std::size_t{4000}}) {
    const Layer layer(12, 30, samples, static_cast<std::uint32_t>(samples));
    std::vector<double> errors;
    for (const double damping : grid) {
      errors.push_back(transferred_error(layer, layer.even.second_moments, layer.odd.second_moments, damping) +
                       transferred_error(layer, layer.odd.second_moments, layer.even.second_moments, damping));
    }
    const double damping = layer.damping();
    CHECK(damping == downhill(errors));
    seen.insert(damping);
  }
  CHECK(seen.size() >= 3);
}

/// Moments of x − origin, for x of the given second moments and mean.
Eigen::MatrixXd moments_about(const nuq::LayerStatistics& half, const Eigen::VectorXd& origin) {
  const Eigen::VectorXd mean = half.input_mean;
  return eigen(half.second_moments) - mean * origin.transpose() - origin * mean.transpose() +
         origin * origin.transpose();
}

TEST_CASE("centred, both the moments and the bias are those of the half that the weights were assigned on") {
  Layer layer(12, 30, 25, 25);
  for (nuq::LayerStatistics* const half : {&layer.even, &layer.odd}) {
    const Eigen::VectorXd mean = Eigen::VectorXd::LinSpaced(30, half == &layer.even ? 0.5 : 0.6, 1.5);
    half->input_mean = mean;
    half->second_moments = eigen(half->second_moments) + mean * mean.transpose();
  }
  const auto& even_mean = layer.even.input_mean;
  const auto& odd_mean = layer.odd.input_mean;
  std::vector<double> errors;
  for (const double damping : grid) {
    errors.push_back(
        transferred_error(layer, moments_about(layer.even, even_mean), moments_about(layer.odd, even_mean), damping) +
        transferred_error(layer, moments_about(layer.odd, odd_mean), moments_about(layer.even, odd_mean), damping));
  }
  nuq::Parallel serial;
  const nuq::ValidatedDamping found = nuq::cross_validated_centred_damping(layer.view(), layer.even, layer.odd, serial);
  CHECK(found.damping == downhill(errors));
  const auto at = std::find(grid.begin(), grid.end(), found.damping) - grid.begin();
  CHECK(found.error == doctest::Approx(errors[static_cast<std::size_t>(at)]));
}

TEST_CASE("the walk begins at a given damping, on the grid, and only where the error is below a bound") {
  const auto v_shaped = [](double damping) { return std::abs(std::log(damping / 0.1)); };  // least at 0.1
  const double none = std::numeric_limits<double>::infinity();
  for (const double start : {0.0, 0.0003, 0.005, 0.01, 0.3, 1.0, 7.0, none})
    CHECK(nuq::detail::least_error_damping(v_shaped, start, none).damping == 0.1);
  CHECK(nuq::detail::least_error_damping(v_shaped, 0.01, v_shaped(0.01)).damping == 0.01);
  CHECK(nuq::detail::least_error_damping(v_shaped, 0.01, 1.01 * v_shaped(0.01)).damping == 0.1);
  CHECK(nuq::detail::least_error_damping(v_shaped, 7.0, 0.0).damping == 1.0);
  const auto no_number = [](double) { return std::numeric_limits<double>::quiet_NaN(); };
  CHECK(nuq::detail::least_error_damping(no_number, 0.03, none).damping == 0.03);
}

TEST_CASE("few samples ask for more damping than many") {
  CHECK(Layer(20, 40, 10, 5).damping() >= 0.1);
  CHECK(Layer(20, 40, 10, 5, true).damping() <= 0.01);  // what was learnt holds exactly
}

TEST_CASE("of many rows 96 that are evenly spaced stand for all") {
  Layer many(192, 20, 15, 7);
  Layer few(96, 20, 15, 7);
  for (std::size_t row = 0; row < 96; ++row) {
    const auto from = many.weights.begin() + static_cast<std::ptrdiff_t>(2 * row * 20);
    std::copy(from, from + 20, few.weights.begin() + static_cast<std::ptrdiff_t>(row * 20));
    std::fill(from + 20, from + 40, 1.0F);
  }
  const double damping = few.damping();
  CHECK(damping > 0.01);
  CHECK(many.damping() == damping);
}

TEST_CASE("rows of zeros do not matter, and alone change nothing") {
  Layer layer(10, 20, 15, 9);
  const double damping = layer.damping();
  CHECK(damping != 0.01);
  layer.weights.insert(layer.weights.begin(), 20, 0.0F);
  ++layer.rows;
  CHECK(layer.damping() == damping);
  std::fill(layer.weights.begin(), layer.weights.end(), 0.0F);
  CHECK(layer.damping() == 0.01);
}

TEST_CASE("the damping is the same for any number of threads") {
  const Layer layer(90, 40, 30, 11);
  nuq::ThreadPool three(3);
  CHECK(nuq::cross_validated_damping(layer.view(), layer.even, layer.odd, three).damping == layer.damping());
}

}  // namespace calibration_cross_validated_damping_test
