#ifndef NUQ_WORKFLOW_AUTO_NUQ_CANDIDATES_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_CANDIDATES_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/state.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Quantizes the layers in every way that the search may choose, into `run.choices`. Throws StopRequested.
///
/// What it costs, per layer of `out` × `in` weights, in multiplications where nothing else is said:
///
///   statistics      a pass over the data for each part of the layers whose sums fit into memory (`network_statistics`);
///                   in²/2 per window, at most 25·in windows; some ten Cholesky factors, in³/3 each, for the damping
///   sensitivities   two forward passes per layer over at most 100 samples, fewer of large networks, each from the layer on
///   middle price    out·in² for each of two or three rounds at the configured levels
///   each price      out·in²/2 for the pass of error feedback over all rows, a share of that for two passes over some rows
///                   (96 at least) and until the nearest levels are seen to be no better; one run of the coder, whose
///                   bytes the search wants exact: a few ns per weight. Without data out·in·taps in place of out·in²/2
///
///   memory          floats of the weights (the network's file, the graph, the engine's copy), sums of a part (192 MB),
///                   2·in² bytes of factor per layer, one byte per weight and price
NUQ_FUNCTION void choose_candidates(AutoNuqState& run);

/// Quantizes them at finer prices around two configurations, one that passes and one that is refused, and returns the
/// options of all layers; those of before where there is no time for it or no price between the two.
NUQ_FUNCTION [[nodiscard]] std::vector<LayerOptions> refined_candidates(AutoNuqState& run, const Configuration& passing,
                                                                        const Configuration& refused);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/workflow/auto_nuq/quantize_choices.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/detail/calibrate_by_evaluator.hpp"
#include "nuq/workflow/detail/deploy_obstacle.hpp"
#include "nuq/workflow/detail/leave_out_layers.hpp"
#include "nuq/workflow/detail/level_caps.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"
#include "nuq/workflow/detail/statistics_without_data.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What the evaluator's calibration data say about the layers that take NUQ; what may be expected of them without.
/// Weighed: errors of all layers have one unit.
NUQ_FUNCTION [[nodiscard]] inline NetworkStatistics candidate_statistics(const AutoNuqState& run,
                                                                         const Deadline& deadline, Parallel& parallel) {
  const AnyEvaluator& evaluator = run.tools.evaluator;
  AnyEngine engine = run.tools.calibration.engine(run.options.threads, run.options.custom_layers);
  if (!evaluator.calibration_batch || run.options.statistics_batches < 0)
    return statistics_without_data(run.session.graph, run.session.settings.plan, engine, parallel, deadline);
  const int batches =
      run.options.statistics_batches > 0 ? run.options.statistics_batches : run.session.settings.batch_num;
  return weighed_statistics(run.session.graph, run.session.settings.plan, evaluator.calibration_batch, batches, engine,
                            parallel, deadline);
}

/// A layer whose bias leaves the int32 range at its scales stays in float.
NUQ_FUNCTION inline void refuse_layers_without_int32_bias(AutoNuqState& run) {
  run.choices.for_each([&run](const std::string& layer, const LayerQuantization& quantization) {
    const Node& node = *run.session.graph.find(layer);
    if (!quantizes_weights(node) || run.refused.count(layer) > 0) return;
    const std::string obstacle = deploy_obstacle(node, quantization);
    if (!obstacle.empty()) run.refused[layer] = obstacle;
  });
  const std::map<std::string, std::string> refused = run.refused;
  for (const auto& [layer, obstacle] : refused) {
    run.report.warnings.push_back(obstacle);
    run.choices.remove(layer);
    for (const Node* const use : nodes_of_same_weights(run.session.graph, *run.session.graph.find(layer)))
      run.refused.emplace(use->name, "it shares its weights with layer '" + layer + "', which stays in float");
  }
}

/// The grid of each layer's input: from the evaluator's calibration data, or where it has none from its own run of the
/// calibration model. None, and the run weights-only, where that leaves no factors.
NUQ_FUNCTION [[nodiscard]] inline std::map<std::string, CalibratedActivation> candidate_activations(AutoNuqState& run) {
  const AnyEvaluator& evaluator = run.tools.evaluator;
  if (evaluator.calibration_batch) {
    return calibrated_activations(run.session, evaluator.calibration_batch,
                                  run.tools.calibration.engine(run.options.threads, run.options.custom_layers),
                                  run.tools.calibration.calibrator);
  }
  EvaluatorCalibration calibration =
      calibrated_by_evaluator(run.session, evaluator, run.prefix, run.options.threads, run.options.custom_layers);
  if (run.tools.progress.stop_requested()) throw StopRequested();
  if (!calibration.obstacle.empty()) {
    run.report.weights_only = true;
    run.warn("weights-only, no deploy model: the evaluator has no calibration_batch(int), and " + calibration.obstacle);
  }
  return std::move(calibration.activations);
}

/// Gives every candidate the grid of its layer's input, unless the run is weights-only.
NUQ_FUNCTION inline void calibrate_candidates(AutoNuqState& run) {
  if (run.report.weights_only) return;
  run.activations = candidate_activations(run);
  if (run.report.weights_only) return;
  const std::map<std::string, CalibratedActivation>& calibrated = run.activations;
  const Graph& graph = run.session.graph;
  const auto refuse = [&](const std::string& layer, const std::string& obstacle) {
    if (!obstacle.empty()) run.refused[layer] = graph.model_file() + ": layer '" + layer + "': " + obstacle;
  };
  run.choices.for_each([&](const std::string& layer, LayerQuantization& quantization) {
    const auto activation = calibrated.find(layer);
    if (activation == calibrated.end()) {
      refuse(layer, "stays in float: " + input_quantization_obstacle(graph, *graph.find(layer)));
      return;
    }
    refuse(layer, input_obstacle(activation->second, run.session.settings.tiny_values));
    set_activation(quantization, activation->second);
  });
  refuse_layers_without_int32_bias(run);
}

/// A layer whose input cannot be quantized, or the calibration engine does not compute, stays in float.
NUQ_FUNCTION inline void leave_out_uncalibrated(AutoNuqState& run) {
  if (run.report.weights_only || !run.tools.evaluator.calibration_batch) return;
  const std::vector<std::string>& notes = run.session.settings.notes;
  const std::size_t known = notes.size();
  leave_out_weights_only_layers(run.session);
  leave_out_unreachable(run.session, run.tools.evaluator.calibration_batch, [&run] {
    return run.tools.calibration.engine(run.options.threads, run.options.custom_layers);
  });
  for (std::size_t note = known; note < notes.size(); ++note) run.warn(notes[note]);
}

NUQ_FUNCTION inline void note_short_preparation(AutoNuqState& run, const PriceGrid& prices) {
  std::string note = "time limit: statistics and sensitivities are of fewer data than without it";
  if (prices.doublings > PriceGrid::usual_doublings) note += ", and fewer prices per bit are tried";
  run.report.warnings.push_back(note);
}

NUQ_DEFINITION void choose_candidates(AutoNuqState& run) {
  ThreadPool parallel(run.options.threads);
  const AnyProgress& progress = run.tools.progress;
  leave_out_uncalibrated(run);
  progress.started(run.session.settings.plan.size());
  constexpr double share_of_statistics = 0.6;  // of the preparation; the rest for the quantization of the layers
  const Deadline enough = run.preparation.after(share_of_statistics);
  const double time_for_statistics = enough.seconds_left();
  run.statistics = candidate_statistics(run, enough, parallel);
  const bool took_most_of_its_time = enough.seconds_left() < 0.5 * time_for_statistics;
  const PriceGrid prices = price_grid(run.session.graph, run.session.settings.plan, *run.tools.quantizer,
                                      run.statistics, run.preparation, parallel);
  if (took_most_of_its_time || prices.doublings > PriceGrid::usual_doublings) note_short_preparation(run, prices);
  run.configured = run.candidates = run.session.settings.plan;
  if (price_decides_levels(*run.tools.quantizer, run.options.cap_levels, run.options.target.value_or(Target::packed),
                           run.session.settings)) {
    lift_caps(run.candidates);
  }
  const double before = run.elapsed();
  run.choices =
      layer_choices(run.session.graph, run.candidates, *run.tools.quantizer, run.statistics, prices, run.options,
                    parallel, [&progress](const std::string& layer, std::size_t done, std::size_t layers) {
                      progress.layer_quantized(layer, done, layers);
                      if (progress.stop_requested()) throw StopRequested();
                    });
  const int passes = 2 + (PriceGrid::most_doublings - PriceGrid::least_doublings) / prices.doublings;
  run.seconds_per_price = (run.elapsed() - before) / passes;
  calibrate_candidates(run);
  run.choices.join(run.options.groups);
}

NUQ_FUNCTION [[nodiscard]] inline std::size_t candidate_weights(const AutoNuqState& run) {
  std::size_t weights = 0;
  for (const auto& [layer, plan] : run.session.settings.plan) {
    const Node& node = *run.session.graph.find(layer);
    if (quantizes_weights(node)) weights += node.blobs.front().values.size();
  }
  return weights;
}

NUQ_DEFINITION std::vector<LayerOptions> refined_candidates(AutoNuqState& run, const Configuration& passing,
                                                            const Configuration& refused) {
  const double highest = run.choices.price_of(refused);
  if (!(highest > 0.0)) return run.choices.search_layers();
  const std::vector<double> prices = finer_prices(run.choices.price_of(passing), highest, candidate_weights(run));
  constexpr double share = 0.25;  // of the time that is left
  if (static_cast<double>(prices.size()) * run.seconds_per_price > share * (run.options.max_seconds - run.elapsed()))
    return run.choices.search_layers();
  ThreadPool parallel(run.options.threads);
  run.choices.refine([&](const std::string& layer) {
    if (run.tools.progress.stop_requested()) throw StopRequested();
    const Node& node = *run.session.graph.find(layer);
    const auto known = run.statistics.find(layer);
    std::vector<LayerChoices::Choice> choices =
        finer_choices(run.session.graph, node, run.candidates.at(layer), *run.tools.quantizer,
                      known == run.statistics.end() ? nullptr : &known->second, prices, run.options, parallel);
    const auto activation = run.activations.find(layer);
    const auto is_refused = [&](LayerChoices::Choice& choice) {
      if (activation == run.activations.end()) return false;
      set_activation(choice.result, activation->second);
      return !deploy_obstacle(node, choice.result).empty();
    };
    choices.erase(std::remove_if(choices.begin(), choices.end(), is_refused), choices.end());
    return choices;
  });
  return run.choices.search_layers();
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_CANDIDATES_HPP
