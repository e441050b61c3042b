#ifndef NUQ_REPORT_LAYER_REPORTS_HPP
#define NUQ_REPORT_LAYER_REPORTS_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/report/additions.hpp"
#include "nuq/report/report.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One entry for every layer with a weight matrix, in the network's order. Weights that layers share are counted with
/// the first of them: the others have 0 weights and bytes.
NUQ_FUNCTION [[nodiscard]] std::vector<LayerReport> layer_reports(const Graph& graph,
                                                                  const NetworkQuantization& quantization,
                                                                  const QuantizationSettings& settings, Target target,
                                                                  Parallel& parallel);

/// Bytes of all layers that are reported, under each of the two entropy codings.
NUQ_FUNCTION [[nodiscard]] CodingSizes coding_sizes(const Graph& graph, const NetworkQuantization& quantization,
                                                    const QuantizationSettings& settings, Parallel& parallel);

/// What the additions say of each layer that is reported; of shared weights, of the first layer that has them.
NUQ_FUNCTION [[nodiscard]] std::vector<Json> layer_details(const Graph& graph, const NetworkQuantization& quantization,
                                                           const QuantizationSettings& settings,
                                                           const ReportAdditions* additions, Parallel& parallel);

/// Fills the report's layers, bytes and ratios.
NUQ_FUNCTION void add_layers(RunReport& report, const Graph& graph, const NetworkQuantization& quantization,
                             const QuantizationSettings& settings, Target target, Parallel& parallel,
                             const std::vector<Json>& details = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline bool is_reported(const Node& node, NuqScope scope) {
  if (!node.weights_obstacle.empty()) return true;
  const bool is_in_scope = has_weight_matrix(node) || (is_depthwise(node) && scope == NuqScope::extended);
  return is_in_scope && !node.blobs.empty();
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<const Node*> reported_nodes(const Graph& graph,
                                                                          const QuantizationSettings& settings) {
  std::vector<const Node*> nodes;
  for (const Node& node : graph.nodes) {
    if (is_reported(node, settings.nuq_scope)) nodes.push_back(&node);
  }
  return nodes;
}

NUQ_FUNCTION [[nodiscard]] inline std::string reason_not_taken(const Graph& graph, const Node& node,
                                                               const QuantizationSettings& settings,
                                                               bool is_quantized) {
  const Eligibility eligibility = eligibility_of(graph, node, settings.nuq_scope);
  const auto kept = settings.kept_in_float.find(node.name);
  if (kept != settings.kept_in_float.end()) return kept->second;
  if (!eligibility.nuq) return eligibility.reason;
  const auto planned = settings.plan.find(node.name);
  if (planned == settings.plan.end()) return "not enabled in the configuration";
  if (!is_quantized) return "stays in float: nothing smaller was accepted";
  return planned->second.weight_algorithm == WeightAlgorithm::arq ? "arq_quantize in the configuration"
                                                                  : "kept at int8 by the search";
}

NUQ_FUNCTION [[nodiscard]] inline std::uint64_t whole_bytes(double bytes) {
  return static_cast<std::uint64_t>(std::ceil(bytes));
}

/// The entry of a layer with a weight matrix.
NUQ_FUNCTION [[nodiscard]] inline LayerReport layer_report(const Graph& graph, const Node& node,
                                                           const NetworkQuantization& quantization,
                                                           const QuantizationSettings& settings, Target target) {
  LayerReport report;
  report.name = node.name;
  report.type = node.type;
  if (!node.blobs.empty()) report.shape = node.blobs.front().shape;
  report.weights = node.blobs.empty() ? 0 : element_count(report.shape);
  report.bytes = 4 * report.weights;
  const Node& owner = owner_of_weights(graph, node);
  const auto quantized = quantization.find(node.name);
  if (quantized != quantization.end()) {
    const QuantizedWeights& weights = quantized->second.weights;
    report.levels = static_cast<int>(distinct_levels(count_levels(weights.levels)));
    report.bytes = whole_bytes(layer_bytes(target, weights, kernel_of(node)));
    report.taken = quantized->second.codebook.has_value();
  }
  if (!report.taken) report.reason = reason_not_taken(graph, node, settings, report.levels.has_value());
  if (&owner != &node) {
    report.weights = report.bytes = 0;
    report.reason = "counted with layer '" + owner.name + "', whose weights it shares" +
                    (report.reason.empty() ? "" : "; " + report.reason);
  }
  report.bits_per_weight =
      report.weights == 0 ? 0.0 : 8.0 * static_cast<double>(report.bytes) / static_cast<double>(report.weights);
  return report;
}

}  // namespace detail

NUQ_DEFINITION std::vector<LayerReport> layer_reports(const Graph& graph, const NetworkQuantization& quantization,
                                                      const QuantizationSettings& settings, Target target,
                                                      Parallel& parallel) {
  const std::vector<const Node*> nodes = detail::reported_nodes(graph, settings);
  std::vector<LayerReport> reports(nodes.size());
  parallel.for_each_block(nodes.size(), [&](std::size_t index) {
    reports[index] = detail::layer_report(graph, *nodes[index], quantization, settings, target);
  });
  return reports;
}

NUQ_DEFINITION CodingSizes coding_sizes(const Graph& graph, const NetworkQuantization& quantization,
                                        const QuantizationSettings& settings, Parallel& parallel) {
  const auto total = [&](Target target) {
    std::uint64_t bytes = 0;
    for (const LayerReport& layer : layer_reports(graph, quantization, settings, target, parallel))
      bytes += layer.bytes;
    return bytes;
  };
  return {total(Target::packed), total(Target::ascend)};
}

NUQ_DEFINITION std::vector<Json> layer_details(const Graph& graph, const NetworkQuantization& quantization,
                                               const QuantizationSettings& settings, const ReportAdditions* additions,
                                               Parallel& parallel) {
  if (additions == nullptr) return {};
  const std::vector<const Node*> nodes = detail::reported_nodes(graph, settings);
  std::vector<Json> details(nodes.size());
  parallel.for_each_block(nodes.size(), [&](std::size_t index) {
    const Node& node = *nodes[index];
    if (&owner_of_weights(graph, node) != &node) return;
    const auto quantized = quantization.find(node.name);
    details[index] = additions->layer(node, quantized == quantization.end() ? nullptr : &quantized->second);
  });
  return details;
}

NUQ_DEFINITION void add_layers(RunReport& report, const Graph& graph, const NetworkQuantization& quantization,
                               const QuantizationSettings& settings, Target target, Parallel& parallel,
                               const std::vector<Json>& details) {
  report.target = target_name(target);
  report.layers = layer_reports(graph, quantization, settings, target, parallel);
  std::uint64_t weights = 0;
  report.bytes = 0;
  for (LayerReport& layer : report.layers) {
    weights += layer.weights;
    report.bytes += layer.bytes;
  }
  for (std::size_t index = 0; index < details.size(); ++index) report.layers[index].details = details[index];
  if (report.bytes == 0) return;
  report.ratio_int8 = static_cast<double>(weights) / static_cast<double>(report.bytes);
  report.ratio_float32 = 4.0 * report.ratio_int8;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_LAYER_REPORTS_HPP
