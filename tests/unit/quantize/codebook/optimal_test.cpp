#include "nuq/quantize/codebook/optimal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/codebook.hpp"

namespace quantize_codebook_optimal_test {

using nuq::detail::RandomEngine;
using nuq::detail::uniform_below;
using nuq::detail::uniform_unit;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct WeightedValue {
  double value;
  double weight;
};

nuq::LevelHistogram histogram_of_values(const std::vector<WeightedValue>& values) {
  nuq::LevelHistogram histogram;
  for (const WeightedValue& value : values) histogram.add(value.value, value.weight);
  return histogram;
}

/// Sixteenths in [low, high] with small whole weights: every sum below is exact, so that results compare with ==.
std::vector<WeightedValue> random_sixteenths(RandomEngine& engine, std::size_t count, int low, int high) {
  std::vector<WeightedValue> values(count);
  for (WeightedValue& value : values) {
    value.value =
        low + static_cast<double>(uniform_below(engine, static_cast<std::uint64_t>(16 * (high - low) + 1))) / 16.0;
    value.weight = static_cast<double>(uniform_below(engine, 6));
  }
  return values;
}

nuq::Codebook set_of(const std::vector<int>& levels) {
  return nuq::Codebook(levels.begin(), levels.end());
}

bool contains(const nuq::Codebook& codebook, int level) {
  return std::count(codebook.begin(), codebook.end(), level) == 1;
}

bool is_subset(const nuq::Codebook& part, const nuq::Codebook& whole) {
  return std::all_of(part.begin(), part.end(), [&whole](int level) { return contains(whole, level); });
}

/// Every subset of the allowed levels that has the required ones, by its size: the least distortion from the values
/// themselves.
std::array<double, 11> brute_force(const std::vector<WeightedValue>& values, const nuq::OptimalCodebook& selector) {
  const nuq::Codebook& levels = selector.allowed;
  unsigned required = 0;
  for (std::size_t index = 0; index < levels.size(); ++index) {
    if (contains(selector.required, levels[index])) required |= 1U << index;
  }
  std::array<double, 11> least;
  least.fill(infinity);
  for (unsigned subset = 1; subset < 1U << levels.size(); ++subset) {
    if ((subset & required) != required) continue;
    double total = 0.0;
    for (const WeightedValue& value : values) {
      double nearest = infinity;
      for (std::size_t index = 0; index < levels.size(); ++index) {
        const double error = value.value - levels[index];
        if ((subset >> index & 1U) != 0) nearest = (std::min)(nearest, error * error);
      }
      total += value.weight * nearest;
    }
    double& entry = least[std::bitset<11>(subset).count()];
    entry = (std::min)(entry, total);
  }
  return least;
}

/// The textbook program, O(K · bins²): the bins cut into at most k runs, each charged to the best allowed level for it.
std::vector<double> plain_program(const nuq::LevelHistogram& histogram, const nuq::Codebook& levels,
                                  std::size_t max_steps) {
  constexpr std::size_t bins = nuq::LevelHistogram::num_bins;
  std::vector<double> run(bins * (bins + 1), infinity);  // run[first * (bins + 1) + end]
  for (std::size_t first = 0; first < bins; ++first) {
    std::vector<double> cost(levels.size(), 0.0);
    for (std::size_t end = first + 1; end <= bins; ++end) {
      for (std::size_t index = 0; index < levels.size(); ++index) cost[index] += histogram.cost(end - 1, levels[index]);
      run[first * (bins + 1) + end] = *std::min_element(cost.begin(), cost.end());
    }
  }
  std::vector<double> optimum;
  std::vector<double> best(bins + 1, infinity);
  best[0] = 0.0;
  for (std::size_t k = 1; k <= max_steps; ++k) {
    std::vector<double> next = best;
    for (std::size_t end = 1; end <= bins; ++end) {
      for (std::size_t first = 0; first < end; ++first) {
        next[end] = (std::min)(next[end], best[first] + run[first * (bins + 1) + end]);
      }
    }
    best.swap(next);
    optimum.push_back(best[bins]);
  }
  return optimum;
}

/// The shortest paths in O(K · levels²), with the required levels; every bin between two levels at the cheaper of the
/// two.
std::vector<double> plain_paths(const nuq::LevelHistogram& histogram, const nuq::OptimalCodebook& selector,
                                std::size_t max_steps) {
  const nuq::Codebook& levels = selector.allowed;
  const auto required = [&](std::size_t index) { return contains(selector.required, levels[index]); };
  const std::size_t source = levels.size();  // stands for "outside", on both sides
  const auto length = [&](std::size_t left, std::size_t right) {
    const int begin = left == source ? 0 : 2 * levels[left] + 256;
    const int end = right == source ? 512 : 2 * levels[right] + 256;
    double total = 0.0;
    for (int bin = begin; bin < end; ++bin) {
      const auto cost = [&](std::size_t index) {
        return index == source ? infinity : histogram.cost(static_cast<std::size_t>(bin), levels[index]);
      };
      total += (std::min)(cost(left), cost(right));
    }
    return total;
  };
  const auto last_required_before = [&](std::size_t index) {
    while (index > 0 && !required(index - 1)) --index;
    return index;  // one past it; 0 where there is none
  };
  std::vector<double> step(levels.size() * levels.size(), infinity);
  for (std::size_t j = 0; j < levels.size(); ++j) {
    const std::size_t barrier = last_required_before(j);
    for (std::size_t i = barrier == 0 ? 0 : barrier - 1; i < j; ++i) step[i * levels.size() + j] = length(i, j);
  }
  std::vector<double> best(levels.size());
  for (std::size_t j = 0; j < levels.size(); ++j) best[j] = last_required_before(j) == 0 ? length(source, j) : infinity;
  std::vector<double> optimum;
  for (std::size_t k = 1; k <= max_steps; ++k) {
    double complete = optimum.empty() ? infinity : optimum.back();
    for (std::size_t j = 0; j < levels.size(); ++j) {
      if (last_required_before(levels.size()) <= j + 1) complete = (std::min)(complete, best[j] + length(j, source));
    }
    optimum.push_back(complete);
    std::vector<double> next(levels.size(), infinity);
    for (std::size_t j = 0; j < levels.size(); ++j) {
      for (std::size_t i = 0; i < j; ++i) next[j] = (std::min)(next[j], best[i] + step[i * levels.size() + j]);
    }
    best.swap(next);
  }
  return optimum;
}

void check_certificate(const nuq::LevelHistogram& histogram, const nuq::CodebookCurve& curve) {
  for (int k = 1; k <= curve.max_steps(); ++k) {
    if (curve.codebook(k).empty()) continue;
    const double again = nuq::distortion(histogram, curve.codebook(k));
    CHECK(std::abs(again - curve.distortion(k)) <= 1e-12 * again);
  }
}

nuq::ErrorCode code_of_error(const nuq::OptimalCodebook& selector, int num_steps) {
  try {
    static_cast<void>(selector.select(nuq::LevelHistogram{}, num_steps));
  } catch (const nuq::ConfigError& error) {
    return error.code();
  }
  FAIL("selected");
  return {};
}

TEST_CASE(
    "the optimal codebook is as good as the best of all subsets of the allowed levels that hold the required ones") {
  RandomEngine engine(1);
  int infeasible = 0;
  for (int trial = 0; trial < 12000; ++trial) {
    const int low = static_cast<int>(uniform_below(engine, 237)) - 128;
    const int width = 10 + static_cast<int>(uniform_below(
                               engine, trial % 2 == 0 ? 10 : static_cast<std::uint64_t>(118 - (std::max)(low, 0))));
    const int high = (std::min)(low + width, 127);
    std::vector<int> allowed;
    std::vector<int> required;
    const std::uint64_t draws = 1 + uniform_below(engine, 10);
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
      const int level = low + static_cast<int>(uniform_below(engine, static_cast<std::uint64_t>(high - low + 1)));
      allowed.push_back(level);
      if (trial % 3 == 0 && uniform_below(engine, 4) == 0) required.push_back(level);
    }
    const nuq::OptimalCodebook selector{set_of(allowed), set_of(required)};
    const auto values = random_sixteenths(engine, 1 + static_cast<std::size_t>(uniform_below(engine, 12)),
                                          (std::max)(low - 4, -130), high + 4);
    const nuq::LevelHistogram histogram = histogram_of_values(values);
    const std::array<double, 11> least = brute_force(values, selector);

    constexpr int max_steps = 10;
    const nuq::CodebookCurve curve = selector.curve(histogram, max_steps);
    REQUIRE(curve.max_steps() == max_steps);
    double at_most_k = infinity;
    std::size_t fewest = 0;
    for (int k = 1; k <= max_steps; ++k) {
      const std::size_t size = static_cast<std::size_t>(k);
      if (least[size] < at_most_k) {
        at_most_k = least[size];
        fewest = size;
      }
      REQUIRE(curve.distortion(k) == at_most_k);
      const nuq::Codebook& codebook = curve.codebook(k);
      REQUIRE(codebook.size() == fewest);
      if (codebook.empty()) {
        ++infeasible;
        continue;
      }
      REQUIRE(nuq::distortion(histogram, codebook) == at_most_k);
      REQUIRE(is_subset(codebook, selector.allowed));
      REQUIRE(is_subset(selector.required, codebook));
    }
  }
  CHECK(infeasible > 0);  // curves with entries for fewer steps than required levels did occur
}

TEST_CASE(
    "over all 256 levels or a mask of them the optimum equals the textbook program's for every number of levels") {
  RandomEngine engine(2);
  for (int trial = 0; trial < 3; ++trial) {
    std::vector<int> allowed;
    for (int level = -128; level <= 127; ++level) {
      if (trial == 0 || uniform_below(engine, 3) > 0) allowed.push_back(level);
    }
    const nuq::OptimalCodebook selector{set_of(allowed), {}};
    std::vector<WeightedValue> values = random_sixteenths(engine, 400, -40, 50);
    const std::vector<WeightedValue> tails = random_sixteenths(engine, 40, -132, 131);
    values.insert(values.end(), tails.begin(), tails.end());
    const nuq::LevelHistogram histogram = histogram_of_values(values);
    constexpr std::size_t max_steps = 40;
    const std::vector<double> expected = plain_program(histogram, selector.allowed, max_steps);
    const nuq::CodebookCurve curve = selector.curve(histogram, max_steps);
    for (std::size_t k = 1; k <= max_steps; ++k) CHECK(curve.distortion(static_cast<int>(k)) == expected[k - 1]);
  }
}

TEST_CASE("with required levels among many allowed ones the optimum equals that of the plain shortest paths") {
  RandomEngine engine(6);
  for (int trial = 0; trial < 6; ++trial) {
    std::vector<int> allowed;
    std::vector<int> required;
    for (int level = -128; level <= 127; ++level) {
      if (trial % 2 == 1 && uniform_below(engine, 3) == 0) continue;
      allowed.push_back(level);
      if (uniform_below(engine, 256) < static_cast<std::uint64_t>(4 * trial)) required.push_back(level);
    }
    const nuq::OptimalCodebook selector{set_of(allowed), set_of(required)};
    const nuq::LevelHistogram histogram = histogram_of_values(random_sixteenths(engine, 300, -100, 110));
    constexpr std::size_t max_steps = 64;
    const std::vector<double> expected = plain_paths(histogram, selector, max_steps);
    const nuq::CodebookCurve curve = selector.curve(histogram, max_steps);
    for (std::size_t k = 1; k <= max_steps; ++k) CHECK(curve.distortion(static_cast<int>(k)) == expected[k - 1]);
  }
}

TEST_CASE("the program's value is the codebook's distortion to 1e-12, however far apart the weights' magnitudes are") {
  RandomEngine engine(3);
  for (int trial = 0; trial < 20; ++trial) {
    nuq::LevelHistogram histogram;
    const double spread = trial < 10 ? 0.0 : 30.0;
    for (int draw = 0; draw < 2000; ++draw) {
      const double normal = uniform_unit(engine) + uniform_unit(engine) + uniform_unit(engine) - 1.5;
      histogram.add(90.0 * normal, std::exp(spread * (uniform_unit(engine) - 0.5)));
    }
    nuq::OptimalCodebook selector;
    if (trial % 2 == 1) selector.required = set_of({0, 17, 120});
    check_certificate(histogram, selector.curve(histogram, 256));
  }
}

TEST_CASE("one run gives for every k what a run for that k gives") {
  RandomEngine engine(4);
  nuq::LevelHistogram histogram;
  for (int draw = 0; draw < 500; ++draw) histogram.add(200.0 * uniform_unit(engine) - 100.0, uniform_unit(engine));
  const nuq::CodebookCurve curve = nuq::OptimalCodebook{}.curve(histogram, 256);
  for (const int k : {1, 2, 3, 16, 32, 100, 256}) {
    CHECK(nuq::OptimalCodebook{}.select(histogram, k) == curve.codebook(k));
  }
  for (int k = 2; k <= 256; ++k) CHECK(curve.distortion(k) <= curve.distortion(k - 1));
  CHECK(curve.distortion(256) <= nuq::distortion(histogram, nuq::Codebook::all()) * (1.0 + 1e-12));
}

TEST_CASE("a layer with few distinct values gets no more levels than it can use") {
  nuq::LevelHistogram histogram;
  for (const double value : {-128.0, -7.0, 0.0, 3.0, 127.0}) histogram.add(value, 0.3);
  const nuq::Codebook codebook = nuq::OptimalCodebook{}.select(histogram, 32);
  CHECK(std::vector<int>(codebook.begin(), codebook.end()) == std::vector<int>{-128, -7, 0, 3, 127});
}

TEST_CASE("rounding noise earns no level: values a little off the grid do not pay for unused neighbours") {
  RandomEngine engine(5);
  for (int trial = 0; trial < 40; ++trial) {
    nuq::LevelHistogram histogram;
    for (int draw = 0; draw < 500; ++draw) {
      const double level = 9.0 * static_cast<double>(uniform_below(engine, 16)) - 64.0;
      histogram.add(level + 0.3 * (uniform_unit(engine) - 0.5), uniform_unit(engine));
    }
    CHECK(nuq::OptimalCodebook{}.select(histogram, 64).size() == 16);
  }
}

TEST_CASE("values beyond the int8 range are charged to the end levels exactly") {
  const std::vector<WeightedValue> values{{-140.0, 1.0}, {140.0, 2.0}, {0.0, 1.0}};
  const nuq::CodebookCurve curve = nuq::OptimalCodebook{}.curve(histogram_of_values(values), 3);
  CHECK(curve.distortion(3) == 12.0 * 12.0 + 2.0 * 13.0 * 13.0);
  CHECK(curve.codebook(3)[0] == -128);
  CHECK(curve.codebook(3)[2] == 127);
}

TEST_CASE("without weight the level nearest to zero is chosen, or the required ones") {
  const nuq::LevelHistogram empty;
  CHECK(nuq::OptimalCodebook{}.select(empty, 32)[0] == 0);
  CHECK(nuq::OptimalCodebook{}.select(empty, 32).size() == 1);

  const nuq::Codebook nearest = nuq::OptimalCodebook{set_of({-90, -5, 12}), {}}.select(empty, 2);
  CHECK(nearest.size() == 1);
  CHECK(nearest[0] == -5);

  const nuq::Codebook required = nuq::OptimalCodebook{set_of({-90, -5, 12}), set_of({-90, 12})}.select(empty, 3);
  CHECK(required.size() == 2);
  CHECK(contains(required, -90));
  CHECK(contains(required, 12));
}

TEST_CASE("what cannot be chosen is a configuration error") {
  CHECK(code_of_error({}, 0) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_error({}, 257) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_error({set_of({}), {}}, 4) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_error({set_of({1, 2}), set_of({3})}, 4) == nuq::ErrorCode::invalid_argument);
  CHECK(code_of_error({set_of({1, 2, 3}), set_of({1, 2, 3})}, 2) == nuq::ErrorCode::invalid_argument);
}

}  // namespace quantize_codebook_optimal_test
