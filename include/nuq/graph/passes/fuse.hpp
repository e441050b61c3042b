#ifndef NUQ_GRAPH_PASSES_FUSE_HPP
#define NUQ_GRAPH_PASSES_FUSE_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// True if another layer has a trained parameter of the same name (`param { name: … }`): the two have to stay equal.
NUQ_FUNCTION [[nodiscard]] bool shares_parameters(const Graph& graph, const Node& node);

}  // namespace detail

/// Folds BatchNorm, Scale and Bias layers, alone or several in a row, into the Convolution, Deconvolution or
/// InnerProduct before them, and what then still stands in front of a Convolution into that one (AMCT manual, fusion;
/// Bias as in its HiSilicon variant). In double, with y = x · a + s being what the row computes per channel:
///
///   behind:    W'[o] = W[o] · a[o]         b'[o] = b[o] · a[o] + s[o]
///   in front:  W'[o,i] = W[o,i] · a[i]     b'[o] = b[o] + Σ W[o,i] · s[i]     without padding, or where every s is 0
///
/// The layer gets a bias, takes over the last folded layer's output or the first one's input, and lists the folded
/// layers in `Node::fused`, in the order of computation; their nodes and values are gone and the remaining ones are
/// numbered anew.
///
/// Where `Graph::folds_all_affine`, a Power of exponent 1 is folded as well, and so is what stands in front of other
/// layers: without s into a Deconvolution and into a product that has no bias of its own. Behind a matrix product
/// (`InnerProduct::matrix_product`), whose bias stands in a layer of its own, nothing is folded beyond the first s.
///
/// Left as they are: layers with somebody else reading a blob between them, layers that are not computed, without
/// weights or with parameters shared by name, on either side, a BatchNorm with the statistics of the batch, a Scale or
/// Bias along another axis, a blob in front whose name stands for something else at the Convolution's place, and what
/// would become infinite. Throws ModelError for a variance that cannot be used, and ConfigError for a skipped layer
/// that does not exist or that nothing could be folded into.
NUQ_FUNCTION void fuse(Graph& graph, const FusionOptions& options = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/graph/ops/affine.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/graph/passes/detail/channel_affine.hpp"
#include "nuq/graph/passes/detail/folded_weights.hpp"
#include "nuq/graph/passes/detail/remove_nodes.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION bool shares_parameters(const Graph& graph, const Node& node) {
  const std::vector<std::string>& own = node.shared_parameters;
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& other) {
    const std::vector<std::string>& names = other.shared_parameters;
    return other.name != node.name && std::any_of(own.begin(), own.end(), [&names](const std::string& name) {
             return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
           });
  });
}

/// True if something can be folded into the layer: it has weights of its own, one input and one output with channels in
/// axis 1.
NUQ_FUNCTION [[nodiscard]] inline bool is_fusable(const Graph& graph, const Node& node) {
  if (!node.obstacle.empty()) return false;
  if (!has_weight_matrix(node) || node.blobs.empty() || node.blobs.front().values.empty()) return false;
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || shares_parameters(graph, node)) return false;
  if (const ops::ConvolutionAttributes* convolution = convolution_of(node)) return convolution->axis == 1;
  const auto& product = node.operation.get<ops::InnerProduct>();
  return (product.axis == 1 || product.matrix_product) && !product.transposed_weights;
}

NUQ_FUNCTION [[nodiscard]] inline bool has_padding(const ops::Window& window) {
  return window.auto_pad != ops::AutoPad::none || has_other_than(window.pads_begin, 0) ||
         has_other_than(window.pads_end, 0);
}

/// Where a layer's input or output has its channels.
NUQ_FUNCTION [[nodiscard]] inline ChannelPlace channels_of(const Node& node, std::size_t channels) {
  const auto* const product = node.operation.get_if<ops::InnerProduct>();
  if (product == nullptr) return {channels, 1, static_cast<std::int64_t>(node.blobs.front().shape.size())};
  return {channels, product->axis, product->axis < 0 ? 0 : product->axis + 1};
}

/// What a layer beside one that may be folded into computes for each channel; nothing where it is not folded.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ChannelAffine> foldable(const Graph& graph, const Node& node,
                                                                        const ChannelPlace& at) {
  if (shares_parameters(graph, node)) return std::nullopt;
  std::optional<ChannelAffine> affine = affine_of({node, graph.model_file()}, at);
  return affine || !graph.folds_all_affine ? affine : affine_of_power(node, at.channels);
}

NUQ_FUNCTION [[nodiscard]] inline bool folds_predecessors(const Graph& graph, const Node& node) {
  return is<ops::Convolution>(node) || graph.folds_all_affine;
}

/// Whether what is added to a layer's input is the same for all its outputs of a channel.
NUQ_FUNCTION [[nodiscard]] inline bool folds_offsets(const Node& node) {
  if (const auto* convolution = node.operation.get_if<ops::Convolution>()) return !has_padding(convolution->window);
  const auto* const product = node.operation.get_if<ops::InnerProduct>();
  return product != nullptr && product->bias && !product->matrix_product;
}

/// Whether the bias is added by a layer of its own, which stays as it is.
NUQ_FUNCTION [[nodiscard]] inline bool is_biased_elsewhere(const Node& node) {
  const auto* const product = node.operation.get_if<ops::InnerProduct>();
  return product != nullptr && product->matrix_product;
}

/// `index` if that node has one input and one output.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> if_simple(const Graph& graph, std::size_t index) {
  const Node& node = graph.nodes[index];
  return node.inputs.size() == 1 && node.outputs.size() == 1 ? std::optional<std::size_t>(index) : std::nullopt;
}

/// Whether somebody but nodes reads a value.
NUQ_FUNCTION [[nodiscard]] inline bool is_read_elsewhere(const Graph& graph, std::size_t value) {
  const auto is_among = [value](const std::vector<std::size_t>& values) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  return is_among(graph.outputs) || is_among(graph.kept);
}

/// The node of one input and one output that is the only reader of `value`.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> sole_reader(const Graph& graph, std::size_t value) {
  if (is_read_elsewhere(graph, value)) return std::nullopt;
  const std::vector<std::size_t> readers = graph.consumers(value);
  return readers.size() == 1 ? if_simple(graph, readers.front()) : std::nullopt;
}

/// The node of one input and one output that writes `value` for a single reader.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> sole_writer(const Graph& graph, std::size_t value) {
  const std::size_t producer = graph.values[value].producer;
  if (producer == Value::network_input || is_read_elsewhere(graph, value) || graph.consumers(value).size() != 1)
    return std::nullopt;
  return if_simple(graph, producer);
}

/// Folds the BatchNorm, Scale and Bias layers that follow node `index` one by one; returns the nodes that became
/// useless.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::size_t> fold_followers(Graph& graph, std::size_t index) {
  Node& node = graph.nodes[index];
  const ChannelPlace channels = channels_of(node, WeightLayout(node).outputs());
  ChannelAffine total = identity_affine(channels.channels);
  std::vector<std::size_t> folded;
  std::size_t output = node.outputs.front();
  while (const std::optional<std::size_t> reader = sole_reader(graph, output)) {
    const Node& follower = graph.nodes[*reader];
    const auto affine = foldable(graph, follower, channels);
    if (!affine || (is_biased_elsewhere(node) && !keeps_zero(total))) break;
    total = composed(std::move(total), *affine);
    folded.push_back(*reader);
    output = follower.outputs.front();
  }
  if (folded.empty() || !fold_behind(node, total)) return {};
  for (const std::size_t follower : folded) node.fused.push_back(graph.nodes[follower].name);
  node.outputs.front() = output;
  return folded;
}

/// True if, at node `index` and without the nodes `removed`, the name of `value` stands for a later version of the
/// blob.
NUQ_FUNCTION [[nodiscard]] inline bool is_overwritten(const Graph& graph, std::size_t value, std::size_t index,
                                                      const std::vector<std::size_t>& removed) {
  const auto writes_name = [&](const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](std::size_t output) {
      return output != value && graph.values[output].blob == graph.values[value].blob;
    });
  };
  const std::size_t producer = graph.values[value].producer;
  for (std::size_t node = producer == Value::network_input ? 0 : producer + 1; node < index; ++node) {
    const bool is_removed = std::find(removed.begin(), removed.end(), node) != removed.end();
    if (!is_removed && writes_name(graph.nodes[node])) return true;
  }
  return false;
}

/// Folds the BatchNorm, Scale and Bias layers in front of node `index` as far as its padding allows; returns the nodes
/// that became useless.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::size_t> fold_predecessors(Graph& graph, std::size_t index) {
  Node& node = graph.nodes[index];
  if (!folds_predecessors(graph, node)) return {};
  const ChannelPlace channels = channels_of(node, WeightLayout(node).inputs());
  const bool takes_offsets = folds_offsets(node);
  ChannelAffine total = identity_affine(channels.channels);
  std::vector<std::size_t> folded;  // the nearest first
  std::size_t input = node.inputs.front();
  while (const std::optional<std::size_t> writer = sole_writer(graph, input)) {
    const Node& predecessor = graph.nodes[*writer];
    const auto affine = foldable(graph, predecessor, channels);
    if (!affine || (!takes_offsets && !keeps_zero(*affine))) break;
    total = composed(*affine, total);
    folded.push_back(*writer);
    input = predecessor.inputs.front();
  }
  if (folded.empty() || is_overwritten(graph, input, index, folded) || !fold_before(node, total)) return {};
  for (const std::size_t predecessor : folded) node.fused.insert(node.fused.begin(), graph.nodes[predecessor].name);
  node.inputs.front() = input;
  return folded;
}

/// Calls fold(graph, index), which returns the nodes that became useless, for every layer that may be folded into.
template <class Fold>
void fold_each(Graph& graph, const std::set<std::string>& skipped, Fold&& fold) {
  std::set<std::size_t> useless;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    if (skipped.count(node.name) > 0 || !is_fusable(graph, node)) continue;
    for (const std::size_t folded : fold(graph, index)) useless.insert(folded);
  }
  remove_nodes(graph, useless);
}

NUQ_FUNCTION inline void check_skipped(const Graph& graph, const std::set<std::string>& skipped) {
  for (const std::string& name : skipped) {
    const Node* const node = graph.find(name);
    if (node == nullptr) {
      fail(ConfigError(ErrorCode::unknown_name,
                       "skip_fusion_layers: layer '" + name + "': does not exist in " + graph.model_file()));
    }
    if (!has_weight_matrix(*node)) {
      fail(ConfigError(ErrorCode::invalid_argument, "skip_fusion_layers: layer '" + name +
                                                        "': nothing is folded into a " + node->type +
                                                        ", wanted a Convolution, Deconvolution or InnerProduct"));
    }
  }
}

}  // namespace detail

NUQ_DEFINITION void fuse(Graph& graph, const FusionOptions& options) {
  detail::check_skipped(graph, options.skipped);
  if (!options.enabled) return;
  detail::fold_each(graph, options.skipped,
                    [](Graph& folded, std::size_t index) { return detail::fold_followers(folded, index); });
  detail::fold_each(graph, options.skipped,
                    [](Graph& folded, std::size_t index) { return detail::fold_predecessors(folded, index); });
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_FUSE_HPP
