#ifndef NUQ_QUANTIZE_CODEBOOK_DETAIL_CHEAPEST_CELLS_HPP
#define NUQ_QUANTIZE_CODEBOOK_DETAIL_CHEAPEST_CELLS_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/quantize/codebook/priced_codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The weights of several bins, as LevelHistogram::Bin keeps those of one: moments about a common origin.
class BinRun {
 public:
  explicit BinRun(double origin) noexcept : origin_(origin) {}

  NUQ_FUNCTION void add(const LevelHistogram& histogram, std::size_t bin) noexcept;

  [[nodiscard]] double weight() const noexcept { return weight_; }
  /// The int8 level of least squared error: the one nearest to the mean.
  NUQ_FUNCTION [[nodiscard]] int level() const noexcept;
  /// Squared error at that level.
  NUQ_FUNCTION [[nodiscard]] double distortion() const noexcept;

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
    find_values();
    std::size_t best = 0;
    for (std::size_t state = 1; state < num_states_; ++state) {
      if (value(bins_.size(), state) < value(bins_.size(), best)) best = state;
    }
    return trace(best);
  }

  /// Calls `visit(cells)` for the cheapest cut of every possible number of words used in each class.
  template <class Visit>
  void for_each_state(Visit visit) {
    find_values();
    for (std::size_t state = 0; state < num_states_; ++state) {
      if (value(bins_.size(), state) < (std::numeric_limits<double>::infinity)()) visit(trace(state));
    }
  }

 private:
  void find_values() {
    values_.assign((bins_.size() + 1) * num_states_, (std::numeric_limits<double>::infinity)());
    value(0, 0) = 0.0;
    for (std::size_t end = 1; end <= bins_.size(); ++end) solve_column(end);
  }

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

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cmath>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void BinRun::add(const LevelHistogram& histogram, std::size_t bin) noexcept {
  const LevelHistogram::Bin& content = histogram[bin];
  const double shift = LevelHistogram::centre(bin) - origin_;
  weight_ += content.weight;
  sum_ += content.sum + shift * content.weight;
  square_ += content.square + 2.0 * shift * content.sum + shift * shift * content.weight;
}

NUQ_DEFINITION int BinRun::level() const noexcept {
  const double mean = origin_ + sum_ / weight_;
  return static_cast<int>(std::lround((std::min)((std::max)(mean, -128.0), 127.0)));
}

NUQ_DEFINITION double BinRun::distortion() const noexcept {
  const double shift = origin_ - static_cast<double>(level());
  return (std::max)(0.0, square_ + 2.0 * shift * sum_ + shift * shift * weight_);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_DETAIL_CHEAPEST_CELLS_HPP
