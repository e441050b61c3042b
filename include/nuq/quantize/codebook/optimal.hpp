#ifndef NUQ_QUANTIZE_CODEBOOK_OPTIMAL_HPP
#define NUQ_QUANTIZE_CODEBOOK_OPTIMAL_HPP

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The best codebooks of one layer for every number of levels k = 1 … max_steps.
class CodebookCurve {
 public:
  /// The best codebook of one number of levels.
  struct Point {
    double distortion = (std::numeric_limits<double>::infinity)();
    Codebook codebook;
  };
  NUQ_FUNCTION explicit CodebookCurve(std::vector<Point> points) noexcept : points_(std::move(points)) {}

  [[nodiscard]] int max_steps() const noexcept { return static_cast<int>(points_.size()); }
  /// Least weighted squared error with at most k levels; never rises with k. Infinite where k levels cannot hold the
  /// required ones.
  [[nodiscard]] double distortion(int k) const noexcept { return points_[static_cast<std::size_t>(k - 1)].distortion; }
  /// The fewest levels that reach `distortion(k)`; empty where that is infinite.
  NUQ_FUNCTION [[nodiscard]] const Codebook& codebook(int k) const noexcept;

 private:
  std::vector<Point> points_;
};

/// The exact optimum: at most `num_steps` of the allowed int8 levels, every required one among them, that
///
///   minimise  Σ over weights of  weight · min over levels of (scaled weight − level)²
///
/// against the *float* weights. Complexity: O(n² + K n log n) for n allowed levels and K steps, with O(n²) doubles on
/// the heap; one run serves every k ≤ K (`curve`). Deterministic; equal optima are resolved towards fewer levels. A
/// histogram without weight gets its required levels, or the one allowed level nearest to zero.
///
/// Source: exact one-dimensional k-means by dynamic programming (Wang & Song, Ckmeans.1d.dp, R Journal 3/2, 2011),
/// divide and conquer on totally monotone matrices (Aggarwal, Klawe, Moran, Shor & Wilber, 1987). Ours: centres from an
/// integer grid with forbidden and required points, on half-integer bins, where it stays exact (see
/// detail::ShortestLevelPaths).
struct OptimalCodebook {
  Codebook allowed = Codebook::all();  ///< levels to choose from
  Codebook required = {};              ///< levels to choose in any case; a subset of `allowed`

  /// @throws ConfigError invalid_argument: num_steps outside 1…256, no allowed level, a required level that is not
  ///         allowed, more required levels than num_steps.
  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps) const;

  /// The optimum for every number of levels up to `max_steps`. Errors as `select`.
  NUQ_FUNCTION [[nodiscard]] CodebookCurve curve(const LevelHistogram& histogram, int max_steps) const;

 private:
  NUQ_FUNCTION void check(int num_steps) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "nuq/quantize/codebook/detail/num_steps.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION const Codebook& CodebookCurve::codebook(int k) const noexcept {
  return points_[static_cast<std::size_t>(k - 1)].codebook;
}

namespace detail {

/// A codebook as a path a₀ < a₁ < … through the allowed levels. The border between two neighbours is (a + a′)/2, a
/// border of bins, so the path's length below is the distortion of the codebook:
///
///   head(first)  +  Σ w(neighbours)  +  tail(last),
///   w(i, j) = Σ cost of the bins between aᵢ and aⱼ, each charged to the nearer of the two,
///
/// head and tail being the bins outside, charged to the first and the last level. Shortest paths of exactly k levels:
///
///   D₁(j) = head(j),     D_k(j) = min over i < j of D_{k−1}(i) + w(i, j).
///
/// Theorem. The leftmost minimising i never decreases with j. Proof. For i ≤ i′ < j ≤ j′ a bin between the inner two
/// costs min(x, y) with x falling from i to i′ and y rising from j to j′, and min is supermodular; a bin elsewhere
/// costs no more on the left than on the right; hence w(i, j) + w(i′, j′) ≤ w(i, j′) + w(i′, j), whatever the weights
/// and whichever levels are allowed. A required level may not be jumped over: i ≥ `lower_[j]`, the last required level
/// before j. As lower_ never decreases, this deletes entries only where the inequality keeps holding with ∞ on the
/// right. ∎
///
/// So the middle column's minimum, found first, halves the candidates of all others: O(n log n) for each k, not O(n²).
/// All sums only add costs ≥ 0 outwards from a level; nothing cancels, and the result is the codebook's distortion as
/// re-evaluated bin by bin to within 1e-12 of itself.
class ShortestLevelPaths {
 public:
  NUQ_FUNCTION ShortestLevelPaths(const LevelHistogram& histogram, const Codebook& allowed, const Codebook& required)
      : levels_(allowed.begin(), allowed.end()) {
    std::size_t last_required = 0;
    for (std::size_t j = 0; j < levels_.size(); ++j) {
      lower_.push_back(last_required);
      if (std::binary_search(required.begin(), required.end(), levels_[j])) {
        last_required = j;
        required_.push_back(last_required);
      }
    }
    measure(histogram);
  }

  /// Goes from D_{k−1} to D_k, k ≤ the number of allowed levels; the first call makes D₁.
  NUQ_FUNCTION void add_level() {
    const std::size_t k = ++steps_;
    const std::size_t columns_end = k <= required_.size() ? required_[k - 1] + 1 : levels_.size();
    previous_.swap(current_);
    current_.assign(levels_.size(), (std::numeric_limits<double>::infinity)());
    origins_.emplace_back(levels_.size());
    if (k == 1) {
      std::copy_n(head_.begin(), columns_end, current_.begin());
    } else {
      solve_columns(k - 1, columns_end, 0, levels_.size() - 1);
    }
  }

  /// The shortest complete path of the current number of levels; among equals the one that ends nearest to zero.
  NUQ_FUNCTION [[nodiscard]] CodebookCurve::Point shortest() const {
    const std::size_t first_end = required_.empty() ? 0 : required_.back();
    const auto length = [this](std::size_t end) { return current_[end] + tail_[end]; };
    std::size_t best = first_end;
    for (std::size_t end = first_end + 1; end < levels_.size(); ++end) {
      const bool nearer_zero = std::abs(levels_[end]) < std::abs(levels_[best]);
      if (length(end) < length(best) || (nearer_zero && !(length(best) < length(end)))) best = end;
    }
    if (length(best) == (std::numeric_limits<double>::infinity)()) return {};
    return {length(best), trace(best)};
  }

 private:
  [[nodiscard]] double& between(std::size_t i, std::size_t j) noexcept { return between_[j * levels_.size() + i]; }

  /// Fills w, head and tail. Bin 2v + 256 begins at the value v.
  NUQ_FUNCTION void measure(const LevelHistogram& histogram) {
    const std::size_t n = levels_.size();
    between_.resize(n * n);
    head_.resize(n);
    tail_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0.0;
      int bin = 2 * levels_[i] + 256;
      const auto extend_to = [&](int end) {
        for (; bin < end; ++bin) sum += histogram.cost(static_cast<std::size_t>(bin), levels_[i]);
        return sum;
      };
      for (std::size_t j = i + 1; j < n; ++j) between(i, j) = extend_to(levels_[i] + levels_[j] + 256);
      tail_[i] = extend_to(512);
    }
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0.0;
      int bin = 2 * levels_[j] + 256;
      const auto extend_to = [&](int begin) {
        while (bin > begin) sum += histogram.cost(static_cast<std::size_t>(--bin), levels_[j]);
        return sum;
      };
      for (std::size_t i = j; i-- > 0;) between(i, j) += extend_to(levels_[i] + levels_[j] + 256);
      head_[j] = extend_to(0);
    }
  }

  /// D_k of the columns [begin, end), whose minimising rows are known to lie in [first, last].
  NUQ_FUNCTION void solve_columns(std::size_t begin, std::size_t end, std::size_t first, std::size_t last) {
    if (begin == end) return;
    const std::size_t j = begin + (end - begin) / 2;
    const double* const w = &between_[j * levels_.size()];
    std::size_t best = (std::max)(first, lower_[j]);
    for (std::size_t i = best + 1; i <= (std::min)(last, j - 1); ++i) {
      if (previous_[i] + w[i] < previous_[best] + w[best]) best = i;
    }
    current_[j] = previous_[best] + w[best];
    origins_.back()[j] = static_cast<std::uint8_t>(best);
    solve_columns(begin, j, first, best);
    solve_columns(j + 1, end, best, last);
  }

  NUQ_FUNCTION [[nodiscard]] Codebook trace(std::size_t end) const {
    std::vector<int> path;
    for (std::size_t k = steps_; k-- > 0; end = origins_[k][end]) path.push_back(levels_[end]);
    return Codebook(path.begin(), path.end());
  }

  std::vector<int> levels_;                         // the allowed levels, ascending; i and j are indices into them
  std::vector<std::size_t> required_;               // indices of the required ones
  std::vector<std::size_t> lower_;                  // lower_[j]: the last required index before j, or 0
  std::vector<double> head_, tail_, between_;       // between_[j n + i] = w(i, j)
  std::vector<double> previous_, current_;          // D_{k−1}, D_k
  std::vector<std::vector<std::uint8_t>> origins_;  // origins_[k − 1][j]: the minimising i of D_k(j)
  std::size_t steps_ = 0;                           // k
};

}  // namespace detail

NUQ_DEFINITION Codebook OptimalCodebook::select(const LevelHistogram& histogram, int num_steps) const {
  return curve(histogram, num_steps).codebook(num_steps);
}

NUQ_DEFINITION CodebookCurve OptimalCodebook::curve(const LevelHistogram& histogram, int max_steps) const {
  check(max_steps);
  constexpr double certificate = 1e-12;  // relative accuracy of a path's length: a smaller gain is none
  detail::ShortestLevelPaths paths(histogram, allowed, required);
  std::vector<CodebookCurve::Point> points;
  CodebookCurve::Point best;
  for (int k = 1; k <= max_steps; ++k) {
    if (static_cast<std::size_t>(k) <= allowed.size()) {
      paths.add_level();
      const CodebookCurve::Point point = paths.shortest();
      if (point.distortion < (1.0 - certificate) * best.distortion) best = point;
    }
    points.push_back(best);
  }
  return CodebookCurve(std::move(points));
}

NUQ_DEFINITION void OptimalCodebook::check(int num_steps) const {
  detail::check_num_steps("OptimalCodebook", num_steps);
  const auto refuse = [](const std::string& reason) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, "OptimalCodebook: " + reason));
  };
  if (allowed.empty()) refuse("no level is allowed, wanted at least one");
  if (!std::includes(allowed.begin(), allowed.end(), required.begin(), required.end()))
    refuse("a required level is not allowed, wanted required levels among the allowed");
  if (required.size() > static_cast<std::size_t>(num_steps)) {
    refuse(std::to_string(required.size()) +
           " levels are required, wanted at most num_steps = " + std::to_string(num_steps));
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_OPTIMAL_HPP
