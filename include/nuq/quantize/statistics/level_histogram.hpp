#ifndef NUQ_QUANTIZE_STATISTICS_LEVEL_HISTOGRAM_HPP
#define NUQ_QUANTIZE_STATISTICS_LEVEL_HISTOGRAM_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The distribution of a layer's scaled float weights u = w / scale over half-integer bins, exact for squared error.
///
/// Bin b ∈ [0, 512) covers u ∈ [(b − 256)/2, (b − 255)/2) and keeps Σweight, Σweight·d and Σweight·d² of d = u −
/// centre, so the squared error of its content against any level is exact. Borders between the cells of integer levels
/// are multiples of ½: a selector that moves whole bins is exact against the *float* weights (of what is within 2⁻⁴⁵ of
/// a border either side may take it: no quotient of two floats is, but for those around 0). Values beyond ±128 (a
/// clipping quantizer) fall into the end bins and stay exact as well.
class LevelHistogram {
 public:
  static constexpr std::size_t num_bins = 512;

  /// Sums over the values in one bin: of their weights w, of w · u and of w · u².
  struct Bin {
    double weight = 0.0;
    double sum = 0.0;
    double square = 0.0;
  };

  /// The bin that holds u; 0 for NaN.
  NUQ_FUNCTION [[nodiscard]] static std::size_t bin_of(double scaled) noexcept;
  /// The middle of a bin, in units of levels.
  [[nodiscard]] static constexpr double centre(std::size_t bin) noexcept {
    return (static_cast<double>(static_cast<int>(bin)) - 255.5) * 0.5;
  }

  /// Adds a scaled weight that counts `weight` ≥ 0 times (its channel's squared scale, times the input's importance).
  NUQ_FUNCTION void add(double scaled, double weight) noexcept;
  /// Adds `weights` divided by `scale`; each counts scale² times, and `importance` (one per weight, or null) times.
  NUQ_FUNCTION void add(ArrayView<const float> weights, double scale, const double* importance) noexcept;
  NUQ_FUNCTION void add(const LevelHistogram& other) noexcept;

  /// Number of values added, whatever each counts.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  [[nodiscard]] const Bin& operator[](std::size_t bin) const noexcept { return bins_[bin]; }

  /// Weighted squared error of one bin's content replaced by `level`; never negative.
  NUQ_FUNCTION [[nodiscard]] double cost(std::size_t bin, int level) const noexcept;

 private:
  /// The bin of u as a number with a fraction, 0 for NaN.
  NUQ_FUNCTION [[nodiscard]] static double clamped_place(double scaled) noexcept;
  NUQ_FUNCTION void add(std::size_t index, double offset, double weight) noexcept;

  std::array<Bin, num_bins> bins_{};
  std::uint64_t count_ = 0;
};

/// Histogram of `weights` [out × in] divided by their scales (1 or `out` values). An entry counts scale² times, and
/// with `statistics` also E[x_col²] times, so that errors are in units of squared output (up to a common factor). Rows
/// are added in blocks of fixed size and merged in order: the same bits for any number of threads.
NUQ_FUNCTION [[nodiscard]] LevelHistogram histogram_of(MatrixView<const float> weights, ArrayView<const float> scales,
                                                       const LayerStatistics* statistics, Parallel& parallel);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <vector>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::size_t LevelHistogram::bin_of(double scaled) noexcept {
  const int bin = static_cast<int>(clamped_place(scaled));  // adding 256 may round up to the border above
  return static_cast<std::size_t>(bin > 0 && static_cast<double>(bin) - 256.0 > 2.0 * scaled ? bin - 1 : bin);
}

NUQ_DEFINITION void LevelHistogram::add(double scaled, double weight) noexcept {
  const std::size_t index = bin_of(scaled);
  add(index, scaled - centre(index), weight);
  ++count_;
}

NUQ_DEFINITION void LevelHistogram::add(ArrayView<const float> weights, double scale,
                                        const double* importance) noexcept {
  constexpr std::size_t block = 64;  // in steps that compilers turn into vector instructions
  std::array<double, block> scaled;
  std::array<double, block> place;
  std::array<int, block> index;
  std::array<double, block> weighting;
  const double squared_scale = scale * scale;
  weighting.fill(squared_scale);
  for (std::size_t begin = 0; begin < weights.size(); begin += block) {
    const std::size_t count = (std::min)(block, weights.size() - begin);
    const float* const weight = weights.data() + begin;
    for (std::size_t at = 0; at < count; ++at) scaled[at] = static_cast<double>(weight[at]) / scale;
    for (std::size_t at = 0; at < count; ++at) place[at] = clamped_place(scaled[at]);
    for (std::size_t at = 0; at < count; ++at) index[at] = static_cast<int>(place[at]);
    for (std::size_t at = 0; at < count; ++at) scaled[at] -= centre(static_cast<std::size_t>(index[at]));
    if (importance != nullptr) {
      for (std::size_t at = 0; at < count; ++at) weighting[at] = squared_scale * importance[begin + at];
    }
    for (std::size_t at = 0; at < count; ++at) add(static_cast<std::size_t>(index[at]), scaled[at], weighting[at]);
  }
  count_ += weights.size();
}

NUQ_DEFINITION void LevelHistogram::add(const LevelHistogram& other) noexcept {
  count_ += other.count_;
  for (std::size_t index = 0; index < num_bins; ++index) {
    bins_[index].weight += other.bins_[index].weight;
    bins_[index].sum += other.bins_[index].sum;
    bins_[index].square += other.bins_[index].square;
  }
}

NUQ_DEFINITION double LevelHistogram::cost(std::size_t bin, int level) const noexcept {
  const Bin& content = bins_[bin];
  const double shift = centre(bin) - static_cast<double>(level);
  return (std::max)(0.0, content.square + 2.0 * shift * content.sum + shift * shift * content.weight);
}

NUQ_DEFINITION double LevelHistogram::clamped_place(double scaled) noexcept {
  double place = 2.0 * scaled + 256.0;
  place = place > 0.0 ? place : 0.0;
  return place < 511.0 ? place : 511.0;
}

NUQ_DEFINITION void LevelHistogram::add(std::size_t index, double offset, double weight) noexcept {
  const double weighted = weight * offset;
  Bin& bin = bins_[index];
  bin.weight += weight;
  bin.sum += weighted;
  bin.square += weighted * offset;
}

namespace detail {

/// E[x_col²] of all columns, or null where it is unknown.
NUQ_FUNCTION [[nodiscard]] inline const double* importances(const LayerStatistics* statistics) noexcept {
  return statistics == nullptr || statistics->mean_squares.size() == 0 ? nullptr : statistics->mean_squares.data();
}

}  // namespace detail

NUQ_DEFINITION LevelHistogram histogram_of(MatrixView<const float> weights, ArrayView<const float> scales,
                                           const LayerStatistics* statistics, Parallel& parallel) {
  constexpr std::size_t rows_per_block = 16;
  const std::size_t blocks = (weights.rows() + rows_per_block - 1) / rows_per_block;
  std::vector<LevelHistogram> partial(blocks);
  parallel.for_each_block(blocks, [&](std::size_t block) {
    const std::size_t end = (std::min)((block + 1) * rows_per_block, weights.rows());
    for (std::size_t row = block * rows_per_block; row < end; ++row) {
      const double scale = static_cast<double>(scales[scales.size() == 1 ? 0 : row]);
      partial[block].add(weights.row(row), scale, detail::importances(statistics));
    }
  });
  LevelHistogram histogram;
  for (const LevelHistogram& part : partial) histogram.add(part);
  return histogram;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_STATISTICS_LEVEL_HISTOGRAM_HPP
