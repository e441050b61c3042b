#include "nuq/quantize/codebook/entropy_constrained.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/contracts.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/rate/packed_palette.hpp"

namespace quantize_codebook_entropy_constrained_test {

using nuq::detail::RandomEngine;
using nuq::detail::uniform_below;
using nuq::detail::uniform_unit;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A fixed code for levels ranked by their counts; the last class holds all the rest.
template <class Classes>
struct RankedCode {
  [[nodiscard]] std::array<float, 256> bits_per_level(const nuq::LevelCounts& counts) const {
    std::array<std::size_t, 256> order{};
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
    std::array<float, 256> bits{};
    std::size_t rank = 0;
    for (const nuq::CodeClass& code_class : Classes::code_classes) {
      for (int word = 0; word < code_class.capacity && rank < order.size(); ++word) {
        bits[order[rank++]] = static_cast<float>(code_class.bits);
      }
    }
    return bits;
  }
  [[nodiscard]] double bytes(const nuq::LevelCounts&, const nuq::LayerShape&) const { return 0.0; }
};

struct TinyClasses {
  static constexpr std::array<nuq::CodeClass, 3> code_classes = {{{1, 1}, {3, 2}, {5, 253}}};
};
struct TinyCode : RankedCode<TinyClasses>, TinyClasses {};

struct DictionaryClasses {
  static constexpr std::array<nuq::CodeClass, 4> code_classes = {{{3, 4}, {6, 18}, {9, 14}, {12, 220}}};
};
struct DictionaryCode : RankedCode<DictionaryClasses>, DictionaryClasses {};

/// The classes in another order than by length.
struct ReversedClasses {
  static constexpr std::array<nuq::CodeClass, 3> code_classes = {{{5, 253}, {3, 2}, {1, 1}}};
};
struct ReversedCode : RankedCode<TinyClasses>, ReversedClasses {};

struct ClassesOfAnotherType : nuq::EntropyRate {
  static constexpr std::array<int, 2> code_classes = {3, 6};
};

static_assert(nuq::is_codebook_selector_v<nuq::EntropyConstrainedCodebook<>>);
static_assert(nuq::is_codebook_selector_v<nuq::EntropyConstrainedCodebook<TinyCode>>);
static_assert(nuq::has_code_classes_v<TinyCode>);
static_assert(!nuq::has_code_classes_v<nuq::EntropyRate>);
static_assert(!nuq::has_code_classes_v<ClassesOfAnotherType>);

struct WeightedValue {
  double value;
  double weight;
};

nuq::LevelHistogram histogram_of_values(const std::vector<WeightedValue>& values) {
  nuq::LevelHistogram histogram;
  for (const WeightedValue& value : values) {
    const int copies = (std::max)(static_cast<int>(value.weight), 1);  // so that each counts once
    for (int copy = 0; copy < copies; ++copy) histogram.add(value.value, value.weight / copies);
  }
  return histogram;
}

/// How many values a unit of the bins' weight stands for.
double values_per_weight(const nuq::LevelHistogram& histogram) {
  double weight = 0.0;
  for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) weight += histogram[bin].weight;
  return static_cast<double>(histogram.count()) / weight;
}

/// One value in each of some random bins, ascending, whole positive weights.
std::vector<WeightedValue> one_value_per_bin(RandomEngine& engine, std::size_t count, double low, double high) {
  std::vector<WeightedValue> values;
  while (values.size() < count) {
    const double value = low + (high - low) * uniform_unit(engine);
    const auto same_bin = [&](const WeightedValue& other) {
      return nuq::LevelHistogram::bin_of(other.value) == nuq::LevelHistogram::bin_of(value);
    };
    if (std::any_of(values.begin(), values.end(), same_bin)) continue;
    values.push_back({value, static_cast<double>(1 + uniform_below(engine, 20))});
  }
  std::sort(values.begin(), values.end(),
            [](const WeightedValue& a, const WeightedValue& b) { return a.value < b.value; });
  return values;
}

/// Roughly normal weights of a layer with a few outliers.
nuq::LevelHistogram bell(RandomEngine& engine, std::size_t count, double width) {
  nuq::LevelHistogram histogram;
  for (std::size_t draw = 0; draw < count; ++draw) {
    double sum = -3.0;
    for (int term = 0; term < 6; ++term) sum += uniform_unit(engine);
    histogram.add(width * sum * (draw % 40 == 0 ? 2.5 : 1.0), 1.0);
  }
  return histogram;
}

/// A run of values at the best of all int8 levels, tried one by one.
struct Cell {
  double error = infinity;
  double weight = 0.0;
};
Cell cell_of(const std::vector<WeightedValue>& values, std::size_t first, std::size_t end) {
  Cell cell;
  for (std::size_t index = first; index < end; ++index) cell.weight += values[index].weight;
  for (int level = -128; level <= 127; ++level) {
    double error = 0.0;
    for (std::size_t index = first; index < end; ++index) {
      const double difference = values[index].value - level;
      error += values[index].weight * difference * difference;
    }
    cell.error = (std::min)(cell.error, error);
  }
  return cell;
}

/// The least of `cost(cells)` over every cut of the values into at most `num_steps` contiguous cells.
double least_over_all_cuts(const std::vector<WeightedValue>& values, std::size_t num_steps,
                           const std::function<double(const std::vector<Cell>&)>& cost) {
  std::vector<std::vector<Cell>> runs(values.size());  // runs[first][end - first - 1]
  for (std::size_t first = 0; first < values.size(); ++first) {
    for (std::size_t end = first + 1; end <= values.size(); ++end) runs[first].push_back(cell_of(values, first, end));
  }
  double least = infinity;
  for (unsigned cuts = 0; cuts < 1U << (values.size() - 1); ++cuts) {
    std::vector<Cell> cells;
    std::size_t first = 0;
    for (std::size_t end = 1; end <= values.size(); ++end) {
      if (end < values.size() && (cuts >> (end - 1) & 1U) == 0) continue;
      cells.push_back(runs[first][end - first - 1]);
      first = end;
    }
    if (cells.size() <= num_steps) least = (std::min)(least, cost(cells));
  }
  return least;
}

/// The least bits of the cells from `index` on over every way to give them words of the classes that are left.
double least_bits(const std::vector<Cell>& cells, std::size_t index, std::vector<int> free_words) {
  if (index == cells.size()) return 0.0;
  double least = infinity;
  for (std::size_t j = 0; j < free_words.size(); ++j) {
    if (free_words[j] == 0) continue;
    --free_words[j];
    const double bits = cells[index].weight * TinyClasses::code_classes[j].bits;
    least = (std::min)(least, bits + least_bits(cells, index + 1, free_words));
    ++free_words[j];
  }
  return least;
}

double error_of_cells(const std::vector<Cell>& cells) {
  double error = 0.0;
  for (const Cell& cell : cells) error += cell.error;
  return error;
}

double entropy_bits(const std::vector<Cell>& cells) {
  double total = 0.0;
  for (const Cell& cell : cells) total += cell.weight;
  double bits = 0.0;
  for (const Cell& cell : cells) bits += cell.weight * std::log2(total / cell.weight);
  return bits;
}

/// Distortion, bits and the order of cells, again from the histogram alone.
template <class Rate>
void check_certificate(const nuq::LevelHistogram& histogram, const Rate& rate, double price,
                       const nuq::PricedCodebook& priced) {
  REQUIRE_FALSE(priced.cells.empty());
  CHECK(priced.cells.front().begin == 0);
  CHECK(priced.cells.back().end == nuq::LevelHistogram::num_bins);
  const double unit = 1e6 * values_per_weight(histogram);
  nuq::LevelCounts counts{};
  double distortion = 0.0;
  for (std::size_t index = 0; index < priced.cells.size(); ++index) {
    const nuq::LevelCell& cell = priced.cells[index];
    CHECK(cell.begin < cell.end);
    if (index > 0) {
      CHECK(cell.begin == priced.cells[index - 1].end);
      CHECK(cell.level > priced.cells[index - 1].level);
    }
    for (std::size_t bin = cell.begin; bin < cell.end; ++bin) {
      distortion += histogram.cost(bin, cell.level);
      counts[nuq::level_index(cell.level)] += static_cast<std::uint64_t>(std::llround(unit * histogram[bin].weight));
    }
  }
  const std::array<float, 256> length = rate.bits_per_level(counts);
  double bits = 0.0;
  for (std::size_t index = 0; index < 256; ++index) {
    bits += 1e-6 * static_cast<double>(counts[index]) * static_cast<double>(length[index]);
  }
  CHECK(std::abs(priced.distortion - distortion) <= 1e-9 * distortion);
  CHECK(std::abs(priced.bits - bits) <= 1e-6 * bits + 1e-3);  // EntropyRate's smoothing depends on the total
  CHECK(std::abs(priced.objective - (priced.distortion + price * priced.bits)) <= 1e-12 * priced.objective);
}

/// Distortion + price · bits of the nearest levels of a codebook.
template <class Rate>
double nearest_objective(const nuq::LevelHistogram& histogram, const Rate& rate, double price,
                         const nuq::Codebook& codebook) {
  const nuq::NearestLevelTable nearest(codebook);
  const double unit = 1e6 * values_per_weight(histogram);
  nuq::LevelCounts counts{};
  for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) {
    counts[nuq::level_index(nearest(nuq::LevelHistogram::centre(bin)))] +=
        static_cast<std::uint64_t>(std::llround(unit * histogram[bin].weight));
  }
  const std::array<float, 256> length = rate.bits_per_level(counts);
  double objective = nuq::distortion(histogram, codebook);
  for (std::size_t index = 0; index < 256; ++index) {
    objective += price * 1e-6 * static_cast<double>(counts[index]) * static_cast<double>(length[index]);
  }
  return objective;
}

template <class Rate>
nuq::PricedCodebook solve(const nuq::LevelHistogram& histogram, double price, int num_steps) {
  nuq::EntropyConstrainedCodebook<Rate> selector;
  selector.price = price;
  return selector.solve(histogram, num_steps);
}

TEST_CASE(
    "for a code with classes the levels are as cheap as the best of all cuts and all ways to give out the words") {
  RandomEngine engine(1);
  for (int trial = 0; trial < 60; ++trial) {
    const auto values = one_value_per_bin(engine, 2 + static_cast<std::size_t>(uniform_below(engine, 7)), -9.0,
                                          trial % 2 == 0 ? 5.0 : 40.0);
    const nuq::LevelHistogram histogram = histogram_of_values(values);
    const int num_steps = 1 + static_cast<int>(uniform_below(engine, 8));
    for (const double price : {0.0, 0.02, 0.3, 2.0, 30.0}) {
      const double expected =
          least_over_all_cuts(values, static_cast<std::size_t>(num_steps), [&](const std::vector<Cell>& cells) {
            return error_of_cells(cells) + price * least_bits(cells, 0, {1, 2, 253});
          });
      const nuq::PricedCodebook priced = solve<TinyCode>(histogram, price, num_steps);
      CHECK(std::abs(priced.objective - expected) <= 1e-9 * expected + 1e-9);
      CHECK(priced.cells.size() <= static_cast<std::size_t>(num_steps));
      CHECK(priced.codebook().size() == priced.cells.size());
      CHECK(solve<ReversedCode>(histogram, price, num_steps).objective == priced.objective);
    }
  }
}

TEST_CASE("for the entropy the levels are as cheap as the best of all cuts") {
  RandomEngine engine(2);
  for (int trial = 0; trial < 60; ++trial) {
    const auto values = one_value_per_bin(engine, 2 + static_cast<std::size_t>(uniform_below(engine, 8)), -9.0,
                                          trial % 2 == 0 ? 5.0 : 40.0);
    const nuq::LevelHistogram histogram = histogram_of_values(values);
    const int num_steps = 1 + static_cast<int>(uniform_below(engine, 8));
    for (const double price : {0.0, 0.02, 0.3, 2.0, 30.0}) {
      const double expected = least_over_all_cuts(
          values, static_cast<std::size_t>(num_steps),
          [&](const std::vector<Cell>& cells) { return error_of_cells(cells) + price * entropy_bits(cells); });
      const nuq::PricedCodebook priced = solve<nuq::EntropyRate>(histogram, price, num_steps);
      CHECK(std::abs(priced.objective - expected) <= 1e-6 * expected + 1e-6);
    }
  }
}

TEST_CASE("for a palette the levels are as cheap as the best of all cuts: their number has the price") {
  RandomEngine engine(3);
  for (int trial = 0; trial < 40; ++trial) {
    const auto values = one_value_per_bin(engine, 2 + static_cast<std::size_t>(uniform_below(engine, 8)), -9.0, 40.0);
    const nuq::LevelHistogram histogram = histogram_of_values(values);
    double weight = 0.0;
    for (const WeightedValue& value : values) weight += value.weight;
    for (const double price : {0.0, 0.5, 4.0, 40.0}) {
      const double expected = least_over_all_cuts(values, 8, [&](const std::vector<Cell>& cells) {
        return error_of_cells(cells) + price * weight * std::ceil(std::log2(static_cast<double>(cells.size())));
      });
      const nuq::PricedCodebook priced = solve<nuq::PackedPaletteRate>(histogram, price, 8);
      CHECK(std::abs(priced.objective - expected) <= 1e-9 * expected + 1e-9);
    }
  }
}

TEST_CASE_TEMPLATE("the costs are those of the cells, never above those of the starts, and few levels stay few", Rate,
                   nuq::EntropyRate, nuq::PackedPaletteRate, TinyCode) {
  RandomEngine engine(4);
  for (const double width : {2.0, 30.0}) {
    const nuq::LevelHistogram histogram = bell(engine, 4000, width);
    for (const double price : {0.0, 1.0, 10.0, 100.0}) {
      for (const int num_steps : {1, 7, 20}) {
        const nuq::PricedCodebook priced = solve<Rate>(histogram, price, num_steps);
        check_certificate(histogram, Rate{}, price, priced);
        CHECK(priced.cells.size() <= static_cast<std::size_t>(num_steps));
        const nuq::Codebook optimal = nuq::OptimalCodebook{}.select(histogram, num_steps);
        const nuq::Codebook uniform = nuq::UniformStepCodebook{}.select(histogram, num_steps);
        CHECK(priced.objective <= nearest_objective(histogram, Rate{}, price, optimal) * (1.0 + 1e-6));
        CHECK(priced.objective <= nearest_objective(histogram, Rate{}, price, uniform) * (1.0 + 1e-6));
      }
    }
  }
}

TEST_CASE_TEMPLATE("a higher price buys fewer bits for more distortion, from OptimalCodebook's on", Rate,
                   nuq::EntropyRate, nuq::PackedPaletteRate, TinyCode) {
  RandomEngine engine(5);
  const nuq::LevelHistogram histogram = bell(engine, 4000, 12.0);
  const int num_steps = 24;
  nuq::PricedCodebook before = solve<Rate>(histogram, 0.0, num_steps);
  CHECK(before.codebook() == nuq::OptimalCodebook{}.select(histogram, num_steps));
  const double least_distortion = nuq::OptimalCodebook{}.curve(histogram, num_steps).distortion(num_steps);
  CHECK(std::abs(before.distortion - least_distortion) <= 1e-12 * least_distortion);
  const double most_bits = before.bits;
  for (double price = 1e-3; price < 1e4; price *= 4.0) {
    const nuq::PricedCodebook priced = solve<Rate>(histogram, price, num_steps);
    CHECK(priced.bits <= before.bits * (1.0 + 1e-6));
    CHECK(priced.distortion >= before.distortion * (1.0 - 1e-6));
    before = priced;
  }
  CHECK(before.cells.size() == 1);
  CHECK(before.bits < 0.3 * most_bits);
}

TEST_CASE("the dictionary's classes are filled from the most frequent level on, whatever its place") {
  nuq::LevelHistogram histogram;
  for (int level = -20; level <= 15; ++level) {
    const double distance = std::abs(level - 9.2);  // the peak is not in the middle, and no two levels tie
    histogram.add(3.0 * level, 2000.0 / (1.0 + distance));
  }
  const nuq::PricedCodebook priced = solve<DictionaryCode>(histogram, 1e-6, 36);
  REQUIRE(priced.cells.size() == 36);
  CHECK(priced.distortion == 0.0);
  std::array<int, 13> levels_of_bits{};
  for (const nuq::LevelCell& cell : priced.cells) ++levels_of_bits[static_cast<std::size_t>(std::lround(cell.bits))];
  CHECK(levels_of_bits[3] == 4);
  CHECK(levels_of_bits[6] == 18);
  CHECK(levels_of_bits[9] == 14);
  for (const nuq::LevelCell& cell : priced.cells) CHECK((cell.bits == 3.0) == (cell.level >= 24 && cell.level <= 33));
}

TEST_CASE("more levels than the program over classes can count are still no worse than those of least distortion") {
  RandomEngine engine(6);
  nuq::LevelHistogram histogram;
  for (int level = -60; level < 60; ++level) histogram.add(2.0 * level, 1.0 + uniform_unit(engine));
  for (const double price : {0.0, 0.05, 1.0}) {
    const nuq::PricedCodebook priced = solve<DictionaryCode>(histogram, price, 100);
    check_certificate(histogram, DictionaryCode{}, price, priced);
    CHECK(priced.cells.size() <= 100);
    for (const int k : {30, 60, 100}) {
      const nuq::Codebook optimal = nuq::OptimalCodebook{}.select(histogram, k);
      CHECK(priced.objective <= nearest_objective(histogram, DictionaryCode{}, price, optimal) * (1.0 + 1e-6));
    }
  }
}

TEST_CASE("the price is that of a bit of one weight, however much the weights count") {
  RandomEngine engine(7);
  std::vector<WeightedValue> values;
  for (int draw = 0; draw < 500; ++draw) values.push_back({60.0 * uniform_unit(engine) - 20.0, 1.0});
  const nuq::LevelHistogram counted = histogram_of_values(values);
  for (WeightedValue& value : values) value.weight = 0x1.0p-20;  // exact in all sums
  const nuq::LevelHistogram scaled = histogram_of_values(values);

  nuq::EntropyConstrainedCodebook<> selector;
  selector.price = 3.0;
  const nuq::PricedCodebook expected = selector.solve(counted, 16);
  selector.price = 3.0 * 0x1.0p-20;
  const nuq::PricedCodebook priced = selector.solve(scaled, 16);
  CHECK(priced.codebook() == expected.codebook());
  CHECK(std::abs(priced.bits - expected.bits) <= 1e-9 * expected.bits);
  CHECK(std::abs(priced.objective - expected.objective * 0x1.0p-20) <= 1e-9 * priced.objective);
}

TEST_CASE("within a bound on distortion no price alone finds fewer bits") {
  RandomEngine engine(9);
  const nuq::LevelHistogram histogram = bell(engine, 3000, 15.0);
  const double least = nuq::OptimalCodebook{}.curve(histogram, 12).distortion(12);
  for (const double bound : {1.01 * least, 1.3 * least, 2.0 * least, 5.0 * least}) {
    const nuq::PricedCodebook within = nuq::EntropyConstrainedCodebook<TinyCode>{}.solve_within(histogram, 12, bound);
    CHECK(within.distortion <= bound);
    CHECK(within.cells.size() <= 12);
    double bits = 0.0;
    double distortion = 0.0;
    for (const nuq::LevelCell& cell : within.cells) {
      for (std::size_t bin = cell.begin; bin < cell.end; ++bin) {
        bits += histogram[bin].weight * values_per_weight(histogram) * cell.bits;
        distortion += histogram.cost(bin, cell.level);
      }
    }
    CHECK(within.bits == doctest::Approx(bits).epsilon(1e-9));
    CHECK(within.distortion == doctest::Approx(distortion).epsilon(1e-9));
    for (double price = 1e-3; price < 1e3; price *= 1.7) {
      const nuq::PricedCodebook vertex = solve<TinyCode>(histogram, price, 12);
      if (vertex.distortion <= bound) CHECK(within.bits <= vertex.bits * (1.0 + 1e-6));
    }
  }
}

TEST_CASE("a bound that cannot be met gets the least distortion, one that holds anything a single level") {
  RandomEngine engine(10);
  const nuq::LevelHistogram histogram = bell(engine, 500, 6.0);
  const nuq::EntropyConstrainedCodebook<TinyCode> selector;
  CHECK(selector.solve_within(histogram, 6, 0.0).distortion ==
        doctest::Approx(nuq::OptimalCodebook{}.curve(histogram, 6).distortion(6)));
  CHECK(selector.solve_within(histogram, 6, 1e12).cells.size() == 1);
}

TEST_CASE("the same histogram gets the same cells again") {
  RandomEngine engine(8);
  const nuq::LevelHistogram histogram = bell(engine, 3000, 15.0);
  const nuq::PricedCodebook first = solve<TinyCode>(histogram, 1.5, 20);
  const nuq::PricedCodebook second = solve<TinyCode>(histogram, 1.5, 20);
  REQUIRE(first.cells.size() == second.cells.size());
  for (std::size_t index = 0; index < first.cells.size(); ++index) {
    CHECK(first.cells[index].begin == second.cells[index].begin);
    CHECK(first.cells[index].level == second.cells[index].level);
    CHECK(first.cells[index].bits == second.cells[index].bits);
  }
  CHECK(first.objective == second.objective);
}

TEST_CASE("values beyond int8 are charged to the end levels") {
  const auto histogram = histogram_of_values({{-140.0, 1.0}, {140.0, 2.0}, {0.0, 1.0}});
  const nuq::PricedCodebook priced = solve<TinyCode>(histogram, 1e-3, 3);
  CHECK(priced.distortion == 12.0 * 12.0 + 2.0 * 13.0 * 13.0);
  CHECK(priced.cells.front().level == -128);
  CHECK(priced.cells.back().level == 127);
}

TEST_CASE("without weight the level 0 is chosen") {
  const nuq::PricedCodebook priced = solve<TinyCode>(nuq::LevelHistogram{}, 1.0, 32);
  REQUIRE(priced.cells.size() == 1);
  CHECK(priced.cells[0].level == 0);
  CHECK(priced.objective == 0.0);
  CHECK(nuq::EntropyConstrainedCodebook<>{}.select(nuq::LevelHistogram{}, 32).size() == 1);
}

CaughtError error_with(double price, int num_steps) {
  nuq::EntropyConstrainedCodebook<> selector;
  selector.price = price;
  return error_of<nuq::ConfigError>([&] { (void)selector.select(nuq::LevelHistogram{}, num_steps); });
}

TEST_CASE("what cannot be priced is a configuration error") {
  const std::string name = "EntropyConstrainedCodebook: ";
  CHECK(error_with(0.0, 0).says(name + "num_steps is 0"));
  CHECK(error_with(0.0, 257).says(name + "num_steps is 257"));
  for (const double refused : {-1.0, infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(error_with(refused, 16).says(name + "price is "));
    CHECK(error_with(refused, 16).code == nuq::ErrorCode::invalid_argument);
  }
}

}  // namespace quantize_codebook_entropy_constrained_test
