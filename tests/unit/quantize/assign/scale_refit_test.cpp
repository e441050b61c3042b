#include "nuq/quantize/assign/scale_refit.hpp"
#include "nuq/core/thread_pool.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <vector>

#include "../../random_values.hpp"
#include "nuq/quantize/assign/output_error.hpp"

namespace quantize_assign_scale_refit_test {

constexpr std::size_t out = 21;
constexpr std::size_t in = 9;

struct Layer {
  std::vector<float> weights = random_values(out * in, 11);
  std::vector<float> scales = std::vector<float>(out, 0.05F);
  std::vector<std::int8_t> levels;
  nuq::LayerStatistics statistics;
  nuq::ThreadPool parallel{2};

  Layer() {
    for (const float weight : weights) levels.push_back(static_cast<std::int8_t>(weight / 0.06F));
  }
  nuq::LayerProblem problem() { return {{weights.data(), out, in}, scales, &statistics, &parallel}; }

  void set_second_moments() {
    const Eigen::MatrixXd samples = Eigen::MatrixXd::NullaryExpr(
        in, 30, [](Eigen::Index i, Eigen::Index j) { return static_cast<double>((i * 5 + j * j * 3) % 11 - 4); });
    statistics.second_moments = samples * samples.transpose();
    statistics.mean_squares = statistics.second_moments.diagonal();
  }
};

/// No scale nearby may be better than the re-fitted ones.
void check_least_error(Layer& layer) {
  const double before = nuq::output_error(layer.problem(), layer.levels);
  const nuq::RefittedScales refitted_scales = nuq::refit_scales(layer.problem(), layer.levels);
  layer.scales = refitted_scales.scales;
  const double least = nuq::output_error(layer.problem(), layer.levels);
  CHECK(before - least == doctest::Approx(refitted_scales.gain));
  for (float& scale : layer.scales) {
    const float refitted = scale;
    for (const float factor : {0.999F, 1.001F}) {
      scale = refitted * factor;
      CHECK(nuq::output_error(layer.problem(), layer.levels) > least);
    }
    scale = refitted;
  }
}

TEST_CASE("re-fitted scales minimise the output error of every row") {
  Layer plain;
  check_least_error(plain);
  Layer weighted;
  weighted.statistics.mean_squares = Eigen::VectorXd::LinSpaced(in, 0.2, 4.0);
  check_least_error(weighted);
  Layer second_order;
  second_order.set_second_moments();
  check_least_error(second_order);
}

TEST_CASE("the factor alone tells the same scales as the moments") {
  for (const double damping : {0.0, 0.3}) {
    Layer layer;
    layer.set_second_moments();
    layer.statistics.factor = nuq::second_moment_factor(layer.statistics.second_moments, damping);
    const nuq::RefittedScales expected = nuq::refit_scales(layer.problem(), layer.levels);
    const double error = nuq::output_error(layer.problem(), layer.levels);
    layer.statistics.second_moments = nuq::Matrix();
    const nuq::RefittedScales refitted = nuq::refit_scales(layer.problem(), layer.levels);
    CHECK(refitted.gain == doctest::Approx(expected.gain).epsilon(1e-4));
    REQUIRE(refitted.scales.size() == out);
    for (std::size_t row = 0; row < out; ++row)
      CHECK(refitted.scales[row] == doctest::Approx(static_cast<double>(expected.scales[row])).epsilon(1e-4));
    CHECK(nuq::output_error(layer.problem(), layer.levels) == error);
  }
}

TEST_CASE("one scale is re-fitted over the whole matrix") {
  Layer plain;
  plain.scales = {0.05F};
  check_least_error(plain);
  Layer second_order;
  second_order.scales = {0.05F};
  second_order.set_second_moments();
  check_least_error(second_order);
}

TEST_CASE("weights on a grid get that grid's scale back") {
  Layer layer;
  for (std::size_t index = 0; index < layer.weights.size(); ++index) {
    layer.weights[index] = 0.125F * static_cast<float>(layer.levels[index]);
  }
  for (const float scale : nuq::refit_scales(layer.problem(), layer.levels).scales) CHECK(scale == 0.125F);
}

TEST_CASE("a row keeps its scale where the best one is not legal") {
  const std::vector<float> weights = {1.0F, 2.0F, 1.0F, 2.0F, 1e-9F, 0.0F, 3e38F, 0.0F};
  const std::vector<std::int8_t> levels = {0, 0, -1, -2, 1, 0, 1, 0};  // nothing, negative, too small, too large
  const std::vector<float> scales = {0.5F, 0.25F, 0.75F, 1.5F};
  nuq::Parallel serial;
  CHECK(nuq::refit_scales({{weights.data(), 4, 2}, scales, nullptr, &serial}, levels).scales == scales);
}

}  // namespace quantize_assign_scale_refit_test
