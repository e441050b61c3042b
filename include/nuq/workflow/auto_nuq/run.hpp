#ifndef NUQ_WORKFLOW_AUTO_NUQ_RUN_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_RUN_HPP

#include <string>
#include <utility>

#include "nuq/amct/config_source.hpp"
#include "nuq/compiled.hpp"
#include "nuq/search/within_bytes.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/candidates.hpp"
#include "nuq/workflow/auto_nuq/check_search_options.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"
#include "nuq/workflow/auto_nuq/result.hpp"
#include "nuq/workflow/auto_nuq/results.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"
#include "nuq/workflow/auto_nuq/trials.hpp"
#include "nuq/workflow/quantization_session.hpp"
#include "nuq/workflow/quantize_model.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// One run of `auto_nuq`: evaluates the original, quantizes the layers in every way, and searches.
class AutoNuqRun {
 public:
  NUQ_FUNCTION AutoNuqRun(QuantizationSession session, const ConfigSource& config, const std::string& save_prefix,
                          const AutoNuqOptions& options, AutoNuqTools tools)
      : state_(std::move(session), save_prefix, options, std::move(tools)), trials_(state_, config), results_(state_) {}

  NUQ_FUNCTION [[nodiscard]] AutoNuqResult operator()() {
    check_search_options(state_.session.graph, state_.session.settings.plan, *state_.tools.quantizer, state_.options);
    note_ignored_iterations(state_.session.settings, *state_.tools.quantizer);
    results_.add_warnings();
    try {
      const double before = state_.elapsed();
      state_.original_metric = trials_.original();
      state_.limit_preparation(state_.elapsed() - before);
      state_.report.original_metric = state_.original_metric;
      for (const std::string& warning : state_.tools.evaluator.warnings()) state_.warn(warning);
      choose_candidates(state_);
    } catch (const StopRequested&) {
      return results_.stopped_early();
    }
    return search();
  }

 private:
  NUQ_FUNCTION [[nodiscard]] AutoNuqResult search();

  /// Of layers that no configuration changes, beyond what the search counts.
  NUQ_FUNCTION [[nodiscard]] double other_bytes(const SearchProblem& problem);

  AutoNuqState state_;
  WithinBytes within_bytes_;
  AutoNuqTrials trials_;
  AutoNuqResults results_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/core/thread_pool.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION double AutoNuqRun::other_bytes(const SearchProblem& problem) {
  ThreadPool parallel(state_.options.threads);
  double bytes = -problem.total_bytes(problem.int8());
  for (const LayerReport& layer :
       layer_reports(state_.session.graph, state_.choices.quantized_as(problem.int8()), state_.session.settings,
                     state_.options.target.value_or(Target::packed), parallel))
    bytes += static_cast<double>(layer.bytes);
  return bytes;
}

NUQ_DEFINITION AutoNuqResult AutoNuqRun::search() {
  const SearchProblem* asking = nullptr;
  auto evaluate = [&](const Configuration& configuration) { return trials_.of(configuration, *asking); };
  auto save = [this](const EvaluatedConfiguration& improved) { results_.save_improvement(improved); };
  auto refine = [this](const Configuration& passing, const Configuration& refused) {
    return refined_candidates(state_, passing, refused);
  };
  const double seconds_left = state_.options.max_seconds - state_.elapsed();
  SearchProblem problem(state_.choices.search_layers(), {state_.options.max_evaluations - 1, seconds_left}, evaluate,
                        state_.choices.float_bytes());
  asking = &problem;
  trials_.verdicts().watch(problem);
  problem.weigh_with(trials_.verdicts());
  problem.refine_with(refine);
  problem.on_improvement(save);
  problem.stop_when(state_.tools.progress.stop_requested);
  if (state_.options.max_bytes) {
    state_.other_bytes = other_bytes(problem);
    within_bytes_.bytes = static_cast<double>(*state_.options.max_bytes) - state_.other_bytes;
    state_.tools.search = any_search_policy(within_bytes_);
  }
  try {
    return results_.conclude(run_search(state_.tools.search, problem), problem);
  } catch (const StopRequested&) {
    return results_.conclude(problem.conclude(), problem);
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_RUN_HPP
