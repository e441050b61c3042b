#include "nuq/quantize/assign/rate_constrained_error_feedback.hpp"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

#include "../../random_values.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "textbook_feedback.hpp"

static_assert(nuq::is_level_assigner_v<nuq::RateConstrainedErrorFeedback<>>);
static_assert(nuq::measures_levels_v<nuq::RateConstrainedErrorFeedback<>>);

namespace quantize_assign_rate_constrained_error_feedback_test {

constexpr std::size_t rows = 30;
constexpr std::size_t cols = 48;

nuq::Codebook codebook_of(std::initializer_list<int> levels) {
  return nuq::Codebook(levels.begin(), levels.end());
}

double priced_error(std::int8_t level, double target, double cost, const std::array<float, 256>& bits, double price) {
  const double difference = target - static_cast<double>(level);
  return cost * difference * difference + price * static_cast<double>(bits[nuq::level_index(level)]);
}

/// The level of least priced error, by trying all.
std::int8_t cheapest(const nuq::Codebook& codebook, double target, double cost, const std::array<float, 256>& bits,
                     double price) {
  std::int8_t best = codebook[0];
  for (const std::int8_t level : codebook) {
    if (priced_error(level, target, cost, bits, price) < priced_error(best, target, cost, bits, price)) best = level;
  }
  return best;
}

/// Σ n·log2(N/n) over the levels that occur.
double entropy_bits(const std::vector<std::int8_t>& levels) {
  double bits = 0.0;
  for (const std::uint64_t count : nuq::count_levels(levels)) {
    const auto n = static_cast<double>(count);
    if (count > 0) bits += n * std::log2(static_cast<double>(levels.size()) / n);
  }
  return bits;
}

/// Prices levels by how far they are from 3, whatever has been counted.
struct FixedRate {
  std::array<float, 256> bits_per_level(const nuq::LevelCounts&) const {
    std::array<float, 256> bits{};
    for (int level = -128; level <= 127; ++level)
      bits[nuq::level_index(level)] = static_cast<float>(std::abs(level - 3));
    return bits;
  }
  double bytes(const nuq::LevelCounts&, const nuq::LayerShape&) const { return 0.0; }
};

struct Layer {
  explicit Layer(bool with_second_moments) {
    const Eigen::MatrixXd moments = random_second_moments(cols, 80, 12);
    statistics.mean_squares = moments.diagonal();
    if (with_second_moments) statistics.second_moments = moments;
  }
  [[nodiscard]] nuq::LayerProblem problem(nuq::Parallel& parallel) const {
    return {{weights.data(), rows, cols}, scales, &statistics, &parallel};
  }

  std::vector<float> weights = random_values(rows * cols, 11);
  std::vector<float> scales = std::vector<float>(rows, 0.25F);
  nuq::LayerStatistics statistics;
};

const nuq::Codebook small_integers = codebook_of({-9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9});

TEST_CASE("the levels of least priced error are found as by trying all of them") {
  const std::vector<float> random = random_values(3 * 4000 + 256, 21);
  std::size_t next = 0;
  const auto draw = [&] { return std::abs(static_cast<double>(random[next++])); };
  std::array<float, 256> bits{};
  for (float& entry : bits) entry = static_cast<float>(10.0 * draw());
  for (const nuq::Codebook& codebook : {codebook_of({-90, -31, -8, 0, 7, 30, 101}), codebook_of({5}),
                                        codebook_of({-128, 127}), small_integers, nuq::Codebook::all()}) {
    next = 256;
    for (const double price : {0.0, 0.01, 1.0, 300.0}) {
      const nuq::detail::PricedLevels choose(codebook, bits, price);
      for (int trial = 0; trial < 200; ++trial) {
        const double target = 400.0 * (draw() - 0.5);
        const double cost = trial % 10 == 0 ? 0.0 : draw();
        const double least = priced_error(cheapest(codebook, target, cost, bits, price), target, cost, bits, price);
        CHECK(priced_error(choose(target, cost), target, cost, bits, price) == least);
        std::vector<double> all;
        for (const std::int8_t level : codebook) all.push_back(priced_error(level, target, cost, bits, price));
        std::sort(all.begin(), all.end());
        nuq::detail::PricedLevelChoices choices;
        REQUIRE(choose(target, cost, choices) == (std::min)(all.size(), choices.size()));
        for (std::size_t index = 0; index < (std::min)(all.size(), choices.size()); ++index) {
          CHECK(choices[index].total == all[index]);
          CHECK(priced_error(choices[index].level, target, cost, bits, price) == all[index]);
        }
      }
    }
  }
}

TEST_CASE("where bits cost nothing the result of one path is error feedback's") {
  nuq::Parallel serial;
  for (const bool with_second_moments : {true, false}) {
    const Layer layer(with_second_moments);
    const nuq::LayerProblem problem = layer.problem(serial);
    nuq::RateConstrainedErrorFeedback<> assigner;
    assigner.paths = 1;
    const nuq::Assignment priced = assigner.assign(problem, small_integers);
    const nuq::Assignment free = nuq::ErrorFeedback{}.assign(problem, small_integers);
    CHECK(priced.levels == free.levels);
    CHECK(priced.error == free.error);
  }
}

TEST_CASE("without the second-moment matrix every weight pays for itself") {
  nuq::Parallel serial;
  nuq::RateConstrainedErrorFeedback<FixedRate> assigner;
  assigner.price = 0.02;
  const std::array<float, 256> bits = FixedRate{}.bits_per_level({});
  Layer layer(false);
  for (const bool with_statistics : {true, false}) {
    nuq::LayerProblem problem = layer.problem(serial);
    if (!with_statistics) problem.statistics = nullptr;
    const nuq::Assignment assignment = assigner.assign(problem, small_integers);
    double total = 0.0;
    for (std::size_t at = 0; at < layer.weights.size(); ++at) {
      const double target = static_cast<double>(layer.weights[at]) / 0.25;
      const double cost =
          0.0625 * (with_statistics ? layer.statistics.mean_squares[static_cast<Eigen::Index>(at % cols)] : 1.0);
      const std::int8_t level = cheapest(small_integers, target, cost, bits, 0.02);
      CHECK(static_cast<int>(assignment.levels[at]) == static_cast<int>(level));
      total += priced_error(level, target, cost, bits, 0.02);
    }
    CHECK(assignment.error == doctest::Approx(total).epsilon(1e-10));
  }
}

TEST_CASE("with the second-moment matrix and one path the published loop chooses by priced error") {
  nuq::Parallel serial;
  nuq::RateConstrainedErrorFeedback<FixedRate> assigner;
  assigner.price = 0.05;
  assigner.paths = 1;
  const std::array<float, 256> bits = FixedRate{}.bits_per_level({});
  const Layer layer(true);
  const nuq::LayerProblem problem = layer.problem(serial);
  const Eigen::MatrixXd& moments = layer.statistics.second_moments;
  const auto choose = [&](double target, double cost) { return cheapest(small_integers, target, cost, bits, 0.05); };
  CHECK(assigner.assign(problem, small_integers).levels ==
        textbook_feedback(problem, damped(moments, 0.01), order_by_importance(moments), choose));
}

/// A way to fix the first weights of a row in the published loop.
struct PublishedPath {
  Eigen::RowVectorXd weights;  ///< what the errors so far have made of them
  std::vector<std::int8_t> levels;
  double total = 0.0;
};

/// The published loop with the cheapest `width` paths of a row, each of which goes on with its three cheapest levels.
std::vector<std::int8_t> published_paths(const nuq::LayerProblem& problem, const Eigen::MatrixXd& moments,
                                         std::size_t width, const std::array<float, 256>& bits, double price) {
  const std::vector<std::size_t> order = order_by_importance(moments);
  Eigen::MatrixXd ordered(moments.rows(), moments.cols());
  for (Eigen::Index i = 0; i < moments.rows(); ++i) {
    for (Eigen::Index j = 0; j < moments.cols(); ++j)
      ordered(i, j) = moments(static_cast<Eigen::Index>(order[static_cast<std::size_t>(i)]),
                              static_cast<Eigen::Index>(order[static_cast<std::size_t>(j)]));
  }
  const Eigen::MatrixXd inverse = ordered.inverse();
  const Eigen::MatrixXd u = inverse.llt().matrixU();
  const auto is_cheaper = [](const PublishedPath& a, const PublishedPath& b) { return a.total < b.total; };
  std::vector<std::int8_t> levels(problem.weights.size());
  for (std::size_t row = 0; row < problem.weights.rows(); ++row) {
    std::vector<PublishedPath> paths(1);
    paths[0].weights.resize(moments.cols());
    for (std::size_t k = 0; k < order.size(); ++k)
      paths[0].weights[static_cast<Eigen::Index>(k)] = static_cast<double>(problem.weights(row, order[k]));
    for (Eigen::Index k = 0; k < moments.cols(); ++k) {
      std::vector<PublishedPath> longer;
      for (const PublishedPath& path : paths) {
        std::vector<PublishedPath> own;
        for (const std::int8_t level : small_integers) {
          own.push_back(path);
          const double scale = problem.scale(row);
          const double error = (path.weights[k] - scale * static_cast<double>(level)) / u(k, k);
          own.back().weights.tail(moments.cols() - k) -= error * u.row(k).tail(moments.cols() - k);
          own.back().levels.push_back(level);
          own.back().total += error * error + price * static_cast<double>(bits[nuq::level_index(level)]);
        }
        std::sort(own.begin(), own.end(), is_cheaper);
        longer.insert(longer.end(), own.begin(), own.begin() + 3);
      }
      std::sort(longer.begin(), longer.end(), is_cheaper);
      longer.resize((std::min)(width, longer.size()));
      paths = std::move(longer);
    }
    for (std::size_t k = 0; k < order.size(); ++k) levels[row * order.size() + order[k]] = paths[0].levels[k];
  }
  return levels;
}

TEST_CASE("several paths are those of the published loop that cost least so far") {
  nuq::Parallel serial;
  nuq::RateConstrainedErrorFeedback<FixedRate> assigner;
  assigner.price = 0.05;
  const std::array<float, 256> bits = FixedRate{}.bits_per_level({});
  const std::size_t wide = 130;  // more than two of the factor's blocks
  const Eigen::MatrixXd moments = random_second_moments(wide, 200, 14);
  nuq::LayerStatistics statistics;
  statistics.mean_squares = moments.diagonal();
  statistics.second_moments = moments;
  const std::vector<float> weights = random_values(11 * wide, 15);
  const std::vector<float> scales(11, 0.25F);
  const nuq::LayerProblem problem{{weights.data(), 11, wide}, scales, &statistics, &serial};
  assigner.paths = 1;
  double error = assigner.assign(problem, small_integers).error;
  for (const int paths : {2, 5, 32}) {
    assigner.paths = paths;
    const nuq::Assignment assignment = assigner.assign(problem, small_integers);
    CHECK(assignment.levels ==
          published_paths(problem, damped(moments, 0.01), static_cast<std::size_t>(paths), bits, 0.05));
    REQUIRE(assignment.output_error);
    CHECK(*assignment.output_error == doctest::Approx(nuq::output_error(problem, assignment.levels)).epsilon(1e-5));
    CHECK(assignment.error < error);
    error = assignment.error;
  }
}

TEST_CASE("where the paths are enough for all assignments the cheapest of all is found") {
  nuq::Parallel serial;
  nuq::RateConstrainedErrorFeedback<FixedRate> assigner;
  assigner.price = 0.05;
  assigner.paths = 1000;  // no more than 32 count, and there are 27
  const std::array<float, 256> bits = FixedRate{}.bits_per_level({});
  const Eigen::MatrixXd moments = random_second_moments(3, 20, 16);
  nuq::LayerStatistics statistics;
  statistics.mean_squares = moments.diagonal();
  statistics.second_moments = moments;
  const std::vector<float> weights = random_values(40 * 3, 17);
  const std::vector<float> scales(40, 0.75F);
  const nuq::LayerProblem problem{{weights.data(), 40, 3}, scales, &statistics, &serial};
  const std::vector<std::int8_t> found = assigner.assign(problem, codebook_of({-1, 0, 1})).levels;
  const Eigen::Matrix3d known = damped(moments, 0.01);
  for (std::size_t row = 0; row < 40; ++row) {
    double least = (std::numeric_limits<double>::max)();
    std::array<int, 3> best{};
    for (int index = 0; index < 27; ++index) {
      const std::array<int, 3> levels = {index % 3 - 1, index / 3 % 3 - 1, index / 9 - 1};
      Eigen::Vector3d difference;
      double total = 0.0;
      for (std::size_t col = 0; col < 3; ++col) {
        difference[static_cast<Eigen::Index>(col)] = static_cast<double>(weights[row * 3 + col]) - 0.75 * levels[col];
        total += 0.05 * static_cast<double>(bits[nuq::level_index(levels[col])]);
      }
      total += difference.dot(known * difference);
      if (total < least) {
        least = total;
        best = levels;
      }
    }
    for (std::size_t col = 0; col < 3; ++col) CHECK(static_cast<int>(found[row * 3 + col]) == best[col]);
  }
}

TEST_CASE("each pass pays what the levels of the one before cost") {
  nuq::Parallel serial;
  const Layer layer(false);
  const nuq::LayerProblem problem = layer.problem(serial);
  std::vector<std::int8_t> levels = nuq::nearest_levels(problem, small_integers);
  for (int passes = 1; passes <= 4; ++passes) {
    const std::array<float, 256> bits = nuq::EntropyRate{}.bits_per_level(nuq::count_levels(levels));
    for (std::size_t at = 0; at < levels.size(); ++at) {
      levels[at] = cheapest(small_integers, static_cast<double>(layer.weights[at]) / 0.25,
                            0.0625 * problem.importance(at % cols), bits, 0.1);
    }
    nuq::RateConstrainedErrorFeedback<> assigner;
    assigner.price = 0.1;
    assigner.passes = passes;
    CHECK(assigner.assign(problem, small_integers).levels == levels);
  }
}

TEST_CASE("of a large layer some rows stand for all in every pass but the last") {
  constexpr std::size_t many = 350;
  constexpr std::size_t wide = 700;
  const std::vector<float> weights = random_values(many * wide, 31);
  std::vector<float> scales = random_values(many, 32);
  for (float& scale : scales) scale = 0.2F + 0.1F * std::abs(scale);
  nuq::ThreadPool three(3);
  const nuq::LayerProblem problem{{weights.data(), many, wide}, scales, nullptr, &three};
  nuq::RateConstrainedErrorFeedback<> assigner;
  assigner.price = 0.01;
  std::array<float, 256> bits{};
  const auto fitted = [&](const std::vector<std::size_t>& sample) {
    std::vector<std::int8_t> levels;
    for (const std::size_t row : sample) {
      for (std::size_t col = 0; col < wide; ++col) {
        const double scale = problem.scale(row);
        const double target = static_cast<double>(weights[row * wide + col]) / scale;
        levels.push_back(bits[0] > 0.0F ? cheapest(small_integers, target, scale * scale, bits, 0.01)
                                        : cheapest(small_integers, target, 1.0, bits, 0.0));
      }
    }
    return levels;
  };
  std::vector<std::size_t> sample(96);  // 96 · 700 is more than 65536
  for (std::size_t index = 0; index < sample.size(); ++index) sample[index] = index * many / 96;
  std::vector<std::size_t> all(many);
  for (std::size_t row = 0; row < many; ++row) all[row] = row;
  for (int pass = 0; pass < 3; ++pass) bits = nuq::EntropyRate{}.bits_per_level(nuq::count_levels(fitted(sample)));
  const nuq::Assignment assignment = assigner.assign(problem, small_integers);
  CHECK(assignment.levels == fitted(all));
  REQUIRE(assignment.output_error);
  CHECK(*assignment.output_error == doctest::Approx(nuq::output_error(problem, assignment.levels)).epsilon(1e-9));
  CHECK(assignment.error == doctest::Approx(assigner.error(problem, assignment.levels)).epsilon(1e-9));
  CHECK(assigner.error(problem, assignment.levels, 0.1 * assignment.error) > 0.1 * assignment.error);
}

TEST_CASE("the dearer a bit, the fewer bits and the larger the error") {
  nuq::Parallel serial;
  for (const bool with_second_moments : {true, false}) {
    const Layer layer(with_second_moments);
    const nuq::LayerProblem problem = layer.problem(serial);
    double bits = (std::numeric_limits<double>::max)();
    double error = 0.0;
    for (const double price : {0.0, 0.01, 0.1, 1.0, 10.0}) {
      nuq::RateConstrainedErrorFeedback<> assigner;
      assigner.price = price;
      const nuq::Assignment assignment = assigner.assign(problem, small_integers);
      CHECK(entropy_bits(assignment.levels) < bits);
      CHECK(nuq::output_error(problem, assignment.levels) > error);
      CHECK(assignment.error == doctest::Approx(assigner.error(problem, assignment.levels)).epsilon(1e-6));
      bits = entropy_bits(assignment.levels);
      error = nuq::output_error(problem, assignment.levels);
    }
  }
}

TEST_CASE("any levels are measured by their error and what their bits cost") {
  nuq::Parallel serial;
  const Layer layer(true);
  const nuq::LayerProblem problem = layer.problem(serial);
  const std::vector<std::int8_t> levels = nuq::nearest_levels(problem, small_integers);
  nuq::RateConstrainedErrorFeedback<FixedRate> assigner;
  assigner.price = 0.5;
  double bits = 0.0;
  for (const std::int8_t level : levels) bits += std::abs(static_cast<double>(level) - 3.0);
  CHECK(assigner.error(problem, levels) ==
        doctest::Approx(nuq::output_error(problem, levels) + 0.5 * bits).epsilon(1e-12));
}

TEST_CASE("on a prior errors are fed back too") {
  nuq::Parallel serial;
  Layer layer(false);
  layer.statistics.prior = nuq::InputPrior{};
  const nuq::LayerProblem problem = layer.problem(serial);
  CHECK(nuq::RateConstrainedErrorFeedback<>{}.assign(problem, small_integers).levels ==
        nuq::ErrorFeedback{}.assign(problem, small_integers).levels);
}

TEST_CASE("priced levels are the same for any number of threads") {
  nuq::RateConstrainedErrorFeedback<> assigner;
  assigner.price = 0.1;
  for (const bool with_second_moments : {true, false}) {
    const Layer layer(with_second_moments);
    nuq::Parallel serial;
    nuq::ThreadPool three(3);
    const nuq::Assignment alone = assigner.assign(layer.problem(serial), small_integers);
    const nuq::Assignment shared = assigner.assign(layer.problem(three), small_integers);
    CHECK(alone.levels == shared.levels);
    CHECK(alone.error == shared.error);
  }
}

}  // namespace quantize_assign_rate_constrained_error_feedback_test
