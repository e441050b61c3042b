#ifndef NUQ_AMCT_QUANTIZE_BY_RECORD_HPP
#define NUQ_AMCT_QUANTIZE_BY_RECORD_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The factors of a record file for a network, and the recorded levels nearest to its weights. A float network is fused
/// first, as the record says. Throws RecordError for a record of another network, of no layer, or with values missing
/// or out of range.
NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantize_by_record(Graph& graph, const std::string& record_file,
                                                                  Parallel& parallel);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline bool have_other_grids(const LayerQuantization& a, const LayerQuantization& b) {
  if (!a.activation || !b.activation) return a.activation.has_value() != b.activation.has_value();
  return a.activation->scale < b.activation->scale || b.activation->scale < a.activation->scale;
}

/// Layers that share their weights must have the same factors of these, for there is one blob; so must a shared bias,
/// whose int32 values go with the input's scale.
NUQ_FUNCTION inline void check_shared_weights(const Graph& graph, const NetworkQuantization& quantization,
                                              const std::string& file) {
  for (const Node& node : graph.nodes) {
    const Node& owner = owner_of_weights(graph, node);
    if (&owner == &node) continue;
    const auto own = quantization.find(node.name);
    const auto of_owner = quantization.find(owner.name);
    const bool has_own = own != quantization.end();
    const bool has_owner = of_owner != quantization.end();
    if (!has_own && !has_owner) continue;
    const bool is_same = has_own && has_owner && own->second.weights.scales == of_owner->second.weights.scales &&
                         own->second.codebook == of_owner->second.codebook;
    const bool needs_grid = is_same && have_same_weights_and_bias(node, owner);
    if (is_same && !(needs_grid && have_other_grids(own->second, of_owner->second))) continue;
    fail(RecordError(ErrorCode::invalid_argument, file + ": layer '" + node.name + "': shares its weights" +
                                                      (needs_grid ? " and its bias" : "") + " with layer '" +
                                                      owner.name + "', wanted the same " +
                                                      (needs_grid ? "scale_d" : "scale_w and cluster") + " for both"));
  }
}

}  // namespace detail

NUQ_DEFINITION NetworkQuantization quantize_by_record(Graph& graph, const std::string& record_file,
                                                      Parallel& parallel) {
  const schema::ScaleOffsetRecord record = read_record(record_file);
  if (find_quantized_node(graph) == nullptr) fuse(graph, fusion_of(record));
  NetworkQuantization quantization = quantization_of(record, graph, record_file);
  if (quantization.empty())
    detail::fail(RecordError(ErrorCode::missing_record, record_file + ": records no layer, wanted at least one"));
  detail::check_shared_weights(graph, quantization, record_file);
  for (auto& [name, layer] : quantization) detail::round_to_nearest_levels(graph, *graph.find(name), layer, parallel);
  return quantization;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANTIZE_BY_RECORD_HPP
