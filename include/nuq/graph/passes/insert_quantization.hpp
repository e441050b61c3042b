#ifndef NUQ_GRAPH_PASSES_INSERT_QUANTIZATION_HPP
#define NUQ_GRAPH_PASSES_INSERT_QUANTIZATION_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The network that computes in float what the quantized one computes: weights are level × scale bit for bit, biases
/// are corrected, and where activations have been calibrated, Quant layers round the inputs and DeQuant layers stand
/// behind. It is what a reader of the written fake-quant model gets; plan and results are not carried over. Layers that
/// read one value with one grid share the first one's Quant. Throws RecordError missing_record where only some layers
/// have an activation scale, ModelError naming the layer: duplicate_name where the network has a layer or blob of the
/// name of an inserted one, unsupported_layer for a quantized layer that works in place.
NUQ_FUNCTION [[nodiscard]] Graph insert_quantization(const Graph& graph, const NetworkQuantization& quantization,
                                                     Parallel& parallel);

/// \copydoc insert_quantization(const Graph&, const NetworkQuantization&, Parallel&)
NUQ_FUNCTION [[nodiscard]] Graph insert_quantization(const Graph& graph, const NetworkQuantization& quantization);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/passes/integer_layers.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Copies a graph node by node, with Quant and DeQuant layers around the quantized ones.
class QuantizationInserter {
 public:
  NUQ_FUNCTION QuantizationInserter(const Graph& graph, const NetworkQuantization& quantization)
      : graph_(graph),
        quantization_(quantization),
        with_activations_(has_activation_scales(quantization)),
        copies_(graph.values.size()) {
    result_.source = graph.source;
    result_.name = graph.name;
    for (const Value& value : graph.values) blob_names_.insert(value.blob);
    for (const Node& node : graph.nodes) {
      layer_names_.insert(node.name);
      layer_names_.insert(node.fused.begin(), node.fused.end());
    }
  }

  NUQ_FUNCTION [[nodiscard]] Graph insert(Parallel& parallel) && {
    add_declared_inputs();
    for (const Node& node : graph_.nodes) add(node);
    parallel.for_each_block(quantized_.size(), [this](std::size_t index) {
      set_quantized_blobs(result_.nodes[quantized_[index].node], *quantized_[index].layer);
    });
    mark_scaled_sums(result_);
    return std::move(result_);
  }

 private:
  struct QuantizedNode {
    std::size_t node;
    const LayerQuantization* layer;
  };
  struct SharedQuant {
    std::size_t value;  // of the original graph
    ActivationScale grid;
    std::size_t output;
  };

  /// The inputs that no node stands for.
  NUQ_FUNCTION void add_declared_inputs() {
    std::set<std::size_t> of_nodes;
    for (const Node& node : graph_.nodes) of_nodes.insert(node.outputs.begin(), node.outputs.end());
    for (const std::size_t input : graph_.inputs) {
      if (of_nodes.count(input) == 0) add_input(input);
    }
  }

  NUQ_FUNCTION void add_input(std::size_t input) {
    copies_[input] = result_.values.size();
    result_.inputs.push_back(result_.values.size());
    result_.values.push_back({graph_.values[input].blob, Value::network_input, graph_.values[input].shape});
  }

  NUQ_FUNCTION void add(const Node& node) {
    const auto found = quantization_.find(node.name);
    const LayerQuantization* const layer = found == quantization_.end() ? nullptr : &found->second;
    Node copy = copy_of(node, layer);
    if (layer != nullptr && with_activations_) copy.inputs.front() = quantized_input(node, *layer);
    if (layer != nullptr && quantizes_weights(node)) quantized_.push_back({result_.nodes.size(), layer});
    for (const std::size_t output : node.outputs) {
      if (graph_.values[output].producer == Value::network_input) {
        add_input(output);
      } else {
        copies_[output] = add_value(graph_.values[output].blob);
      }
      copy.outputs.push_back(copies_[output]);
    }
    result_.nodes.push_back(std::move(copy));
    if (layer != nullptr && with_activations_) add_dequant(node, *layer);
  }

  /// A node with the blobs that quantization leaves alone, reading the present versions of its inputs.
  NUQ_FUNCTION [[nodiscard]] Node copy_of(const Node& node, const LayerQuantization* layer) const {
    Node copy = without_blobs(node);
    copy.fused.clear();
    copy.outputs.clear();
    copy.integer = node.integer;
    copy.sum_scales = node.sum_scales;
    copy.shared_parameters = node.shared_parameters;
    for (std::size_t& input : copy.inputs) input = copies_[input];
    const bool has_new_weights = layer != nullptr && quantizes_weights(node);
    for (const Tensor& blob : node.blobs) {
      const bool is_replaced = has_new_weights && copy.blobs.empty();
      copy.blobs.push_back(is_replaced ? Tensor{blob.shape, {}} : blob);
    }
    return copy;
  }

  /// A value that the next node will write.
  NUQ_FUNCTION std::size_t add_value(std::string blob) {
    result_.values.push_back({std::move(blob), result_.nodes.size(), {}});
    return result_.values.size() - 1;
  }

  /// What a layer reads once it is quantized: the output of a Quant layer, which layers that read one value with one
  /// grid share.
  NUQ_FUNCTION [[nodiscard]] std::size_t quantized_input(const Node& node, const LayerQuantization& layer) {
    const std::size_t value = node.inputs.front();
    const std::string& source = graph_.values[value].blob;
    if (source == graph_.values[node.outputs.front()].blob) {
      fail_layer(
          ErrorCode::unsupported_layer, graph_.model_file(), node.name,
          "works in place on blob '" + source + "', wanted another top than its bottom to put a Quant layer between");
    }
    const ActivationScale& grid = activation_of(node, layer);
    for (const SharedQuant& quant : quants_) {
      if (quant.value == value && quant.grid.scale == grid.scale && quant.grid.offset == grid.offset)
        return quant.output;
    }
    quants_.push_back({value, grid, add_quant(node, grid)});
    return quants_.back().output;
  }

  NUQ_FUNCTION std::size_t add_quant(const Node& node, const ActivationScale& grid) {
    const std::size_t value = node.inputs.front();
    std::string blob = graph_.values[value].blob + "_" + node.name + "_quant";
    if (!blob_names_.insert(blob).second) fail_for_name(node, "blob", blob);
    ops::Quant quant;
    quant.reciprocal_scale = 1.0F / grid.scale;
    quant.offset = {static_cast<std::int8_t>(grid.offset)};
    quant.with_offset = grid.with_offset;
    return add_inserted(node, quant_layer_name(node.name), "Quant", quant, copies_[value], std::move(blob)).outputs[0];
  }

  NUQ_FUNCTION void add_dequant(const Node& node, const LayerQuantization& layer) {
    const std::size_t output = node.outputs.front();
    Node& dequant = add_inserted(node, dequant_layer_name(node.name), "DeQuant", ops::DeQuant{}, copies_[output],
                                 graph_.values[output].blob);
    const std::vector<float> scales = dequantization_scales(layer);
    const std::vector<int> shifts = dequantization_shifts(layer);
    const Shape shape = {static_cast<std::int64_t>(scales.size())};
    dequant.blobs = {Tensor(shape, scales), Tensor(shape, {shifts.begin(), shifts.end()}), Tensor(shape)};
    copies_[output] = dequant.outputs.front();
  }

  /// Adds a layer of one input and one output next to that of `node`.
  NUQ_FUNCTION Node& add_inserted(const Node& node, std::string name, std::string type, Operation operation,
                                  std::size_t input, std::string blob) {
    if (!layer_names_.insert(name).second) fail_for_name(node, "layer", name);
    Node inserted;
    inserted.name = std::move(name);
    inserted.type = std::move(type);
    inserted.operation = std::move(operation);
    inserted.inputs = {input};
    inserted.outputs = {add_value(std::move(blob))};
    inserted.source_index = Node::in_no_source;
    result_.nodes.push_back(std::move(inserted));
    return result_.nodes.back();
  }

  NUQ_FUNCTION [[noreturn]] void fail_for_name(const Node& node, const std::string& what,
                                               const std::string& name) const {
    fail_layer(ErrorCode::duplicate_name, graph_.model_file(), node.name,
               what + " '" + name + "' for its quantization exists already, wanted a model without one");
  }

  const Graph& graph_;
  const NetworkQuantization& quantization_;
  const bool with_activations_;
  Graph result_;
  std::vector<std::size_t> copies_;  // present versions in the result of the original's values
  std::vector<QuantizedNode> quantized_;
  std::vector<SharedQuant> quants_;
  std::set<std::string> layer_names_;
  std::set<std::string> blob_names_;
};

}  // namespace detail

NUQ_DEFINITION Graph insert_quantization(const Graph& graph, const NetworkQuantization& quantization,
                                         Parallel& parallel) {
  return detail::QuantizationInserter(graph, quantization).insert(parallel);
}

NUQ_DEFINITION Graph insert_quantization(const Graph& graph, const NetworkQuantization& quantization) {
  Parallel serial;
  return insert_quantization(graph, quantization, serial);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_INSERT_QUANTIZATION_HPP
