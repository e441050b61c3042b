#ifndef NUQ_WORKFLOW_QUANTIZE_MODEL_HPP
#define NUQ_WORKFLOW_QUANTIZE_MODEL_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// One notice where the configuration asks for a search effort that the selector has no use for.
NUQ_FUNCTION void note_ignored_iterations(QuantizationSettings& settings, const AnyLayerQuantizer& quantizer);

}  // namespace detail

/// Quantizes the weights of every planned layer, with what `statistics` know of its inputs. Weights that layers share
/// are quantized once, for the first of them, as its plan says. Layers without a second-moment matrix are quantized
/// side by side, the quantizer's policies called from many threads. Activations stay uncalibrated.
NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantize_network(const Graph& graph, const QuantizationPlan& plan,
                                                                const AnyLayerQuantizer& quantizer,
                                                                const NetworkStatistics& statistics,
                                                                Parallel& parallel);

/// Quantizes the weights, records their factors, and writes the calibration model: fake-quant weights and one layer
/// that observes the input of each quantized layer. `batch_num` forward passes of that model, in `Net` or the vendor's
/// Caffe, complete the record, as `calibrate` does on the float network. With `statistics` of calibration data
/// (`collect_statistics`) the weights keep more of the network's accuracy. `quantizer`: a LayerQuantizer.
///
/// Of an .onnx model the calibration model is the float one whose outputs are, besides its own, what the planned layers
/// read: run in any runtime, these calibrate through LayerInputs and ReplayingEngine.
NUQ_FUNCTION void quantize_model(QuantizationSession& session, const std::string& modified_model_file,
                                 const std::string& modified_weights_file,
                                 const AnyLayerQuantizer& quantizer = NonUniformQuantizer<>{},
                                 const NetworkStatistics& statistics = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void note_ignored_iterations(QuantizationSettings& settings, const AnyLayerQuantizer& quantizer) {
  if (!quantizer.ignores_iterations()) return;
  const auto asks = [](const auto& layer) {
    return layer.second.weight_algorithm == WeightAlgorithm::nuq && layer.second.num_of_iteration > 1;
  };
  if (std::any_of(settings.plan.begin(), settings.plan.end(), asks)) {
    settings.notes.push_back("num_of_iteration has no effect: the codebook selector finds its levels in one run");
  }
}

/// Whether a layer is to have all threads for itself: one with second moments, whose factor may take memory, or
/// one so large that the others would be done long before it.
NUQ_FUNCTION [[nodiscard]] inline bool takes_all_threads(const Node& node, const LayerStatistics* statistics) {
  constexpr std::size_t large = std::size_t{1} << 22U;
  if (statistics != nullptr && statistics->has_second_moments()) return true;
  return !node.blobs.empty() && node.blobs.front().values.size() > large;
}

}  // namespace detail

NUQ_DEFINITION NetworkQuantization quantize_network(const Graph& graph, const QuantizationPlan& plan,
                                                    const AnyLayerQuantizer& quantizer,
                                                    const NetworkStatistics& statistics, Parallel& parallel) {
  struct Job {
    const Node* node;
    const LayerStatistics* statistics;
    LayerQuantization* result;
  };
  NetworkQuantization quantization;
  const auto quantize = [&graph, &plan, &quantizer](const Job& job, Parallel& threads) {
    *job.result = quantize_layer(graph, *job.node, plan.at(job.node->name), quantizer, job.statistics, threads);
  };
  std::vector<Job> side_by_side;
  for (const Node& node : graph.nodes) {
    if (plan.count(node.name) == 0) continue;
    const Node& owner = owner_of_weights(graph, node);
    if (&owner != &node && plan.count(owner.name) > 0) continue;
    const auto known = statistics.find(node.name);
    const Job job{&node, known == statistics.end() ? nullptr : &known->second, &quantization[node.name]};
    if (detail::takes_all_threads(node, job.statistics)) {
      quantize(job, parallel);
    } else {
      side_by_side.push_back(job);
    }
  }
  parallel.for_each_block(side_by_side.size(), [&](std::size_t index) {
    Parallel serial;
    quantize(side_by_side[index], serial);
  });
  for (const Node& node : graph.nodes) {
    if (plan.count(node.name) > 0 && quantization.count(node.name) == 0)
      quantization[node.name] = quantization.at(owner_of_weights(graph, node).name);
  }
  return quantization;
}

NUQ_DEFINITION void quantize_model(QuantizationSession& session, const std::string& modified_model_file,
                                   const std::string& modified_weights_file, const AnyLayerQuantizer& quantizer,
                                   const NetworkStatistics& statistics) {
  refuse_overwriting({session.graph.model_file(), session.graph.weights_file()},
                     {modified_model_file, modified_weights_file, session.record_file});
  Parallel serial;
  detail::note_ignored_iterations(session.settings, quantizer);
  session.quantization = quantize_network(session.graph, session.settings.plan, quantizer, statistics, serial);
  FileSet files;
  const std::string observed = session.graph.source->with_layer_inputs(session.graph, planned_layers(session));
  if (observed.empty()) {
    write_model(calibration_model(session.graph, session.quantization, session.settings, session.record_file), files,
                modified_model_file, modified_weights_file);
  } else {
    files.stage(modified_model_file, observed);
  }
  files.stage(session.record_file, record_text(session.graph, session.quantization, session.settings));
  files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_QUANTIZE_MODEL_HPP
