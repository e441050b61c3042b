#ifndef NUQ_QUANTIZE_CODEBOOK_ENTROPY_CONSTRAINED_HPP
#define NUQ_QUANTIZE_CODEBOOK_ENTROPY_CONSTRAINED_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/detail/cheapest_cells.hpp"
#include "nuq/quantize/codebook/detail/num_steps.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/priced_codebook.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"
#include "nuq/quantize/rate/code_class.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Rate>
[[nodiscard]] constexpr bool code_classes_are_valid() noexcept {
  for (const CodeClass& code_class : Rate::code_classes) {
    if (code_class.bits < 0 || code_class.capacity < 1) return false;
  }
  return Rate::code_classes.size() > 0;
}

/// The classes that at most `num_steps` levels need, shortest words first: a dearer class is used only when the cheaper
/// ones are full. Where even these have too many states for CheapestCells, the dearest ones are cut down.
NUQ_FUNCTION std::vector<CodeClass> needed_classes(std::vector<CodeClass> classes, int num_steps);

}  // namespace detail

/// Levels that know what bits cost: at most `num_steps` int8 levels and contiguous cells of the histogram's bins that
///
///   minimise  distortion + price · bits,   bits = Σ over weights of the length of its level's code word.
///
/// For a general rate model code lengths depend on the counts. Cells, levels and code lengths are fitted to each other
/// in turn (entropy-constrained scalar quantization): each bin goes to its cheapest level, each level to the integer
/// nearest to its cell's mean; levels that became too dear vanish. This begins with the levels of least distortion and
/// with those of a uniform step, for every number of them up to `num_steps`, and with an exact minimum
/// (detail::CheapestCells); the cheapest end is taken, so that none is worse than OptimalCodebook's nearest levels.
///
/// * A rate model with `code_classes` starts from the exact minimum for these. That is the answer for as many levels as
///   the dynamic program can count: 36 for classes of 4, 18, 14, … words. Beyond, it is a start like the others.
/// * Other rate models start from the minimum for the ideal code of −log2(share) bits, which is a sum over cells as
///   well. It is EntropyRate's minimum but for that one's smoothing. PackedPaletteRate gets its minimum, too: there all
///   levels cost the same, given their number.
///
/// The histogram keeps no counts of its bins: a bin's share of the *weight* stands in for its share of the weights.
///
/// Deterministic; where minima are equal, OptimalCodebook's levels are taken. A histogram without weight gets the level
/// 0. Classes of 4, 18 and 14 words: at most 6 MB and, all 512 bins occupied, around half a second. Other rate models:
/// tens of milliseconds for 32 levels.
///
/// Source: Chou, Lookabaugh & Gray, Entropy-constrained vector quantization, IEEE Trans. ASSP 37/1, 1989; dynamic
/// programming over cells for a rate that is a sum over cells: Muresan & Effros, Quantization as histogram
/// segmentation, IEEE Trans. Inf. Theory 54/1, 2008. Ours: classes of code words with capacities in its states.
template <class RateModel = EntropyRate>
struct EntropyConstrainedCodebook {
  RateModel rate{};
  double price = 0.0;  ///< of a bit, in units of the histogram's distortion; finite, ≥ 0

  /// @throws ConfigError invalid_argument: num_steps outside 1…256; a price that is negative or not finite.
  [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps) const {
    return solve(histogram, num_steps).codebook();
  }

  /// The fewest bits found with a distortion of at most `max_distortion`; the least distortion where that is more.
  /// Prices alone lead to the vertices of the convex hull of all (distortion, bits). To come nearer to the bound than
  /// the vertex within it, the exact minima of all numbers of words in each class are tried, too, at some prices around
  /// and with words of the second class taken for longer or shorter than they are. `price` plays no part; the objective
  /// of the result is its bits. Takes up to a hundred times as long as `solve`. Errors as `select`.
  [[nodiscard]] PricedCodebook solve_within(const LevelHistogram& histogram, int num_steps,
                                            double max_distortion) const {
    EntropyConstrainedCodebook at_price = *this;
    const auto vertex = [&](double bit_price) {
      at_price.price = bit_price;
      return at_price.solve(histogram, num_steps);
    };
    PricedCodebook best = vertex(0.0);
    double low = 0.0;
    double high = best.bits > 0.0 ? max_distortion / best.bits : 0.0;
    const auto is_within = [&](double bit_price) {
      PricedCodebook next = vertex(bit_price);
      if (next.distortion > max_distortion) return false;
      if (next.bits < best.bits) best = std::move(next);
      return true;
    };
    if (best.distortion <= max_distortion && high > 0.0) {
      for (int step = 0; step < 40 && best.cells.size() > 1 && is_within(high); ++step)
        low = std::exchange(high, 4.0 * high);
      for (int step = 0; step < 14; ++step) {
        const double middle = (low + high) / 2.0;
        (is_within(middle) ? low : high) = middle;
      }
      for (const double share : {1.6, 1.2, 1.0, 0.8, 0.6, 0.4}) {
        at_price.price = share * high;
        best = at_price.fewest_bits(source_of(histogram), num_steps, std::move(best), max_distortion);
      }
    }
    best.objective = best.bits;
    return best;
  }

  /// The levels with their cells and costs. Errors as `select`.
  [[nodiscard]] PricedCodebook solve(const LevelHistogram& histogram, int num_steps) const {
    if constexpr (!require_rate_model<RateModel>()) {
      return {};
    } else {
      check(num_steps);
      const Source source = source_of(histogram);
      if (source.bins.empty()) return {{{0, LevelHistogram::num_bins, 0, 0.0}}, 0.0, 0.0, 0.0};
      PricedCodebook best;
      for (const std::vector<LevelCell>& start : starts(source, num_steps)) {
        PricedCodebook rival = alternate(source, priced(source, start));
        if (improves(rival, best)) best = std::move(rival);
      }
      return best;
    }
  }

 private:
  struct Source {
    const LevelHistogram& histogram;
    std::vector<std::size_t> bins;  // the occupied ones, ascending
    double weights_per_unit = 1.0;  // how many weights a unit of the bins' weight stands for
    double total_weight = 0.0;      // of all bins
  };

  void check(int num_steps) const {
    detail::check_num_steps("EntropyConstrainedCodebook", num_steps);
    if (price >= 0.0 && price <= (std::numeric_limits<double>::max)()) return;
    detail::fail(ConfigError(ErrorCode::invalid_argument,
                             "EntropyConstrainedCodebook: price is " + std::to_string(price) + ", wanted 0 or more"));
  }

  [[nodiscard]] Source source_of(const LevelHistogram& histogram) const {
    Source source{histogram, {}};
    for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
      if (!(histogram[bin].weight > 0.0)) continue;
      source.bins.push_back(bin);
      source.total_weight += histogram[bin].weight;
    }
    if (!source.bins.empty()) source.weights_per_unit = static_cast<double>(histogram.count()) / source.total_weight;
    return source;
  }

  /// True where a gain is more than rounding noise.
  [[nodiscard]] static bool improves(const PricedCodebook& next, const PricedCodebook& best) noexcept {
    constexpr double noise = 1e-12;
    return next.objective < (1.0 - noise) * best.objective;
  }

  /// Fits cells, levels and code lengths to each other until the objective rests.
  [[nodiscard]] PricedCodebook alternate(const Source& source, PricedCodebook best) const {
    for (;;) {
      PricedCodebook next = priced(source, refitted(source, best));
      if (!improves(next, best)) return best;
      best = std::move(next);
    }
  }

  /// What cells cost at their levels. Neighbours of one level become one cell.
  [[nodiscard]] PricedCodebook priced(const Source& source, const std::vector<LevelCell>& cells) const {
    constexpr double total_count = 1099511627776.0;  // 2^40: shares of the weight as counts
    PricedCodebook result;
    std::array<double, 256> weights{};
    LevelCounts counts{};
    for (const LevelCell& cell : cells) {
      extend(result.cells, cell.begin, cell.level);
      double& weight = weights[level_index(cell.level)];
      for (std::size_t bin = cell.begin; bin < cell.end; ++bin) {
        weight += source.histogram[bin].weight;
        result.distortion += source.histogram.cost(bin, cell.level);
      }
      const double count = std::round(weight / source.total_weight * total_count);
      counts[level_index(cell.level)] = static_cast<std::uint64_t>((std::max)(count, 1.0));
    }
    const std::array<float, 256> bits = rate.bits_per_level(counts);
    for (LevelCell& cell : result.cells) {
      const std::size_t index = level_index(cell.level);
      cell.bits = static_cast<double>(bits[index]);
      result.bits += source.weights_per_unit * weights[index] * cell.bits;
    }
    result.objective = result.distortion + price * result.bits;
    return result;
  }

  /// The fewest bits within the bound among the exact minima of all states, and `best`.
  [[nodiscard]] PricedCodebook fewest_bits(const Source& source, int num_steps, PricedCodebook best,
                                           double max_distortion) const {
    for (const double second_length : {1.0, 0.8, 1.1, 1.25, 1.5, 1.8}) {
      with_cheapest_cells(source, num_steps, second_length, [&](auto cheapest) {
        cheapest.for_each_state([&](const std::vector<LevelCell>& cells) {
          PricedCodebook next = priced(source, cells);
          if (next.distortion <= max_distortion && next.bits < best.bits) best = std::move(next);
        });
      });
      if (!has_code_classes_v<RateModel>) break;
    }
    return best;
  }

  /// Each bin at the cheapest of the levels, at their present code lengths; then each cell at the level nearest to its
  /// mean. Bins take levels in ascending order, since all of them pay the same price for a weight.
  [[nodiscard]] std::vector<LevelCell> refitted(const Source& source, const PricedCodebook& present) const {
    std::vector<LevelCell> cells;
    std::size_t best = 0;
    for (const std::size_t bin : source.bins) {
      const double price_of_bin = price * source.weights_per_unit * source.histogram[bin].weight;
      const auto code_cost = [&](std::size_t index) { return price_of_bin * present.cells[index].bits; };
      const auto distance = [&](std::size_t index) { return source.histogram.cost(bin, present.cells[index].level); };
      double least = distance(best) + code_cost(best);
      for (std::size_t index = best + 1; index < present.cells.size(); ++index) {
        const double apart = distance(index);
        if (apart + code_cost(index) < least) {
          least = apart + code_cost(index);
          best = index;
        } else if (apart > least && present.cells[index].level > LevelHistogram::centre(bin)) {
          break;  // what comes is farther still
        }
      }
      extend(cells, bin, present.cells[best].level);
    }
    for (LevelCell& cell : cells) {
      detail::BinRun run(LevelHistogram::centre(cell.begin));
      for (std::size_t bin = cell.begin; bin < cell.end; ++bin) run.add(source.histogram, bin);
      cell.level = run.level();
    }
    return cells;
  }

  [[nodiscard]] static std::vector<LevelCell> nearest_cells(const Source& source, const Codebook& codebook) {
    const NearestLevelTable nearest(codebook);
    std::vector<LevelCell> cells;
    for (const std::size_t bin : source.bins) extend(cells, bin, nearest(LevelHistogram::centre(bin)));
    return cells;
  }

  /// Lets the cell of a level begin at `bin`, unless the last cell has that level already. All bins stay covered.
  static void extend(std::vector<LevelCell>& cells, std::size_t bin, int level) {
    if (!cells.empty() && cells.back().level == level) return;
    if (!cells.empty()) cells.back().end = bin;
    cells.push_back({cells.empty() ? 0 : bin, LevelHistogram::num_bins, level, 0.0});
  }

  /// Where the alternation begins; the earlier ones win ties.
  [[nodiscard]] std::vector<std::vector<LevelCell>> starts(const Source& source, int num_steps) const {
    const CodebookCurve curve = OptimalCodebook{}.curve(source.histogram, num_steps);
    std::vector<std::vector<LevelCell>> starts;
    for (int k = num_steps; k >= 1; --k) {
      if (k > 1 && curve.codebook(k) == curve.codebook(k - 1)) continue;
      starts.push_back(nearest_cells(source, curve.codebook(k)));
    }
    for (int k = num_steps; k > 1; --k) {
      starts.push_back(nearest_cells(source, UniformStepCodebook{}.select(source.histogram, k)));
    }
    starts.push_back(with_cheapest_cells(source, num_steps, 1.0, [](auto cheapest) { return cheapest.solve(); }));
    return starts;
  }

  /// Calls `use` with the dynamic program for the rate model's classes, the words of the second one taken for
  /// `second_length` times as long, or else for the ideal code.
  template <class Use>
  auto with_cheapest_cells(const Source& source, int num_steps, [[maybe_unused]] double second_length,
                           const Use& use) const {
    const int useful_steps = (std::min)(num_steps, static_cast<int>(source.bins.size()));
    const double unit_price = price * source.weights_per_unit;
    if constexpr (require_code_classes_if_any<RateModel>()) {
      static_assert(detail::code_classes_are_valid<RateModel>(),
                    "[nuq] RateModel::code_classes must hold classes of at least 0 bits and a capacity of at least 1");
      const std::vector<CodeClass> classes =
          detail::needed_classes({RateModel::code_classes.begin(), RateModel::code_classes.end()}, useful_steps);
      std::vector<std::size_t> capacities;
      for (const CodeClass& code_class : classes) capacities.push_back(static_cast<std::size_t>(code_class.capacity));
      const auto length = [&](std::size_t j, double) {
        return (j == 1 ? second_length : 1.0) * static_cast<double>(classes[j].bits);
      };
      return use(detail::CheapestCells(source.histogram, source.bins, capacities, length, unit_price));
    } else {
      const auto length = [](std::size_t, double share) { return -std::log2(share); };
      return use(detail::CheapestCells(source.histogram, source.bins, {static_cast<std::size_t>(useful_steps)}, length,
                                       unit_price));
    }
  }
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::vector<CodeClass> needed_classes(std::vector<CodeClass> classes, int num_steps) {
  constexpr std::size_t most_work = 8192;  // states · classes
  sort_by(classes, [](const CodeClass& code) { return code.bits; });
  std::vector<CodeClass> needed;
  std::size_t states = 1;
  for (const CodeClass& candidate : classes) {
    const std::size_t most_states = most_work / (needed.size() + 1);
    const int affordable = static_cast<int>(most_states / states) - 1;
    const int capacity = (std::min)((std::min)(candidate.capacity, num_steps), affordable);
    if (capacity < 1) break;
    needed.push_back({candidate.bits, capacity});
    states *= static_cast<std::size_t>(capacity) + 1;
    num_steps -= capacity;
  }
  return needed;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_ENTROPY_CONSTRAINED_HPP
