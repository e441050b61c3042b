#ifndef NUQ_CAFFE_PACKED_MODEL_FILE_HPP
#define NUQ_CAFFE_PACKED_MODEL_FILE_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The packed model file (packed/format.hpp) of a model: its prototxt and every blob of its caffemodel. Coded are int8
/// weights and the float weights of those layers whose levels `quantization` knows, where level · scale gives the
/// model's own values to the bit; all else keeps its values to the bit. Blobs with the four axes of old files get those
/// of the present format. Same model, same bytes, for any number of threads. A parameter that layers share (`param {
/// name }`) is stored once: of the later layers' blobs, equal to the bit, an empty one without values is left, which
/// `model_of_packed_file` fills again.
///
/// @param graph  the network of `model`, or the one that `model` was made from: for types and shapes.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> packed_file_of(const Graph& graph, const Model& model,
                                                                    const NetworkQuantization& quantization,
                                                                    Parallel& parallel, CodingChoice choice = {});

/// The model of a packed file, whose `name` is for messages: the prototxt to the byte, the blobs to the bit, layers
/// without blobs left out of the caffemodel.
/// @throws FormatError for a file that is damaged, from a later version, or holds more than a caffemodel can (2 GB) or
///         than the limits allow; ModelError for a text that is no prototxt.
NUQ_FUNCTION [[nodiscard]] Model model_of_packed_file(
    ArrayView<const std::uint8_t> file, const std::string& name,
    const ResourceLimits& limits = ResourceLimits::from_environment());

/// Decodes all of a packed file and keeps nothing of it: refuses what `model_of_packed_file` refuses, in memory for one
/// blob at a time.
/// @throws FormatError, ModelError as `model_of_packed_file`.
NUQ_FUNCTION void check_packed_file(ArrayView<const std::uint8_t> file, const std::string& name,
                                    const ResourceLimits& limits = ResourceLimits::from_environment());

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "nuq/caffe/blob.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/net_state.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/pack_graph.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/packed/model_view.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// True for a blob that is nothing but a shape and as many values of one type that a packed file knows.
NUQ_FUNCTION [[nodiscard]] inline bool has_plain_values(const schema::BlobProto& blob) {
  const int kinds = (blob.data().empty() ? 0 : 1) + (blob.double_data().empty() ? 0 : 1) +
                    (blob.int8_data().empty() ? 0 : 1) + (blob.int32_data().empty() ? 0 : 1);
  const bool has_others = !blob.diff().empty() || !blob.double_diff().empty() || blob.has_raw_data() ||
                          blob.has_raw_diff() || !blob.unknown_fields().empty();
  const std::size_t values = static_cast<std::size_t>(blob.data_size() + blob.double_data_size()) +
                             blob.int8_data().size() + static_cast<std::size_t>(blob.int32_data_size());
  const Shape shape = blob_shape(blob);
  return kinds == 1 && !has_others && is_valid_shape(shape) && element_count(shape) == values;
}

/// The shape under which a blob is packed: the node's, where old files have four axes for everything.
NUQ_FUNCTION [[nodiscard]] inline Shape packed_shape(const schema::BlobProto& blob, const Node* node,
                                                     std::size_t index) {
  const Shape declared = blob_shape(blob);
  if (node == nullptr || index >= node->blobs.size()) return declared;
  const Shape& known = node->blobs[index].shape;
  return is_valid_shape(declared) && element_count(declared) == element_count(known) ? known : declared;
}

/// The blobs of a caffemodel on their way into a packed file. Coding is what takes time: it is done for all together.
class ModelPacker {
 public:
  NUQ_FUNCTION ModelPacker(const Graph& graph, const Model& model, const NetworkQuantization& quantization,
                           CodingChoice choice)
      : graph_(graph),
        quantization_(quantization),
        choice_(choice),
        text_size_(model.text.size()),
        writer_(model.text, choice) {
    for (const schema::LayerWeights& layer : model.weights.layer()) add(layer, layer.type());
    for (const schema::V1LayerWeights& layer : model.weights.layers()) {
      layer.has_layer() ? add(layer.layer(), layer.layer().type()) : add(layer, "");
    }
  }

  NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> finish(Parallel& parallel) {
    std::vector<Blob*> candidates;
    for (Layer& layer : layers_) {
      for (Blob& blob : layer.blobs) {
        if (is_integer(blob) || blob.quantization != nullptr) candidates.push_back(&blob);
      }
    }
    parallel.for_each_block(candidates.size(), [&](std::size_t index) { encode(*candidates[index]); });
    writer_.reserve(estimated_size());
    for (Layer& layer : layers_) {
      writer_.add_layer(layer.name, layer.type);
      for (Blob& blob : layer.blobs) add_to_file(blob);
    }
    return writer_.finish();
  }

 private:
  struct Blob {
    const schema::BlobProto* proto;
    Shape shape;
    const Node* node = nullptr;
    const LayerQuantization* quantization = nullptr;  // that may have made the values
    std::optional<CodedLevels> coded{};
    bool is_copy = false;  // of an earlier layer's, with which it shares a parameter
  };
  struct Layer {
    std::string name;
    std::string type;
    std::vector<Blob> blobs;
  };

  template <class LayerProto>
  void add(const LayerProto& layer, const std::string& type) {
    if (layer.blobs().empty()) return;
    const Node* const node = graph_.find(layer.name());
    layers_.push_back({layer.name(), node == nullptr ? type : node->type, {}});
    for (int index = 0; index < layer.blobs_size(); ++index) {
      const schema::BlobProto& proto = layer.blobs(index);
      layers_.back().blobs.push_back({&proto, packed_shape(proto, node, static_cast<std::size_t>(index)), node});
      Blob& blob = layers_.back().blobs.back();
      if (index == 0 && node != nullptr && quantizes_weights(*node) && has_plain_values(proto)) {
        const auto found = quantization_.find(node->name);
        if (found != quantization_.end() && !proto.data().empty()) blob.quantization = &found->second;
      }
      if (is_copy(blob, index)) blob = {&proto, {0}, nullptr, nullptr, {}, true};
    }
  }

  /// Whether an earlier layer has stored the same values in the same shape for the parameter that a blob is.
  NUQ_FUNCTION [[nodiscard]] bool is_copy(const Blob& blob, int index) {
    const std::string name = blob.node == nullptr ? "" : shared_parameter(*blob.node, index);
    if (name.empty()) return false;
    const auto [first, is_new] = shared_.emplace(name, blob);
    return !is_new && first->second.shape == blob.shape &&
           first->second.proto->SerializeAsString() == blob.proto->SerializeAsString();
  }

  NUQ_FUNCTION [[nodiscard]] static std::string shared_parameter(const Node& node, int index) {
    const auto position = static_cast<std::size_t>(index);
    return position < node.shared_parameters.size() ? node.shared_parameters[position] : std::string();
  }

  /// What the file takes, a little more rather than less.
  NUQ_FUNCTION [[nodiscard]] std::size_t estimated_size() const {
    constexpr std::size_t record = 256;  // of a layer in the directory
    std::size_t bytes = text_size_ + record * (layers_.size() + 1);
    for (const Layer& layer : layers_) {
      for (const Blob& blob : layer.blobs) {
        bytes += blob.coded ? blob.coded->bytes.size() : blob.proto->ByteSizeLong();
        if (blob.coded && blob.quantization != nullptr) bytes += 4 * blob.quantization->weights.scales.size();
      }
    }
    return bytes;
  }

  NUQ_FUNCTION [[nodiscard]] static bool is_integer(const Blob& blob) {
    return !blob.is_copy && has_plain_values(*blob.proto) && !blob.proto->int8_data().empty();
  }

  /// Codes int8 data, and float weights that are level · scale to the bit.
  NUQ_FUNCTION void encode(Blob& blob) const {
    const schema::BlobProto& proto = *blob.proto;
    if (is_integer(blob)) {
      blob.coded = coded(blob.shape, int8_values(proto));
      return;
    }
    const QuantizedWeights& weights = blob.quantization->weights;
    if (!are_dequantized(view_of(proto.data()), *blob.node, weights)) return;
    blob.coded = has_input_first(*blob.node) ? coded(blob.shape, int8_weights(*blob.node, weights))
                                             : coded(blob.shape, weights.levels);
  }

  NUQ_FUNCTION [[nodiscard]] CodedLevels coded(const Shape& shape, const std::vector<std::int8_t>& levels) const {
    return encode_levels(PackedModelWriter::as_matrix(shape, levels), choice_);
  }

  NUQ_FUNCTION void add_to_file(Blob& blob) {
    const schema::BlobProto& proto = *blob.proto;
    if (blob.is_copy) {
      writer_.add_values(blob.shape, ArrayView<const float>());
    } else if (blob.coded && blob.quantization != nullptr) {
      const QuantizedWeights& weights = blob.quantization->weights;
      writer_.add_coded_levels(
          blob.shape, ScaledLevels{weights.levels, weights.scales, scale_layout(*blob.node, weights, blob.shape)},
          *blob.coded);
    } else if (blob.coded) {
      writer_.add_coded_levels(blob.shape, int8_values(proto), *blob.coded);
    } else if (!has_plain_values(proto)) {
      add_bytes(proto.SerializeAsString());
    } else if (!proto.data().empty()) {
      writer_.add_values(blob.shape, view_of(proto.data()));
    } else if (!proto.double_data().empty()) {
      writer_.add_values(blob.shape, view_of(proto.double_data()));
    } else {
      writer_.add_values(blob.shape, view_of(proto.int32_data()));
    }
    blob.coded.reset();
  }

  /// What is no plain array of numbers (half precision, the vendor's uint64, gradients, another number of values in a
  /// layer that the network lacks) is kept as the message itself.
  NUQ_FUNCTION void add_bytes(const std::string& message) {
    const ArrayView<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(message.data()), message.size());
    writer_.add_values(ElementType::bytes, {static_cast<std::int64_t>(bytes.size())}, bytes);
  }

  template <class T>
  [[nodiscard]] static ArrayView<const T> view_of(const google::protobuf::RepeatedField<T>& field) {
    return {field.data(), static_cast<std::size_t>(field.size())};
  }

  const Graph& graph_;
  const NetworkQuantization& quantization_;
  CodingChoice choice_;
  std::size_t text_size_;
  PackedModelWriter writer_;
  std::vector<Layer> layers_;
  std::map<std::string, Blob> shared_;  // the first blob of each shared parameter
};

NUQ_FUNCTION [[noreturn]] inline void fail_to_unpack(const std::string& place, const std::string& problem) {
  fail(FormatError(ErrorCode::malformed_file, place + ": " + problem));
}

/// Refuses a file that stands for more values than a caffemodel can hold, or for far more than its bytes make likely.
NUQ_FUNCTION inline void check_unpacked_size(const PackedModelView& view, std::size_t stored, const std::string& name,
                                             const ResourceLimits& limits) {
  std::size_t room = max_message_bytes;
  for (std::size_t index = 0; index < view.layer_count(); ++index) {
    view.layer(index).visit_blobs([&](std::size_t, const PackedBlob& blob) {
      if (blob.count > room / element_bytes(blob.type)) fail_to_unpack(name, "unpacks to more than 2 GB");
      room -= blob.count * element_bytes(blob.type);
      return true;
    });
  }
  const std::uint64_t unpacked = max_message_bytes - room;
  if (unpacked > limits.most_expanded(stored)) {
    fail(FormatError(ErrorCode::resource_limit, name + ": " + std::to_string(stored) + " bytes unpack to " +
                                                    std::to_string(unpacked) + ", the limit is " +
                                                    std::to_string(limits.most_expanded(stored)) +
                                                    " (NUQ_EXPANSION_LIMIT, NUQ_MEMORY_LIMIT)"));
  }
}

/// The blob of a caffemodel that a packed one stands for; less than 2 GB.
NUQ_FUNCTION [[nodiscard]] inline schema::BlobProto unpacked_blob(const PackedBlob& blob, const std::string& place) {
  schema::BlobProto proto;
  const auto check = [&place](DecodeStatus status) {
    if (status != DecodeStatus::ok) fail_to_unpack(place, status_text(status));
  };
  if (blob.type == ElementType::bytes) {
    if (!proto.ParseFromArray(blob.data.data(), static_cast<int>(blob.data.size())))
      fail_to_unpack(place, "is no blob of a caffemodel");
    return proto;
  }
  for (std::size_t index = 0; index < blob.scale_count; ++index) {
    if (!is_finite(blob.scale(index))) fail_to_unpack(place, "scale " + std::to_string(index) + " is not finite");
  }
  for (std::size_t axis = 0; axis < blob.shape.axes; ++axis)
    proto.mutable_shape()->add_dim(static_cast<std::int64_t>(blob.shape.extents[axis]));
  switch (blob.type) {
    case ElementType::float32:
      proto.mutable_data()->Resize(static_cast<int>(blob.count), 0.0F);
      check(decode_floats(blob, {proto.mutable_data()->mutable_data(), blob.count}));
      break;
    case ElementType::int8: {
      std::vector<std::int8_t> levels(blob.count);
      check(decode_levels(blob, levels));
      proto.set_int8_data(levels.data(), levels.size());
      break;
    }
    case ElementType::int32:
      for (std::size_t index = 0; index < blob.count; ++index)
        proto.add_int32_data(static_cast<std::int32_t>(load_u32(blob.data.data() + 4 * index)));
      break;
    case ElementType::float64:
      for (std::size_t index = 0; index < blob.count; ++index) {
        const std::uint64_t bits = load_u64(blob.data.data() + 8 * index);
        double value = 0.0;
        std::memcpy(&value, &bits, sizeof value);
        proto.add_double_data(value);
      }
      break;
    case ElementType::bytes:
      break;
  }
  return proto;
}

/// Calls visit(blob of a caffemodel) for those of a layer, one after the other; `name` is the file's.
template <class Visitor>
void visit_unpacked_blobs(const PackedLayer& layer, const std::string& name, Visitor&& visit) {
  layer.visit_blobs([&](std::size_t index, const PackedBlob& blob) {
    visit(unpacked_blob(blob, name + ": layer '" + std::string(layer.name()) + "': blob " + std::to_string(index)));
    return true;
  });
}

/// Fills the empty blobs that stand for an earlier layer's.
NUQ_FUNCTION inline void restore_shared_blobs(Model& model) {
  std::map<std::string, const schema::LayerParameter*> layers;
  const schema::NetParameter net = upgraded(model.net);
  for (const schema::LayerParameter& layer : net.layer()) {
    if (is_included(layer, network_state(model))) layers.emplace(layer.name(), &layer);
  }
  std::map<std::string, const schema::BlobProto*> shared;
  for (schema::LayerWeights& weights : *model.weights.mutable_layer()) {
    const auto layer = layers.find(weights.name());
    if (layer == layers.end()) continue;
    for (int index = 0; index < (std::min)(weights.blobs_size(), layer->second->param_size()); ++index) {
      const std::string& name = layer->second->param(index).name();
      if (name.empty()) continue;
      schema::BlobProto& blob = *weights.mutable_blobs(index);
      const auto [first, is_new] = shared.emplace(name, &blob);
      const bool is_empty = blob.shape().dim_size() == 1 && blob.shape().dim(0) == 0;
      if (!is_new && is_empty) blob = *first->second;
    }
  }
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::uint8_t> packed_file_of(const Graph& graph, const Model& model,
                                                        const NetworkQuantization& quantization, Parallel& parallel,
                                                        CodingChoice choice) {
  return detail::ModelPacker(graph, model, quantization, choice).finish(parallel);
}

NUQ_DEFINITION Model model_of_packed_file(ArrayView<const std::uint8_t> file, const std::string& name,
                                          const ResourceLimits& limits) {
  const PackedModel packed(file.data(), file.size(), name);
  const PackedModelView& view = packed.view();
  Model model = parse_model(packed.prototxt(), {}, name, {});
  detail::check_unpacked_size(view, file.size(), name, limits);
  for (std::size_t index = 0; index < view.layer_count(); ++index) {
    const PackedLayer packed_layer = view.layer(index);
    schema::LayerWeights& layer = *model.weights.add_layer();
    layer.set_name(std::string(packed_layer.name()));
    layer.set_type(std::string(packed_layer.type()));
    detail::visit_unpacked_blobs(packed_layer, name,
                                 [&layer](schema::BlobProto blob) { *layer.add_blobs() = std::move(blob); });
  }
  detail::restore_shared_blobs(model);
  return model;
}

NUQ_DEFINITION void check_packed_file(ArrayView<const std::uint8_t> file, const std::string& name,
                                      const ResourceLimits& limits) {
  const PackedModel packed(file.data(), file.size(), name);
  static_cast<void>(parse_model(packed.prototxt(), {}, name, {}));
  detail::check_unpacked_size(packed.view(), file.size(), name, limits);
  for (std::size_t index = 0; index < packed.view().layer_count(); ++index)
    detail::visit_unpacked_blobs(packed.view().layer(index), name, [](const schema::BlobProto&) {});
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_PACKED_MODEL_FILE_HPP
