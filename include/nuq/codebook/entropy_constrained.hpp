#ifndef NUQ_CODEBOOK_ENTROPY_CONSTRAINED_HPP
#define NUQ_CODEBOOK_ENTROPY_CONSTRAINED_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/codebook/codebook.hpp"
#include "nuq/codebook/detail/num_steps.hpp"
#include "nuq/codebook/optimal.hpp"
#include "nuq/codebook/uniform_step.hpp"
#include "nuq/core/detail/returns.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/level_histogram.hpp"
#include "nuq/rate/code_class.hpp"
#include "nuq/rate/contracts.hpp"
#include "nuq/rate/entropy_rate.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A run of a histogram's bins that take one level.
struct LevelCell {
  std::size_t begin = 0;  ///< the first bin
  std::size_t end = 0;    ///< one past the last bin
  int level = 0;
  double bits = 0.0;  ///< of one weight in the cell
};

/// Levels, who takes them, and what that costs.
struct PricedCodebook {
  std::vector<LevelCell> cells;  ///< one after the other over all bins, levels ascending
  double distortion = 0.0;       ///< in units of the histogram
  double bits = 0.0;             ///< of all weights
  double objective = (std::numeric_limits<double>::infinity)();  ///< distortion + price · bits

  [[nodiscard]] Codebook codebook() const {
    std::vector<int> levels;
    for (const LevelCell& cell : cells) levels.push_back(cell.level);
    return Codebook(levels.begin(), levels.end());
  }
};

namespace detail {

template <class Rate>
using code_classes_op = decltype(Rate::code_classes);
template <class Rate>
using code_class_op = std::enable_if_t<std::is_same_v<std::decay_t<decltype(Rate::code_classes[0])>, CodeClass>,
                                       decltype(Rate::code_classes.size())>;

}  // namespace detail

/// True for a rate model of a fixed code, whose levels are ranked by their counts: `static constexpr
/// std::array<CodeClass, N> code_classes`.
template <class Rate>
inline constexpr bool has_code_classes_v = detail::returns<std::size_t, detail::code_class_op, Rate>();

/// `has_code_classes_v<Rate>`, with a message for a member of that name and another type.
template <class Rate>
[[nodiscard]] constexpr bool require_code_classes_if_any() noexcept {
  static_assert(has_code_classes_v<Rate> || !detail::returns<void, detail::code_classes_op, Rate>(),
                "[nuq] RateModel::code_classes must be: static constexpr std::array<CodeClass, N> code_classes");
  return has_code_classes_v<Rate>;
}

namespace detail {

/// The weights of several bins, as LevelHistogram::Bin keeps those of one: moments about a common origin.
class BinRun {
 public:
  explicit BinRun(double origin) noexcept : origin_(origin) {}

  void add(const LevelHistogram& histogram, std::size_t bin) noexcept {
    const LevelHistogram::Bin& content = histogram[bin];
    const double shift = LevelHistogram::centre(bin) - origin_;
    weight_ += content.weight;
    sum_ += content.sum + shift * content.weight;
    square_ += content.square + 2.0 * shift * content.sum + shift * shift * content.weight;
  }

  [[nodiscard]] double weight() const noexcept { return weight_; }
  /// The int8 level of least squared error: the one nearest to the mean.
  [[nodiscard]] int level() const noexcept {
    const double mean = origin_ + sum_ / weight_;
    return static_cast<int>(std::lround((std::min)((std::max)(mean, -128.0), 127.0)));
  }
  /// Squared error at that level.
  [[nodiscard]] double distortion() const noexcept {
    const double shift = origin_ - static_cast<double>(level());
    return (std::max)(0.0, square_ + 2.0 * shift * sum_ + shift * shift * weight_);
  }

 private:
  double origin_;
  double weight_ = 0.0;
  double sum_ = 0.0;
  double square_ = 0.0;
};

/// The cheapest cut of all bins into contiguous cells, each at its best level and in one class of code words, where
/// class j has capacities[j] words and one of them costs `length(j, share)` bits in a cell with that share of the
/// weight. A state s counts the words used in each class; V(e, s) is the least cost of the first e occupied bins:
///
///   V(0, 0) = 0,   V(e, s) = min over f < e and classes j used in s of  V(f, s − one word of j) + cost_j(f, e),
///   cost_j(f, e) = squared error of the bins f … e − 1 at their best level + price · weight · length(j, share).
///
/// Nothing is assumed of the order of the classes along the axis, so ranks come out right by themselves. The
/// quadrangle inequality does not hold with a price on bits, so all pairs (f, e) are tried: O(bins² · states · classes)
/// time, (bins + 1) · states doubles.
template <class Length>
class CheapestCells {
 public:
  CheapestCells(const LevelHistogram& histogram, std::vector<std::size_t> bins, std::vector<std::size_t> capacities,
                Length length, double price)
      : histogram_(histogram),
        bins_(std::move(bins)),
        capacities_(std::move(capacities)),
        length_(std::move(length)),
        price_(price) {
    for (const std::size_t capacity : capacities_) {
      strides_.push_back(num_states_);
      num_states_ *= capacity + 1;
    }
    for (const std::size_t bin : bins_) total_weight_ += histogram[bin].weight;
  }

  /// The cells of the cheapest cut; there is at least one bin and one code word. `bits` is left 0.
  [[nodiscard]] std::vector<LevelCell> solve() {
    values_.assign((bins_.size() + 1) * num_states_, (std::numeric_limits<double>::infinity)());
    value(0, 0) = 0.0;
    for (std::size_t end = 1; end <= bins_.size(); ++end) solve_column(end);
    std::size_t best = 0;
    for (std::size_t state = 1; state < num_states_; ++state) {
      if (value(bins_.size(), state) < value(bins_.size(), best)) best = state;
    }
    return trace(best);
  }

 private:
  [[nodiscard]] double& value(std::size_t end, std::size_t state) noexcept {
    return values_[end * num_states_ + state];
  }
  [[nodiscard]] std::size_t used(std::size_t state, std::size_t j) const noexcept {
    return state / strides_[j] % (capacities_[j] + 1);
  }

  /// Calls `visit(first, run of the bins first … end − 1)` for every first < end.
  template <class Visit>
  void for_each_run(std::size_t end, Visit visit) const {
    BinRun run(LevelHistogram::centre(bins_[end - 1]));
    for (std::size_t first = end; first-- > 0;) {
      run.add(histogram_, bins_[first]);
      visit(first, run);
    }
  }
  [[nodiscard]] double code_cost(const BinRun& run, std::size_t j) const {
    return price_ * run.weight() * length_(j, run.weight() / total_weight_);
  }

  /// V(end, ·): for each class the minimum over f in all states at once, then one word more in each state.
  void solve_column(std::size_t end) {
    for (std::size_t j = 0; j < capacities_.size(); ++j) {
      least_.assign(num_states_, (std::numeric_limits<double>::infinity)());
      for_each_run(end, [&](std::size_t first, const BinRun& run) {
        lower(least_.data(), &value(first, 0), run.distortion() + code_cost(run, j));
      });
      for (std::size_t state = 0; state < num_states_; ++state) {
        if (used(state, j) == capacities_[j]) continue;
        double& entry = value(end, state + strides_[j]);
        entry = (std::min)(entry, least_[state]);
      }
    }
  }
  void lower(double* least, const double* before, double cost) const noexcept {
    for (std::size_t state = 0; state < num_states_; ++state) {
      const double sum = before[state] + cost;
      least[state] = sum < least[state] ? sum : least[state];
    }
  }

  [[nodiscard]] std::vector<LevelCell> trace(std::size_t state) {
    std::vector<LevelCell> cells;
    for (std::size_t end = bins_.size(); end > 0;) {
      double least = (std::numeric_limits<double>::infinity)();
      std::size_t origin = 0;
      std::size_t origin_state = 0;
      int level = 0;
      for_each_run(end, [&](std::size_t first, const BinRun& run) {
        for (std::size_t j = 0; j < capacities_.size(); ++j) {
          if (used(state, j) == 0) continue;
          const double sum = value(first, state - strides_[j]) + (run.distortion() + code_cost(run, j));
          if (!(sum < least)) continue;
          least = sum;
          origin = first;
          origin_state = state - strides_[j];
          level = run.level();
        }
      });
      cells.push_back(
          {origin == 0 ? 0 : bins_[origin], end < bins_.size() ? bins_[end] : LevelHistogram::num_bins, level, 0.0});
      end = origin;
      state = origin_state;
    }
    std::reverse(cells.begin(), cells.end());
    return cells;
  }

  const LevelHistogram& histogram_;
  std::vector<std::size_t> bins_;  // the occupied ones, ascending; f and e are indices into them
  std::vector<std::size_t> capacities_, strides_;
  Length length_;
  double price_;
  double total_weight_ = 0.0;
  std::size_t num_states_ = 1;
  std::vector<double> values_;  // V(e, s) at e · num_states + s
  std::vector<double> least_;
};

template <class Rate>
[[nodiscard]] constexpr bool code_classes_are_valid() noexcept {
  for (const CodeClass& code_class : Rate::code_classes) {
    if (code_class.bits < 0 || code_class.capacity < 1) return false;
  }
  return Rate::code_classes.size() > 0;
}

/// The classes that at most `num_steps` levels need, shortest words first: a dearer class is used only when the cheaper
/// ones are full. Where even these have too many states for CheapestCells, the dearest ones are cut down.
inline std::vector<CodeClass> needed_classes(std::vector<CodeClass> classes, int num_steps) {
  constexpr std::size_t most_work = 8192;  // states · classes
  std::stable_sort(classes.begin(), classes.end(),
                   [](const CodeClass& a, const CodeClass& b) { return a.bits < b.bits; });
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
    starts.push_back(cheapest_cells(source, num_steps));
    return starts;
  }

  /// The exact minimum for the rate model's classes, or else for the ideal code.
  [[nodiscard]] std::vector<LevelCell> cheapest_cells(const Source& source, int num_steps) const {
    const int useful_steps = (std::min)(num_steps, static_cast<int>(source.bins.size()));
    const double unit_price = price * source.weights_per_unit;
    if constexpr (require_code_classes_if_any<RateModel>()) {
      static_assert(detail::code_classes_are_valid<RateModel>(),
                    "[nuq] RateModel::code_classes must hold classes of at least 0 bits and a capacity of at least 1");
      const std::vector<CodeClass> classes =
          detail::needed_classes({RateModel::code_classes.begin(), RateModel::code_classes.end()}, useful_steps);
      std::vector<std::size_t> capacities;
      for (const CodeClass& code_class : classes) capacities.push_back(static_cast<std::size_t>(code_class.capacity));
      const auto length = [&](std::size_t j, double) { return static_cast<double>(classes[j].bits); };
      return detail::CheapestCells(source.histogram, source.bins, capacities, length, unit_price).solve();
    } else {
      const auto length = [](std::size_t, double share) { return -std::log2(share); };
      return detail::CheapestCells(source.histogram, source.bins, {static_cast<std::size_t>(useful_steps)}, length,
                                   unit_price)
          .solve();
    }
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_CODEBOOK_ENTROPY_CONSTRAINED_HPP
