#include "nuq/quantize/non_uniform_quantizer.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <limits>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/quantize/rate_quantizer.hpp"

namespace quantize_non_uniform_quantizer_test {

constexpr std::size_t out = 24;
constexpr std::size_t in = 45;

nuq::MatrixView<const float> view(const std::vector<float>& weights) {
  return {weights.data(), weights.size() / in, in};
}

nuq::LayerStatistics diagonal_statistics() {
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::VectorXd::LinSpaced(in, 0.01, 5.0);
  return statistics;
}

template <class Quantizer = nuq::NonUniformQuantizer<>>
nuq::NuqResult quantize(const std::vector<float>& weights, nuq::NuqParameters parameters,
                        nuq::Granularity granularity = nuq::Granularity::per_channel,
                        const nuq::LayerStatistics* statistics = nullptr, const Quantizer& quantizer = Quantizer()) {
  nuq::Parallel serial;
  return quantizer.quantize(view(weights), granularity, parameters, statistics, serial);
}

/// The weighted squared error of a result, from the values a user sees.
double value_error(const std::vector<float>& weights, const nuq::QuantizedWeights& quantized,
                   const nuq::LayerStatistics* statistics) {
  double error = 0.0;
  for (std::size_t row = 0; row < quantized.rows; ++row) {
    for (std::size_t col = 0; col < in; ++col) {
      const double value = static_cast<double>(quantized.scale(row)) * quantized.levels[row * in + col];
      const double difference = static_cast<double>(weights[row * in + col]) - value;
      error += difference * difference * (statistics == nullptr ? 1.0 : statistics->importance(col));
    }
  }
  return error;
}

/// Truncates towards zero: never better than nearest.
struct Truncate {
  nuq::Assignment assign(const nuq::LayerProblem& problem, const nuq::Codebook& codebook) const {
    std::vector<std::int8_t> levels;
    for (std::size_t row = 0; row < problem.weights.rows(); ++row) {
      for (const float weight : problem.weights.row(row)) {
        const double scaled = static_cast<double>(weight) / problem.scale(row);
        std::int8_t chosen =
            *std::min_element(codebook.begin(), codebook.end(), [](int a, int b) { return a * a < b * b; });
        for (const std::int8_t level : codebook) {
          const bool is_between = scaled >= 0.0 ? level <= scaled && level > chosen : level >= scaled && level < chosen;
          if (is_between) chosen = level;
        }
        levels.push_back(chosen);
      }
    }
    const double error = nuq::output_error(problem, levels);
    return {std::move(levels), error};
  }
};

/// Charges a fee for every weight that is not zero, and takes what is cheapest.
struct Frugal {
  double fee = 0.0;

  double error(const nuq::LayerProblem& problem, nuq::ArrayView<const std::int8_t> levels) const {
    const auto zeros = std::count(levels.begin(), levels.end(), std::int8_t{0});
    return nuq::output_error(problem, levels) +
           fee * static_cast<double>(static_cast<std::ptrdiff_t>(levels.size()) - zeros);
  }
  nuq::Assignment assign(const nuq::LayerProblem& problem, const nuq::Codebook& codebook) const {
    std::vector<std::int8_t> levels = nuq::nearest_levels(problem, codebook);
    const bool has_zero = std::find(codebook.begin(), codebook.end(), 0) != codebook.end();
    for (std::size_t index = 0; has_zero && index < levels.size(); ++index) {
      const double weight = static_cast<double>(problem.weights.data()[index]);
      const double difference = weight - problem.scale(index / in) * levels[index];
      if (weight * weight < difference * difference + fee) levels[index] = 0;
    }
    const double total = error(problem, levels);
    return {std::move(levels), total};
  }
};

struct NoLevels {
  nuq::Codebook select(const nuq::LevelHistogram&, int) const { return {}; }
};

struct NoAssignment {
  nuq::Assignment assign(const nuq::LayerProblem&, const nuq::Codebook&) const { return {}; }
};

struct NoScales {
  nuq::QuantizedWeights quantize(nuq::MatrixView<const float>, nuq::Granularity) const { return {}; }
};

TEST_CASE("the weights use levels of a codebook of at most num_steps") {
  const std::vector<float> weights = random_values(out * in, 21, 0.1F);
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    for (const int num_steps : {1, 2, 5, 16, 32, 255}) {
      const nuq::NuqResult result = quantize(weights, {num_steps, 1}, granularity);
      CHECK(result.codebook.size() <= static_cast<std::size_t>(num_steps));
      REQUIRE(result.weights.rows == out);
      REQUIRE(result.weights.cols == in);
      REQUIRE(result.weights.levels.size() == weights.size());
      CHECK(result.weights.scales.size() == (granularity == nuq::Granularity::per_tensor ? 1 : out));
      CHECK(std::all_of(result.weights.levels.begin(), result.weights.levels.end(), [&](std::int8_t level) {
        return std::binary_search(result.codebook.begin(), result.codebook.end(), level);
      }));
    }
  }
}

TEST_CASE("256 levels give the weight quantizer's own result bit for bit") {
  const std::vector<float> weights = random_values(out * in, 22, 0.1F);
  const nuq::LayerStatistics statistics = diagonal_statistics();
  for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
    const nuq::QuantizedWeights uniform = nuq::AbsMaxQuantizer{}.quantize(view(weights), granularity);
    const nuq::NuqResult result = quantize(weights, {256, 5}, granularity, &statistics);
    CHECK(result.weights.scales == uniform.scales);
    CHECK(result.weights.levels == uniform.levels);
    CHECK(result.codebook == nuq::Codebook::all());
    CHECK(result.error == result.nearest_error);
    CHECK(result.error == doctest::Approx(value_error(weights, uniform, &statistics)).epsilon(1e-9));
  }
}

TEST_CASE("the reported errors are those of the weights, and re-fitting lowers them") {
  const std::vector<float> weights = random_values(out * in, 23, 0.1F);
  const nuq::LayerStatistics statistics = diagonal_statistics();
  const nuq::LayerStatistics* const known[] = {nullptr, &statistics};
  for (const nuq::LayerStatistics* const from : known) {
    const nuq::NuqResult plain = quantize(weights, {8, 1, 0}, nuq::Granularity::per_channel, from);
    CHECK(plain.weights.scales == nuq::AbsMaxQuantizer{}.quantize(view(weights), nuq::Granularity::per_channel).scales);
    CHECK(plain.error == plain.nearest_error);
    CHECK(plain.error == doctest::Approx(value_error(weights, plain.weights, from)).epsilon(1e-9));
    double before = plain.error;
    for (int rounds = 1; rounds <= 6; ++rounds) {
      const nuq::NuqResult refitted = quantize(weights, {8, 1, rounds}, nuq::Granularity::per_channel, from);
      CHECK(refitted.nearest_error == plain.error);
      CHECK(refitted.error == doctest::Approx(value_error(weights, refitted.weights, from)).epsilon(1e-9));
      CHECK(refitted.error <= before);
      before = refitted.error;
    }
    CHECK(before < plain.error);
  }
}

TEST_CASE("the output's error is told where the assigner measures it, whatever else it charges for") {
  const std::vector<float> weights = random_values(out * in, 27, 0.1F);
  const nuq::LayerStatistics statistics = diagonal_statistics();
  const nuq::NuqResult plain = quantize(weights, {8, 1, 4}, nuq::Granularity::per_channel, &statistics);
  CHECK(plain.output_error == plain.error);
  const nuq::NuqResult priced =
      quantize(weights, {32, 1}, nuq::Granularity::per_channel, &statistics, nuq::RateQuantizer{}.at_price(1e-3));
  REQUIRE(priced.output_error);
  CHECK(*priced.output_error == doctest::Approx(value_error(weights, priced.weights, &statistics)).epsilon(1e-9));
  CHECK(*priced.output_error < priced.error);
}

TEST_CASE("few distinct values are restored exactly") {
  std::vector<float> weights(out * in);
  for (std::size_t index = 0; index < weights.size(); ++index) {
    weights[index] = 0.25F * static_cast<float>(static_cast<int>(index % 5) * 30 - 60);
  }
  weights[0] = 0.25F * 127.0F;
  const nuq::NuqResult result = quantize(weights, {6, 1}, nuq::Granularity::per_tensor);
  CHECK(result.error == 0.0);
  for (std::size_t index = 0; index < weights.size(); ++index) {
    CHECK(result.weights.value(index / in, index % in) == weights[index]);
  }
}

TEST_CASE("an assigner that is worse than nearest is not followed") {
  const std::vector<float> weights = random_values(out * in, 24, 0.1F);
  using Quantizer = nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook, Truncate>;
  const nuq::NuqResult nearest = quantize(weights, {8, 1, 0});
  const nuq::NuqResult truncated = quantize<Quantizer>(weights, {8, 1, 0});
  CHECK(truncated.weights.levels == nearest.weights.levels);
  CHECK(truncated.error == nearest.error);
  CHECK(truncated.nearest_error == nearest.error);
  const nuq::NuqResult refitted = quantize<Quantizer>(weights, {8, 1, 4});
  CHECK(refitted.error <= refitted.nearest_error);
}

TEST_CASE("an assigner with a measure of its own is followed where it is better by that measure") {
  const std::vector<float> weights = random_values(out * in, 25, 0.1F);
  using Quantizer = nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook, Frugal>;
  const Frugal frugal{1e-3};
  nuq::OptimalCodebook with_zero;
  const int zero = 0;
  with_zero.required = nuq::Codebook(&zero, &zero + 1);
  const nuq::NuqResult cheap =
      quantize(weights, {9, 1, 0}, nuq::Granularity::per_channel, nullptr, Quantizer({}, with_zero, frugal));
  const nuq::NuqResult nearest =
      quantize(weights, {9, 1, 0}, nuq::Granularity::per_channel, nullptr, nuq::NonUniformQuantizer<>({}, with_zero));
  const auto zeros = [](const nuq::NuqResult& result) {
    return std::count(result.weights.levels.begin(), result.weights.levels.end(), std::int8_t{0});
  };
  CHECK(zeros(cheap) > zeros(nearest));
  CHECK(cheap.error < cheap.nearest_error);
}

TEST_CASE("the result has the same bits for any number of threads") {
  const std::vector<float> weights = random_values(100 * in, 26, 0.1F);
  nuq::LayerStatistics statistics = diagonal_statistics();
  const Eigen::MatrixXd samples = Eigen::MatrixXd::NullaryExpr(
      in, 60, [](Eigen::Index i, Eigen::Index j) { return static_cast<double>((i * 7 + j * j * 3) % 13 - 5); });
  const Eigen::MatrixXd second_moments = samples * samples.transpose();
  for (const Eigen::MatrixXd& known : {Eigen::MatrixXd(), second_moments}) {
    statistics.second_moments = known;
    for (const nuq::Granularity granularity : {nuq::Granularity::per_channel, nuq::Granularity::per_tensor}) {
      const auto quantize_with = [&](std::size_t threads) {
        nuq::ThreadPool parallel(threads);
        return nuq::NonUniformQuantizer<>().quantize(view(weights), granularity, {4, 1}, &statistics, parallel);
      };
      const nuq::NuqResult serial = quantize_with(1);
      if (granularity == nuq::Granularity::per_channel) CHECK(serial.error < serial.nearest_error);  // re-fitted
      for (const std::size_t threads : {std::size_t{2}, std::size_t{7}}) {
        const nuq::NuqResult parallel = quantize_with(threads);
        CHECK(parallel.weights.scales == serial.weights.scales);
        CHECK(parallel.weights.levels == serial.weights.levels);
        CHECK(parallel.codebook == serial.codebook);
        CHECK(parallel.error == serial.error);
      }
    }
  }
}

TEST_CASE("policies are injected without a list of template arguments and can be read back") {
  const nuq::NonUniformQuantizer quantizer{nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, Frugal{0.5}};
  CHECK(quantizer.assigner().fee == 0.5);
  CHECK(quantizer.selector().allowed == nuq::Codebook::all());
}

TEST_CASE("parameters and statistics that do not fit are refused") {
  const std::vector<float> weights = random_values(out * in, 27);
  for (const int num_steps : {0, -1, 257}) {
    const CaughtError error = error_of<nuq::ConfigError>([&] { (void)quantize(weights, {num_steps, 1}); });
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
    CHECK(error.says("num_steps is " + std::to_string(num_steps)));
  }
  for (const auto part : {&nuq::LayerStatistics::mean_squares, &nuq::LayerStatistics::input_mean,
                          &nuq::LayerStatistics::mean_deviation}) {
    nuq::LayerStatistics statistics;
    statistics.*part = Eigen::VectorXd::Ones(in + 1);
    const CaughtError error =
        error_of<nuq::ConfigError>([&] { (void)quantize(weights, {}, nuq::Granularity::per_channel, &statistics); });
    CHECK(error.code == nuq::ErrorCode::size_mismatch);
    CHECK(error.says("46 inputs"));
  }
}

TEST_CASE("a policy that returns nonsense is refused, not trusted") {
  const std::vector<float> weights = random_values(out * in, 28);
  using NoLevelsQuantizer = nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, NoLevels>;
  CHECK(error_of<nuq::ConfigError>([&] { (void)quantize<NoLevelsQuantizer>(weights, {}); }).says("chose 0 levels"));
  using NoAssignmentQuantizer = nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook, NoAssignment>;
  CHECK(error_of<nuq::ConfigError>([&] {
          (void)quantize<NoAssignmentQuantizer>(weights, {});
        }).says("level assigner returned 0 levels"));
  using NoScalesQuantizer = nuq::NonUniformQuantizer<NoScales>;
  CHECK(error_of<nuq::ConfigError>([&] { (void)quantize<NoScalesQuantizer>(weights, {}); }).says("returned 0 scales"));
}

TEST_CASE("weights that are not finite are refused") {
  std::vector<float> weights = random_values(out * in, 29);
  weights[in + 3] = (std::numeric_limits<float>::infinity)();
  CHECK(error_of<nuq::ModelError>([&] { (void)quantize(weights, {}); }).says("row 1, column 3 is inf"));
}

}  // namespace quantize_non_uniform_quantizer_test
