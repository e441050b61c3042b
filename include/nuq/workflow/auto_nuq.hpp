#ifndef NUQ_WORKFLOW_AUTO_NUQ_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_HPP

#include <optional>
#include <string>
#include <type_traits>

#include "nuq/amct/config_source.hpp"
#include "nuq/compiled.hpp"
#include "nuq/evaluation/any_evaluator.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"
#include "nuq/workflow/auto_nuq/result.hpp"
#include "nuq/workflow/auto_nuq/run.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"
#include "nuq/workflow/policies.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// `auto_nuq` with the evaluator and the policies behind types that are always the same.
NUQ_FUNCTION [[nodiscard]] AutoNuqResult run_auto_nuq(const std::string& model_file, const std::string& weights_file,
                                                      const ConfigSource& config, const std::string& record_file,
                                                      const std::string& save_prefix, const AutoNuqOptions& options,
                                                      AutoNuqTools tools);

/// Nothing for the target's own.
template <class Quantizer>
[[nodiscard]] std::optional<AnyLayerQuantizer> quantizer_in([[maybe_unused]] const Quantizer& quantizer) {
  if constexpr (std::is_same_v<Quantizer, QuantizerOfTarget>) {
    return std::nullopt;
  } else {
    return AnyLayerQuantizer(quantizer);
  }
}

}  // namespace detail

/// Searches for the configuration that compresses most while the evaluator is satisfied, and writes it.
///
/// The original model is evaluated first, then uniform int8, then what the search policy asks for. config.json says
/// which layers are candidates (`nuq_quantize`) and which stay at int8 (`arq_quantize`). Every improvement is on disk
/// at once: the files of `save_model`, the record file, and last `<save_prefix>_report.json` with the hashes of the
/// others. A refused configuration is never written. Where the evaluator tells batches, the answer also has to hold
/// beyond the sample (AutoNuqOptions::confidence); what is evaluated later may then make a larger configuration the
/// answer. Where even int8 is refused, some layers stay in float. Trial models stand beside the results while the run
/// lasts.
///
/// Activations are calibrated with the evaluator's `calibration_batch`, or where it has none by its run of a model with
/// calibration layers, on the configuration's `batch_num` batches. Where that leaves no factors the run is
/// weights-only, without a deploy model, and says so on standard error.
///
/// @param  evaluator  see AutoNuqEvaluatorBase. One that throws EvaluationError is asked once more; then, as its other
///                    exceptions, it passes through, and the best so far stays on disk.
/// @param  policies   how the work is done, part by part (workflow/policies.hpp). Files and report do not depend on
///                    the executor.
/// @throws ModelError, ConfigError, FormatError for bad input, an output that is an input, and while another run writes
///         to this prefix, before anything is written; EvaluationError for a metric
///         that is not a finite number.
template <class Evaluator, class UserPolicies = Policies<>>
AutoNuqResult auto_nuq(const std::string& model_file, const std::string& weights_file, Evaluator&& evaluator,
                       const ConfigSource& config, const std::string& scale_offset_record_file,
                       const std::string& save_prefix, const AutoNuqOptions& options = {},
                       UserPolicies&& policies = UserPolicies{}) {
  using UserEvaluator = std::remove_reference_t<Evaluator>;
  static_assert(is_policies_v<UserPolicies>,
                "[nuq] the last argument of auto_nuq must be: nuq::Policies{quantizer, search, executor, progress}");
  if constexpr (is_policies_v<UserPolicies>) {
    using Executor = std::remove_reference_t<decltype((policies.executor))>;
    if constexpr (check_evaluator<UserEvaluator>() && check_executor<Executor, is_thread_safe_v<UserEvaluator>>()) {
      return detail::run_auto_nuq(
          model_file, weights_file, config, scale_offset_record_file, save_prefix, options,
          {any_evaluator(evaluator), detail::quantizer_in(policies.quantizer), any_search_policy(policies.search),
           any_executor(policies.executor), any_progress(policies.progress), policies.calibration});
    }
  }
  return {};
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <utility>

#include "nuq/core/thread_pool.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/workflow/detail/claim_prefix.hpp"
#include "nuq/workflow/detail/target_of.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline AnyLayerQuantizer quantizer_for(Target target) {
  if (target == Target::packed) return RateQuantizer{};
  return NonUniformQuantizer<>{};
}

NUQ_DEFINITION AutoNuqResult run_auto_nuq(const std::string& model_file, const std::string& weights_file,
                                          const ConfigSource& config, const std::string& record_file,
                                          const std::string& save_prefix, const AutoNuqOptions& options,
                                          AutoNuqTools tools) {
  ThreadPool parallel(options.threads);
  QuantizationSession session = prepared_session(config, model_file, weights_file, parallel, options.network);
  session.record_file = record_file;
  const PrefixLock lock =
      claim_prefix(save_prefix, {model_file, weights_file, config.file()}, {record_file, options.journal});
  set_bias_correction(session.settings.plan, options.bias_correction);
  AutoNuqOptions decided = options;
  if (!options.target) decided.target = target_of(session.settings);
  if (!tools.quantizer) tools.quantizer = quantizer_for(*decided.target);
  return AutoNuqRun(std::move(session), config, save_prefix, decided, std::move(tools))();
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_HPP
