#ifndef NUQ_ACTIVATION_HFMG_HPP
#define NUQ_ACTIVATION_HFMG_HPP

#include <cstddef>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/activation/detail/growing_histogram.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// ∫ (x − nearest centre)² dx · density over the window's 256 cells of equal width, the values uniform within each bin
/// and those outside the window charged to its end cells. Lengths are in bins, counted from the start of the window.
NUQ_FUNCTION [[nodiscard]] double window_loss(const std::vector<double>& counts, std::size_t first,
                                              std::size_t last) noexcept;

}  // namespace detail

/// Parameters of Hfmg, named and defaulted as in the AMCT manual.
struct HfmgParameters {
  int num_of_bins = 4096;  ///< 1024, 2048, 4096 or 8192

  friend bool operator==(const HfmgParameters& a, const HfmgParameters& b) noexcept {
    return a.num_of_bins == b.num_of_bins;
  }
};

/// The clipping window of a histogram of the observed values that 256 equal cells represent best.
///
/// From the whole range inwards: every step gives up max(⌈n / 100000⌉, 1) counts at the left or at the right end, on
/// the side where that frees more bins (the right one if equal), while the window keeps a quarter of the bins. The loss
/// of each window is integrated analytically (`window_loss`); the first window of least loss becomes the grid's range,
/// zero included.
///
/// Counts of earlier batches are spread evenly within their bins when a later batch extends the range, so that the
/// result depends on the order of batches, slightly. Memory: the bins alone. Complexity: O(n + bins²). Source: the AMCT
/// manual (HFMG), the vendor's calibration library for the search; the symmetric grid of the window is ours.
class Hfmg : public HfmgParameters {
 public:
  bool asymmetric = true;

  /// The histogram of what was observed.
  struct Observed {
    detail::GrowingHistogram histogram{1};
    std::size_t count = 0;
  };

  /// @throws ConfigError invalid_argument for `num_of_bins`; ModelError non_finite_value.
  NUQ_FUNCTION void observe(Observed& observed, ArrayView<const float> values) const;

  /// @throws ConfigError nothing_to_do where nothing was observed; ModelError scale_out_of_range.
  NUQ_FUNCTION [[nodiscard]] ActivationScale finish(const Observed& observed) const;

 private:
  /// Bins [first, last] and the counts given up at either end, which the bins outside do not exceed.
  struct Window {
    std::size_t first = 0;
    std::size_t last = 0;
    double left_out = 0.0;
    double right_out = 0.0;

    [[nodiscard]] std::size_t bins() const noexcept { return last - first + 1; }
  };

  NUQ_FUNCTION [[nodiscard]] static Window best_window(const Observed& observed);

  /// Gives up counts, step by step, until a bin is free.
  NUQ_FUNCTION [[nodiscard]] static Window shrunk(Window window, const std::vector<double>& below,
                                                  double step) noexcept;

  NUQ_FUNCTION [[nodiscard]] std::size_t checked_bins() const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>
#include <cmath>
#include <string>

#include "nuq/activation/observed_values.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION double window_loss(const std::vector<double>& counts, std::size_t first, std::size_t last) noexcept {
  const double cell = static_cast<double>(last - first + 1) / 256.0;
  const auto integral = [](double from, double to) { return (to * to * to - from * from * from) / 3.0; };
  const double whole_cell = integral(-cell / 2.0, cell / 2.0);
  const auto cell_of = [cell](double x) { return (std::min)((std::max)(std::floor(x / cell), 0.0), 255.0); };
  double loss = 0.0;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    const double begin = static_cast<double>(bin) - static_cast<double>(first);
    const double end = begin + 1.0;
    const double begin_cell = cell_of(begin);
    const double end_cell = cell_of(end);
    loss += counts[bin] *
            (integral(begin - (begin_cell + 0.5) * cell, cell / 2.0) + (end_cell - begin_cell - 1.0) * whole_cell +
             integral(-cell / 2.0, end - (end_cell + 0.5) * cell));
  }
  return loss;
}

}  // namespace detail

NUQ_DEFINITION void Hfmg::observe(Observed& observed, ArrayView<const float> values) const {
  detail::require_finite_activations(values);
  if (observed.count == 0) observed.histogram = detail::GrowingHistogram(checked_bins());
  observed.histogram.add(values);
  observed.count += values.size();
}

NUQ_DEFINITION ActivationScale Hfmg::finish(const Observed& observed) const {
  detail::require_observed(observed.count);
  const Window window = best_window(observed);
  const float min = (std::min)(0.0F, static_cast<float>(observed.histogram.border(window.first)));
  const float max = (std::max)(0.0F, static_cast<float>(observed.histogram.border(window.last + 1)));
  return asymmetric ? asymmetric_scale(min, max) : symmetric_scale(min, max);
}

NUQ_DEFINITION Hfmg::Window Hfmg::best_window(const Observed& observed) {
  const std::vector<double>& counts = observed.histogram.counts();
  std::vector<double> below(counts.size() + 1, 0.0);  // below[i]: counts in the bins before i
  for (std::size_t bin = 0; bin < counts.size(); ++bin) below[bin + 1] = below[bin] + counts[bin];
  const double step = (std::max)(std::ceil(static_cast<double>(observed.count) / 100000.0), 1.0);
  const std::size_t least_bins = (counts.size() + 3) / 4;

  Window best{0, counts.size() - 1, 0.0, 0.0};
  double best_loss = detail::window_loss(counts, best.first, best.last);
  for (Window window = shrunk(best, below, step); window.bins() >= least_bins; window = shrunk(window, below, step)) {
    const double loss = detail::window_loss(counts, window.first, window.last);
    if (loss < best_loss) {
      best_loss = loss;
      best = window;
    }
  }
  return best;
}

NUQ_DEFINITION Hfmg::Window Hfmg::shrunk(Window window, const std::vector<double>& below, double step) noexcept {
  const std::size_t bins = window.bins();
  while (window.bins() == bins) {
    Window left = window;
    left.left_out += step;
    while (left.first < left.last && below[left.first + 1] <= left.left_out) ++left.first;
    Window right = window;
    right.right_out += step;
    while (right.first < right.last && below.back() - below[right.last] <= right.right_out) --right.last;
    window = left.bins() < right.bins() ? left : right;
  }
  return window;
}

NUQ_DEFINITION std::size_t Hfmg::checked_bins() const {
  for (const int allowed : {1024, 2048, 4096, 8192}) {
    if (num_of_bins == allowed) return static_cast<std::size_t>(num_of_bins);
  }
  detail::fail(ConfigError(ErrorCode::invalid_argument, "hfmg: num_of_bins is " + std::to_string(num_of_bins) +
                                                            ", wanted 1024, 2048, 4096 or 8192"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_HFMG_HPP
