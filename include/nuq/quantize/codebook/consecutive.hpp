#ifndef NUQ_QUANTIZE_CODEBOOK_CONSECUTIVE_HPP
#define NUQ_QUANTIZE_CODEBOOK_CONSECUTIVE_HPP

#include "nuq/compiled.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// All integers from one below the least to one above the greatest rounded weight, zero among them: the levels of an
/// entropy-coded layer, where a level that is rare costs little. Where these are more than `num_steps`, the `num_steps`
/// of least squared error (OptimalCodebook).
struct ConsecutiveLevels {
  /// @throws ConfigError invalid_argument: num_steps outside 1…256.
  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <array>
#include <cstddef>

#include "nuq/quantize/codebook/detail/num_steps.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Codebook ConsecutiveLevels::select(const LevelHistogram& histogram, int num_steps) const {
  detail::check_num_steps("ConsecutiveLevels", num_steps);
  int low = 0;
  int high = 0;
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    if (!(histogram[bin].weight > 0.0)) continue;
    const int half = static_cast<int>(bin) - 256;  // the bin begins at half / 2
    low = (std::min)(low, half / 2);
    high = (std::max)(high, (half + 1) / 2);
  }
  low = (std::max)(low - 1, -128);
  high = (std::min)(high + 1, 127);
  if (high - low + 1 > num_steps) return OptimalCodebook{}.select(histogram, num_steps);
  std::array<int, 256> levels{};
  for (int level = low; level <= high; ++level) levels[static_cast<std::size_t>(level - low)] = level;
  return Codebook(levels.begin(), levels.begin() + (high - low + 1));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_CONSECUTIVE_HPP
