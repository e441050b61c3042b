#ifndef NUQ_QUANTIZE_ASSIGN_ERROR_FEEDBACK_HPP
#define NUQ_QUANTIZE_ASSIGN_ERROR_FEEDBACK_HPP

#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/assign/detail/feedback.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/assign/scale_refit.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Chooses the level of a codebook nearest to a target.
class NearestLevels {
 public:
  explicit NearestLevels(const Codebook& codebook) noexcept : table_(codebook) {}

  NUQ_FUNCTION [[nodiscard]] std::int8_t operator()(double target, double) const noexcept { return table_(target); }
  NUQ_FUNCTION [[nodiscard]] LevelLanes operator()(const PriorLanes& targets, const PriorLanes&) const noexcept {
    return table_.nearest<LevelLanes{}.size()>(targets.data());
  }

 private:
  NearestLevelTable table_;
};

}  // namespace detail

/// Second-order assignment: the weights of a row are fixed one after the other, each at the level nearest to what makes
/// up for the errors of those before it (optimal brain quantization in a fixed order: Hassibi and Stork 1993, GPTQ
/// 2022). Where the second-moment matrix of the inputs is only guessed (InputPrior), errors are fed back on that guess;
/// where there is not even that it is NearestLevel.
struct ErrorFeedback {
  double damping =
      default_damping;  ///< of statistics that bring no factor: share of the mean second moment added to each

  template <class Real = double>
  [[nodiscard]] Assignment assign(const LayerProblem& problem, const Codebook& codebook) const {
    if (!problem.has_second_moments() && !problem.has_prior()) return NearestLevel{}.assign<Real>(problem, codebook);
    const detail::NearestLevels nearest(codebook);
    Assignment assignment;
    assignment.levels.resize(problem.weights.size());
    detail::FeedbackFindings findings;
    assignment.error = detail::Feedback<Real>(problem, damping).assign(assignment.levels.data(), nearest, &findings);
    if (!problem.has_second_moments()) return assignment;
    assignment.refit = detail::refitted_scales(problem, findings.fits);
    assignment.targets.emplace();
    for (const LevelHistogram& block : findings.targets) assignment.targets->add(block);
    return assignment;
  }
};

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE)
template Assignment ErrorFeedback::assign<double>(const LayerProblem&, const Codebook&) const;
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_ERROR_FEEDBACK_HPP
