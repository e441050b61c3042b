#ifndef NUQ_CAFFE_MODEL_REWRITER_HPP
#define NUQ_CAFFE_MODEL_REWRITER_HPP

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/caffe/model.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/caffe/weights_rewriter.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which prototxt syntax a rewritten model has.
enum class RewriteSyntax {
  as_written,  ///< the file's own (V1 stays V1, V0 stays V0): enough while no layer is inserted
  current  ///< an older file is upgraded as a whole, comments and unknown fields lost, so that layers can be inserted
};

namespace detail {

/// `layer { … }` without its blobs and the last line break.
NUQ_FUNCTION [[nodiscard]] std::string layer_text(const schema::LayerParameter& layer);

}  // namespace detail

/// Turns a graph's model into another one by editing the prototxt as text around the touched layers, so that all
/// others, their comments and their unknown fields stay verbatim, and by replacing blobs of the caffemodel. Folded
/// layers (Node::fused) are taken out and their convolution's bottom, top, bias and blobs are brought up to date.
class ModelRewriter {
 public:
  /// `graph` must live as long as the rewriter. Throws ModelError for a prototxt whose layers are the values of a list
  /// and for a node that is in no file (Node::in_no_source).
  NUQ_FUNCTION explicit ModelRewriter(const Graph& graph, RewriteSyntax syntax = RewriteSyntax::as_written);
  ModelRewriter(const ModelRewriter&) = delete;
  ModelRewriter& operator=(const ModelRewriter&) = delete;

  /// Inserts a layer, with its blobs if it has any, in front of or behind the layer of a node, in the phases and stages
  /// of that one. Needs RewriteSyntax::current. Throws ModelError duplicate_name where the model has a layer of its
  /// name or a blob of the name of a top that is not in place.
  NUQ_FUNCTION void insert_before(const Node& node, schema::LayerParameter layer);
  NUQ_FUNCTION void insert_after(const Node& node, schema::LayerParameter layer);

  void set_bottom(const Node& node, const std::string& blob) { bottoms_[node.source_index] = blob; }

  /// An empty blob to be filled with a payload, in the place of `node.blobs[index]` in the caffemodel.
  NUQ_FUNCTION [[nodiscard]] schema::BlobProto& replace_blob(const Node& node, std::size_t index);

  /// The edited model, under the names of the original files, parsed again from its own text.
  NUQ_FUNCTION [[nodiscard]] Model finish() &&;

 private:
  /// When a layer is part of the network.
  struct PhaseRules {
    google::protobuf::RepeatedPtrField<schema::NetStateRule> include;
    google::protobuf::RepeatedPtrField<schema::NetStateRule> exclude;
  };

  NUQ_FUNCTION void find_layers(std::string_view field_name);

  /// An upgraded text lacks V0's padding layers, which no node stands for: the others keep their positions.
  NUQ_FUNCTION void leave_out_padding();

  NUQ_FUNCTION void collect_layers();

  [[nodiscard]] const TextField& field_of(const Node& node) const { return layers_[node.source_index]; }
  NUQ_FUNCTION [[nodiscard]] std::vector<TextField> fields_of(const TextField& message) const;
  NUQ_FUNCTION [[nodiscard]] std::string literal(const TextField& field) const;

  /// A layer about to be inserted next to `node`: names checked, blobs handed to the caffemodel.
  NUQ_FUNCTION [[nodiscard]] schema::LayerParameter adopted(schema::LayerParameter layer, const Node& node);

  NUQ_FUNCTION void fold(const Node& node);

  /// The blobs of a folded layer, as far as nobody has replaced them otherwise.
  NUQ_FUNCTION void replace_folded_blobs(const Node& node);

  /// Points the first `bottom` or `top` of a layer to another blob.
  NUQ_FUNCTION void set_first(const Node& node, std::string_view name, const std::string& blob);

  /// A folded layer has a bias, whatever its text said.
  NUQ_FUNCTION void give_bias(const Node& node);

  const Graph& graph_;
  const schema::NetParameter& net_;
  RewriteSyntax syntax_;
  std::string text_;
  TextEdits edits_;
  WeightsRewriter weights_;
  std::vector<TextField> layers_;               ///< of the text, in order
  std::vector<std::string> layer_names_;        ///< theirs
  std::vector<PhaseRules> phases_;              ///< theirs
  std::map<std::size_t, std::string> bottoms_;  ///< first bottoms to be, by layer
  std::set<std::string> inserted_;              ///< names of the layers inserted
  std::set<std::string> blob_names_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/text_format.h>
#include <algorithm>
#include <utility>

#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/caffe/upgrade_v0.hpp"
#include "nuq/graph/layer_error.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A name as protobuf writes it: quoted and escaped.
NUQ_FUNCTION [[nodiscard]] inline std::string text_literal(const std::string& name) {
  schema::NetParameter holder;
  holder.set_name(name);
  std::string text;
  google::protobuf::TextFormat::PrintToString(holder, &text);
  return text.substr(6, text.size() - 7);  // between `name: ` and the line break
}

/// The value of a string literal, which may consist of several pieces with comments between them.
NUQ_FUNCTION [[nodiscard]] inline std::string name_of_literal(const std::string& literal) {
  schema::NetParameter holder;
  static_cast<void>(google::protobuf::TextFormat::ParseFromString("name: " + literal, &holder));
  return holder.name();
}

NUQ_FUNCTION [[nodiscard]] inline bool is_false_literal(const std::string& literal) {
  schema::ConvolutionParameter holder;
  static_cast<void>(google::protobuf::TextFormat::ParseFromString("bias_term: " + literal, &holder));
  return !holder.bias_term();
}

NUQ_DEFINITION std::string layer_text(const schema::LayerParameter& layer) {
  schema::NetParameter holder;
  *holder.add_layer() = layer;
  holder.mutable_layer(0)->clear_blobs();
  std::string text;
  google::protobuf::TextFormat::PrintToString(holder, &text);
  text.pop_back();
  return text;
}

}  // namespace detail

NUQ_DEFINITION ModelRewriter::ModelRewriter(const Graph& graph, RewriteSyntax syntax)
    : graph_(graph),
      net_(caffe_model(graph)->net),
      syntax_(syntax),
      text_(caffe_model(graph)->text),
      weights_(caffe_model(graph)->weights) {
  collect_layers();
  const bool is_older = net_.layers_size() > 0;
  if (is_older && syntax == RewriteSyntax::current) {
    google::protobuf::TextFormat::PrintToString(upgraded(net_), &text_);
  }
  find_layers(is_older && syntax == RewriteSyntax::as_written ? "layers" : "layer");
  for (const Node& node : graph.nodes) {
    if (node.source_index == Node::in_no_source) {
      detail::fail_layer(ErrorCode::unsupported_format, graph.model_file(), node.name,
                         "is not in the file, wanted a graph of the file's own layers to write it anew");
    }
    if (!node.fused.empty()) fold(node);
  }
}

NUQ_DEFINITION void ModelRewriter::insert_before(const Node& node, schema::LayerParameter layer) {
  const std::size_t begin = field_of(node).begin;
  edits_.replace(begin, begin, detail::layer_text(adopted(std::move(layer), node)) + "\n");
}

NUQ_DEFINITION void ModelRewriter::insert_after(const Node& node, schema::LayerParameter layer) {
  edits_.insert_line_after(text_, field_of(node).end, detail::layer_text(adopted(std::move(layer), node)));
}

NUQ_DEFINITION schema::BlobProto& ModelRewriter::replace_blob(const Node& node, std::size_t index) {
  return weights_.replace_blob(node.name, static_cast<int>(index), node.blobs[index].shape);
}

NUQ_DEFINITION Model ModelRewriter::finish() && {
  for (const Node& node : graph_.nodes) {
    if (!node.fused.empty()) replace_folded_blobs(node);
    const auto bottom = bottoms_.find(node.source_index);
    if (bottom != bottoms_.end()) set_first(node, "bottom", bottom->second);
  }
  Model model;
  model.model_file = graph_.model_file();
  model.weights_file = graph_.weights_file();
  model.options = caffe_model(graph_)->options;
  model.text = edits_.apply(text_);
  model.net = detail::parse_prototxt(model.text, model.model_file);
  model.weights = std::move(weights_).finish(syntax_ == RewriteSyntax::current);
  return model;
}

NUQ_DEFINITION void ModelRewriter::find_layers(std::string_view field_name) {
  for (const TextField& field : text_fields(text_)) {
    if (field.name == field_name && !field.in_list) layers_.push_back(field);
  }
  if (syntax_ == RewriteSyntax::current) leave_out_padding();
  if (layers_.size() == layer_names_.size()) return;
  detail::fail(ModelError(ErrorCode::unsupported_format,
                          graph_.model_file() + ": has its layers in a list, wanted `layer { … }` for each"));
}

NUQ_DEFINITION void ModelRewriter::leave_out_padding() {
  const auto& layers = net_.layers();
  for (int index = 0; index < layers.size(); ++index) {
    if (is_v0_padding(layers[index])) layers_.insert(layers_.begin() + index, TextField{});
  }
}

NUQ_DEFINITION void ModelRewriter::collect_layers() {
  blob_names_.insert(net_.input().begin(), net_.input().end());
  const auto collect = [this](const schema::LayerParameter& layer) {
    layer_names_.push_back(layer.name());
    phases_.push_back({layer.include(), layer.exclude()});
    blob_names_.insert(layer.top().begin(), layer.top().end());
  };
  for (const schema::LayerParameter& layer : net_.layer()) collect(layer);
  for (const schema::LayerParameter& layer : upgraded_layers(net_)) collect(layer);
}

NUQ_DEFINITION std::vector<TextField> ModelRewriter::fields_of(const TextField& message) const {
  return text_fields(text_, message.value_begin, message.value_end);
}

NUQ_DEFINITION std::string ModelRewriter::literal(const TextField& field) const {
  return text_.substr(field.value_begin, field.value_end - field.value_begin);
}

NUQ_DEFINITION schema::LayerParameter ModelRewriter::adopted(schema::LayerParameter layer, const Node& node) {
  const auto refuse = [&](const std::string& what, const std::string& name) {
    detail::fail_layer(ErrorCode::duplicate_name, graph_.model_file(), node.name,
                       what + " '" + name + "' for its quantization exists already, wanted a model without one");
  };
  const bool is_known = std::find(layer_names_.begin(), layer_names_.end(), layer.name()) != layer_names_.end();
  if (is_known || !inserted_.insert(layer.name()).second) refuse("layer", layer.name());
  for (const std::string& top : layer.top()) {
    const bool in_place = std::find(layer.bottom().begin(), layer.bottom().end(), top) != layer.bottom().end();
    if (!in_place && !blob_names_.insert(top).second) refuse("blob", top);
  }
  *layer.mutable_include() = phases_[node.source_index].include;
  *layer.mutable_exclude() = phases_[node.source_index].exclude;
  if (layer.blobs_size() > 0) weights_.add(layer);
  return layer;
}

NUQ_DEFINITION void ModelRewriter::fold(const Node& node) {
  set_bottom(node, graph_.values[node.inputs.front()].blob);
  set_first(node, "top", graph_.values[node.outputs.front()].blob);
  give_bias(node);
  for (const std::string& folded : node.fused) {
    weights_.remove(folded);
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      if (layer_names_[layer] == folded) edits_.remove_lines(text_, layers_[layer].begin, layers_[layer].end);
    }
  }
}

NUQ_DEFINITION void ModelRewriter::replace_folded_blobs(const Node& node) {
  for (std::size_t index = 0; index < node.blobs.size(); ++index) {
    if (weights_.is_replaced(node.name, static_cast<int>(index))) continue;
    const std::vector<float>& values = node.blobs[index].values;
    replace_blob(node, index).mutable_data()->Add(values.begin(), values.end());
  }
}

NUQ_DEFINITION void ModelRewriter::set_first(const Node& node, std::string_view name, const std::string& blob) {
  for (const TextField& field : fields_of(field_of(node))) {
    if (field.name != name) continue;
    if (detail::name_of_literal(literal(field)) != blob) {
      edits_.replace(field.value_begin, field.value_end, detail::text_literal(blob));
    }
    return;
  }
}

NUQ_DEFINITION void ModelRewriter::give_bias(const Node& node) {
  for (const TextField& parameter : fields_of(field_of(node))) {
    if (parameter.name != "convolution_param" && parameter.name != "inner_product_param") continue;
    for (const TextField& field : fields_of(parameter)) {
      if (field.name != "bias_term" || !detail::is_false_literal(literal(field))) continue;
      edits_.replace(field.value_begin, field.value_end, "true");
    }
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_MODEL_REWRITER_HPP
