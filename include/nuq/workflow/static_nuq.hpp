#ifndef NUQ_WORKFLOW_STATIC_NUQ_HPP
#define NUQ_WORKFLOW_STATIC_NUQ_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/amct/config_source.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/graph/passes/shared_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/report/additions.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/calibration_policies.hpp"
#include "nuq/workflow/detail/claim_prefix.hpp"
#include "nuq/workflow/detail/leave_out_layers.hpp"
#include "nuq/workflow/detail/level_caps.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"
#include "nuq/workflow/detail/quantize_at_point.hpp"
#include "nuq/workflow/detail/statistics_without_data.hpp"
#include "nuq/workflow/detail/target_of.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantization_session.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/quantize_sequentially.hpp"
#include "nuq/workflow/rate_point.hpp"

NUQ_NAMESPACE_BEGIN

/// Of `static_nuq`.
struct StaticNuqOptions {
  bool weights_only = false;   ///< leaves activations in float although there are data to calibrate them
  int statistics_batches = 0;  ///< batches of data that the weights are fitted to; 0: batch_num
  bool sequential = false;     ///< fits each layer to the inputs that the quantized layers before it give it, not
                               ///< to those of the float network: a pass over the data per layer
  /// What sizes are measured by; absent: ascend where the vendor's compiler decides which layers take NUQ, otherwise
  /// packed for a quantizer with a price per bit, palette for one without.
  std::optional<Target> target;
  /// How far a quantizer with a price per bit goes; one without has the configured numbers of levels.
  RatePoint point;
  /// Holds a quantizer with a price to the configured numbers of levels in every layer; absent: where the configuration
  /// comes from a definition that names them (QuantConfig::cap_levels) and `point` is that of these levels. So it is
  /// always for targets other than packed, and where the vendor's compiler decides which layers take NUQ.
  std::optional<bool> cap_levels;
  BiasCorrection bias_correction = BiasCorrection::automatic;  ///< of layers with few levels, from the data
  std::size_t threads = 1;                                     ///< results do not depend on it
  CustomLayers custom_layers;                                  ///< layer types of the user's own, for calibration
  ReadOptions network;                                         ///< how the model is read
  const ReportAdditions* report = nullptr;                     ///< what the report says besides
};

/// In place of calibration data: activations stay in float, weights are fitted to what may be expected of inputs.
struct WeightsOnly {};

namespace detail {

/// Frees the float weights of the quantized layers, of which only the shape is needed once their levels are known.
NUQ_FUNCTION void release_quantized_weights(Graph& graph, const NetworkQuantization& quantization);

NUQ_FUNCTION [[nodiscard]] int statistics_batches(const QuantizationSettings& settings,
                                                  const StaticNuqOptions& options) noexcept;

/// What sizes are measured by where the options do not say it.
NUQ_FUNCTION [[nodiscard]] Target target_for(const AnyLayerQuantizer& quantizer, QuantizationSettings& settings);

/// What the data say about the inputs of the layers that take NUQ; nothing without data. For a quantizer with a price,
/// of all these layers and weighed.
template <class NextBatch>
[[nodiscard]] NetworkStatistics statistics_for(const QuantizationSession& session, const AnyLayerQuantizer& quantizer,
                                               [[maybe_unused]] NextBatch& next_batch, const StaticNuqOptions& options,
                                               const EngineFactory& make_engine, Parallel& parallel) {
  AnyEngine engine = make_engine(options.threads, options.custom_layers);
  if constexpr (std::is_same_v<std::decay_t<NextBatch>, WeightsOnly>) {
    return quantizer.is_priced() ? statistics_without_data(session.graph, session.settings.plan, engine, parallel)
                                 : NetworkStatistics{};
  } else {
    const int batches = statistics_batches(session.settings, options);
    if (quantizer.is_priced())
      return weighed_statistics(session.graph, session.settings.plan, next_batch, batches, engine, parallel);
    engine.load(session.graph);
    NetworkStatistics statistics =
        network_statistics(session.graph, session.settings.plan, engine, batches, feed_from(next_batch), {}, parallel);
    add_up_shared_statistics(session.graph, statistics);
    return statistics;
  }
}

/// Quantizes the weights, in the order that the options ask for; returns the price per bit, none where no layer has
/// one. `configured` is the plan before caps were lifted.
template <class NextBatch>
[[nodiscard]] std::optional<double> quantize_with(
    QuantizationSession& session, const QuantizationPlan& configured, const AnyLayerQuantizer& quantizer,
    const NetworkStatistics& statistics, [[maybe_unused]] NextBatch& next_batch, const StaticNuqOptions& options,
    [[maybe_unused]] const EngineFactory& make_engine, Parallel& parallel) {
  note_ignored_iterations(session.settings, quantizer);
  const QuantizationPlan& plan = session.settings.plan;
  std::optional<double> price;
  if (quantizer.is_priced()) {
    price = quantize_at_point(session, configured, quantizer, statistics, options.point, *options.target, parallel);
  } else if (!options.sequential) {
    session.quantization = quantize_network(session.graph, plan, quantizer, statistics, parallel);
  }
  if constexpr (!std::is_same_v<std::decay_t<NextBatch>, WeightsOnly>) {
    if (options.sequential) {
      const AnyLayerQuantizer at_its_price = price ? quantizer.at_price(*price) : quantizer;
      AnyEngine engine = make_engine(options.threads, options.custom_layers);
      if (engine.is_replaying()) {
        fail(ConfigError(ErrorCode::invalid_argument,
                         "sequential calibration needs an engine that computes what quantized layers give"));
      }
      const int batches = statistics_batches(session.settings, options);
      session.quantization = quantize_network_sequentially(session.graph, plan, at_its_price, statistics, engine,
                                                           batches, feed_from(next_batch), parallel);
    }
  }
  return statistics.empty() ? std::nullopt : price;
}

/// Writes the models, the record and at last the report: it describes the layers while the disk takes the files.
NUQ_FUNCTION [[nodiscard]] RunReport save_with_report(const QuantizationSession& session, bool weights_only,
                                                      Target target, std::optional<double> price,
                                                      const std::vector<Json>& details,
                                                      const ReportAdditions* additions, const std::string& record_file,
                                                      const std::string& save_prefix,
                                                      std::chrono::steady_clock::time_point start, Parallel& parallel);

}  // namespace detail

/// Quantizes a network as its configuration says, in one step: init, quantize_model, calibration with our own engine
/// and save_model, without the intermediate files. Writes what `save_model` writes (weights-only: no deploy model), the
/// record file, and last `<save_prefix>_report.json`, whose content it returns. Nothing is written unless all went
/// well; what a kill leaves between the first and the last file is marked, and no reader takes it (`FileSet`).
///
/// A quantizer with a price per bit (RateQuantizer) gets the one price that brings the network to `options.point`:
/// unless told otherwise, to the predicted harm of the configured numbers of levels, which means the same accuracy in
/// fewer bits. These numbers are no caps then: a small layer that the network is sensitive to takes more levels, most
/// others fewer.
///
/// @param next_batch  `next_batch(int index)` returns an InputBatch for index 0 … batch_num − 1 of the configuration
///                    (and up to `statistics_batches` − 1), or WeightsOnly{}.
/// @param quantizer   a LayerQuantizer.
/// @param calibration  engine and activation calibrators.
/// @throws ModelError, ConfigError, FormatError for bad input; ConfigError invalid_argument for `sequential` without
///         data, for a point that the quantizer cannot be set to, for an output that is an input and while another
///         run writes to this prefix; out_of_reach for fewer bytes than can be had.
template <class NextBatch>
RunReport static_nuq(const std::string& model_file, const std::string& weights_file, NextBatch&& next_batch,
                     const ConfigSource& config, const std::string& scale_offset_record_file,
                     const std::string& save_prefix, const StaticNuqOptions& options = {},
                     const AnyLayerQuantizer& quantizer = NonUniformQuantizer<>{},
                     const CalibrationPolicies& calibration = {}) {
  constexpr bool has_data = !std::is_same_v<std::decay_t<NextBatch>, WeightsOnly>;
  const bool weights_only = !has_data || options.weights_only;
  if (!has_data && options.sequential)
    detail::fail(ConfigError(ErrorCode::invalid_argument, "sequential calibration needs calibration data"));
  detail::check_rate_point(options.point, quantizer.is_priced(), options.sequential);
  const auto start = std::chrono::steady_clock::now();
  ThreadPool parallel(options.threads);
  QuantizationSession session = detail::prepared_session(config, model_file, weights_file, parallel, options.network);
  const PrefixLock lock =
      detail::claim_prefix(save_prefix, {model_file, weights_file, config.file()}, {scale_offset_record_file});
  if constexpr (has_data) {
    if (!weights_only) {
      detail::leave_out_weights_only_layers(session);
      detail::leave_out_unreachable(session, next_batch,
                                    [&] { return calibration.engine(options.threads, options.custom_layers); });
    }
  }
  set_bias_correction(session.settings.plan, options.bias_correction);
  StaticNuqOptions decided = options;
  if (!options.target) decided.target = detail::target_for(quantizer, session.settings);
  const QuantizationPlan configured = session.settings.plan;
  const bool levels_are_named = session.settings.cap_levels && options.point.kind() == RatePoint::Kind::harm_of_levels;
  if (detail::price_decides_levels(quantizer, options.cap_levels.value_or(levels_are_named), *decided.target,
                                   session.settings))
    detail::lift_caps(session.settings.plan);
  const NetworkStatistics statistics =
      detail::statistics_for(session, quantizer, next_batch, options, calibration.engine, parallel);
  const std::optional<double> price = detail::quantize_with(session, configured, quantizer, statistics, next_batch,
                                                            decided, calibration.engine, parallel);
  detail::restore_caps(session.settings.plan, configured, session.quantization);
  if constexpr (has_data) {
    if (!weights_only) {
      AnyEngine engine = calibration.engine(options.threads, options.custom_layers);
      detail::set_activations(session, next_batch, engine, calibration.calibrator);
      detail::set_joint_shifts(session, next_batch, engine);
      detail::require_bytes(session, options.point, *decided.target, parallel);
    }
  }
  const std::vector<Json> details =
      layer_details(session.graph, session.quantization, session.settings, options.report, parallel);
  detail::release_quantized_weights(session.graph, session.quantization);

  return detail::save_with_report(session, weights_only, *decided.target, price, details, options.report,
                                  scale_offset_record_file, save_prefix, start, parallel);
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/amct/quantization_record.hpp"
#include "nuq/core/background_task.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/report/reported_file_set.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void release_quantized_weights(Graph& graph, const NetworkQuantization& quantization) {
  for (Node& node : graph.nodes) {
    if (quantization.count(node.name) > 0 && quantizes_weights(node))
      std::vector<float>().swap(node.blobs.front().values);
  }
}

NUQ_DEFINITION int statistics_batches(const QuantizationSettings& settings, const StaticNuqOptions& options) noexcept {
  return options.statistics_batches > 0 ? options.statistics_batches : settings.batch_num;
}

NUQ_DEFINITION Target target_for(const AnyLayerQuantizer& quantizer, QuantizationSettings& settings) {
  return quantizer.is_priced() || settings.for_ascend ? target_of(settings) : Target::palette;
}

NUQ_DEFINITION RunReport save_with_report(const QuantizationSession& session, bool weights_only, Target target,
                                          std::optional<double> price, const std::vector<Json>& details,
                                          const ReportAdditions* additions, const std::string& record_file,
                                          const std::string& save_prefix, std::chrono::steady_clock::time_point start,
                                          Parallel& parallel) {
  ReportedFileSet files;
  std::string record;
  BackgroundTask write_record([&] { record = record_text(session.graph, session.quantization, session.settings); });
  stage_quantized_models(files, session.graph, session.quantization,
                         weights_only ? SaveType::fakequant : SaveType::both, save_prefix, parallel);
  write_record.finish();
  files.stage(record_file, record);

  RunReport report;
  report.weights_only = weights_only;
  report.satisfied = true;
  report.price = price;
  report.warnings = session.settings.notes;
  BackgroundTask describe(  // while the disk takes the files
      [&] { add_layers(report, session.graph, session.quantization, session.settings, target, parallel, details); });
  std::vector<FileReport> described = files.reports();
  describe.finish();
  report.files = std::move(described);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  files.stage_report(save_prefix, report, additions);
  files.commit();
  return report;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_STATIC_NUQ_HPP
