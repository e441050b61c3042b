#ifndef NUQ_ENGINE_DETAIL_LOADED_NETWORK_HPP
#define NUQ_ENGINE_DETAIL_LOADED_NETWORK_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/detail/absorbed_followers.hpp"
#include "nuq/engine/detail/layer_work.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A graph made ready for computing, independent of the graph itself.
class LoadedNetwork {
 public:
  LoadedNetwork() = default;

  /// Throws ModelError naming file and layer: shapes and parameters that do not fit. Layers that cannot be computed (of
  /// unknown types, of forms that the engine does not know, with an obstacle, without their weights) are left out, with
  /// all that depends on them.
  NUQ_FUNCTION LoadedNetwork(const Graph& graph, const CustomLayers& custom);

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// The graph's nodes, without their blobs.
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const AnyLayer& layer(std::size_t node) const noexcept { return layers_[node]; }
  [[nodiscard]] const LayerWork& work(std::size_t node) const noexcept { return works_[node]; }
  [[nodiscard]] const std::string& blob(std::size_t value) const noexcept { return blobs_[value]; }
  /// Of all values, by index; empty where unknown.
  [[nodiscard]] const std::vector<Shape>& declared_shapes() const noexcept { return declared_shapes_; }
  [[nodiscard]] const std::vector<std::size_t>& inputs() const noexcept { return inputs_; }

  /// The last value written to a blob.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> final_value(const std::string& blob) const;
  NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> input(const std::string& blob) const;
  /// Whether a layer that is computed reads the value.
  [[nodiscard]] bool is_read(std::size_t value) const { return is_read_[value]; }
  /// False for a layer of unknown type, and below one.
  NUQ_FUNCTION [[nodiscard]] bool is_computed_node(std::size_t node) const noexcept;
  /// What keeps a value from being computed; empty where nothing does.
  NUQ_FUNCTION [[nodiscard]] std::string obstacle(std::size_t value) const;

  /// Says which blobs are asked for when nobody looks at intermediate results; at first these are all.
  NUQ_FUNCTION void keep_only(const std::vector<std::string>& blobs);
  /// Whether a value is asked for then, or set by the user.
  [[nodiscard]] bool is_kept(std::size_t value) const { return is_kept_[value]; }
  /// The value in whose memory a value may be computed in that case: one that is of no use any more, such as an earlier
  /// version of the blob which an in-place layer overwrites, otherwise its own.
  [[nodiscard]] std::size_t shared_buffer(std::size_t value) const noexcept { return shared_buffers_[value]; }
  /// What a convolution computes together with its followers, in the same case; null where there are none.
  NUQ_FUNCTION [[nodiscard]] const AbsorbedFollowers* followers(std::size_t node) const noexcept;
  [[nodiscard]] bool is_absorbed(std::size_t node) const noexcept { return is_absorbed_[node]; }

 private:
  NUQ_FUNCTION [[nodiscard]] AnyLayer load(const LayerRef& layer, std::string obstacle, const CustomLayers& custom);

  /// The nodes that read each value.
  using Consumers = std::vector<std::vector<std::size_t>>;

  NUQ_FUNCTION void share_buffers();

  /// True if the node's first output may be written over its first input, which nobody reads afterwards or asks for.
  NUQ_FUNCTION [[nodiscard]] bool overwrites_input(const std::vector<std::size_t>& last_uses, std::size_t index) const;

  /// True if a layer changes the blob that it reads, in place, and is the only reader.
  NUQ_FUNCTION [[nodiscard]] bool changes_input(const Consumers& consumers, std::size_t index) const;

  NUQ_FUNCTION void absorb_followers(const Consumers& consumers);

  std::string file_;
  std::vector<Node> nodes_;
  std::vector<AnyLayer> layers_;
  std::vector<LayerWork> works_;  // by node
  std::vector<std::string> blobs_;
  std::vector<Shape> declared_shapes_;
  std::vector<std::size_t> inputs_;
  std::vector<bool> is_computed_;                 // by value
  std::vector<bool> is_read_;                     // by value
  std::map<std::size_t, std::string> obstacles_;  // of the values that are not
  std::map<std::string, std::size_t> final_values_;
  std::vector<bool> is_kept_;  // by value
  std::vector<std::size_t> shared_buffers_;
  std::vector<std::optional<AbsorbedFollowers>> followers_;
  std::vector<bool> is_absorbed_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

#include <algorithm>
#include <utility>

#include "nuq/engine/layer_catalogue.hpp"
#include "nuq/graph/layer_error.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION LoadedNetwork::LoadedNetwork(const Graph& graph, const CustomLayers& custom)
    : file_(graph.model_file()),
      inputs_(graph.inputs),
      is_computed_(graph.values.size()),
      is_read_(graph.values.size()) {
  Obstacles obstacles;
  declared_shapes_ = shapes_for(graph, {}, custom.shape_rules, &obstacles);
  for (const std::size_t input : inputs_) is_computed_[input] = true;
  for (const Node& node : graph.nodes) {
    std::string& unsupported = obstacles[nodes_.size()];
    layers_.push_back(load({node, file_}, node.obstacle.empty() ? std::move(unsupported) : node.obstacle, custom));
    works_.emplace_back(node, custom);
    nodes_.push_back(without_blobs(node));
    nodes_.back().obstacle = is_computed_node(nodes_.size() - 1) ? "" : "not computed";  // has no shapes
    if (!is_computed_node(nodes_.size() - 1)) continue;
    for (const std::size_t input : node.inputs) is_read_[input] = true;
  }
  for (const Value& value : graph.values) blobs_.push_back(value.blob);
  for (std::size_t value = 0; value < blobs_.size(); ++value) final_values_[blobs_[value]] = value;
  keep_only(blobs_);
  absorb_followers(graph.consumers());
}

NUQ_DEFINITION std::optional<std::size_t> LoadedNetwork::final_value(const std::string& blob) const {
  const auto found = final_values_.find(blob);
  return found == final_values_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
}

NUQ_DEFINITION std::optional<std::size_t> LoadedNetwork::input(const std::string& blob) const {
  const auto found =
      std::find_if(inputs_.begin(), inputs_.end(), [&](std::size_t value) { return blobs_[value] == blob; });
  return found == inputs_.end() ? std::nullopt : std::optional<std::size_t>(*found);
}

NUQ_DEFINITION bool LoadedNetwork::is_computed_node(std::size_t node) const noexcept {
  return layers_[node].get_if<OpaqueLayer>() == nullptr;
}

NUQ_DEFINITION std::string LoadedNetwork::obstacle(std::size_t value) const {
  return is_computed_[value] ? std::string() : obstacles_.at(value);
}

NUQ_DEFINITION const AbsorbedFollowers* LoadedNetwork::followers(std::size_t node) const noexcept {
  return followers_[node] ? &*followers_[node] : nullptr;
}

/// Nothing, and the reason in `obstacle`, for a layer that cannot be computed.
NUQ_FUNCTION [[nodiscard]] inline std::optional<AnyLayer> load_or_obstacle(const LayerRef& layer,
                                                                           const CustomLayers& custom,
                                                                           std::string& obstacle) {
  try {
    std::optional<AnyLayer> loaded = load_layer(layer, custom);
    if (!loaded) obstacle = " is of type '" + layer.type + "', which this engine does not know";
    return loaded;
  } catch (const ModelError& error) {
    if (error.code() != ErrorCode::unsupported_layer) throw;
    obstacle = ": " + problem_of(error, layer.name);
    return std::nullopt;
  }
}

NUQ_DEFINITION AnyLayer LoadedNetwork::load(const LayerRef& layer, std::string obstacle, const CustomLayers& custom) {
  const Node& node = layer.node;
  if (node.inputs.empty() && obstacle.empty() && !is<ops::Parameter>(node)) return AnyLayer::load<NoOpLayer>(layer);
  if (custom.knows(node.type)) obstacle.clear();
  std::string above;
  for (const std::size_t input : node.inputs) {
    if (!is_computed_[input] && above.empty()) above = obstacles_.at(input);
  }
  if (!obstacle.empty()) obstacle.insert(0, ": ");
  std::optional<AnyLayer> loaded;
  if (obstacle.empty() && above.empty()) loaded = load_or_obstacle(layer, custom, obstacle);
  if (!above.empty()) {
    obstacle = above;
  } else if (!loaded) {
    obstacle.insert(0, "layer '" + node.name + "'");
  }
  for (const std::size_t output : node.outputs) {
    is_computed_[output] = loaded.has_value();
    if (!loaded) obstacles_[output] = obstacle;
  }
  return loaded ? std::move(*loaded) : AnyLayer::load<OpaqueLayer>(layer);
}

NUQ_DEFINITION void LoadedNetwork::keep_only(const std::vector<std::string>& blobs) {
  is_kept_.assign(blobs_.size(), false);
  for (const std::size_t input : inputs_) is_kept_[input] = true;
  for (const std::string& blob : blobs) {
    if (const std::optional<std::size_t> value = final_value(blob)) is_kept_[*value] = true;
  }
  share_buffers();
}

NUQ_DEFINITION void LoadedNetwork::share_buffers() {
  std::vector<std::size_t> last_uses(blobs_.size());  // nodes, by value
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    for (const std::size_t value : nodes_[index].outputs) last_uses[value] = index;
    for (const std::size_t value : nodes_[index].inputs) last_uses[value] = index;
  }
  shared_buffers_.resize(blobs_.size());
  for (std::size_t value = 0; value < blobs_.size(); ++value) shared_buffers_[value] = value;
  std::vector<std::size_t> free;  // the last one is the likeliest to be in a cache
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    const bool overwrites = overwrites_input(last_uses, index);
    std::vector<std::size_t> used = nodes_[index].inputs;
    for (const std::size_t output : nodes_[index].outputs) {
      used.push_back(output);
      if (overwrites && output == nodes_[index].outputs[0]) {
        shared_buffers_[output] = shared_buffers_[nodes_[index].inputs[0]];
      } else if (!free.empty() && std::find(inputs_.begin(), inputs_.end(), output) == inputs_.end()) {
        shared_buffers_[output] = free.back();
        free.pop_back();
      }
    }
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    for (const std::size_t value : used) {
      const bool lives_on = overwrites && value == nodes_[index].inputs[0];
      if (last_uses[value] == index && !is_kept_[value] && !lives_on) free.push_back(shared_buffers_[value]);
    }
  }
}

NUQ_DEFINITION bool LoadedNetwork::overwrites_input(const std::vector<std::size_t>& last_uses,
                                                    std::size_t index) const {
  const Node& node = nodes_[index];
  if (!layers_[index].in_place() || node.inputs.empty() || node.outputs.empty()) return false;
  const std::size_t input = node.inputs[0];
  return !is_kept_[input] && last_uses[input] == index &&
         std::count(node.inputs.begin(), node.inputs.end(), input) == 1;
}

NUQ_DEFINITION bool LoadedNetwork::changes_input(const Consumers& consumers, std::size_t index) const {
  const Node& node = nodes_[index];
  return !node.inputs.empty() && !node.outputs.empty() && blobs_[node.inputs[0]] == blobs_[node.outputs[0]] &&
         consumers[node.inputs[0]].size() == 1;
}

NUQ_DEFINITION void LoadedNetwork::absorb_followers(const Consumers& consumers) {
  followers_.resize(nodes_.size());
  is_absorbed_.resize(nodes_.size());
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    const auto* const convolution = layers_[index].get_if<ConvolutionLayer>();
    if (convolution == nullptr || nodes_[index].outputs.size() != 1 || !convolution->has_channels_in_axis_1()) continue;
    AbsorbedFollowers followers(*convolution);
    std::size_t value = nodes_[index].outputs[0];
    while (consumers[value].size() == 1) {
      const std::size_t reader = consumers[value].front();
      if (!changes_input(consumers, reader) || !followers.absorb(layers_[reader])) break;
      is_absorbed_[reader] = true;
      followers_[index] = followers;
      value = nodes_[reader].outputs[0];
    }
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_DETAIL_LOADED_NETWORK_HPP
