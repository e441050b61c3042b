#ifndef NUQ_WORKFLOW_AUTO_NUQ_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/caffe/data_free_statistics.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantize_layer.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/config/quantization_record.hpp"
#include "nuq/config/record_file.hpp"
#include "nuq/core/detail/number_text.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/packed/target.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/commit_with_reports.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/report.hpp"
#include "nuq/search/binary_search.hpp"
#include "nuq/search/contracts.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/detail/deploy_obstacle.hpp"
#include "nuq/workflow/detail/model_evaluation.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"
#include "nuq/workflow/detail/price_of_levels.hpp"
#include "nuq/workflow/evaluator.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

struct AutoNuqOptions {
  int max_evaluations = 15;  ///< calls of the evaluator, the original and int8 included
  double max_seconds = (std::numeric_limits<double>::infinity)();  ///< no evaluation starts later
  std::vector<int> levels;  ///< numbers of levels to choose from, 2…255, of a quantizer without a price; empty: each
                            ///< layer's `num_steps` and its halves down to 4
  std::map<std::string, int> pins;  ///< layers that must have this many levels; 256 keeps int8
  Target target = Target::packed;   ///< what sizes are measured by
  bool weights_only = false;        ///< leaves activations in float although the evaluator could calibrate them
  int statistics_batches =
      0;  ///< batches of `calibration_batch` that the weights are fitted to; 0: batch_num; negative: none
  std::size_t threads = 1;     ///< of calibration, quantization and `eval_net`; results do not depend on it
  CustomLayers custom_layers;  ///< layer types of the user's own, for calibration and `eval_net`
};

struct AutoNuqResult {
  bool satisfied = false;
  SearchStatus status = SearchStatus::budget_too_small;
  NetworkQuantization quantization;  ///< of the answer; empty unless satisfied
  RunReport report;                  ///< what `<save_prefix>_report.json` holds
};

namespace detail {

/// One run of `auto_nuq`: the network, the options of its layers, and the files of the best configuration so far.
template <class Evaluator, class Quantizer>
class AutoNuqRun {
 public:
  AutoNuqRun(Graph graph, Evaluator& evaluator, const Quantizer& quantizer, const AutoNuqOptions& options,
             std::string save_prefix)
      : graph_(std::move(graph)),
        evaluator_(evaluator),
        quantizer_(quantizer),
        options_(options),
        prefix_(std::move(save_prefix)),
        evaluation_(evaluator, prefix_, options.threads, options.custom_layers) {
    report_.weights_only = options.weights_only || !has_calibration_batch_v<Evaluator>;
    note_ignored_iterations<Quantizer>(graph_);
    report_.warnings = graph_.notes;
    if constexpr (!has_calibration_batch_v<Evaluator>) {
      if (!options.weights_only)
        report_.warnings.push_back("weights-only: the evaluator has no calibration_batch(int)");
    }
  }

  template <class SearchPolicy>
  [[nodiscard]] AutoNuqResult run(const SearchPolicy& policy) {
    check_options();
    quantize_options();
    original_metric_ = evaluation_.of_original(graph_.model);
    report_.original_metric = original_metric_;
    calibrate_inputs();
    auto evaluate = [this](const Configuration& configuration) { return evaluate_configuration(configuration); };
    auto save = [this](const EvaluatedConfiguration& improved) { save_improvement(improved); };
    SearchProblem problem(search_layers_, {options_.max_evaluations - 1, options_.max_seconds}, evaluate);
    problem.on_improvement(save);
    const SearchResult found = run_search(policy, problem);
    return conclude(problem, found);
  }

 private:
  /// A layer with the results of its options; option 0 keeps int8 unless the layer is pinned.
  struct Candidate {
    std::string layer;
    std::vector<LayerQuantization> options;
  };

  // ---- options of the layers

  void check_options() const {
    if (Quantizer::has_price && !options_.levels.empty()) {
      fail(ConfigError(ErrorCode::invalid_argument,
                       "levels: the quantizer has a price per bit, wanted no list or a quantizer without a price"));
    }
    for (const int count : options_.levels) {
      if (count < 2 || count > 256)
        fail(ConfigError(ErrorCode::invalid_argument, "levels " + std::to_string(count) + ": wanted 2 to 256"));
    }
    for (const auto& [layer, levels] : options_.pins) {
      const bool has_levels = graph_.plan.count(layer) > 0 && quantizes_weights(*graph_.find(layer));
      if (!has_levels || levels < 2 || levels > 256) {
        fail(ConfigError(ErrorCode::invalid_argument,
                         "pin '" + layer + "'=" + std::to_string(levels) +
                             ": wanted a layer whose weights the configuration quantizes and 2 to 256 levels"));
      }
    }
  }

  void quantize_options() {
    ThreadPool parallel(options_.threads);
    statistics_ = statistics(parallel);
    if constexpr (Quantizer::has_price) price_ = price_of_configured_levels(graph_, statistics_, parallel);
    for (const Node& node : graph_.nodes) {
      const auto planned = graph_.plan.find(node.name);
      if (planned == graph_.plan.end()) continue;
      if (quantizes_weights(node)) {
        add_candidate(node, planned->second, parallel);
      } else {
        without_weights_[node.name] = quantize_layer(graph_, node, planned->second, quantizer_, nullptr, parallel);
      }
    }
  }

  /// What the evaluator's calibration data say about the layers that take NUQ; what may be expected of them without.
  [[nodiscard]] NetworkStatistics statistics(Parallel& parallel) {
    if constexpr (has_calibration_batch_v<Evaluator>) {
      if (options_.statistics_batches >= 0) {
        const auto next_batch = [this](int index) { return evaluator_.calibration_batch(index); };
        const int batches = options_.statistics_batches > 0 ? options_.statistics_batches : graph_.batch_num;
        EigenEngine engine(options_.threads, options_.custom_layers);
        return weighed_statistics(graph_, next_batch, batches, engine, parallel);
      }
    }
    return weighed_data_free_statistics(graph_, parallel);
  }

  /// Quantizes a layer in every way the search may choose; one that is not smaller than those before is no option.
  void add_candidate(const Node& node, const LayerPlan& plan, Parallel& parallel) {
    Candidate candidate{node.name, {}};
    LayerOptions options;
    const auto known = statistics_.find(node.name);
    const LayerStatistics* const layer = known == statistics_.end() ? nullptr : &known->second;
    const auto add = [&](const auto& quantizer, int levels, double price) {
      LayerPlan trial = plan;
      trial.weight_algorithm = levels == 256 ? WeightAlgorithm::arq : WeightAlgorithm::nuq;
      trial.num_steps = levels;
      LayerQuantization quantized = quantize_layer(graph_, node, trial, quantizer, layer, parallel);
      const double harm = layer == nullptr ? 0.0 : predicted_harm(node, quantized.weights, *layer, parallel);
      const LayerOption option{layer_bytes(options_.target, quantized.weights, kernel_of(node)), harm, levels, price};
      if (!options.empty() && !(option.bytes < options.back().bytes)) return;
      options.push_back(option);
      candidate.options.push_back(std::move(quantized));
    };
    const auto pin = options_.pins.find(node.name);
    if (pin != options_.pins.end()) {
      add(NonUniformQuantizer<>{}, pin->second, 0.0);
    } else {
      add(quantizer_, 256, 0.0);
      if (plan.weight_algorithm == WeightAlgorithm::nuq) add_compressed(plan, add);
    }
    search_layers_.push_back(std::move(options));
    candidates_.push_back(std::move(candidate));
  }

  /// Calls `add(quantizer, levels, price)` for each way to compress a layer, from the largest on.
  template <class Add>
  void add_compressed(const LayerPlan& plan, const Add& add) const {
    if constexpr (Quantizer::has_price) {
      for (int doublings = -5; doublings <= 12; ++doublings) {
        const double price = std::ldexp(price_, doublings);
        add(quantizer_.at_price(price), plan.num_steps, price);
      }
    } else {
      for (const int levels : levels_to_try(plan)) add(quantizer_, levels, 0.0);
    }
  }

  /// Descending.
  [[nodiscard]] std::vector<int> levels_to_try(const LayerPlan& plan) const {
    std::vector<int> levels = options_.levels;
    if (levels.empty()) {
      for (int count = plan.num_steps; count >= 4; count /= 2) levels.push_back(count);
    }
    std::sort(levels.rbegin(), levels.rend());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    return levels;
  }

  void calibrate_inputs() {
    if constexpr (has_calibration_batch_v<Evaluator>) {
      if (report_.weights_only) return;
      const auto calibrated = calibrated_activations(
          graph_, [this](int index) { return evaluator_.calibration_batch(index); },
          EigenEngine(options_.threads, options_.custom_layers));
      for (Candidate& candidate : candidates_) {
        for (LayerQuantization& option : candidate.options) set_activation(option, calibrated.at(candidate.layer));
      }
      for (auto& [layer, quantization] : without_weights_) set_activation(quantization, calibrated.at(layer));
      refuse_layers_without_int32_bias();
    }
  }

  /// A layer whose bias leaves the int32 range at its scales stays in float.
  void refuse_layers_without_int32_bias() {
    for (std::size_t index = candidates_.size(); index-- > 0;) {
      const Node& node = *graph_.find(candidates_[index].layer);
      for (const LayerQuantization& option : candidates_[index].options) {
        const std::string obstacle = deploy_obstacle(node, option);
        if (obstacle.empty()) continue;
        report_.warnings.push_back(obstacle);
        refused_[node.name] = obstacle;
        const auto position = static_cast<std::ptrdiff_t>(index);
        candidates_.erase(candidates_.begin() + position);
        search_layers_.erase(search_layers_.begin() + position);
        break;
      }
    }
  }

  [[nodiscard]] NetworkQuantization quantization_of(const Configuration& configuration) const {
    NetworkQuantization quantization = without_weights_;
    for (std::size_t layer = 0; layer < candidates_.size(); ++layer) {
      quantization[candidates_[layer].layer] =
          candidates_[layer].options[static_cast<std::size_t>(configuration[layer])];
    }
    return quantization;
  }

  // ---- evaluation

  [[nodiscard]] EvaluationOutcome evaluate_configuration(const Configuration& configuration) {
    const double metric = evaluation_(fake_quant_model(graph_, quantization_of(configuration)));
    return {metric, static_cast<bool>(evaluator_.is_satisfied(original_metric_, metric))};
  }

  // ---- results

  void save_improvement(const EvaluatedConfiguration& improved) {
    graph_.quantization = quantization_of(improved.configuration);
    for (std::size_t layer = 0; layer < candidates_.size();
         ++layer) {  // the record holds as many levels as were chosen
      graph_.plan[candidates_[layer].layer].num_steps = option(layer, improved.configuration).levels;
    }
    FileSet files;
    ThreadPool parallel(options_.threads);
    stage_quantized_models(files, graph_, report_.weights_only ? SaveType::fakequant : SaveType::both, prefix_,
                           parallel);
    if (!graph_.record_file.empty()) files.stage(graph_.record_file, to_text(record_of(graph_)));
    report_.files = commit_with_reports(files);
    report_.metric = improved.outcome.metric;
    report_.satisfied = true;
    write_report();
  }

  void write_report() {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    report_.seconds = elapsed.count();
    report_.evaluations = evaluation_.count();
    add_layers(report_, graph_, graph_.quantization, options_.target);
    for (LayerReport& layer : report_.layers) {
      const auto refused = refused_.find(layer.name);
      if (refused != refused_.end()) layer.reason = refused->second;
    }
    write_file_atomically(prefix_ + "_report.json", to_json(report_));
  }

  [[nodiscard]] const LayerOption& option(std::size_t layer, const Configuration& configuration) const {
    return search_layers_[layer][static_cast<std::size_t>(configuration[layer])];
  }

  [[nodiscard]] std::string in_words(const Configuration& configuration) const {
    std::string text;
    for (std::size_t layer = 0; layer < candidates_.size(); ++layer) {
      const LayerOption& chosen = option(layer, configuration);
      text += (layer == 0 ? "" : " ") + candidates_[layer].layer + "=" + std::to_string(chosen.levels);
      if (chosen.price > 0.0) text += "@" + number_text(chosen.price);
    }
    return text;
  }

  [[nodiscard]] AutoNuqResult conclude(const SearchProblem& problem, const SearchResult& found) {
    for (const EvaluatedConfiguration& evaluated : problem.evaluated()) {
      const auto bytes = static_cast<std::uint64_t>(evaluated.bytes);
      report_.trials.push_back(
          {in_words(evaluated.configuration), bytes, evaluated.outcome.metric, evaluated.outcome.satisfied});
      if (evaluated.configuration == problem.int8()) report_.int8_metric = evaluated.outcome.metric;
    }
    if (found.status == SearchStatus::int8_refused) {
      report_.search_note = "even uniform int8 in every layer is refused: nothing is written but this report";
    } else if (found.status == SearchStatus::budget_too_small) {
      report_.search_note = "the budget ended before any configuration passed";
    } else if (!found.uniform_smaller_untested.empty()) {
      report_.search_note = std::to_string(found.uniform_smaller_untested.size()) +
                            " smaller uniform configuration(s) could not be evaluated within the budget";
    }
    write_report();
    return {report_.satisfied, found.status, std::move(graph_.quantization), report_};
  }

  Graph graph_;
  Evaluator& evaluator_;
  const Quantizer& quantizer_;
  const AutoNuqOptions& options_;
  std::string prefix_;
  ModelEvaluation<Evaluator> evaluation_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<Candidate> candidates_;
  NetworkQuantization without_weights_;  // layers whose inputs alone are quantized, the same in every configuration
  std::vector<LayerOptions> search_layers_;
  NetworkStatistics statistics_;  // weighed: errors of all layers have one unit
  double price_ = 0.0;            // at which harm is about that of the configured levels
  double original_metric_ = 0.0;
  std::map<std::string, std::string> refused_;  // layers that cannot be deployed, and why
  RunReport report_;
};

}  // namespace detail

/// Searches for the configuration that compresses most while the evaluator is satisfied, and writes it.
///
/// The original model is evaluated first, then uniform int8, then what the search policy asks for. config.json says
/// which layers are candidates (`nuq_quantize`) and which stay at int8 (`arq_quantize`). Every improvement is on disk
/// at once: the files of `save_model`, the record file, and last `<save_prefix>_report.json` with the hashes of the
/// others. A refused configuration is never written. Trial models stand beside the results while the run lasts.
///
/// @param  evaluator  see AutoNuqEvaluatorBase; its exceptions pass through, the best so far stays on disk.
/// @throws ModelError, ConfigError, FormatError for bad input, before anything is written; EvaluationError for a metric
/// that is
///         not a finite number.
template <class Evaluator, class Quantizer = RateQuantizer, class SearchPolicy = BinarySearch>
AutoNuqResult auto_nuq(const std::string& model_file, const std::string& weights_file, Evaluator&& evaluator,
                       const std::string& config_file, const std::string& scale_offset_record_file,
                       const std::string& save_prefix, const AutoNuqOptions& options = {},
                       const Quantizer& quantizer = Quantizer{}, const SearchPolicy& policy = SearchPolicy{}) {
  using UserEvaluator = std::remove_cv_t<std::remove_reference_t<Evaluator>>;
  if constexpr (check_evaluator<UserEvaluator>()) {
    Graph graph = detail::prepared_graph(config_file, model_file, weights_file);
    graph.record_file = scale_offset_record_file;
    detail::AutoNuqRun<std::remove_reference_t<Evaluator>, Quantizer> run(std::move(graph), evaluator, quantizer,
                                                                          options, save_prefix);
    return run.run(policy);
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_AUTO_NUQ_HPP
