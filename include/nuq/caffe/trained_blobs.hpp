#ifndef NUQ_CAFFE_TRAINED_BLOBS_HPP
#define NUQ_CAFFE_TRAINED_BLOBS_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

using BlobProtos = google::protobuf::RepeatedPtrField<schema::BlobProto>;

/// The blobs that a caffemodel has for the layers of a network, as Caffe loads them: what comes later in the file
/// replaces what came before it, under the name of a layer and in a parameter that layers share (`param { name }`).
class LoadedBlobs {
 public:
  /// Both must outlive this object.
  NUQ_FUNCTION LoadedBlobs(const Graph& graph, const schema::NetWeights& weights);

  /// Of a layer; null where the file has none for it.
  NUQ_FUNCTION [[nodiscard]] const BlobProtos* of(const Node& node) const;
  /// Names of the file's layers that have blobs, in its order; one of several layers counts where the last stands.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::string> names() const;
  /// Layers of one name, and parameters, that the file has more than one set of values for: all but the last are lost.
  [[nodiscard]] const std::set<std::string>& ambiguous() const noexcept { return ambiguous_; }

 private:
  struct LayerBlobs {
    const BlobProtos* blobs = nullptr;
    std::size_t position = 0;  ///< in the file
  };
  struct SharedBlob {
    const schema::BlobProto* blob = nullptr;
    std::size_t position = 0;
  };

  NUQ_FUNCTION void find_layers(const schema::NetWeights& weights);
  NUQ_FUNCTION void find_shared(const Graph& graph);

  /// A layer's own blobs with those in place of them that it shares, as far as there are any.
  NUQ_FUNCTION [[nodiscard]] BlobProtos with_shared(const Node& node) const;

  std::map<std::string, LayerBlobs> layers_;   ///< in the present format, V1 or V0, by name
  std::map<std::string, SharedBlob> shared_;   ///< by the parameter's name
  std::map<std::string, BlobProtos> sharing_;  ///< blobs of layers that share some, by the layer's name
  std::set<std::string> ambiguous_;            ///< "layer 'name'", "parameter 'name'"
};

/// How many blobs a layer is trained with; nothing for types that take what there is.
NUQ_FUNCTION [[nodiscard]] std::optional<int> trained_blob_count(const Node& node);

NUQ_FUNCTION [[nodiscard]] bool fits(const Shape& shape, const Shape& expected);

/// Refuses a number of channels that cannot be cut into a convolution's groups.
NUQ_FUNCTION void check_group(const Node& node, const std::string& channels, std::int64_t count,
                              const std::string& file);

}  // namespace detail

/// Gives every node the blobs that the caffemodel has for a layer of its name, or for another layer of a parameter that
/// the two share; layers that only the caffemodel has, or whose rules keep them out of the network, are not used, with
/// a warning, and for one that the file lacks although the type has weights, that is the obstacle (in Caffe such a
/// layer keeps what it was initialized with). Blobs of one axis that files store with others of extent 1 become [n],
/// InnerProduct weights [out,in] ([in,out] if transposed). Throws ModelError naming file, layer and blob: another
/// number of blobs or another shape than the layer's parameters ask for (but for layers with an obstacle, of which
/// nobody knows, and for masks of pruning behind a layer's own blobs, which are left out with a warning), no layer in
/// common, and whatever `tensor_of` refuses. Weights stored as int8 and the dequantization parameters of a deploy model
/// are kept as integers too.
NUQ_FUNCTION void attach_trained_blobs(Graph& graph, Parallel& parallel);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstring>
#include <utility>

#include "nuq/caffe/blob.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/detail/read_elementwise.hpp"
#include "nuq/caffe/layer_fields.hpp"
#include "nuq/graph/layer_error.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION LoadedBlobs::LoadedBlobs(const Graph& graph, const schema::NetWeights& weights) {
  find_layers(weights);
  find_shared(graph);
  const auto is_shared = [this](const std::string& name) { return shared_.count(name) > 0; };
  for (const Node& node : graph.nodes) {
    const std::vector<std::string>& names = node.shared_parameters;
    if (std::any_of(names.begin(), names.end(), is_shared)) sharing_.emplace(node.name, with_shared(node));
  }
}

NUQ_DEFINITION const BlobProtos* LoadedBlobs::of(const Node& node) const {
  const auto sharing = sharing_.find(node.name);
  if (sharing != sharing_.end()) return &sharing->second;
  const auto own = layers_.find(node.name);
  return own == layers_.end() ? nullptr : own->second.blobs;
}

NUQ_DEFINITION std::vector<std::string> LoadedBlobs::names() const {
  std::map<std::size_t, std::string> by_position;
  for (const auto& [name, layer] : layers_) {
    if (!layer.blobs->empty()) by_position.emplace(layer.position, name);
  }
  std::vector<std::string> names;
  for (auto& [position, name] : by_position) names.push_back(std::move(name));
  return names;
}

/// Whether two blobs store one content, whatever its shape.
NUQ_FUNCTION [[nodiscard]] inline bool have_same_values(const schema::BlobProto& one, const schema::BlobProto& other) {
  const auto agree = [](const auto& a, const auto& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
  return agree(one.data(), other.data()) && agree(one.double_data(), other.double_data()) &&
         agree(one.int8_data(), other.int8_data()) && agree(one.int32_data(), other.int32_data()) &&
         agree(one.raw_data(), other.raw_data());
}

NUQ_DEFINITION void LoadedBlobs::find_layers(const schema::NetWeights& weights) {
  std::size_t position = 0;
  const auto add = [this, &position](const auto& layer) {
    const auto [known, is_new] = layers_.emplace(layer.name(), LayerBlobs{&layer.blobs(), ++position});
    if (is_new || layer.blobs().empty()) return;
    const BlobProtos& earlier = *known->second.blobs;
    const bool is_same = std::equal(earlier.begin(), earlier.end(), layer.blobs().begin(), layer.blobs().end(),
                                    [](const auto& a, const auto& b) { return have_same_values(a, b); });
    if (!earlier.empty() && !is_same) ambiguous_.insert("layer '" + layer.name() + "'");
    known->second = {&layer.blobs(), position};
  };
  for (const schema::LayerWeights& layer : weights.layer()) add(layer);
  for (const schema::V1LayerWeights& layer : weights.layers()) layer.has_layer() ? add(layer.layer()) : add(layer);
}

NUQ_DEFINITION void LoadedBlobs::find_shared(const Graph& graph) {
  std::map<std::string, int> users;
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.shared_parameters) ++users[name];
  }
  for (const Node& node : graph.nodes) {
    const auto own = layers_.find(node.name);
    if (own == layers_.end()) continue;
    const std::size_t blobs = static_cast<std::size_t>(own->second.blobs->size());
    for (std::size_t index = 0; index < (std::min)(blobs, node.shared_parameters.size()); ++index) {
      const std::string& name = node.shared_parameters[index];
      if (name.empty() || users.at(name) == 1) continue;
      const schema::BlobProto& blob = own->second.blobs->Get(static_cast<int>(index));
      SharedBlob& shared = shared_[name];
      if (shared.blob != nullptr && !have_same_values(*shared.blob, blob))
        ambiguous_.insert("parameter '" + name + "'");
      if (own->second.position > shared.position) shared = {&blob, own->second.position};
    }
  }
}

NUQ_DEFINITION BlobProtos LoadedBlobs::with_shared(const Node& node) const {
  const auto found = layers_.find(node.name);
  const int own = found == layers_.end() ? 0 : found->second.blobs->size();
  BlobProtos blobs;
  for (int index = 0; index < (std::max)(own, static_cast<int>(node.shared_parameters.size())); ++index) {
    const auto position = static_cast<std::size_t>(index);
    const bool is_named = position < node.shared_parameters.size();
    const auto shared = is_named ? shared_.find(node.shared_parameters[position]) : shared_.end();
    if (shared == shared_.end() && index >= own) break;
    *blobs.Add() = shared == shared_.end() ? found->second.blobs->Get(index) : *shared->second.blob;
    if (index < own) declare_shape_of(found->second.blobs->Get(index), *blobs.rbegin());
  }
  return blobs;
}

NUQ_DEFINITION std::optional<int> trained_blob_count(const Node& node) {
  const std::optional<std::size_t> count =
      node.operation.visit([&node](const auto& operation) { return blob_count(operation, node.inputs.size()); });
  return count ? std::optional<int>(static_cast<int>(*count)) : std::nullopt;
}

/// The shape that a layer's attributes ask of blob `index`, whose file gives it `rank` axes; nothing where any will do.
NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> expected_shape(const Node& node, std::size_t index,
                                                                      std::size_t rank) {
  return node.operation.visit([=](const auto& operation) { return blob_shape(operation, index, rank); });
}

NUQ_DEFINITION bool fits(const Shape& shape, const Shape& expected) {
  if (shape.size() != expected.size()) return false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (expected[axis] != any_extent && shape[axis] != expected[axis]) return false;
  }
  return true;
}

/// "[20,*,5,5]", for messages.
NUQ_FUNCTION [[nodiscard]] inline std::string pattern_of(const Shape& expected) {
  std::string text;
  for (const std::int64_t extent : expected)
    text += (text.empty() ? "" : ",") + (extent == any_extent ? "*" : std::to_string(extent));
  return "[" + text + "]";
}

/// Drops leading axes of extent 1 until `rank` axes are left: blobs of the time when all had four.
NUQ_FUNCTION inline void squeeze(Shape& shape, std::size_t rank) {
  while (shape.size() > rank && shape.front() == 1) shape.erase(shape.begin());
}

/// Whether at most one extent is other than 1: 1 × C × 1 × 1 as NVCaffe stores statistics, or a single value without
/// axes.
NUQ_FUNCTION [[nodiscard]] inline bool is_vector(const Shape& shape) {
  return shape.size() <= 1 + static_cast<std::size_t>(std::count(shape.begin(), shape.end(), 1));
}

/// Brings a blob into its present form: [out,in] for InnerProduct, [n] for what was stored as 1 × 1 × 1 × n, and for
/// every vector where one is wanted.
NUQ_FUNCTION inline void normalise_shape(Shape& shape, const Node& node, std::size_t index) {
  if (index == 0 && convolution_of(node) != nullptr) return;
  const bool is_matrix = index == 0 && (is<ops::InnerProduct>(node) || is<ops::Embed>(node));
  const bool is_row = shape.size() == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == 1;
  if (is_matrix || is_row) squeeze(shape, is_matrix ? 2 : 1);
  const std::optional<Shape> expected = expected_shape(node, index, shape.size());
  if (expected && expected->size() == 1 && is_vector(shape)) shape = {static_cast<std::int64_t>(element_count(shape))};
}

NUQ_DEFINITION void check_group(const Node& node, const std::string& channels, std::int64_t count,
                                const std::string& file) {
  const std::int64_t group = convolution_of(node)->group.value_or(1);
  if (group > 0 && count % group == 0) return;
  fail_layer(ErrorCode::malformed_file, file, node.name,
             channels + " " + std::to_string(count) + " is no multiple of group " + std::to_string(group));
}

NUQ_FUNCTION inline Tensor trained_blob(const schema::BlobProto& proto, const Node& node, int index,
                                        const Model& model) {
  Tensor blob = tensor_of(proto, {model.weights_file, node.name, index});
  const auto position = static_cast<std::size_t>(index);
  normalise_shape(blob.shape, node, position);
  const std::optional<Shape> expected =
      node.obstacle.empty() ? expected_shape(node, position, blob.shape.size()) : std::nullopt;
  if (expected && !fits(blob.shape, *expected)) {
    fail_layer(ErrorCode::size_mismatch, model.weights_file, node.name,
               "blob " + std::to_string(index) + " has shape " + to_string(blob.shape) + " (" +
                   std::to_string(blob.values.size()) + " values), the parameters in " + model.model_file + " need " +
                   pattern_of(*expected));
  }
  return blob;
}

/// The blobs of a DeQuant layer that a deploy model packs into one uint64 per channel: bits 0–31 the scale's bit
/// pattern, 32–39 shift_bit, 40–47 offset_w (AMCT manual, quantization formulas).
NUQ_FUNCTION inline std::vector<Tensor> unpacked_dequantization(const std::vector<std::uint64_t>& packed) {
  const Shape shape{static_cast<std::int64_t>(packed.size())};
  std::vector<Tensor> blobs(3, Tensor(shape));
  for (std::size_t channel = 0; channel < packed.size(); ++channel) {
    const auto bits = static_cast<std::uint32_t>(packed[channel]);
    std::memcpy(&blobs[0].values[channel], &bits, sizeof bits);
    blobs[1].values[channel] = static_cast<float>((packed[channel] >> 32U) & 0xFFU);
    blobs[2].values[channel] = static_cast<float>(static_cast<std::int8_t>((packed[channel] >> 40U) & 0xFFU));
  }
  return blobs;
}

/// The integers of a layer whose weights are stored as int8; nothing for others. Throws ModelError for a bias that is
/// no int32.
NUQ_FUNCTION inline std::optional<IntegerArithmetic> integer_arithmetic(const BlobProtos& protos, const Node& node,
                                                                        const Model& model) {
  if (protos.empty() || protos.Get(0).int8_data().empty()) return std::nullopt;
  IntegerArithmetic integer;
  integer.weights = int8_values(protos.Get(0));
  if (protos.size() > 1) {
    integer.bias.assign(protos.Get(1).int32_data().begin(), protos.Get(1).int32_data().end());
    if (integer.bias.size() != node.blobs[1].values.size()) {
      fail_blob(ErrorCode::unsupported_format, {model.weights_file, node.name, 1},
                "is no int32 data, wanted it beside int8 weights");
    }
  }
  return integer;
}

/// Of forks whose prototxt does not tell what a layer is trained to, the number of its blobs does: Intel's BatchNorm
/// with five has the scale and shift of NVCaffe's; SegNet's BN has two, and in this mode the statistics of the batch.
NUQ_FUNCTION inline void adopt_stored_form(Node& node, int blobs) {
  const auto* const norm = node.operation.get_if<ops::BatchNorm>();
  if (norm == nullptr || !node.obstacle.empty()) return;
  if (norm->blobs == ops::BatchNormBlobs::statistics && blobs == 5) {
    ops::BatchNorm scaled = *norm;
    scaled.blobs = ops::BatchNormBlobs::statistics_and_scale;
    node.operation = scaled;
  } else if (norm->blobs == ops::BatchNormBlobs::scale_and_statistics && blobs == 2) {
    node.obstacle = "computes the statistics of the batch, wanted trained ones, or bn_mode: INFERENCE";
  }
}

/// Whether a blob has the shape of a layer's weights and few distinct values: what forks keep there that prune or
/// cluster weights.
NUQ_FUNCTION [[nodiscard]] inline bool is_mask(const schema::BlobProto& blob, const BlobProtos& protos,
                                               const Node& node) {
  constexpr std::size_t values_per_distinct_one = 8;
  if (!has_weight_matrix(node) || blob_shape(blob) != blob_shape(protos.Get(0))) return false;
  const std::vector<float> values(blob.data().begin(), blob.data().end());
  const std::set<float> distinct(values.begin(), values.end());
  return !values.empty() && distinct.size() <= (std::max)(values.size() / values_per_distinct_one, std::size_t{2});
}

NUQ_FUNCTION [[nodiscard]] inline bool are_masks(const BlobProtos& protos, int first, const Node& node) {
  for (int index = first; index < protos.size(); ++index) {
    if (!is_mask(protos.Get(index), protos, node)) return false;
  }
  return true;
}

/// How many blobs of a layer are to be read. Throws ModelError for another number than the layer is trained with, but
/// for masks behind them.
NUQ_FUNCTION [[nodiscard]] inline int checked_blob_count(const Node& node, const BlobProtos& protos,
                                                         const Model& model) {
  const int count = protos.size();
  const std::optional<int> expected = node.obstacle.empty() ? trained_blob_count(node) : std::nullopt;
  if (!expected || count == *expected) return count;
  const bool are_surplus = count > *expected;
  const bool are_ignored = is_ignored(model.options, node.type, "blobs");
  if (are_surplus && (are_ignored || are_masks(protos, *expected, node))) return *expected;
  fail_layer(ErrorCode::size_mismatch, model.weights_file, node.name,
             "has " + std::to_string(count) + " blobs, " + node.type + " in " + model.model_file + " needs " +
                 std::to_string(*expected) +
                 (are_surplus ? " (to leave the others out: --ignore-field " + node.type + ".blobs)" : ""));
}

NUQ_FUNCTION inline std::vector<Tensor> trained_blobs(const BlobProtos& protos, const Node& node, const Model& model) {
  const int count = checked_blob_count(node, protos, model);
  const ops::ConvolutionAttributes* const convolution = convolution_of(node);
  if (convolution != nullptr && node.obstacle.empty())
    check_group(node, "num_output", convolution->out_channels, model.model_file);
  std::vector<Tensor> blobs;
  for (int index = 0; index < count; ++index) blobs.push_back(trained_blob(protos.Get(index), node, index, model));
  if (is<ops::TransposedConvolution>(node) && node.obstacle.empty())
    check_group(node, "number of input channels", blobs.front().shape.front(), model.weights_file);
  return blobs;
}

/// Says which layers have more blobs in the file than are read.
NUQ_FUNCTION inline void account_for_surplus_blobs(Graph& graph, const LoadedBlobs& blobs, const Model& model) {
  for (const Node& node : graph.nodes) {
    const BlobProtos* const protos = blobs.of(node);
    const bool is_known = node.obstacle.empty() && trained_blob_count(node).has_value();
    if (protos == nullptr || !is_known || static_cast<std::size_t>(protos->size()) <= node.blobs.size()) continue;
    graph.warnings.push_back(model.weights_file + ": layer '" + node.name + "': of its " +
                             std::to_string(protos->size()) + " blobs the first " + std::to_string(node.blobs.size()) +
                             " are read, the others left out as masks of pruning");
  }
}

/// The names of a prototxt's layers, whatever rules they have.
NUQ_FUNCTION [[nodiscard]] inline std::set<std::string> names_of_layers(const schema::NetParameter& net) {
  std::set<std::string> names;
  for (const schema::LayerParameter& layer : net.layer()) names.insert(layer.name());
  for (const schema::V1LayerParameter& layer : net.layers())
    names.insert(layer.has_layer() ? layer.layer().name() : layer.name());
  return names;
}

/// `where` says what these layers of the file, which have blobs, are not part of.
NUQ_FUNCTION inline void warn_of_unused_layers(Graph& graph, const std::vector<std::string>& names,
                                               const std::string& where) {
  constexpr std::size_t most_named = 5;
  if (names.empty()) return;
  std::string list;
  for (std::size_t index = 0; index < (std::min)(names.size(), most_named); ++index)
    list += (index == 0 ? "'" : ", '") + names[index] + "'";
  if (names.size() > most_named) list += ", …";
  const std::string subject = std::to_string(names.size()) + (names.size() == 1 ? " layer" : " layers");
  const std::string verb = names.size() == 1 ? "is" : "are";
  graph.warnings.push_back(graph.weights_file() + ": " + subject + " with weights " + verb + " not " + where + " and " +
                           verb + " not used: " + list);
}

/// Says which layers of the file have blobs that no layer of the network reads.
NUQ_FUNCTION inline void account_for_unused_layers(Graph& graph, const LoadedBlobs& blobs, const Model& model) {
  std::set<std::string> used;
  for (const Node& node : graph.nodes) used.insert(node.name);
  const std::set<std::string> known = names_of_layers(model.net);
  std::vector<std::string> unknown;
  std::vector<std::string> ruled_out;
  for (const std::string& name : blobs.names()) {
    if (used.count(name) == 0) (known.count(name) > 0 ? ruled_out : unknown).push_back(name);
  }
  warn_of_unused_layers(graph, unknown, "in " + model.model_file);
  const std::string phase = model.options.state.training ? "TRAIN" : "TEST";
  warn_of_unused_layers(graph, ruled_out, "part of the " + phase + " phase of " + model.model_file);
}

NUQ_FUNCTION inline void account_for_ambiguous_blobs(Graph& graph, const LoadedBlobs& blobs) {
  for (const std::string& what : blobs.ambiguous()) {
    graph.warnings.push_back(graph.weights_file() + ": " + what +
                             " is there more than once, with different values: the last ones in the file are used");
  }
}

/// Says of the first BN layer whose file does not tell what the fourth blob is how those of all of them are taken.
NUQ_FUNCTION inline void account_for_untold_variance(Graph& graph, const Model& model) {
  const schema::NetParameter& net = model.net;
  for (const Node& node : graph.nodes) {
    if (node.type != "BN" || node.blobs.size() != 4) continue;
    const auto index = static_cast<int>(node.source_index);
    if (tells_variance(net.layer_size() > 0 ? net.layer(index).bn_param() : net.layers(index).bn_param())) continue;
    graph.warnings.push_back(model.weights_file + ": layer '" + node.name +
                             "': its fourth blob is taken for the variance, as in all BN layers of its kind; what was "
                             "trained with cuDNN 4, in early 2016, has 1 / sqrt(variance + eps) there");
    return;
  }
}

/// What a layer lacks that has not got any blobs is its obstacle. Throws ModelError where that is so of all layers: the
/// weights are another network's.
NUQ_FUNCTION inline void account_for_missing_weights(Graph& graph, const Model& model) {
  std::size_t trained = 0;
  std::vector<Node*> missing;
  for (Node& node : graph.nodes) {
    if (trained_blob_count(node).value_or(0) < 1) continue;
    node.blobs.empty() ? missing.push_back(&node) : static_cast<void>(++trained);
  }
  if (trained == 0 && !missing.empty()) {
    fail_layer(ErrorCode::unknown_name, model.model_file, missing.front()->name,
               missing.front()->type + " has no weights in " + model.weights_file + ", nor has any other layer");
  }
  for (Node* const node : missing) {
    const std::string problem = "has no weights in " + model.weights_file;
    graph.warnings.push_back(model.model_file + ": layer '" + node->name + "': " + problem +
                             ", so the layer is not computed");
    if (node->obstacle.empty()) node->obstacle = problem;
  }
}

}  // namespace detail

NUQ_DEFINITION void attach_trained_blobs(Graph& graph, Parallel& parallel) {
  const Model& model = *caffe_model(graph);
  const detail::LoadedBlobs blobs(graph, model.weights);
  parallel.for_each_block(graph.nodes.size(), [&](std::size_t index) {
    Node& node = graph.nodes[index];
    const detail::BlobProtos* const found = blobs.of(node);
    if (found == nullptr) return;
    const detail::BlobProtos& protos = *found;
    if (is<ops::DeQuant>(node) && protos.size() == 1) {
      node.blobs =
          detail::unpacked_dequantization(detail::uint64_values(protos.Get(0), {model.weights_file, node.name, 0}));
      node.integer.emplace();
      return;
    }
    detail::adopt_stored_form(node, protos.size());
    node.blobs = detail::trained_blobs(protos, node, model);
    node.integer = detail::integer_arithmetic(protos, node, model);
  });
  detail::account_for_unused_layers(graph, blobs, model);
  detail::account_for_ambiguous_blobs(graph, blobs);
  detail::account_for_surplus_blobs(graph, blobs, model);
  detail::account_for_untold_variance(graph, model);
  detail::account_for_missing_weights(graph, model);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_TRAINED_BLOBS_HPP
