#ifndef NUQ_ASSIGN_ERROR_FEEDBACK_HPP
#define NUQ_ASSIGN_ERROR_FEEDBACK_HPP

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/assign/contracts.hpp"
#include "nuq/assign/detail/feedback.hpp"
#include "nuq/assign/layer_problem.hpp"
#include "nuq/assign/nearest_level.hpp"
#include "nuq/assign/output_error.hpp"
#include "nuq/codebook/codebook.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Second-order assignment: the weights of a row are fixed one after the other, each at the level nearest to what makes
/// up for the errors of those before it (optimal brain quantization in a fixed order: Hassibi and Stork 1993, GPTQ
/// 2022). Where the covariance of the inputs is only guessed (InputPrior), errors are fed back on that guess; where
/// there is not even that it is NearestLevel.
struct ErrorFeedback {
  double damping =
      default_damping;  ///< of statistics that bring no factor: share of the mean second moment added to each

  [[nodiscard]] Assignment assign(const LayerProblem& problem, const Codebook& codebook) const {
    if (!problem.has_covariance() && !problem.has_prior()) return NearestLevel{}.assign(problem, codebook);
    const NearestLevelTable nearest(codebook);
    std::vector<std::int8_t> levels(problem.weights.size());
    detail::Feedback(problem, damping).assign(levels.data(), [&nearest](double target, double) {
      return nearest(target);
    });
    const double error = output_error(problem, levels);
    return {std::move(levels), error};
  }

  /// What a codebook should be fitted to once `levels` are assigned: the weights together with what they make up for;
  /// nothing without the covariance of the inputs.
  [[nodiscard]] std::optional<LevelHistogram> targets(const LayerProblem& problem,
                                                      ArrayView<const std::int8_t> levels) const {
    if (!problem.has_covariance()) return std::nullopt;
    return detail::feedback_targets(problem, *detail::ProblemFactor(problem, damping), levels);
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_ASSIGN_ERROR_FEEDBACK_HPP
