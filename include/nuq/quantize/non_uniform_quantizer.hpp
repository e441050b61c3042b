#ifndef NUQ_QUANTIZE_NON_UNIFORM_QUANTIZER_HPP
#define NUQ_QUANTIZE_NON_UNIFORM_QUANTIZER_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/quantize/assign/scale_refit.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/contracts.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/contracts.hpp"
#include "nuq/quantize/detail/checks.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/quantize/scales/round_to_scales.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Policy>
using price_op = decltype(std::declval<Policy&>().price);
template <class Policy>
inline constexpr bool has_price_member_v = returns<double, price_op, Policy>();

}  // namespace detail

/// Restricts a layer's int8 weights to few levels.
///
///   scales → histogram of w / scale → codebook → assignment → closed-form scales for that assignment → once more,
///
/// for at most `max_rounds` rounds, while the error falls and new scales alone lower it by more than a relative 1e-3;
/// none where inputs are guessed, since a few percent mean nothing there. An assigner that has other targets than the
/// weights gets a codebook for these as well, whatever the scales gain. The best assignment met is returned, with the
/// scales it was made for; it is never worse than the nearest levels of the first codebook. With 256 levels nothing is
/// chosen and nothing re-fitted: the result is the weight quantizer's own. A weight quantizer whose scales are the
/// outcome of a trade says so by `static constexpr bool keeps_scales = true`: they are not re-fitted. Last, the bias is
/// corrected for the result, as the parameters say. Same input, same result, for any number of threads.
template <class WeightQuantizer = AbsMaxQuantizer, class CodebookSelector = OptimalCodebook,
          class LevelAssigner = ErrorFeedback>
class NonUniformQuantizer {
 public:
  explicit NonUniformQuantizer(WeightQuantizer quantizer = {}, CodebookSelector selector = {},
                               LevelAssigner assigner = {})
      : quantizer_(std::move(quantizer)), selector_(std::move(selector)), assigner_(std::move(assigner)) {}

  [[nodiscard]] const WeightQuantizer& quantizer() const noexcept { return quantizer_; }
  [[nodiscard]] const CodebookSelector& selector() const noexcept { return selector_; }
  [[nodiscard]] const LevelAssigner& assigner() const noexcept { return assigner_; }

  /// True where a policy has a member `price`: what a bit may cost, in units of the layer's output error.
  static constexpr bool has_price = detail::has_price_member_v<WeightQuantizer> ||
                                    detail::has_price_member_v<CodebookSelector> ||
                                    detail::has_price_member_v<LevelAssigner>;

  /// This quantizer with the price of its policies set.
  [[nodiscard]] NonUniformQuantizer at_price(double price) const {
    static_assert(has_price,
                  "[nuq] at_price: no policy (WeightQuantizer, CodebookSelector, LevelAssigner) has a member `price`");
    NonUniformQuantizer priced = *this;
    if constexpr (detail::has_price_member_v<WeightQuantizer>) priced.quantizer_.price = price;
    if constexpr (detail::has_price_member_v<CodebookSelector>) priced.selector_.price = price;
    if constexpr (detail::has_price_member_v<LevelAssigner>) priced.assigner_.price = price;
    return priced;
  }

  /// Quantizes one layer: `weights` are [out × in], `statistics` those of its `in` inputs, or null.
  /// @throws ModelError  for weights that the weight quantizer refuses.
  /// @throws ConfigError invalid_argument: `num_steps` out of range, a policy that breaks its contract;
  ///                     size_mismatch: statistics of another layer.
  [[nodiscard]] NuqResult quantize(MatrixView<const float> weights, Granularity granularity,
                                   const NuqParameters& parameters, const LayerStatistics* statistics,
                                   Parallel& parallel) const {
    detail::check_parameters(parameters);
    if (statistics != nullptr) detail::check_statistics(*statistics, weights.cols());
    if (parameters.num_steps == 256) return quantize_uniformly(weights, granularity, statistics, parallel);
    const std::vector<float> scales = scales_for(parameters.num_steps, weights, granularity, statistics);
    const LayerProblem problem{weights, scales, statistics, &parallel};
    State best = state_at(scales, histogram_at(scales, problem), problem, parameters);
    const double nearest_error = fall_back_on_nearest(best, problem);
    const int rounds = keeps_scales_v<WeightQuantizer> || problem.has_prior() ? 0 : parameters.max_rounds;
    for (int round = 0; round < rounds; ++round) {
      if (!improve(best, problem, parameters)) break;
    }
    NuqResult result{{weights.rows(), weights.cols(), std::move(best.scales), std::move(best.assignment.levels)},
                     best.codebook,
                     best.assignment.error,
                     nearest_error};
    result.output_error = best.assignment.output_error;
    if constexpr (!measures_levels_v<LevelAssigner>) result.output_error = result.error;
    result.bias_correction = bias_correction(weights, result.weights, statistics, parameters.bias_correction);
    return result;
  }

 private:
  static constexpr double least_gain = 1e-3;  // below which a re-fit is not worth a round

  struct State {
    std::vector<float> scales;
    Codebook codebook;
    Assignment assignment;
  };

  struct Refit {
    std::vector<float> scales;
    bool gains = false;
  };

  [[nodiscard]] std::vector<float> scales_for(int num_steps, MatrixView<const float> weights, Granularity granularity,
                                              const LayerStatistics* statistics) const {
    std::vector<float> scales = weight_scales(quantizer_, weights, granularity, {num_steps, statistics});
    detail::check_scales(scales, weights.rows());
    return scales;
  }

  /// With all 256 levels.
  [[nodiscard]] NuqResult quantize_uniformly(MatrixView<const float> weights, Granularity granularity,
                                             const LayerStatistics* statistics, Parallel& parallel) const {
    QuantizedWeights uniform;
    if constexpr (takes_purpose_v<WeightQuantizer>) {
      uniform = round_to_scales(weights, scales_for(256, weights, granularity, statistics));
    } else {
      uniform = quantize_weights(quantizer_, weights, granularity);
      detail::check_quantized(uniform, weights);
    }
    const double error = error_of({weights, uniform.scales, statistics, &parallel}, uniform.levels);
    return {std::move(uniform), Codebook::all(), error, error};
  }

  [[nodiscard]] static LevelHistogram histogram_at(ArrayView<const float> scales, const LayerProblem& problem) {
    return histogram_of(problem.weights, scales, problem.statistics, *problem.parallel);
  }

  /// Codebook for a histogram, and assignment at given scales.
  [[nodiscard]] State state_at(std::vector<float> scales, const LevelHistogram& histogram, LayerProblem problem,
                               const NuqParameters& parameters) const {
    problem.scales = scales;
    const Codebook codebook = select_codebook(selector_, histogram, parameters.num_steps, parameters.num_of_iteration);
    detail::check_codebook(codebook, parameters.num_steps);
    Assignment assignment = assign_levels(assigner_, problem, codebook);
    detail::check_assignment(assignment, problem.weights.size());
    return {std::move(scales), codebook, std::move(assignment)};
  }

  /// One round: new scales for the levels, then a codebook fitted to what the assigner was asked for, else to the
  /// weights. False, and nothing changed, where neither lowers the error.
  [[nodiscard]] bool improve(State& best, LayerProblem problem, const NuqParameters& parameters) const {
    const Refit refit = refitted_scales(best, problem);
    problem.scales = refit.scales;
    const auto replaces_best = [&](const LevelHistogram& histogram) {
      State next = state_at(refit.scales, histogram, problem, parameters);
      if (!(next.assignment.error < best.assignment.error)) return false;
      best = std::move(next);
      return true;
    };
    const std::optional<LevelHistogram> targets = best.assignment.targets;
    if (targets && replaces_best(*targets)) return true;
    return refit.gains && replaces_best(histogram_at(refit.scales, problem));
  }

  /// The error of any levels: by the assigner's own measure where it has one.
  [[nodiscard]] double error_of(const LayerProblem& problem, ArrayView<const std::int8_t> levels) const {
    if constexpr (measures_levels_v<LevelAssigner>) {
      return static_cast<double>(assigner_.error(problem, levels));
    } else {
      return output_error(problem, levels);
    }
  }

  /// The best scales for the state's levels; the present ones where they gain too little.
  [[nodiscard]] Refit refitted_scales(const State& state, LayerProblem problem) const {
    problem.scales = state.scales;
    RefittedScales refitted =
        state.assignment.refit ? *state.assignment.refit : refit_scales(problem, state.assignment.levels);
    double error = state.assignment.error - refitted.gain;
    if constexpr (measures_levels_v<LevelAssigner>) {
      problem.scales = refitted.scales;
      error = error_of(problem, state.assignment.levels);
    }
    if (!(error < state.assignment.error * (1.0 - least_gain))) return {state.scales, false};
    return {std::move(refitted.scales), true};
  }

  /// The same, or anything larger than `enough` where that is less.
  [[nodiscard]] double error_of(const LayerProblem& problem, ArrayView<const std::int8_t> levels, double enough) const {
    if constexpr (measures_up_to_v<LevelAssigner>) return static_cast<double>(assigner_.error(problem, levels, enough));
    if constexpr (!measures_levels_v<LevelAssigner>) return output_error(problem, levels, enough);
    return error_of(problem, levels);
  }

  /// Puts the nearest levels in the place of an assignment that is no better; returns their error, see NuqResult.
  double fall_back_on_nearest(State& state, const LayerProblem& problem) const {
    if constexpr (!std::is_same_v<LevelAssigner, NearestLevel>) {
      std::vector<std::int8_t> nearest = nearest_levels(problem, state.codebook);
      const double error = error_of(problem, nearest, state.assignment.error);
      if (!(state.assignment.error < error)) state.assignment = {std::move(nearest), error};
      return error;
    }
    return state.assignment.error;
  }

  WeightQuantizer quantizer_;
  CodebookSelector selector_;
  LevelAssigner assigner_;
};

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE) template void AnyLayerQuantizer::hold(const std::shared_ptr<const NonUniformQuantizer<>>&);
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_NON_UNIFORM_QUANTIZER_HPP
