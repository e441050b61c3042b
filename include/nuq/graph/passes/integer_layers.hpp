#ifndef NUQ_GRAPH_PASSES_INTEGER_LAYERS_HPP
#define NUQ_GRAPH_PASSES_INTEGER_LAYERS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Marks the layers of a deploy model that compute with integers: those with int8 weights, Pooling layers that a
/// DeQuant with packed parameters reads, the Quant layers that feed them and the DeQuant layers that read them. Does
/// nothing in float and fake-quant models. Throws ModelError invalid_graph where such a layer is not between Quant and
/// DeQuant.
NUQ_FUNCTION void link_integer_layers(Graph& graph);

/// Sets `sum_scales` of the DeQuant layers of a fake-quant model that read sums of levels, those behind a layer with
/// weights that reads the blob of a Quant layer, and of these layers.
NUQ_FUNCTION void mark_scaled_sums(Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/quantization.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Connects the layers of a deploy model that compute with integers to the Quant and DeQuant layers around them.
class IntegerLayerLinker {
 public:
  NUQ_FUNCTION explicit IntegerLayerLinker(Graph& graph) : graph_(graph), file_(graph.model_file()) {}

  NUQ_FUNCTION void link() {
    for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
      if (computes_integers(graph_.nodes[index])) link(index);
    }
    for (Node& node : graph_.nodes) {
      if (is<ops::Quant>(node) && node.integer) check_readers(node);
      if (is<ops::DeQuant>(node) && !reads_integers(node)) node.integer.reset();
    }
  }

 private:
  /// A layer with int8 weights, or a Pooling layer that the DeQuant of a deploy model reads.
  NUQ_FUNCTION [[nodiscard]] bool computes_integers(const Node& node) const {
    if (node.inputs.empty() || node.outputs.empty()) return false;
    if (!is<ops::Pooling>(node)) return node.integer && !node.integer->weights.empty();
    const std::vector<std::size_t> readers = graph_.consumers(node.outputs.front());
    return std::any_of(readers.begin(), readers.end(), [this](std::size_t reader) {
      return is<ops::DeQuant>(graph_.nodes[reader]) && graph_.nodes[reader].integer;
    });
  }

  NUQ_FUNCTION [[nodiscard]] bool reads_integers(const Node& dequant) const {
    if (dequant.inputs.empty()) return false;
    const std::size_t producer = graph_.values[dequant.inputs.front()].producer;
    return producer != Value::network_input && graph_.nodes[producer].integer;
  }

  NUQ_FUNCTION void link(std::size_t index) {
    Node& node = graph_.nodes[index];
    const std::size_t producer = graph_.values[node.inputs.front()].producer;
    if (producer == Value::network_input || !is<ops::Quant>(graph_.nodes[producer])) {
      fail(node, "its input '" + graph_.values[node.inputs.front()].blob + "' comes from no Quant layer");
    }
    Node& quant = graph_.nodes[producer];
    quant.integer.emplace();
    if (!node.integer) node.integer.emplace();
    node.integer->input_offset = quant_scale(quant.operation.get<ops::Quant>(), LayerRef(quant, file_)).offset;
    for (const std::size_t reader : graph_.consumers(node.outputs.front())) {
      Node& dequant = graph_.nodes[reader];
      if (!is<ops::DeQuant>(dequant))
        fail(node, "its output is read by '" + dequant.name + "', wanted DeQuant layers alone");
      dequant.integer.emplace();
    }
  }

  NUQ_FUNCTION void check_readers(const Node& quant) const {
    for (const std::size_t reader : graph_.consumers(quant.outputs.front())) {
      const Node& node = graph_.nodes[reader];
      if (!node.integer) fail(node, "it reads the levels of '" + quant.name + "' and computes with floats");
    }
  }

  NUQ_FUNCTION [[noreturn]] void fail(const Node& node, const std::string& problem) const {
    fail_layer(ErrorCode::invalid_graph, file_, node.name, "of a deploy model: " + problem);
  }

  Graph& graph_;
  std::string file_;
};

}  // namespace detail

NUQ_DEFINITION void link_integer_layers(Graph& graph) {
  detail::IntegerLayerLinker(graph).link();
}

NUQ_DEFINITION void mark_scaled_sums(Graph& graph) {
  const auto producer = [&graph](const Node& node) -> Node* {
    if (node.inputs.empty()) return nullptr;
    const std::size_t index = graph.values[node.inputs.front()].producer;
    return index == Value::network_input ? nullptr : &graph.nodes[index];
  };
  for (Node& node : graph.nodes) {
    if (!is<ops::DeQuant>(node) || node.integer) continue;
    Node* const summing = producer(node);
    if (summing == nullptr || summing->blobs.empty() || node.blobs.empty()) continue;
    const Node* const quant = producer(*summing);
    if (quant == nullptr || !is<ops::Quant>(*quant)) continue;
    node.sum_scales = node.blobs.front().values;
    summing->sum_scales = node.sum_scales;
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_INTEGER_LAYERS_HPP
