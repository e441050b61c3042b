#ifndef NUQ_CAFFE_SHARED_MEMORY_HPP
#define NUQ_CAFFE_SHARED_MEMORY_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Where Caffe's result is an accident of its memory, a sentence for each such layer, in the network's order. Blobs
/// that are the same values to Caffe (behind Flatten, Reshape, Split and a Concat or Slice of one blob) share memory:
/// an in-place layer on one of them changes what later layers read from the others. And an in-place Eltwise other than
/// a product clears the input that it writes over before it reads it. Here every layer reads what the layers before it
/// have computed.
NUQ_FUNCTION [[nodiscard]] std::vector<std::string> shared_memory_warnings(const Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstddef>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The memory of a graph's values in Caffe, which adds a Split behind every blob that is read more than once.
class SharedMemory {
 public:
  NUQ_FUNCTION explicit SharedMemory(const Graph& graph)
      : graph_(graph), readings_(graph.values.size()), memory_(graph.values.size()) {
    for (std::size_t value = 0; value < memory_.size(); ++value) memory_[value] = value;
    for (const Node& node : graph.nodes) {
      for (const std::size_t input : node.inputs) ++readings_[input];
    }
    for (const Node& node : graph.nodes) {
      for (const std::size_t output : node.outputs) {
        const std::size_t* const overwritten = overwritten_input(node, output);
        if (overwritten != nullptr) {
          memory_[output] = memory_[*overwritten];
        } else if (is_view(node)) {
          memory_[output] = memory_[node.inputs.front()];
        }
      }
    }
  }

  /// The input whose memory a node's output is written over: one of the same blob that nobody else reads; else null.
  NUQ_FUNCTION [[nodiscard]] const std::size_t* overwritten_input(const Node& node, std::size_t output) const {
    const auto found = std::find_if(node.inputs.begin(), node.inputs.end(), [&](std::size_t input) {
      return graph_.values[input].blob == graph_.values[output].blob && readings_[input] == 1;
    });
    return found == node.inputs.end() ? nullptr : &*found;
  }

  /// The first node behind `index` that reads a value which node `index` overwrites under another name; null: none.
  NUQ_FUNCTION [[nodiscard]] const Node* misled_reader(std::size_t index) const {
    const Node& writer = graph_.nodes[index];
    const std::size_t written = writer.outputs.front();
    for (std::size_t later = index + 1; later < graph_.nodes.size(); ++later) {
      for (const std::size_t input : graph_.nodes[later].inputs) {
        if (memory_[input] == memory_[written] && is_older(input, index)) return &graph_.nodes[later];
      }
    }
    return nullptr;
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static bool is_view(const Node& node) {
    const bool is_single = node.inputs.size() == 1 && node.outputs.size() == 1;
    return is<ops::Flatten>(node) || is<ops::Reshape>(node) || is<ops::Split>(node) ||
           (is_single && (is<ops::Concat>(node) || is<ops::Slice>(node)));
  }
  /// Whether a value is not made of what node `index` has written.
  NUQ_FUNCTION [[nodiscard]] bool is_older(std::size_t value, std::size_t index) const {
    std::size_t producer = graph_.values[value].producer;
    while (producer != Value::network_input && producer > index && is_view(graph_.nodes[producer])) {
      producer = graph_.values[graph_.nodes[producer].inputs.front()].producer;
    }
    return producer == Value::network_input || producer < index;
  }

  const Graph& graph_;
  std::vector<std::size_t> readings_;  // by value
  std::vector<std::size_t> memory_;    // by value: the first one that stands there
};

/// Whether Caffe loses the input that an Eltwise overwrites.
NUQ_FUNCTION [[nodiscard]] inline bool clears_input(const Node& node) {
  const auto* const eltwise = node.operation.get_if<ops::Eltwise>();
  return eltwise != nullptr && eltwise->method != ops::EltwiseMethod::product;
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::string> shared_memory_warnings(const Graph& graph) {
  const detail::SharedMemory memory(graph);
  std::vector<std::string> warnings;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    if (node.outputs.empty() || is<ops::Dropout>(node)) continue;
    const std::size_t* const overwritten = memory.overwritten_input(node, node.outputs.front());
    if (overwritten == nullptr) continue;
    const std::string place = "layer '" + node.name + "': ";
    const std::string& blob = graph.values[*overwritten].blob;
    if (detail::clears_input(node)) {
      warnings.push_back(place + "writes over its input '" + blob +
                         "', which Caffe clears before it is read; here it is counted");
    }
    if (const Node* const reader = memory.misled_reader(index)) {
      warnings.push_back(place + "writes over '" + blob + "', whose memory Caffe shares with what layer '" +
                         reader->name + "' reads; here that layer reads what was there before");
    }
  }
  return warnings;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_SHARED_MEMORY_HPP
