#ifndef NUQ_CAFFE_FUSION_HPP
#define NUQ_CAFFE_FUSION_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/caffe/detail/layer_error.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/layer_rules/batch_norm.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// True for the types that BatchNorm and Scale can be folded into.
[[nodiscard]] inline bool is_fusable_type(std::string_view type) noexcept {
  return type == "Convolution" || type == "Deconvolution" || type == "InnerProduct";
}

namespace detail {

/// `second` after `first`.
[[nodiscard]] inline ChannelAffine composed(ChannelAffine first, const ChannelAffine& second) {
  for (std::size_t channel = 0; channel < first.factor.size(); ++channel) {
    first.factor[channel] *= second.factor[channel];
    first.offset[channel] = first.offset[channel] * second.factor[channel] + second.offset[channel];
  }
  return first;
}

/// Blobs {γ} or {γ, β}, one value per channel of axis 1: y = γ · x + β.
[[nodiscard]] inline std::optional<ChannelAffine> scale_affine(const Node& node, std::size_t channels) {
  const schema::ScaleParameter& parameter = node.parameter.scale_param();
  if (parameter.axis() != 1 || parameter.num_axes() != 1) return std::nullopt;
  if (node.blobs.size() != (parameter.bias_term() ? 2U : 1U)) return std::nullopt;
  for (const Tensor& blob : node.blobs) {
    if (blob.values.size() != channels) return std::nullopt;
  }
  const std::vector<float>& factor = node.blobs.front().values;
  ChannelAffine affine{{factor.begin(), factor.end()}, std::vector<double>(channels)};
  if (parameter.bias_term()) affine.offset.assign(node.blobs[1].values.begin(), node.blobs[1].values.end());
  return affine;
}

[[nodiscard]] inline std::optional<ChannelAffine> affine_of(const LayerRef& layer, std::size_t channels) {
  const Node& node = layer.node;
  if (node.type != "BatchNorm") return scale_affine(node, channels);
  if (node.blobs.empty() || node.blobs.front().values.size() != channels) return std::nullopt;
  return batch_norm_affine(layer);
}

/// Which output channel each weight of a layer belongs to.
class OutputChannels {
 public:
  explicit OutputChannels(const Node& node) {
    const bool is_deconvolution = node.type == "Deconvolution";  // [in, out/group, kh, kw]; the others [out, …]
    const Shape& shape = node.blobs.front().shape;
    const std::size_t weights = node.blobs.front().values.size();
    const std::size_t groups = is_deconvolution ? node.parameter.convolution_param().group() : 1;
    const std::size_t rows =
        static_cast<std::size_t>(shape[0]) * (is_deconvolution ? static_cast<std::size_t>(shape[1]) : 1);
    per_group_ = static_cast<std::size_t>(shape[is_deconvolution ? 1 : 0]);
    count_ = per_group_ * groups;
    group_weights_ = weights / groups;
    channel_weights_ = rows == 0 ? 0 : weights / rows;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t operator()(std::size_t weight) const noexcept {
    return weight / group_weights_ * per_group_ + weight / channel_weights_ % per_group_;
  }

 private:
  std::size_t count_ = 0;            ///< output channels
  std::size_t per_group_ = 0;        ///< output channels of a group
  std::size_t group_weights_ = 0;    ///< consecutive weights of a group
  std::size_t channel_weights_ = 0;  ///< consecutive weights of one channel
};

/// The bias that a folded layer starts from, zero where it has none.
[[nodiscard]] inline Tensor bias_of(const Node& node, std::size_t channels) {
  return node.blobs.size() > 1 ? node.blobs[1] : Tensor(Shape{static_cast<std::int64_t>(channels)});
}

/// Puts `affine` behind the layer: W' = W · factor, b' = b · factor + offset, in double. False, and nothing changed, if
/// a result is not finite.
[[nodiscard]] inline bool fold(Node& node, const OutputChannels& channel_of, const ChannelAffine& affine) {
  Tensor weights = node.blobs.front();
  Tensor bias = bias_of(node, channel_of.count());
  bool finite = true;
  for (std::size_t index = 0; index < weights.values.size(); ++index) {
    float& weight = weights.values[index];
    weight = static_cast<float>(static_cast<double>(weight) * affine.factor[channel_of(index)]);
    finite = finite && is_finite(weight);
  }
  for (std::size_t channel = 0; channel < bias.values.size(); ++channel) {
    float& value = bias.values[channel];
    value = static_cast<float>(static_cast<double>(value) * affine.factor[channel] + affine.offset[channel]);
    finite = finite && is_finite(value);
  }
  if (!finite) return false;
  node.blobs = {std::move(weights), std::move(bias)};
  if (node.type == "InnerProduct") {
    node.parameter.mutable_inner_product_param()->set_bias_term(true);
  } else {
    node.parameter.mutable_convolution_param()->set_bias_term(true);
  }
  return true;
}

/// True if something can be folded into the layer: it has weights, one input and one output with channels in axis 1.
[[nodiscard]] inline bool is_fusable(const Node& node) {
  if (!is_fusable_type(node.type) || node.blobs.empty() || node.inputs.size() != 1 || node.outputs.size() != 1)
    return false;
  if (node.type != "InnerProduct") return node.parameter.convolution_param().axis() == 1;
  const schema::InnerProductParameter& parameter = node.parameter.inner_product_param();
  return parameter.axis() == 1 && !parameter.transpose();
}

/// The node of one input and one output that is the only reader of `value`.
[[nodiscard]] inline std::optional<std::size_t> sole_reader(const Graph& graph, std::size_t value) {
  const std::vector<std::size_t> readers = graph.consumers(value);
  if (readers.size() != 1) return std::nullopt;
  const Node& reader = graph.nodes[readers.front()];
  if (reader.inputs.size() != 1 || reader.outputs.size() != 1) return std::nullopt;
  return readers.front();
}

/// Folds the BatchNorm, the BatchNorm and Scale, or the Scale that alone follow a layer; returns the nodes that became
/// useless.
[[nodiscard]] inline std::vector<std::size_t> fold_followers(Graph& graph, std::size_t index) {
  Node& node = graph.nodes[index];
  const OutputChannels channels(node);
  ChannelAffine total{std::vector<double>(channels.count(), 1.0), std::vector<double>(channels.count(), 0.0)};
  std::vector<std::size_t> folded;
  std::size_t output = node.outputs.front();
  for (const std::string_view type : {"BatchNorm", "Scale"}) {
    const std::optional<std::size_t> reader = sole_reader(graph, output);
    if (!reader || graph.nodes[*reader].type != type) continue;
    const std::optional<ChannelAffine> affine = affine_of({graph.nodes[*reader], graph.model->model_file}, channels.count());
    if (!affine) break;
    total = composed(std::move(total), *affine);
    folded.push_back(*reader);
    output = graph.nodes[*reader].outputs.front();
  }
  if (folded.empty() || !fold(node, channels, total)) return {};
  for (const std::size_t follower : folded) node.fused.push_back(graph.nodes[follower].name);
  node.outputs.front() = output;
  return folded;
}

/// Takes nodes out of a graph, with the values that nobody writes or reads any more, and numbers the rest anew.
inline void remove_nodes(Graph& graph, const std::set<std::size_t>& removed) {
  std::vector<std::size_t> new_value(graph.values.size());
  std::set<std::size_t> used(graph.inputs.begin(), graph.inputs.end());
  std::vector<Node> nodes;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    if (removed.count(index) > 0) continue;
    Node& node = graph.nodes[index];
    used.insert(node.outputs.begin(), node.outputs.end());
    for (const std::size_t output : node.outputs) {
      if (graph.values[output].producer != Value::network_input) graph.values[output].producer = nodes.size();
    }
    nodes.push_back(std::move(node));
  }
  std::vector<Value> values;
  for (const std::size_t value : used) {
    new_value[value] = values.size();
    values.push_back(std::move(graph.values[value]));
  }
  const auto renumber = [&new_value](std::vector<std::size_t>& indices) {
    for (std::size_t& value : indices) value = new_value[value];
  };
  renumber(graph.inputs);
  for (Node& node : nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  graph.nodes = std::move(nodes);
  graph.values = std::move(values);
}

/// Inference uses the trained statistics of a BatchNorm; only an explicit wish for those of the batch is refused.
inline void check_batch_norms(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    const schema::BatchNormParameter& parameter = node.parameter.batch_norm_param();
    if (node.type != "BatchNorm" || !parameter.has_use_global_stats() || parameter.use_global_stats()) continue;
    fail_layer(ErrorCode::unsupported_layer, graph.model->model_file, node.name,
               "use_global_stats is false, wanted true in an inference network");
  }
}

inline void check_skipped(const Graph& graph, const std::set<std::string>& skipped) {
  for (const std::string& name : skipped) {
    const Node* const node = graph.find(name);
    if (node == nullptr) {
      fail(ConfigError(ErrorCode::unknown_name,
                       "skip_fusion_layers: layer '" + name + "': does not exist in " + graph.model->model_file));
    }
    if (!is_fusable_type(node->type)) {
      fail(ConfigError(ErrorCode::invalid_argument, "skip_fusion_layers: layer '" + name +
                                                        "': nothing is folded into a " + node->type +
                                                        ", wanted a Convolution, Deconvolution or InnerProduct"));
    }
  }
}

}  // namespace detail

/// Folds BatchNorm, BatchNorm + Scale or a lone Scale into the Convolution, Deconvolution or InnerProduct before it
/// (AMCT manual, fusion): with a = γ/√(v + eps), W' = W·a and b' = (b − m)·a + β, per output channel, in double. The
/// layer gets a bias, takes over the last folded layer's output, and lists the folded layers in `Node::fused`; their
/// nodes and values are gone and the remaining ones are numbered anew.
///
/// Left as they are: layers whose output somebody else reads as well, layers without weights, a Scale along another
/// axis, and what would become infinite. Throws ModelError for a BatchNorm with `use_global_stats: false`, and
/// ConfigError for a skipped layer that does not exist or that nothing could be folded into.
inline void fuse(Graph& graph, const FusionOptions& options = {}) {
  graph.fusion = options;
  detail::check_batch_norms(graph);
  detail::check_skipped(graph, options.skipped);
  if (!options.enabled) return;
  std::set<std::size_t> folded;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    if (!detail::is_fusable(graph.nodes[index]) || options.skipped.count(graph.nodes[index].name) > 0) continue;
    for (const std::size_t follower : detail::fold_followers(graph, index)) folded.insert(follower);
  }
  detail::remove_nodes(graph, folded);
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_FUSION_HPP
