#ifndef NUQ_QUANTIZE_ASSIGN_CONTRACTS_HPP
#define NUQ_QUANTIZE_ASSIGN_CONTRACTS_HPP

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/scale_refit.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What an assigner returns.
struct Assignment {
  std::vector<std::int8_t> levels;  ///< [out × in] row-major, each a level of the codebook
  double error = 0.0;               ///< `output_error`, or the assigner's own measure

  // What some assigners find out on their way.
  std::optional<double> output_error{};     ///< where `error` is another measure
  std::optional<RefittedScales> refit{};    ///< `refit_scales` of the levels
  std::optional<LevelHistogram> targets{};  ///< the values that were assigned, divided by the scales, where they are
                                            ///< not the weights themselves; the next codebook is fitted to them
};

namespace detail {

template <class Assigner>
using assign_op = decltype(std::declval<const Assigner&>().assign(std::declval<const LayerProblem&>(),
                                                                  std::declval<const Codebook&>()));

template <class Assigner>
using error_op = decltype(std::declval<const Assigner&>().error(std::declval<const LayerProblem&>(),
                                                                std::declval<ArrayView<const std::int8_t>>()));

template <class Assigner>
using bounded_error_op = decltype(std::declval<const Assigner&>().error(
    std::declval<const LayerProblem&>(), std::declval<ArrayView<const std::int8_t>>(), double{}));

}  // namespace detail

/// A `LevelAssigner` maps every weight of a layer to a level of a codebook. It works from the float weight divided by
/// its scale, never from a rounded one, and gives the same levels on any number of threads.
///
///   struct TowardsZero {
///     nuq::Assignment assign(const nuq::LayerProblem& problem, const nuq::Codebook& codebook) const {
///       const nuq::NearestLevelTable nearest(codebook);
///       std::vector<std::int8_t> levels;
///       for (std::size_t row = 0; row < problem.weights.rows(); ++row) {
///         for (const float weight : problem.weights.row(row)) {
///           levels.push_back(nearest(std::trunc(static_cast<double>(weight) / problem.scale(row))));
///         }
///       }
///       const double error = nuq::output_error(problem, levels);
///       return {std::move(levels), error};
///     }
///   };
///
/// Optional, for an assigner that measures by something else (that charges for bits as well), so that any levels can be
/// measured alike: `double error(const LayerProblem&, ArrayView<const std::int8_t> levels) const`. With a third
/// parameter, `double enough`, it may stop and return anything larger than that once the error is known to be.
/// Shipped models: NearestLevel, ErrorFeedback, RateConstrainedErrorFeedback.
template <class Assigner>
inline constexpr bool is_level_assigner_v = detail::returns<Assignment, detail::assign_op, Assigner>();

/// True for an assigner with the optional `error`.
template <class Assigner>
inline constexpr bool measures_levels_v = detail::returns<double, detail::error_op, Assigner>();

/// True where that takes a bound.
template <class Assigner>
inline constexpr bool measures_up_to_v = detail::returns<double, detail::bounded_error_op, Assigner>();

/// Calls the assigner.
template <class Assigner>
[[nodiscard]] Assignment assign_levels([[maybe_unused]] const Assigner& assigner,
                                       [[maybe_unused]] const LayerProblem& problem,
                                       [[maybe_unused]] const Codebook& codebook) {
  static_assert(is_level_assigner_v<Assigner>,
                "[nuq] LevelAssigner must provide: Assignment assign(const LayerProblem&, const Codebook&) const");
  if constexpr (is_level_assigner_v<Assigner>) {
    return assigner.assign(problem, codebook);
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_CONTRACTS_HPP
