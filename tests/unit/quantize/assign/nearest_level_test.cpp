#include "nuq/quantize/assign/nearest_level.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "../../random_values.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/quantize/scales/abs_max.hpp"

static_assert(nuq::is_level_assigner_v<nuq::NearestLevel>);
static_assert(!nuq::is_level_assigner_v<nuq::AbsMaxQuantizer>);

namespace quantize_assign_nearest_level_test {

nuq::Codebook codebook_of(std::initializer_list<int> levels) {
  return nuq::Codebook(levels.begin(), levels.end());
}

/// The nearest level by trying all; on a tie the one further from zero, as std::round, and the upper one around zero.
int brute_force(double scaled, const nuq::Codebook& codebook) {
  int best = codebook[0];
  for (const int level : codebook) {
    const double distance = std::abs(scaled - level);
    const double least = std::abs(scaled - best);
    if (distance < least || (distance == least && (scaled >= 0.0 ? level > best : level < best))) best = level;
  }
  return best;
}

TEST_CASE("every weight takes the nearest level of the float weight") {
  const std::vector<float> weights = random_values(20 * 70, 3, 0.2F);
  const nuq::MatrixView<const float> view(weights.data(), 20, 70);
  const nuq::QuantizedWeights uniform = nuq::AbsMaxQuantizer{}.quantize(view, nuq::Granularity::per_channel);
  nuq::Parallel serial;
  const nuq::LayerProblem problem{view, uniform.scales, nullptr, &serial};
  for (const nuq::Codebook& codebook :
       {codebook_of({-90, -31, -8, 0, 7, 30, 101}), codebook_of({5}), codebook_of({-128, 127})}) {
    const nuq::Assignment assignment = nuq::NearestLevel{}.assign(problem, codebook);
    REQUIRE(assignment.levels.size() == weights.size());
    for (std::size_t index = 0; index < weights.size(); ++index) {
      const double scaled = static_cast<double>(weights[index]) / problem.scale(index / 70);
      CHECK(static_cast<int>(assignment.levels[index]) == brute_force(scaled, codebook));
    }
  }
}

TEST_CASE("ties between levels go away from zero, and up at zero") {
  std::vector<float> weights;
  for (int twice = -300; twice <= 300; ++twice) weights.push_back(static_cast<float>(twice) / 2.0F);
  const std::vector<float> scales = {1.0F};
  nuq::Parallel serial;
  const nuq::LayerProblem problem{{weights.data(), 1, weights.size()}, scales, nullptr, &serial};
  for (const nuq::Codebook& codebook : {codebook_of({-128, -5, -4, 1, 2, 9, 127}), codebook_of({-7, 7}),
                                        codebook_of({-20, -10, 0, 10, 20}), nuq::Codebook::all()}) {
    const std::vector<std::int8_t> levels = nuq::nearest_levels(problem, codebook);
    for (std::size_t index = 0; index < weights.size(); ++index) {
      CHECK(static_cast<int>(levels[index]) == brute_force(static_cast<double>(weights[index]), codebook));
    }
  }
}

TEST_CASE("with all 256 levels the assignment is the weight quantizer's") {
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    const std::vector<float> weights = random_values(17 * 33, 4, 0.05F);
    const nuq::MatrixView<const float> view(weights.data(), 17, 33);
    const nuq::QuantizedWeights uniform = nuq::AbsMaxQuantizer{}.quantize(view, granularity);
    nuq::Parallel serial;
    CHECK(nuq::nearest_levels({view, uniform.scales, nullptr, &serial}, nuq::Codebook::all()) == uniform.levels);
  }
}

TEST_CASE("levels and error have the same bits for any number of threads") {
  const std::vector<float> weights = random_values(100 * 41, 5);
  const std::vector<float> scales(100, 0.013F);
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::VectorXd::LinSpaced(41, 0.1, 3.0);
  const auto assign_with = [&](std::size_t threads) {
    nuq::ThreadPool parallel(threads);
    return nuq::NearestLevel{}.assign({{weights.data(), 100, 41}, scales, &statistics, &parallel},
                                      codebook_of({-60, -20, -3, 0, 4, 25, 70}));
  };
  const nuq::Assignment serial = assign_with(1);
  for (const std::size_t threads : {std::size_t{2}, std::size_t{5}}) {
    const nuq::Assignment parallel = assign_with(threads);
    CHECK(parallel.levels == serial.levels);
    CHECK(parallel.error == serial.error);
  }
}

}  // namespace quantize_assign_nearest_level_test
