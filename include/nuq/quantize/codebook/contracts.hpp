#ifndef NUQ_QUANTIZE_CODEBOOK_CONTRACTS_HPP
#define NUQ_QUANTIZE_CODEBOOK_CONTRACTS_HPP

#include <type_traits>
#include <utility>

#include "nuq/core/support/returns.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Selector>
using select_op = decltype(std::declval<const Selector&>().select(std::declval<const LevelHistogram&>(), int{}));

template <class Selector>
using select_with_iterations_op =
    decltype(std::declval<const Selector&>().select(std::declval<const LevelHistogram&>(), int{}, int{}));

}  // namespace detail

/// A `CodebookSelector` chooses at most `num_steps` (1…256) of the int8 levels for one layer from the distribution of
/// its scaled weights. It holds parameters only; the same histogram gives the same codebook on any number of threads.
///
///   struct EveryEighthLevel {
///     nuq::Codebook select(const nuq::LevelHistogram&, int num_steps) const {
///       std::vector<int> levels;
///       for (int step = 0; step < (std::min)(num_steps, 32); ++step) levels.push_back(8 * step - 128);
///       return nuq::Codebook(levels.begin(), levels.end());
///     }
///   };
///
/// Shipped models: OptimalCodebook, EntropyConstrainedCodebook, LloydCodebook, UniformStepCodebook, ConsecutiveLevels.
template <class Selector>
inline constexpr bool is_codebook_selector_v = detail::returns<Codebook, detail::select_op, Selector>();

/// True for a selector with the optional `select(histogram, num_steps, num_of_iteration)`: more iterations, more
/// effort.
template <class Selector>
inline constexpr bool takes_num_of_iteration_v =
    detail::returns<Codebook, detail::select_with_iterations_op, Selector>();

/// Calls the selector, with `num_of_iteration` (0…5) where it takes that; others never see it.
template <class Selector>
[[nodiscard]] Codebook select_codebook(const Selector& selector, const LevelHistogram& histogram, int num_steps,
                                       [[maybe_unused]] int num_of_iteration) {
  static_assert(is_codebook_selector_v<Selector>,
                "[nuq] CodebookSelector must provide: Codebook select(const LevelHistogram&, int num_steps) const");
  if constexpr (!is_codebook_selector_v<Selector>) {
    return {};
  } else if constexpr (takes_num_of_iteration_v<Selector>) {
    return selector.select(histogram, num_steps, num_of_iteration);
  } else {
    return selector.select(histogram, num_steps);
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_CODEBOOK_CONTRACTS_HPP
