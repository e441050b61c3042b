#ifndef NUQ_WORKFLOW_ACCURACY_BASED_AUTO_CALIBRATION_HPP
#define NUQ_WORKFLOW_ACCURACY_BASED_AUTO_CALIBRATION_HPP

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/amct/config_source.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/evaluation/any_evaluator.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/model_evaluation.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/search/binary_search_strategy.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/sensitivity/contracts.hpp"
#include "nuq/sensitivity/cosine_similarity.hpp"
#include "nuq/sensitivity/rank_layers.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/calibration_policies.hpp"
#include "nuq/workflow/detail/claim_prefix.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

/// Of `accuracy_based_auto_calibration`.
struct AutoCalibrationOptions {
  std::size_t threads = 1;     ///< of quantization, calibration and `eval_net`; results do not depend on it
  CustomLayers custom_layers;  ///< layer types of the user's own
  ReadOptions network;         ///< how the model is read
};

/// One quantized network that the evaluator has seen.
struct RollBackTrial {
  std::vector<std::string> rolled_back;  ///< layers left in float
  double metric = 0.0;
  bool satisfied = false;
};

/// What `accuracy_based_auto_calibration` found.
struct AutoCalibrationResult {
  bool satisfied = false;                 ///< false: every layer went back to float, and no model is written
  double original_metric = 0.0;           ///< of the float network
  std::optional<double> metric;           ///< of the model written
  std::vector<std::string> rolled_back;   ///< enabled layers that stay in float
  std::vector<LayerSensitivity> ranking;  ///< most sensitive first; empty where nothing had to be ranked
  std::vector<RollBackTrial> trials;      ///< in order
  NetworkQuantization quantization;       ///< of the model written
  std::vector<std::string> notes;         ///< what the user should know of the configuration
};

namespace detail {

/// Any RollBackStrategy behind one type. Refers to the strategy, which outlives it.
struct AnyRollBackStrategy {
  std::function<std::size_t(std::size_t layers, const std::function<bool(std::size_t)>& passes)> layers_to_roll_back;
};

template <class Strategy>
[[nodiscard]] AnyRollBackStrategy any_roll_back_strategy(const Strategy& strategy) {
  return {[&strategy](std::size_t layers, const std::function<bool(std::size_t)>& passes) -> std::size_t {
    return strategy.layers_to_roll_back(layers, passes);
  }};
}

/// Any OutputSensitivity behind one type. Refers to the sensitivity, which outlives it.
struct AnyOutputSensitivity {
  std::function<double(ArrayView<const float>, ArrayView<const float>)> compare;
};

template <class Sensitivity>
[[nodiscard]] AnyOutputSensitivity any_output_sensitivity(const Sensitivity& sensitivity) {
  return {[&sensitivity](ArrayView<const float> original, ArrayView<const float> quantized) -> double {
    return sensitivity.compare(original, quantized);
  }};
}

/// What `accuracy_based_auto_calibration` writes besides the models, under the vendor's names.
NUQ_FUNCTION [[nodiscard]] std::string ranking_file_of(const std::string& prefix);
NUQ_FUNCTION [[nodiscard]] std::string final_config_file_of(const std::string& prefix);
NUQ_FUNCTION [[nodiscard]] std::string history_file_of(const std::string& prefix);

/// One run of `accuracy_based_auto_calibration`.
class AutoCalibrationRun {
 public:
  NUQ_FUNCTION AutoCalibrationRun(QuantConfig config, QuantizationSession session, AnyEvaluator evaluator,
                                  const AutoCalibrationOptions& options, const CalibrationPolicies& calibration,
                                  std::string save_prefix)
      : config_(std::move(config)),
        session_(std::move(session)),
        evaluator_(std::move(evaluator)),
        options_(options),
        calibration_(calibration),
        prefix_(std::move(save_prefix)),
        evaluation_(evaluator_, prefix_, options.threads, options.custom_layers) {}

  NUQ_FUNCTION [[nodiscard]] AutoCalibrationResult run(const AnyRollBackStrategy& strategy,
                                                       const AnyOutputSensitivity& sensitivity);

 private:
  NUQ_FUNCTION void evaluate_original();

  /// Fills `session_.quantization`: every enabled layer at int8, activations calibrated. Calibration reads the float
  /// network, so it holds whichever layers go back to float. A layer that could not be deployed is one of those.
  NUQ_FUNCTION void quantize_uniformly();

  /// From the evaluator's calibration data, or where it has none from its own run of the calibration model.
  NUQ_FUNCTION void calibrate_activations();

  NUQ_FUNCTION void share_shifts();

  NUQ_FUNCTION void use_uniform_weights(LayerEntry& layer);

  /// With the layers that share its weights.
  NUQ_FUNCTION void roll_back(const std::string& layer);

  // ---- search

  /// The number of layers, from the front of the ranking, that go back to float.
  NUQ_FUNCTION [[nodiscard]] std::size_t layers_to_roll_back(const AnyRollBackStrategy& strategy,
                                                             const AnyOutputSensitivity& sensitivity);

  NUQ_FUNCTION [[nodiscard]] std::vector<LayerSensitivity> ranked_layers(const AnyOutputSensitivity& sensitivity);

  /// Inputs that layers are ranked on: calibration data, or where the evaluator has none random values in the range
  /// that calibration found.
  NUQ_FUNCTION [[nodiscard]] InputBatch ranking_batch(int index) const;

  NUQ_FUNCTION [[nodiscard]] AnyEngine engine() const {
    return calibration_.engine(options_.threads, options_.custom_layers);
  }

  /// Whether the evaluator accepts the network without its `count` most sensitive layers; asked once.
  NUQ_FUNCTION [[nodiscard]] bool passes(std::size_t count);

  // ---- results

  NUQ_FUNCTION void conclude(std::size_t count);

  /// What makes the metric doubtful, into the notes.
  NUQ_FUNCTION void note_doubts();

  NUQ_FUNCTION void write_files() const;

  NUQ_FUNCTION [[nodiscard]] std::string ranking_json() const;

  NUQ_FUNCTION [[nodiscard]] std::string history_json() const;

  NUQ_FUNCTION [[nodiscard]] static std::string text_of(const Json& json) { return to_text(json, {2, false}) + "\n"; }

  QuantConfig config_;
  QuantizationSession session_;
  AnyEvaluator evaluator_;
  const AutoCalibrationOptions& options_;
  const CalibrationPolicies& calibration_;
  std::string prefix_;
  ModelEvaluation evaluation_;
  AutoCalibrationResult result_;
  std::map<std::size_t, std::size_t> trials_;  // by the number of layers rolled back, positions in result_.trials
};

template <class Evaluator, class Strategy, class Sensitivity>
[[nodiscard]] constexpr bool check_auto_calibration() {
  static_assert(is_roll_back_strategy_v<Strategy>,
                "[nuq] RollBackStrategy must provide: template <class Passes> std::size_t "
                "layers_to_roll_back(std::size_t layers, Passes&& passes) const");
  static_assert(is_output_sensitivity_v<Sensitivity>,
                "[nuq] OutputSensitivity must provide: double compare(ArrayView<const float> original, "
                "ArrayView<const float> quantized) const");
  return check_evaluator<Evaluator>() && is_roll_back_strategy_v<Strategy> && is_output_sensitivity_v<Sensitivity>;
}

}  // namespace detail

/// Quantizes a network to uniform int8 and sends its most sensitive layers back to float until the evaluator is
/// satisfied (AMCT manual, accuracy-based automatic calibration).
///
/// The original is evaluated, then the network with every enabled layer of config.json quantized. If that is refused
/// the layers are ranked by `sensitivity` over the calibration data, and `strategy` searches how many of them, the most
/// sensitive first, stay in float. The evaluator is the one of `auto_nuq` (AutoNuqEvaluatorBase), so that one class
/// serves both verbs: `calibration_batch`, or `eval_model` on the model with calibration layers, stands for the
/// vendor's `calibration`, `eval_net` or `eval_model` for its `evaluate`, and `is_satisfied` for its `metric_eval`.
/// Without `calibration_batch` the layers are ranked on random inputs in the range that calibration found.
///
/// Writes, all or nothing, the files of `save_model` and the record file; if every layer goes back to float, neither.
/// In both cases `<save_dir>_accuracy_based_auto_calibration_ranking_information.json` (sensitivity by layer, the most
/// sensitive first; empty where nothing had to be ranked), `…_final_config.json` (the configuration that gives the same
/// result again) and beside them `accuracy_based_auto_calibration_record.json` (what was rolled back and how it fared).
/// Trial models stand beside the results while the run lasts.
///
/// @param  save_dir  a folder with a file-name prefix.
/// @param  calibration  engine and activation calibrators.
/// @throws ModelError, ConfigError, FormatError for bad input; EvaluationError when the evaluator refuses the original
///         model's own metric, returns one that is not a finite number, or leaves no factors of activations. The
///         evaluator's exceptions pass through. Nothing is written then.
template <class Evaluator, class Strategy = BinarySearchStrategy, class Sensitivity = CosineSimilaritySensitivity>
AutoCalibrationResult accuracy_based_auto_calibration(const std::string& model_file, const std::string& weights_file,
                                                      Evaluator&& evaluator, const ConfigSource& config_source,
                                                      const std::string& record_file, const std::string& save_dir,
                                                      const AutoCalibrationOptions& options = {},
                                                      const Strategy& strategy = Strategy{},
                                                      const Sensitivity& sensitivity = Sensitivity{},
                                                      const CalibrationPolicies& calibration = {}) {
  using UserEvaluator = std::remove_reference_t<Evaluator>;
  if constexpr (detail::check_auto_calibration<UserEvaluator, Strategy, Sensitivity>()) {
    QuantConfig config = config_source.read();
    ThreadPool parallel(options.threads);
    QuantizationSession session = detail::prepared_session(config, model_file, weights_file, parallel, options.network);
    session.record_file = record_file;
    const PrefixLock lock =
        detail::claim_prefix(save_dir, {model_file, weights_file, config_source.file()},
                             {record_file, detail::ranking_file_of(save_dir), detail::final_config_file_of(save_dir),
                              detail::history_file_of(save_dir)});
    detail::AutoCalibrationRun run(std::move(config), std::move(session), any_evaluator(evaluator), options,
                                   calibration, save_dir);
    return run.run(detail::any_roll_back_strategy(strategy), detail::any_output_sensitivity(sensitivity));
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstdint>
#include <memory>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/calibration/random_inputs.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/evaluation/unchanged_metric.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/detail/calibrate_by_evaluator.hpp"
#include "nuq/workflow/detail/deploy_obstacle.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/detail/leave_out_layers.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::string ranking_file_of(const std::string& prefix) {
  return prefix + "_accuracy_based_auto_calibration_ranking_information.json";
}

NUQ_DEFINITION std::string final_config_file_of(const std::string& prefix) {
  return prefix + "_accuracy_based_auto_calibration_final_config.json";
}

NUQ_DEFINITION std::string history_file_of(const std::string& prefix) {
  return folder_of(prefix) + "/accuracy_based_auto_calibration_record.json";
}

NUQ_DEFINITION AutoCalibrationResult AutoCalibrationRun::run(const AnyRollBackStrategy& strategy,
                                                             const AnyOutputSensitivity& sensitivity) {
  evaluate_original();
  quantize_uniformly();
  conclude(layers_to_roll_back(strategy, sensitivity));
  return std::move(result_);
}

NUQ_DEFINITION void AutoCalibrationRun::evaluate_original() {
  const double metric = evaluation_.of_original(*session_.graph.source);
  result_.original_metric = metric;
  if (evaluator_.is_satisfied(metric, metric)) return;
  fail(EvaluationError(ErrorCode::evaluation_failed,
                       session_.graph.model_file() +
                           ": is_satisfied(original, original) is false, wanted an evaluator that accepts the original "
                           "model's own metric, " +
                           number_text(metric)));
}

NUQ_DEFINITION void AutoCalibrationRun::quantize_uniformly() {
  for (LayerEntry& layer : config_.layers) use_uniform_weights(layer);
  ThreadPool parallel(options_.threads);
  leave_out_weights_only_layers(session_);
  if (evaluator_.calibration_batch)
    leave_out_unreachable(session_, evaluator_.calibration_batch, [this] { return engine(); });
  session_.quantization =
      quantize_network(session_.graph, session_.settings.plan, NonUniformQuantizer<>{}, {}, parallel);
  calibrate_activations();
  for (const Node& node : session_.graph.nodes) {
    const auto quantized = session_.quantization.find(node.name);
    if (quantized == session_.quantization.end()) continue;
    const std::string obstacle = deploy_obstacle(node, quantized->second);
    if (obstacle.empty()) continue;
    session_.settings.notes.push_back(obstacle);
    roll_back(node.name);
  }
  share_shifts();
}

NUQ_DEFINITION void AutoCalibrationRun::calibrate_activations() {
  if (evaluator_.calibration_batch) {
    set_activations(session_, evaluator_.calibration_batch, engine(), calibration_.calibrator);
    return;
  }
  const EvaluatorCalibration found =
      calibrated_by_evaluator(session_, evaluator_, prefix_, options_.threads, options_.custom_layers);
  if (!found.obstacle.empty()) {
    fail(EvaluationError(ErrorCode::evaluation_failed,
                         session_.graph.model_file() + ": the evaluator has no calibration_batch(int), and " +
                             found.obstacle + ": wanted one of the two to calibrate the activations"));
  }
  for (const auto& [name, calibrated] : found.activations) set_activation(session_.quantization[name], calibrated);
}

NUQ_DEFINITION void AutoCalibrationRun::share_shifts() {
  if (evaluator_.calibration_batch) {
    set_joint_shifts(session_, evaluator_.calibration_batch, engine());
  } else if (session_.settings.joint_quant) {
    session_.settings.notes.push_back(
        "joint_quant: has no effect without calibration_batch(int), sums keep their full width");
  }
}

NUQ_DEFINITION void AutoCalibrationRun::use_uniform_weights(LayerEntry& layer) {
  const auto planned = session_.settings.plan.find(layer.name);
  if (planned == session_.settings.plan.end()) return;
  layer.plan.weight_algorithm = WeightAlgorithm::arq;
  WeightAlgorithm& algorithm = planned->second.weight_algorithm;
  if (algorithm == WeightAlgorithm::nuq) {
    session_.settings.notes.push_back(config_.file + ": layer '" + layer.name +
                                      "': arq_quantize instead of nuq_quantize: this calibration is uniform");
  }
  algorithm = WeightAlgorithm::arq;
}

NUQ_DEFINITION void AutoCalibrationRun::roll_back(const std::string& layer) {
  for (const Node* const node : nodes_of_same_weights(session_.graph, *session_.graph.find(layer))) {
    if (session_.quantization.erase(node->name) == 0) continue;
    session_.settings.plan.erase(node->name);
    for (LayerEntry& entry : config_.layers) {
      if (entry.name == node->name) entry.quant_enable = false;
    }
    result_.rolled_back.push_back(node->name);
  }
}

NUQ_DEFINITION std::size_t AutoCalibrationRun::layers_to_roll_back(const AnyRollBackStrategy& strategy,
                                                                   const AnyOutputSensitivity& sensitivity) {
  const std::size_t all = session_.quantization.size();
  if (all == 0 || passes(0)) return 0;
  result_.ranking = ranked_layers(sensitivity);
  const auto passes_without = [this, all](std::size_t layers) { return layers >= all || passes(layers); };
  const std::size_t count = strategy.layers_to_roll_back(all, passes_without);
  return count < all && passes(count) ? count : all;
}

NUQ_DEFINITION std::vector<LayerSensitivity> AutoCalibrationRun::ranked_layers(
    const AnyOutputSensitivity& sensitivity) {
  AnyEngine original = engine();
  original.load(session_.graph);
  AnyEngine quantized = engine();
  quantized.load(insert_quantization(session_.graph, session_.quantization));
  if (!evaluator_.calibration_batch) {
    session_.settings.notes.push_back(
        "layers ranked on random inputs: the evaluator has no calibration_batch(int) that would give real ones");
  }
  const auto next_batch = [this](int index) { return ranking_batch(index); };
  return rank_layers(session_.graph, session_.quantization, original, quantized, session_.settings.batch_num,
                     feed_from(next_batch), sensitivity);
}

NUQ_DEFINITION InputBatch AutoCalibrationRun::ranking_batch(int index) const {
  if (evaluator_.calibration_batch) return evaluator_.calibration_batch(index);
  return random_inputs(session_.graph, session_.quantization, static_cast<std::uint64_t>(index));
}

NUQ_DEFINITION bool AutoCalibrationRun::passes(std::size_t count) {
  const auto known = trials_.find(count);
  if (known != trials_.end()) return result_.trials[known->second].satisfied;
  RollBackTrial trial;
  trial.rolled_back = result_.rolled_back;
  NetworkQuantization quantization = session_.quantization;
  for (std::size_t rank = 0; rank < count; ++rank) {
    const Node& ranked = *session_.graph.find(result_.ranking[rank].layer);
    for (const Node* const node : nodes_of_same_weights(session_.graph, ranked)) {
      if (quantization.erase(node->name) > 0) trial.rolled_back.push_back(node->name);
    }
  }
  trial.metric = evaluation_(session_.graph, quantization);
  trial.satisfied = evaluator_.is_satisfied(result_.original_metric, trial.metric);
  trials_[count] = result_.trials.size();
  result_.trials.push_back(std::move(trial));
  return result_.trials.back().satisfied;
}

NUQ_DEFINITION void AutoCalibrationRun::conclude(std::size_t count) {
  for (std::size_t rank = 0; rank < count; ++rank) roll_back(result_.ranking[rank].layer);
  result_.satisfied = !session_.quantization.empty();
  if (result_.satisfied) result_.metric = result_.trials[trials_.at(count)].metric;
  result_.notes = session_.settings.notes;
  note_doubts();
  write_files();
  result_.quantization = std::move(session_.quantization);
}

NUQ_DEFINITION void AutoCalibrationRun::note_doubts() {
  for (const std::string& warning : evaluator_.warnings()) result_.notes.push_back(warning);
  std::vector<double> metrics;
  for (const RollBackTrial& trial : result_.trials) metrics.push_back(trial.metric);
  const std::string warning = unchanged_metric_warning(result_.original_metric, metrics, evaluator_.batch_num);
  if (!warning.empty()) result_.notes.push_back(warning);
}

NUQ_DEFINITION void AutoCalibrationRun::write_files() const {
  FileSet files;
  if (result_.satisfied) {
    set_report_as_voucher(files, prefix_);
    ThreadPool parallel(options_.threads);
    stage_quantized_models(files, session_.graph, session_.quantization, SaveType::both, prefix_, parallel);
    files.stage(session_.record_file, record_text(session_.graph, session_.quantization, session_.settings));
  }
  files.stage(ranking_file_of(prefix_), ranking_json());
  files.stage(final_config_file_of(prefix_), to_json(config_));
  files.stage(history_file_of(prefix_), history_json());
  files.commit();
}

NUQ_DEFINITION std::string AutoCalibrationRun::ranking_json() const {
  Json json = Json::object();
  for (const LayerSensitivity& layer : result_.ranking) json.set(layer.layer, layer.value);
  return text_of(json);
}

NUQ_DEFINITION std::string AutoCalibrationRun::history_json() const {
  Json trials = Json::array();
  for (const RollBackTrial& trial : result_.trials) {
    trials.push_back(Json::object(
        {{"roll_back_layers", trial.rolled_back}, {"metric", trial.metric}, {"satisfied", trial.satisfied}}));
  }
  return text_of(Json::object({{"original_metric", result_.original_metric},
                               {"trials", trials},
                               {"roll_back_layers", result_.rolled_back},
                               {"satisfied", result_.satisfied}}));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_ACCURACY_BASED_AUTO_CALIBRATION_HPP
