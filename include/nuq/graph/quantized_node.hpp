#ifndef NUQ_GRAPH_QUANTIZED_NODE_HPP
#define NUQ_GRAPH_QUANTIZED_NODE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Names of the layers inserted around a quantized one, as the vendor's compiler prints them.
NUQ_FUNCTION [[nodiscard]] std::string quant_layer_name(const std::string& layer);

/// Name of the DeQuant layer behind a quantized layer.
NUQ_FUNCTION [[nodiscard]] std::string dequant_layer_name(const std::string& layer);

/// True for the layers that quantization inserts (AMCT manual, quantized model): they are in no float model.
NUQ_FUNCTION [[nodiscard]] bool is_inserted_by_quantization(const Node& node) noexcept;

/// The first node of a graph that only a fake-quant or deploy model has: an inserted one, or one with int8 weights.
/// Null in a float model, which a weights-only result is too.
NUQ_FUNCTION [[nodiscard]] inline const Node* find_quantized_node(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (is_inserted_by_quantization(node) || node.integer) return &node;
  }
  return nullptr;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string quant_layer_name(const std::string& layer) {
  return layer + "_0_quant_layer";
}

NUQ_DEFINITION std::string dequant_layer_name(const std::string& layer) {
  return layer + "_dequant_layer";
}

NUQ_DEFINITION bool is_inserted_by_quantization(const Node& node) noexcept {
  return is<ops::Quant>(node) || is<ops::DeQuant>(node) || is<ops::AntiQuant>(node);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_QUANTIZED_NODE_HPP
