#ifndef NUQ_QUANTIZE_CODEBOOK_CODEBOOK_HPP
#define NUQ_QUANTIZE_CODEBOOK_CODEBOOK_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The levels a layer keeps: ascending, distinct int8 values, 1…256 of them.
class Codebook {
 public:
  Codebook() noexcept = default;
  /// Takes any run of int8 (or int in [-128, 127]) values; sorts and drops repetitions.
  template <class Iterator>
  Codebook(Iterator first, Iterator last) noexcept {
    std::array<bool, 256> kept{};
    for (; first != last; ++first) kept[static_cast<std::size_t>(static_cast<int>(*first) + 128)] = true;
    for (int level = -128; level <= 127; ++level) {
      if (kept[static_cast<std::size_t>(level + 128)]) levels_[size_++] = static_cast<std::int8_t>(level);
    }
  }
  /// All 256 levels: uniform quantization.
  NUQ_FUNCTION [[nodiscard]] static Codebook all() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::int8_t operator[](std::size_t index) const noexcept { return levels_[index]; }
  [[nodiscard]] const std::int8_t* begin() const noexcept { return levels_.data(); }
  [[nodiscard]] const std::int8_t* end() const noexcept { return levels_.data() + size_; }

  friend bool operator==(const Codebook& a, const Codebook& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t index = 0; index < a.size_; ++index) {
      if (a.levels_[index] != b.levels_[index]) return false;
    }
    return true;
  }
  friend bool operator!=(const Codebook& a, const Codebook& b) noexcept { return !(a == b); }

 private:
  std::array<std::int8_t, 256> levels_{};
  std::size_t size_ = 0;
};

/// Finds the nearest level in O(1): a table over half-integer cells, since borders between integer levels are multiples
/// of ½. A value on a border goes away from zero, as `std::round`; on a border at zero it goes to the upper level. With
/// all 256 levels this is the uniform quantizer `clamp(std::round(u), -128, 127)`. Values within 2⁻⁴³ of a border count
/// as on it: no quotient of two floats is, but for those around 0.
class NearestLevelTable {
 public:
  /// `codebook` must not be empty.
  NUQ_FUNCTION explicit NearestLevelTable(const Codebook& codebook) noexcept;

  /// The level nearest to the scaled weight `scaled`; for NaN the lowest.
  NUQ_FUNCTION [[nodiscard]] std::int8_t operator()(double scaled) const noexcept {
    return levels_[static_cast<std::size_t>(entry_of(clamped_place(scaled)))];
  }

  /// One level for each of `n` scaled weights.
  template <std::size_t n>
  [[nodiscard]] std::array<std::int8_t, n> nearest(const double* scaled) const noexcept {
    std::array<double, n> place;  // in steps that compilers turn into vector instructions
    std::array<int, n> entry;
    std::array<std::int8_t, n> levels;
    for (std::size_t at = 0; at < n; ++at) place[at] = clamped_place(scaled[at]);
    for (std::size_t at = 0; at < n; ++at) entry[at] = entry_of(place[at]);
    for (std::size_t at = 0; at < n; ++at) levels[at] = levels_[static_cast<std::size_t>(entry[at])];
    return levels;
  }

  /// The levels nearest to `weights` divided by `scale` in double.
  NUQ_FUNCTION void nearest(ArrayView<const float> weights, double scale, std::int8_t* levels) const noexcept;

 private:
  static constexpr std::size_t num_cells = 513;  // from −128.5 on

  /// The cell as a number with a fraction; whole numbers are borders.
  NUQ_FUNCTION [[nodiscard]] static double clamped_place(double scaled) noexcept;
  /// Twice the number of a border on it, one more in the cell above.
  NUQ_FUNCTION [[nodiscard]] static int entry_of(double place) noexcept;

  std::array<std::int8_t, 2 * num_cells> levels_{};
};

/// Weighted squared error of the histogram's content when each bin takes its nearest level: what a selector minimises.
NUQ_FUNCTION [[nodiscard]] double distortion(const LevelHistogram& histogram, const Codebook& codebook) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Codebook Codebook::all() noexcept {
  Codebook codebook;
  for (int level = -128; level <= 127; ++level) codebook.levels_[codebook.size_++] = static_cast<std::int8_t>(level);
  return codebook;
}

NUQ_DEFINITION NearestLevelTable::NearestLevelTable(const Codebook& codebook) noexcept {
  std::size_t index = 0;
  for (std::size_t cell = 0; cell < num_cells; ++cell) {
    const int twice = static_cast<int>(cell) - 257;  // border at twice / 2, cell above it
    while (index + 1 < codebook.size() && twice >= codebook[index] + codebook[index + 1]) ++index;
    const bool on_border = index > 0 && twice == codebook[index - 1] + codebook[index];
    levels_[2 * cell] = on_border && twice < 0 ? codebook[index - 1] : codebook[index];
    levels_[2 * cell + 1] = codebook[index];
  }
}

NUQ_DEFINITION void NearestLevelTable::nearest(ArrayView<const float> weights, double scale,
                                               std::int8_t* levels) const noexcept {
  constexpr std::size_t block = 32;
  std::array<double, block> scaled{};
  for (std::size_t begin = 0; begin < weights.size(); begin += block) {
    const std::size_t count = (std::min)(block, weights.size() - begin);
    const float* const weight = weights.data() + begin;
    for (std::size_t at = 0; at < count; ++at) scaled[at] = static_cast<double>(weight[at]) / scale;
    const std::array<std::int8_t, block> found = nearest<block>(scaled.data());
    std::copy(found.begin(), found.begin() + count, levels + begin);
  }
}

NUQ_DEFINITION double NearestLevelTable::clamped_place(double scaled) noexcept {
  double place = 2.0 * scaled + 257.0;
  place = place > 0.0 ? place : 0.0;
  return place < 512.0 ? place : 512.0;
}

NUQ_DEFINITION int NearestLevelTable::entry_of(double place) noexcept {
  const int border_below = static_cast<int>(place);
  const int border_above = 513 - static_cast<int>(513.0 - place);
  return border_below + border_above;
}

NUQ_DEFINITION double distortion(const LevelHistogram& histogram, const Codebook& codebook) noexcept {
  const NearestLevelTable nearest(codebook);
  double total = 0.0;
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    total += histogram.cost(bin, nearest(LevelHistogram::centre(bin)));
  }
  return total;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_CODEBOOK_HPP
