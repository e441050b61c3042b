#ifndef NUQ_SEARCH_RATE_DISTORTION_HPP
#define NUQ_SEARCH_RATE_DISTORTION_HPP

#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/detail/option_exchange.hpp"
#include "nuq/search/detail/price_family.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Minimises bytes under what the evaluator accepts, in few evaluations.
///
/// 1. Int8 in every layer; refused: some layers in float (`SearchProblem::settle_base`). Then bisects the uniform
///    configurations, which brackets the harm that the network can take, and asks for finer options around it.
/// 2. Takes the harm that may be expected to satisfy from the problem's evidence, where it has some. Otherwise fits the
///    metric to the predicted harm of what has been evaluated, and estimates the harm at which it meets the limit that
///    parts satisfied from refused metrics (HarmCalibration). Neither the unit of the harm nor the direction of the
///    metric matters.
/// 3. Evaluates the smallest configuration within that harm: the optimal allocation at one price (PriceFamily), and
///    the room that it leaves filled by exchanges of single layers (OptionExchange). Back to 2 with what was learnt.
///    Where that one is known already, those within a little less or a little more harm, as long as they save a
///    per cent of the best (anything, where nothing else is left to try). Where metrics are samples, two per cent, and
///    halfway to what was refused where it is no larger than that.
/// 4. Where the metric tells nothing (not finite, constant, not in order with the verdicts), its estimates creep, or
///    they leave nothing to try: halves the bytes between the best and the next smaller refused configuration; at the
///    end, single steps of one layer from the best, but none that is nowhere finer than something refused, or that
///    the prediction says to be worse than something refused and is no smaller.
/// 5. Tries the uniform configurations between the answer and the largest refused one, for which up to a quarter of the
///    budget is kept. If one passes, goes on from there.
///
/// The evaluator need not be monotone. A noisy one now and then accepts a configuration that does more harm than it
/// should, and the smallest accepted is the answer: its true harm lies a little beyond the limit more often than within
/// (tests/benchmark/search_synthetic.cpp has figures).
struct RateDistortionSearch {
  /// Harm tried in step 3 beyond the estimate, relative to it; ≥ 0.
  double overshoot = 0.1;

  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;

 private:
  static constexpr double wanted_gain = 0.01;  ///< in bytes, relative to the best; less only where nothing else is left
  static constexpr double sampled_gain = 0.02;  ///< the same where metrics are samples
  static constexpr double harm_step = 0.02;     ///< relative; between the limits that step 3 tries
  static constexpr int max_harm_steps = 25;
  static constexpr int same_verdicts = 3;
  static constexpr double wide_gap = 0.05;  ///< in bytes, relative to the best

  /// Steps 2 to 4.
  NUQ_FUNCTION void improve(SearchProblem& problem, const detail::PriceFamily& family) const;

  /// Bisects for a uniform configuration that may pass while the next smaller does not, and asks for finer options
  /// between the two, or where evidence says that the limit is.
  NUQ_FUNCTION static void bracket_by_uniform(SearchProblem& problem);

  NUQ_FUNCTION [[nodiscard]] static bool has_evaluations_left(const SearchProblem& problem);

  /// Whether metrics are samples with errors that are known, and the problem's evidence is about what is beyond them.
  NUQ_FUNCTION [[nodiscard]] static bool is_sampled(const SearchProblem& problem);

  /// Not yet evaluated nor hopeless, and smaller than the best by more than `gain`, relative.
  NUQ_FUNCTION [[nodiscard]] static bool is_worth_asking(const SearchProblem& problem,
                                                         const Configuration& configuration, double gain);

  NUQ_FUNCTION [[nodiscard]] std::optional<Configuration> next_configuration(const SearchProblem& problem,
                                                                             const detail::PriceFamily& family,
                                                                             double gain) const;

  /// Step 3.
  NUQ_FUNCTION [[nodiscard]] std::optional<Configuration> smallest_near_harm(const SearchProblem& problem,
                                                                             const detail::PriceFamily& family,
                                                                             double harm, double gain) const;

  /// The estimates creep towards the limit, as they do where the metric bends: the last verdicts are the same, and
  /// there are many bytes between the best and the next smaller refused configuration.
  NUQ_FUNCTION [[nodiscard]] static bool approaches_from_one_side(const SearchProblem& problem,
                                                                  const detail::PriceFamily& family);

  /// Bytes of the largest refused configuration that is smaller than the best, else of the smallest of the family.
  NUQ_FUNCTION [[nodiscard]] static double next_refused_bytes(const SearchProblem& problem,
                                                              const detail::PriceFamily& family);

  /// Of the family, in the middle between the best and the next smaller refused configuration.
  NUQ_FUNCTION [[nodiscard]] static Configuration halfway_to_refused(const SearchProblem& problem,
                                                                     const detail::PriceFamily& family);

  /// A configuration that was refused is no larger, and does no more harm by prediction.
  NUQ_FUNCTION [[nodiscard]] static bool is_dominated_by_refused(const SearchProblem& problem,
                                                                 const Configuration& configuration);

  /// The best with one layer at a smaller option: of those not yet evaluated, the one that adds least harm.
  NUQ_FUNCTION [[nodiscard]] static std::optional<Configuration> least_harmful_step(const SearchProblem& problem,
                                                                                    double gain);
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <cstddef>
#include <utility>

#include "nuq/search/detail/harm_calibration.hpp"
#include "nuq/search/detail/option_change.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SearchResult RateDistortionSearch::search(SearchProblem& problem) const {
  if (!problem.settle_base()) return problem.conclude();
  bracket_by_uniform(problem);
  const detail::PriceFamily family(problem);
  do {
    improve(problem, family);
  } while (problem.improve_by_uniform());
  return problem.conclude();
}

NUQ_DEFINITION void RateDistortionSearch::improve(SearchProblem& problem, const detail::PriceFamily& family) const {
  while (has_evaluations_left(problem)) {
    const bool sampled = is_sampled(problem);
    std::optional<Configuration> next = next_configuration(problem, family, sampled ? sampled_gain : wanted_gain);
    if (!next && !sampled) next = next_configuration(problem, family, 0.0);
    if (!next) return;
    problem.evaluate(*next);
  }
}

NUQ_DEFINITION void RateDistortionSearch::bracket_by_uniform(SearchProblem& problem) {
  const std::vector<Configuration> uniform = problem.uniform_family();
  const auto is_known = [&problem](const Configuration& configuration, bool may_pass) {
    const EvaluatedConfiguration* const known = problem.find(configuration);
    return known != nullptr && (known->outcome.satisfied || known->outcome.plausible) == may_pass;
  };
  std::size_t passing = 0;
  for (std::size_t index = 0; index < uniform.size(); ++index) {
    if (is_known(uniform[index], true)) passing = index;
  }
  std::size_t refused = passing + 1;
  while (refused < uniform.size() && !is_known(uniform[refused], false)) ++refused;
  while (refused - passing > 1 && !problem.exhausted()) {
    const std::size_t middle = passing + (refused - passing) / 2;
    (problem.may_pass(uniform[middle]) ? passing : refused) = middle;
  }
  if (const std::optional<double> harm = problem.affordable_harm()) {
    while (passing > 0 && detail::added_harm(problem, uniform[passing]) > *harm) refused = passing--;
  }
  if (!problem.exhausted() && refused < uniform.size()) problem.refine(uniform[passing], uniform[refused]);
}

NUQ_DEFINITION bool RateDistortionSearch::has_evaluations_left(const SearchProblem& problem) {
  const auto most = static_cast<std::size_t>((std::max)(problem.budget().evaluations, 0));
  const std::size_t reserved = (std::min)(problem.open_uniform().size(), most / 4);
  return !problem.exhausted() && problem.evaluated().size() + reserved < most;
}

NUQ_DEFINITION bool RateDistortionSearch::is_sampled(const SearchProblem& problem) {
  return problem.evaluated().front().outcome.error && problem.affordable_harm();
}

NUQ_DEFINITION bool RateDistortionSearch::is_worth_asking(const SearchProblem& problem,
                                                          const Configuration& configuration, double gain) {
  return problem.total_bytes(configuration) < (1.0 - gain) * problem.best()->bytes &&
         problem.find(configuration) == nullptr && !problem.is_coarser_than_refused(configuration);
}

NUQ_DEFINITION bool RateDistortionSearch::is_dominated_by_refused(const SearchProblem& problem,
                                                                  const Configuration& configuration) {
  const double bytes = problem.total_bytes(configuration);
  const double harm = problem.total_harm(configuration);
  const std::vector<EvaluatedConfiguration>& evaluated = problem.evaluated();
  return std::any_of(evaluated.begin(), evaluated.end(), [&](const EvaluatedConfiguration& known) {
    return !known.outcome.satisfied && known.bytes <= bytes && problem.total_harm(known.configuration) <= harm;
  });
}

NUQ_DEFINITION std::optional<Configuration> RateDistortionSearch::next_configuration(const SearchProblem& problem,
                                                                                     const detail::PriceFamily& family,
                                                                                     double gain) const {
  if (const std::optional<double> harm = problem.affordable_harm()) {
    std::optional<Configuration> expected = smallest_near_harm(problem, family, *harm, gain);
    const double clearly_larger = (1.0 + gain) * next_refused_bytes(problem, family);
    if (expected && problem.total_bytes(*expected) > clearly_larger) return expected;
    Configuration halfway = halfway_to_refused(problem, family);
    if (is_worth_asking(problem, halfway, gain)) return halfway;
    return std::nullopt;
  }
  if (!approaches_from_one_side(problem, family)) {
    if (const std::optional<double> harm = detail::HarmCalibration(problem).affordable_harm()) {
      std::optional<Configuration> candidate = smallest_near_harm(problem, family, *harm, gain);
      if (candidate) return candidate;
    }
  }
  Configuration candidate = halfway_to_refused(problem, family);
  if (is_worth_asking(problem, candidate, gain)) return candidate;
  return least_harmful_step(problem, gain);
}

NUQ_DEFINITION std::optional<Configuration> RateDistortionSearch::smallest_near_harm(const SearchProblem& problem,
                                                                                     const detail::PriceFamily& family,
                                                                                     double harm, double gain) const {
  detail::OptionExchange exchange(problem);
  const auto smallest_within = [&](double limit) {
    Configuration configuration = family.within_harm(limit);
    exchange.improve(configuration, limit);
    return configuration;
  };
  const Configuration expected = smallest_within(harm);
  if (is_worth_asking(problem, expected, gain)) return expected;
  const bool has_room_below = problem.total_bytes(expected) < problem.best()->bytes;
  for (int step = 1; step <= max_harm_steps; ++step) {
    const double change = harm_step * step;
    if (has_room_below) {
      Configuration candidate = smallest_within((1.0 - change) * harm);
      if (is_worth_asking(problem, candidate, gain)) return candidate;
    }
    if (change <= overshoot) {
      Configuration candidate = smallest_within((1.0 + change) * harm);
      if (is_worth_asking(problem, candidate, gain)) return candidate;
    }
  }
  return std::nullopt;
}

NUQ_DEFINITION bool RateDistortionSearch::approaches_from_one_side(const SearchProblem& problem,
                                                                   const detail::PriceFamily& family) {
  const std::vector<EvaluatedConfiguration>& known = problem.evaluated();
  const auto agrees = [&](const EvaluatedConfiguration& other) {
    return other.outcome.satisfied == known.back().outcome.satisfied;
  };
  const double best = problem.best()->bytes;
  return known.size() >= std::size_t{same_verdicts} && std::all_of(known.end() - same_verdicts, known.end(), agrees) &&
         best - next_refused_bytes(problem, family) > wide_gap * best;
}

NUQ_DEFINITION double RateDistortionSearch::next_refused_bytes(const SearchProblem& problem,
                                                               const detail::PriceFamily& family) {
  double refused = problem.total_bytes(family.smallest());
  for (const EvaluatedConfiguration& known : problem.evaluated()) {
    if (!known.outcome.satisfied && known.bytes < problem.best()->bytes) refused = (std::max)(refused, known.bytes);
  }
  return refused;
}

NUQ_DEFINITION Configuration RateDistortionSearch::halfway_to_refused(const SearchProblem& problem,
                                                                      const detail::PriceFamily& family) {
  const double best = problem.best()->bytes;
  return family.within_bytes(best - (best - next_refused_bytes(problem, family)) / 2.0);
}

NUQ_DEFINITION std::optional<Configuration> RateDistortionSearch::least_harmful_step(const SearchProblem& problem,
                                                                                     double gain) {
  std::optional<Configuration> least;
  double least_harm = 0.0;
  const Configuration& from = problem.best()->configuration;
  for (std::size_t layer = 0; layer < from.size(); ++layer) {
    if (from[layer] == in_float) continue;
    for (int to = from[layer] + 1; to < static_cast<int>(problem.layers()[layer].size()); ++to) {
      const double harm = detail::option_change(problem, layer, from[layer], to).harm;
      Configuration candidate = from;
      candidate[layer] = to;
      if ((least && !(harm < least_harm)) || !is_worth_asking(problem, candidate, gain) ||
          is_dominated_by_refused(problem, candidate)) {
        continue;
      }
      least = std::move(candidate);
      least_harm = harm;
    }
  }
  return least;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_RATE_DISTORTION_HPP
