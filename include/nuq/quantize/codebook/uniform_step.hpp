#ifndef NUQ_QUANTIZE_CODEBOOK_UNIFORM_STEP_HPP
#define NUQ_QUANTIZE_CODEBOOK_UNIFORM_STEP_HPP

#include <array>

#include "nuq/compiled.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Levels at one real step: round(k · step), k = −below … above, clamped to int8, with below + above + 1 = num_steps.
/// Zero is always a level; where two of them round alike there are fewer.
///
/// The step is the least with which the levels' cells cover the occupied int8 range [low, high] ∪ {0}, that is
/// (below + ½) · step ≥ −low and (above + ½) · step ≥ high, over every division of num_steps − 1 between the two sides.
/// Of two divisions with one step, the odd level goes to the side that carries more weight (the negative one on a tie).
/// With 256 steps every occupied value is a level. Complexity: O(512 + num_steps). Source: our own choice; the baseline
/// that the other selectors have to beat.
struct UniformStepCodebook {
  /// @throws ConfigError invalid_argument: num_steps outside 1…256.
  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps) const;

 private:
  struct Range {
    double low = 0.0;   // ≤ 0
    double high = 0.0;  // ≥ 0
    bool heavier_below = true;
  };

  NUQ_FUNCTION [[nodiscard]] static Range occupied(const std::array<double, 256>& weights) noexcept;

  NUQ_FUNCTION [[nodiscard]] static double step_for(const Range& range, int below, int above) noexcept;

  NUQ_FUNCTION [[nodiscard]] static int levels_below(const Range& range, int num_steps) noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "nuq/quantize/codebook/detail/int8_weights.hpp"
#include "nuq/quantize/codebook/detail/num_steps.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Codebook UniformStepCodebook::select(const LevelHistogram& histogram, int num_steps) const {
  detail::check_num_steps("UniformStepCodebook", num_steps);
  const Range range = occupied(detail::int8_weights(histogram));
  const int below = levels_below(range, num_steps);
  const double step = step_for(range, below, num_steps - 1 - below);
  std::vector<int> levels;
  for (int k = -below; k < num_steps - below; ++k) {
    levels.push_back(static_cast<int>((std::min)((std::max)(std::round(k * step), -128.0), 127.0)));
  }
  return Codebook(levels.begin(), levels.end());
}

NUQ_DEFINITION UniformStepCodebook::Range UniformStepCodebook::occupied(
    const std::array<double, 256>& weights) noexcept {
  Range range;
  double balance = 0.0;
  for (std::size_t index = 0; index < weights.size(); ++index) {
    const double value = static_cast<double>(index) - 128.0;
    if (weights[index] > 0.0) {
      range.low = (std::min)(range.low, value);
      range.high = (std::max)(range.high, value);
    }
    if (value != 0.0) balance += value < 0.0 ? -weights[index] : weights[index];
  }
  range.heavier_below = balance <= 0.0;
  return range;
}

NUQ_DEFINITION double UniformStepCodebook::step_for(const Range& range, int below, int above) noexcept {
  return (std::max)(-range.low / (below + 0.5), range.high / (above + 0.5));
}

NUQ_DEFINITION int UniformStepCodebook::levels_below(const Range& range, int num_steps) noexcept {
  int best = 0;
  for (int below = 1; below < num_steps; ++below) {
    const double step = step_for(range, below, num_steps - 1 - below);
    const double least = step_for(range, best, num_steps - 1 - best);
    if (step < least || (step == least && range.heavier_below)) best = below;
  }
  return best;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_UNIFORM_STEP_HPP
