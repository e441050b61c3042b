#ifndef NUQ_QUANTIZE_CODEBOOK_PRICED_CODEBOOK_HPP
#define NUQ_QUANTIZE_CODEBOOK_PRICED_CODEBOOK_HPP

#include <cstddef>
#include <limits>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
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

  NUQ_FUNCTION [[nodiscard]] Codebook codebook() const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Codebook PricedCodebook::codebook() const {
  std::vector<int> levels;
  for (const LevelCell& cell : cells) levels.push_back(cell.level);
  return Codebook(levels.begin(), levels.end());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_PRICED_CODEBOOK_HPP
