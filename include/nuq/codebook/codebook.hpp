#ifndef NUQ_CODEBOOK_CODEBOOK_HPP
#define NUQ_CODEBOOK_CODEBOOK_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/core/level_histogram.hpp"
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
  [[nodiscard]] static Codebook all() noexcept {
    Codebook codebook;
    for (int level = -128; level <= 127; ++level) codebook.levels_[codebook.size_++] = static_cast<std::int8_t>(level);
    return codebook;
  }

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

/// Finds the nearest level in O(1): a table over half-integer cells, since borders between integer levels are multiples of ½.
/// A value on a border goes away from zero, as `std::round`; on a border at zero it goes to the upper level. With all 256
/// levels this is the uniform quantizer `clamp(std::round(u), -128, 127)`.
class NearestLevelTable {
 public:
  /// `codebook` must not be empty.
  explicit NearestLevelTable(const Codebook& codebook) noexcept {
    std::size_t index = 0;
    for (std::size_t cell = 0; cell < inside_.size(); ++cell) {
      const int twice = static_cast<int>(cell) - 256;  // border at twice / 2, cell above it
      while (index + 1 < codebook.size() && twice >= codebook[index] + codebook[index + 1]) ++index;
      inside_[cell] = codebook[index];
      const bool on_border = index > 0 && twice == codebook[index - 1] + codebook[index];
      border_[cell] = on_border && twice < 0 ? codebook[index - 1] : codebook[index];
    }
    below_ = codebook[0];
  }

  /// The level nearest to the scaled weight `scaled` (finite).
  [[nodiscard]] std::int8_t operator()(double scaled) const noexcept {
    const double twice = (std::min)(2.0 * scaled, 255.0);
    if (!(twice >= -256.0)) return below_;
    const std::size_t cell = static_cast<std::size_t>(static_cast<int>(twice + 256.0));
    const double border = static_cast<double>(static_cast<int>(cell)) - 256.0;
    if (border == twice) return border_[cell];
    return inside_[cell - (border > twice ? 1U : 0U)];  // the sum may round up to the border above
  }

 private:
  std::array<std::int8_t, 512> inside_{};
  std::array<std::int8_t, 512> border_{};
  std::int8_t below_ = 0;
};

/// Weighted squared error of the histogram's content when each bin takes its nearest level: what a selector minimises.
[[nodiscard]] inline double distortion(const LevelHistogram& histogram, const Codebook& codebook) noexcept {
  const NearestLevelTable nearest(codebook);
  double total = 0.0;
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    total += histogram.cost(bin, nearest(LevelHistogram::centre(bin)));
  }
  return total;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CODEBOOK_CODEBOOK_HPP
