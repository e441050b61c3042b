#ifndef NUQ_CAFFE_MODEL_REWRITER_HPP
#define NUQ_CAFFE_MODEL_REWRITER_HPP

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which prototxt syntax a rewritten model has.
enum class RewriteSyntax {
  as_written,  ///< the file's own (V1 stays V1): enough while no layer is inserted
  current      ///< a V1 file is upgraded as a whole, so that layers without a V1 type can be inserted
};

/// Turns a graph's model into another one by editing the prototxt as text around the touched layers, so that all others, their
/// comments and their unknown fields stay verbatim, and by replacing blobs of the caffemodel. Folded layers (Node::fused) are
/// taken out and their convolution's top, bias and blobs are brought up to date from the start.
class ModelRewriter {
 public:
  explicit ModelRewriter(const Graph& graph, RewriteSyntax syntax = RewriteSyntax::as_written)
      : graph_(graph), model_(*graph.model) {
    if (syntax == RewriteSyntax::current && model_.net.layers_size() > 0) {
      model_.net = upgraded(model_.net);
      google::protobuf::TextFormat::PrintToString(model_.net, &model_.text);
    }
    if (syntax == RewriteSyntax::current && model_.weights.layers_size() > 0) model_.weights = upgraded(model_.weights);
    const std::string_view layer_field = model_.net.layers_size() > 0 ? "layers" : "layer";
    for (const TextField& field : text_fields(model_.text)) {
      if (field.name == layer_field && field.is_message) layers_.push_back(field);
    }
    for (const Node& node : graph.nodes) {
      if (!node.fused.empty()) fold(node);
    }
  }

  void insert_before(const Node& node, const schema::LayerParameter& layer) {
    const std::size_t begin = field_of(node).begin;
    edits_.replace(begin, begin, layer_text(layer));
  }
  void insert_after(const Node& node, const schema::LayerParameter& layer) {
    const std::size_t end = field_of(node).end;
    edits_.replace(end, end, "\n" + layer_text(layer, ""));
  }
  void set_bottom(const Node& node, std::size_t index, const std::string& blob) { set_name(node, "bottom", index, blob); }

  /// Replaces the float values of one of the layer's blobs; adds the blob when `index` is one past the last.
  void set_blob(const Node& node, int index, const Tensor& values) {
    schema::BlobProto& blob = emptied_blob(node, index, values.shape);
    blob.mutable_data()->Add(values.values.begin(), values.values.end());
  }
  /// One of the layer's blobs without any payload, its declared shape kept (`shape` for a new one).
  [[nodiscard]] schema::BlobProto& emptied_blob(const Node& node, int index, const Shape& shape) {
    auto& blobs = blobs_of(node.name);
    while (blobs.size() <= index) {
      schema::BlobShape& extents = *blobs.Add()->mutable_shape();
      for (const std::int64_t extent : shape) extents.add_dim(extent);
    }
    schema::BlobProto& blob = *blobs.Mutable(index);
    blob.clear_data();
    blob.clear_diff();
    blob.clear_double_data();
    blob.clear_double_diff();
    blob.clear_int8_data();
    blob.clear_int32_data();
    blob.clear_raw_data();
    blob.clear_raw_diff();
    blob.mutable_unknown_fields()->Clear();
    return blob;
  }
  /// Adds a layer with its blobs to the caffemodel.
  void add_weights(const schema::LayerParameter& layer) { *model_.weights.add_layer() = layer; }

  /// The edited model, parsed again from its own text.
  [[nodiscard]] Model finish() && {
    model_.text = edits_.apply(model_.text);
    google::protobuf::TextFormat::Parser parser;
    parser.AllowUnknownField(true);
    model_.net.Clear();
    if (!parser.ParseFromString(model_.text, &model_.net)) {
      detail::fail(ModelError(ErrorCode::malformed_file, model_.model_file + ": cannot be rewritten: the edited text does not parse"));
    }
    return std::move(model_);
  }

 private:
  [[nodiscard]] const TextField& field_of(const Node& node) const {
    if (node.source_index >= layers_.size()) {
      detail::fail(ModelError(ErrorCode::malformed_file, model_.model_file + ": layer '" + node.name + "' is not found in the text"));
    }
    return layers_[node.source_index];
  }

  void fold(const Node& node) {
    set_name(node, "top", 0, graph_.values[node.outputs.front()].blob);
    set_bias_term(node);
    const std::set<std::string> folded(node.fused.begin(), node.fused.end());
    for (const TextField& layer : layers_) {
      if (folded.count(name_of(layer)) > 0) edits_.remove_lines(model_.text, layer.begin, layer.end);
    }
    remove_weights(folded);
    for (std::size_t index = 0; index < node.blobs.size(); ++index) set_blob(node, static_cast<int>(index), node.blobs[index]);
  }

  /// Points the index-th `bottom` or `top` of a layer to another blob.
  void set_name(const Node& node, std::string_view field_name, std::size_t index, const std::string& blob) {
    const TextField& layer = field_of(node);
    for (const TextField& field : text_fields(model_.text, layer.value_begin, layer.value_end)) {
      if (field.name != field_name || index-- > 0) continue;
      if (unquoted(field) != blob) edits_.replace(field.value_begin, field.value_end, quoted(blob));
      return;
    }
  }
  /// A folded layer has a bias, whatever its text said.
  void set_bias_term(const Node& node) {
    const TextField& layer = field_of(node);
    for (const TextField& parameter : text_fields(model_.text, layer.value_begin, layer.value_end)) {
      if (parameter.name != "convolution_param" && parameter.name != "inner_product_param") continue;
      for (const TextField& field : text_fields(model_.text, parameter.value_begin, parameter.value_end)) {
        if (field.name == "bias_term") edits_.replace(field.value_begin, field.value_end, "true");
      }
    }
  }

  [[nodiscard]] std::string name_of(const TextField& layer) const {
    for (const TextField& field : text_fields(model_.text, layer.value_begin, layer.value_end)) {
      if (field.name == "name") return unquoted(field);
    }
    return {};
  }
  /// The value of a string field, unescaped by protobuf itself.
  [[nodiscard]] std::string unquoted(const TextField& field) const {
    schema::NetParameter holder;
    const std::string literal = model_.text.substr(field.value_begin, field.value_end - field.value_begin);
    return google::protobuf::TextFormat::ParseFromString("name: " + literal, &holder) ? holder.name() : literal;
  }
  [[nodiscard]] static std::string quoted(const std::string& value) {
    schema::NetParameter holder;
    holder.set_name(value);
    std::string text;
    google::protobuf::TextFormat::PrintToString(holder, &text);
    return text.substr(6, text.size() - 7);  // between `name: ` and the line break
  }
  [[nodiscard]] static std::string layer_text(const schema::LayerParameter& layer, const std::string& end = "\n") {
    schema::NetParameter holder;
    *holder.add_layer() = layer;
    holder.mutable_layer(0)->clear_blobs();
    std::string text;
    google::protobuf::TextFormat::PrintToString(holder, &text);
    text.pop_back();
    return text + end;
  }

  [[nodiscard]] google::protobuf::RepeatedPtrField<schema::BlobProto>& blobs_of(const std::string& name) {
    for (schema::LayerParameter& layer : *model_.weights.mutable_layer()) {
      if (layer.name() == name) return *layer.mutable_blobs();
    }
    for (schema::V1LayerParameter& layer : *model_.weights.mutable_layers()) {
      if (layer.name() == name) return *layer.mutable_blobs();
    }
    schema::LayerParameter& added = *model_.weights.add_layer();
    added.set_name(name);
    return *added.mutable_blobs();
  }
  void remove_weights(const std::set<std::string>& names) {
    const auto remove = [&names](auto& layers) {
      layers.erase(std::remove_if(layers.begin(), layers.end(), [&names](const auto& layer) { return names.count(layer.name()) > 0; }),
                   layers.end());
    };
    remove(*model_.weights.mutable_layer());
    remove(*model_.weights.mutable_layers());
  }

  const Graph& graph_;
  Model model_;
  std::vector<TextField> layers_;
  TextEdits edits_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_MODEL_REWRITER_HPP
