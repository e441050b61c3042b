#ifndef NUQ_SENSITIVITY_DETAIL_CHANGED_LAYERS_HPP
#define NUQ_SENSITIVITY_DETAIL_CHANGED_LAYERS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/dependent_part.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Runs a network again and again, each time with one layer changed. Of an engine that computes parts of networks only
/// what depends on the layer is run, on the values that it reads of the rest: these are kept of as many layers at a
/// time, the one that is asked for and those after it, as fit into some memory.
template <class Engine, class Feed>
class ChangedLayers {
 public:
  /// Refers to all of them; `nodes`, ascending, are those that will be changed. `original` are the unchanged network's
  /// outputs. In `memory` bytes values are kept; those of one layer always are.
  ChangedLayers(const Graph& graph, std::vector<std::size_t> nodes, Engine& engine, int batches, Feed& feed,
                const NetworkOutputs& original, std::size_t memory = std::size_t{128} << 20U)
      : graph_(graph),
        nodes_(std::move(nodes)),
        engine_(engine),
        batches_(batches),
        feed_(feed),
        original_(original),
        memory_(memory) {}

  /// The network's outputs with other blobs in one of the nodes.
  [[nodiscard]] NetworkOutputs outputs(std::size_t node, const std::vector<Tensor>& blobs) {
    if (!computes_parts(engine_)) {
      Graph changed = graph_;
      changed.nodes[node].blobs = blobs;
      engine_.load(changed);
      return network_outputs(changed, engine_, batches_, feed_);
    }
    if (parts_.count(node) == 0) keep_inputs_from(node);
    const NetworkPart& part = parts_.at(node);
    if (part.nodes.empty()) return original_;  // the layer is not computed
    Graph changed = graph_of_part(graph_, part);
    for (const std::size_t input : part.inputs) changed.values[input].shape = common_shape(kept_.at(input));
    changed.nodes.front().blobs = blobs;
    engine_.load(changed);
    const auto feed_kept = [&](Engine& engine, int batch) {
      for (const std::size_t input : part.inputs)
        engine.set_input(part_input_name(input), kept_.at(input)[static_cast<std::size_t>(batch)].view());
    };
    return with_outputs_of_part(network_outputs(changed, engine_, batches_, feed_kept));
  }

 private:
  /// What all batches have, whose numbers of samples may differ: the first one's shape. Empty, that is not declared,
  /// where they differ in more than the first axis.
  [[nodiscard]] static Shape common_shape(const std::vector<Tensor>& batches) {
    const Shape& first = batches.front().shape;
    const auto is_alike = [&first](const Tensor& batch) {
      const Shape& shape = batch.shape;
      return !shape.empty() && shape.size() == first.size() &&
             std::equal(shape.begin() + 1, shape.end(), first.begin() + 1);
    };
    return std::all_of(batches.begin(), batches.end(), is_alike) ? first : Shape();
  }

  /// Outputs that do not depend on the layer are the original's.
  [[nodiscard]] NetworkOutputs with_outputs_of_part(NetworkOutputs part) const {
    NetworkOutputs outputs = original_;
    for (NetworkOutputs::Blob& blob : outputs.blobs) {
      for (NetworkOutputs::Blob& computed : part.blobs) {
        if (computed.layer == blob.layer && computed.output == blob.output) blob.values = std::move(computed.values);
      }
    }
    return outputs;
  }

  /// Runs the network once more and keeps what the parts behind `node` and the nodes after it read.
  void keep_inputs_from(std::size_t node) {
    engine_.load(graph_);
    if (is_computed_.empty()) measure();
    parts_.clear();
    kept_.clear();
    std::set<std::size_t> wanted;
    std::size_t bytes = 0;
    for (auto next = std::find(nodes_.begin(), nodes_.end(), node); next != nodes_.end(); ++next) {
      NetworkPart part = dependent_part(graph_, *next, is_computed_);
      for (const std::size_t input : part.inputs) {
        if (wanted.insert(input).second) bytes += bytes_[input];
      }
      if (!parts_.empty() && bytes > memory_) break;
      for (const std::size_t input : part.inputs) kept_[input];
      parts_.emplace(*next, std::move(part));
    }
    for (int batch = 0; batch < batches_; ++batch) {
      std::set<std::size_t> seen;
      for_each_input(batch, [&](std::size_t value, const TensorView& tensor) {
        const auto kept = kept_.find(value);
        if (kept != kept_.end() && seen.insert(value).second)
          kept->second.emplace_back(tensor.shape, std::vector<float>(tensor.values.begin(), tensor.values.end()));
      });
    }
  }

  /// Which nodes the engine computes, and what their inputs take over all batches, by the first one.
  void measure() {
    is_computed_.assign(graph_.nodes.size(), false);
    bytes_.assign(graph_.values.size(), 0);
    for_each_input(0, [&](std::size_t value, const TensorView& tensor) {
      bytes_[value] = sizeof(float) * tensor.values.size() * static_cast<std::size_t>(batches_);
    });
  }

  /// Runs a batch and calls `visit(value, tensor)` for all that layers read.
  template <class Visit>
  void for_each_input(int batch, const Visit& visit) {
    feed_(engine_, batch);
    std::size_t at = 0;
    engine_.forward([&](const Node& node, ArrayView<const TensorView> inputs, ArrayView<const TensorView>) {
      while (graph_.nodes[at].name != node.name) ++at;
      is_computed_[at] = true;
      for (std::size_t input = 0; input < inputs.size(); ++input) visit(graph_.nodes[at].inputs[input], inputs[input]);
      ++at;  // the next layer may have the same name
    });
  }

  const Graph& graph_;
  std::vector<std::size_t> nodes_;
  Engine& engine_;
  int batches_;
  Feed& feed_;
  const NetworkOutputs& original_;
  std::size_t memory_;
  std::vector<bool> is_computed_;                    // by node
  std::vector<std::size_t> bytes_;                   // by value
  std::map<std::size_t, NetworkPart> parts_;         // by node that has changed
  std::map<std::size_t, std::vector<Tensor>> kept_;  // by value, of each batch
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_DETAIL_CHANGED_LAYERS_HPP
