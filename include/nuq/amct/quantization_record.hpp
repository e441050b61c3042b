#ifndef NUQ_AMCT_QUANTIZATION_RECORD_HPP
#define NUQ_AMCT_QUANTIZATION_RECORD_HPP

#include <cstddef>
#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The codebook's levels and, up to `num_steps` values in all, the smallest int8 values that are not among them:
/// readers of the vendor's format count the levels.
NUQ_FUNCTION [[nodiscard]] Codebook padded(const Codebook& codebook, std::size_t num_steps);

}  // namespace detail

/// The record of a network's quantization, in network order; nothing for layers that were not quantized. `cluster` is
/// padded to the plan's `num_steps`. Layers that fusion was told to leave alone are marked `skip_fusion`, so that the
/// record can be used again.
NUQ_FUNCTION [[nodiscard]] schema::ScaleOffsetRecord record_of(const Graph& graph,
                                                               const NetworkQuantization& quantization,
                                                               const QuantizationSettings& settings);
/// The text of `record_of`, as the record file holds it.
NUQ_FUNCTION [[nodiscard]] std::string record_text(const Graph& graph, const NetworkQuantization& quantization,
                                                   const QuantizationSettings& settings);

/// Which layers the record's factors belong to unfused.
NUQ_FUNCTION [[nodiscard]] FusionOptions fusion_of(const schema::ScaleOffsetRecord& record);

/// The factors of a record, which may come from a run of either scope, for the network they belong to, fused as
/// `fusion_of` says and with its weights; the int8 levels themselves are left empty. An input without offset counts as
/// symmetric, which is the same grid. Throws RecordError naming `file`, layer and value: configuration_mismatch (a
/// layer that the network lacks), unsupported_layer, missing_record (no scale_w), size_mismatch (neither one scale nor
/// one per output channel; InnerProduct has one).
NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantization_of(const schema::ScaleOffsetRecord& record,
                                                               const Graph& graph, const std::string& file);
/// The same of a record file; empty where it records no layer. Throws what `read_record` throws as well.
NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantization_in(const std::string& record_file, const Graph& graph);

/// The grids of layers' inputs that a record file holds, by layer, whatever else it lacks. Throws what `read_record`
/// throws.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, CalibratedActivation> activations_in(const std::string& record_file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/factor_record_file.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Codebook padded(const Codebook& codebook, std::size_t num_steps) {
  std::vector<std::int8_t> levels(codebook.begin(), codebook.end());
  for (int level = -128; level <= 127 && levels.size() < num_steps; ++level) {
    const auto value = static_cast<std::int8_t>(level);
    if (!std::binary_search(codebook.begin(), codebook.end(), value)) levels.push_back(value);
  }
  return {levels.begin(), levels.end()};
}

NUQ_FUNCTION [[nodiscard]] inline schema::SingleLayerRecord layer_record(const Node& node,
                                                                         const LayerQuantization& quantization,
                                                                         const LayerPlan& plan) {
  schema::SingleLayerRecord record;
  if (quantization.activation) {
    record.set_scale_d(quantization.activation->scale);
    record.set_offset_d(quantization.activation->offset);
  }
  if (quantizes_weights(node)) {
    record.mutable_scale_w()->Add(quantization.weights.scales.begin(), quantization.weights.scales.end());
    record.mutable_offset_w()->Resize(record.scale_w_size(), 0);
  }
  for (const int shift : quantization.shift_bit) record.add_shift_bit(static_cast<std::uint32_t>(shift));
  record_input_shape(quantization.input_shape, record);
  if (quantization.codebook) {
    for (const std::int8_t level : padded(*quantization.codebook, static_cast<std::size_t>(plan.num_steps)))
      record.add_cluster(level);
  }
  return record;
}

/// scale_w, cluster and shift_bit of a layer with weights.
NUQ_FUNCTION [[nodiscard]] inline LayerQuantization weight_factors(const schema::SingleLayerRecord& record,
                                                                   const Node& node, const std::string& place) {
  const WeightMatrix matrix(node);
  LayerQuantization quantization;
  quantization.weights.rows = matrix.view().rows();
  quantization.weights.cols = matrix.view().cols();
  quantization.weights.scales.assign(record.scale_w().begin(), record.scale_w().end());
  const std::size_t scales = quantization.weights.scales.size();
  const std::size_t channels = has_one_scale(node) ? 1 : quantization.weights.rows;
  if (scales == 0) fail_record(ErrorCode::missing_record, place, "cannot find scale_w");
  if (scales != 1 && scales != channels) {
    fail_record(ErrorCode::size_mismatch, place,
                "has " + std::to_string(scales) + " values of scale_w, wanted 1" +
                    (channels == 1 ? "" : " or " + std::to_string(channels)));
  }
  if (record.cluster_size() > 0) quantization.codebook.emplace(record.cluster().begin(), record.cluster().end());
  if (record.shift_bit_size() > 0 && record.shift_bit(0) > 0)
    quantization.shift_bit.assign(record.shift_bit().begin(), record.shift_bit().end());
  return quantization;
}

/// A Pooling layer's record is to have none of them; the HiSilicon variant of the tools writes a scale_w of 1.
NUQ_FUNCTION [[nodiscard]] inline LayerQuantization no_weight_factors(const schema::SingleLayerRecord& record,
                                                                      const std::string& place) {
  const bool unit_scale = record.scale_w_size() == 1 && record.scale_w(0) == 1.0F;
  const bool shifted = record.shift_bit_size() > 0 && record.shift_bit(0) > 0;
  if ((record.scale_w_size() > 0 && !unit_scale) || record.cluster_size() > 0 || shifted) {
    fail_record(ErrorCode::invalid_argument, place,
                "has scale_w, cluster or shift_bit, wanted none: Pooling has no weights");
  }
  LayerQuantization quantization;
  quantization.weights = unit_weights();
  return quantization;
}

NUQ_FUNCTION [[nodiscard]] inline ActivationScale recorded_scale(const schema::SingleLayerRecord& record) {
  return {record.scale_d(), record.offset_d(), record.offset_d() != 0};
}

/// Empty where it is not recorded.
NUQ_FUNCTION [[nodiscard]] inline Shape recorded_input_shape(const schema::SingleLayerRecord& record) {
  if (!record.has_channels()) return {};
  return {1, record.channels(), record.height(), record.width()};
}

NUQ_FUNCTION [[nodiscard]] inline LayerQuantization layer_quantization(const schema::SingleLayerRecord& record,
                                                                       const Node& node, const std::string& place) {
  LayerQuantization quantization =
      quantizes_weights(node) ? weight_factors(record, node, place) : no_weight_factors(record, place);
  if (record.has_scale_d()) quantization.activation = recorded_scale(record);
  quantization.input_shape = recorded_input_shape(record);
  return quantization;
}

}  // namespace detail

NUQ_DEFINITION schema::ScaleOffsetRecord record_of(const Graph& graph, const NetworkQuantization& quantization,
                                                   const QuantizationSettings& settings) {
  schema::ScaleOffsetRecord record;
  for (const Node& node : graph.nodes) {
    const auto quantized = quantization.find(node.name);
    if (quantized == quantization.end()) continue;
    const auto planned = settings.plan.find(node.name);
    auto& entry = *record.add_record();
    entry.set_key(node.name);
    *entry.mutable_value() =
        detail::layer_record(node, quantized->second, planned == settings.plan.end() ? LayerPlan{} : planned->second);
    if (!settings.fusion.enabled || settings.fusion.skipped.count(node.name) > 0)
      entry.mutable_value()->set_skip_fusion(true);
  }
  return record;
}

NUQ_DEFINITION std::string record_text(const Graph& graph, const NetworkQuantization& quantization,
                                       const QuantizationSettings& settings) {
  return to_text(record_of(graph, quantization, settings));
}

NUQ_DEFINITION FusionOptions fusion_of(const schema::ScaleOffsetRecord& record) {
  FusionOptions fusion;
  for (const auto& entry : record.record()) {
    if (entry.value().skip_fusion()) fusion.skipped.insert(entry.key());
  }
  return fusion;
}

NUQ_DEFINITION NetworkQuantization quantization_of(const schema::ScaleOffsetRecord& record, const Graph& graph,
                                                   const std::string& file) {
  NetworkQuantization quantization;
  for (const auto& entry : record.record()) {
    const std::string place = file + ": layer '" + entry.key() + "'";
    const Node* const node = graph.find(entry.key());
    if (node == nullptr)
      detail::fail_record(ErrorCode::configuration_mismatch, place,
                          "is not in the network: this is the record of another one");
    const Eligibility eligibility = eligibility_if_named(graph, *node, NuqScope::extended);
    if (!eligibility.quantizable)
      detail::fail_record(ErrorCode::unsupported_layer, place, "cannot be quantized: " + eligibility.reason);
    const std::string input_obstacle = input_quantization_obstacle(graph, *node);
    if (entry.value().has_scale_d() && !input_obstacle.empty())
      detail::fail_record(ErrorCode::unsupported_layer, place, "has scale_d, wanted none: " + input_obstacle);
    quantization[entry.key()] = detail::layer_quantization(entry.value(), *node, place);
  }
  return quantization;
}

NUQ_DEFINITION NetworkQuantization quantization_in(const std::string& record_file, const Graph& graph) {
  return quantization_of(read_record(record_file), graph, record_file);
}

NUQ_DEFINITION std::map<std::string, CalibratedActivation> activations_in(const std::string& record_file) {
  std::map<std::string, CalibratedActivation> activations;
  const schema::ScaleOffsetRecord content = read_record(record_file);
  for (const auto& entry : content.record()) {
    const schema::SingleLayerRecord& record = entry.value();
    if (record.has_scale_d())
      activations[entry.key()] = {detail::recorded_scale(record), detail::recorded_input_shape(record)};
  }
  return activations;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANTIZATION_RECORD_HPP
