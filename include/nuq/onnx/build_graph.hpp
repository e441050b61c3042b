#ifndef NUQ_ONNX_BUILD_GRAPH_HPP
#define NUQ_ONNX_BUILD_GRAPH_HPP

#include <memory>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Checks a model and turns it into a network with its weights. Each input has a node of type "Input".
///
/// Nodes come in the file's order, or the next one in which each reads what is computed before it. One without a name
/// has that of its first output, "<name>_2" or the first free number where that is taken. Constants that the readers of
/// attributes and weights have taken up are no nodes; others that an operation reads as it runs become Parameter nodes
/// of type "Constant". What is worked out from the shapes of values is worked out here.
///
/// Operations, attributes and forms that nobody understands keep their nodes from being computed (`Node::obstacle`),
/// and so does a shape that cannot be. Layers with constant weights that are not quantized say why
/// (`Node::weights_obstacle`); those within subgraphs stand before the node that has the subgraph, with neither inputs
/// nor outputs.
///
/// Throws ConfigError for a shape in the model's options (`ReadOptions::input_shapes`) that is none of an input, or not
/// as the model declares it behind the batch. Throws ModelError naming file and node: what `checked_order` refuses,
/// weights that are not finite, too many nodes.
NUQ_FUNCTION [[nodiscard]] Graph build_onnx_graph(std::shared_ptr<const OnnxModel> model);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/onnx/onnx_source.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "nuq/onnx/read_operation.hpp"
#include "nuq/onnx/scope.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Follows a model's nodes and gives each of their outputs a value.
class OnnxGraphBuilder {
 public:
  NUQ_FUNCTION OnnxGraphBuilder(std::shared_ptr<const OnnxModel> model, const ResourceLimits& limits)
      : model_(std::move(model)),
        file_(model_->file),
        proto_(model_->proto.graph()),
        scope_(proto_),
        tensors_(file_, limits),
        constants_(scope_, tensors_, file_) {
    graph_.name = proto_.name();
    graph_.source = onnx_source(model_);
    graph_.limits = limits;
    graph_.folds_all_affine = true;
    opset_ = onnx_opset(model_->proto);
  }

  NUQ_FUNCTION [[nodiscard]] Graph build() && {
    const std::vector<std::size_t> order = checked_order(*model_, scope_, tensors_);
    names_ = onnx_node_names(proto_);
    taken_.insert(names_.begin(), names_.end());
    for (const onnx_schema::ValueInfoProto& input : proto_.input()) {
      if (scope_.is_input(input.name())) add_input(input);
    }
    check_given_shapes();
    for (const std::size_t place : order) add_node(place);
    for (const onnx_schema::ValueInfoProto& output : proto_.output())
      graph_.outputs.push_back(value_read(output.name()));
    share_weights();
    find_shapes();
    return std::move(graph_);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] const onnx_schema::NodeProto& proto(std::size_t place) const {
    return proto_.node(static_cast<int>(place));
  }

  /// Of an input whose extents are known but for that of the batch, which is 1 then.
  NUQ_FUNCTION void add_input(const onnx_schema::ValueInfoProto& input) {
    Shape declared;
    const onnx_schema::TypeProto& type = input.type();
    const auto given = model_->options.input_shapes.find(input.name());
    if (given != model_->options.input_shapes.end()) {
      declared = given->second;
      check_given_shape(input, declared);
      std::vector<OnnxExtent>& extents = knowledge_.shapes[input.name()];
      for (const std::int64_t extent : declared) extents.push_back({extent});
    } else if (type.has_tensor_type() && type.tensor_type().has_shape()) {
      std::vector<OnnxExtent> extents;
      bool is_known = true;
      for (const onnx_schema::TensorShapeProto::Dimension& dim : type.tensor_type().shape().dim()) {
        const bool has_value = dim.has_dim_value() && dim.dim_value() > 0 && dim.dim_value() <= max_element_count;
        extents.push_back(has_value ? OnnxExtent{dim.dim_value()} : symbol_of(dim.dim_param()));
        is_known = is_known && (has_value || declared.empty());
        declared.push_back(has_value ? dim.dim_value() : 1);
      }
      if (!is_known || !is_valid_shape(declared)) declared.clear();
      knowledge_.shapes[input.name()] = std::move(extents);
    }
    knowledge_.types[input.name()] = type.tensor_type().elem_type();
    graph_.inputs.push_back(graph_.values.size());
    values_[input.name()] = graph_.values.size();
    graph_.values.push_back({input.name(), Value::network_input, std::move(declared)});
    Node node;
    node.name = onnx_free_name(taken_, input.name());
    node.type = "Input";
    node.operation = ops::Input{};
    node.outputs = {graph_.inputs.back()};
    node.source_index = Node::in_no_source;
    graph_.nodes.push_back(std::move(node));
  }

  /// Of the shape that the model's options give an input.
  NUQ_FUNCTION void check_given_shape(const onnx_schema::ValueInfoProto& input, const Shape& given) const {
    const std::string place = file_ + ": input '" + input.name() + "': the given shape " + to_string(given);
    if (!is_valid_shape(given)) fail(ConfigError(ErrorCode::invalid_argument, place + " is that of no array"));
    if (!input.type().tensor_type().has_shape()) return;
    const auto& declared = input.type().tensor_type().shape().dim();
    if (static_cast<std::size_t>(declared.size()) != given.size() && !(declared.empty() && element_count(given) == 1)) {
      fail(ConfigError(ErrorCode::size_mismatch, place + " has " + std::to_string(given.size()) +
                                                     " axes, the model's input has " +
                                                     std::to_string(declared.size())));
    }
    for (int axis = 1; axis < declared.size(); ++axis) {
      const std::int64_t extent = declared[axis].dim_value();
      if (extent > 0 && extent != given[static_cast<std::size_t>(axis)]) {
        fail(ConfigError(ErrorCode::size_mismatch, place + " is not that of the model, whose axis " +
                                                       std::to_string(axis) + " has " + std::to_string(extent)));
      }
    }
  }

  NUQ_FUNCTION void check_given_shapes() const {
    for (const auto& [name, shape] : model_->options.input_shapes) {
      if (!scope_.is_input(name)) {
        fail(ConfigError(ErrorCode::unknown_name,
                         file_ + ": no input '" + name + "', which is given the shape " + to_string(shape)));
      }
    }
  }

  NUQ_FUNCTION [[nodiscard]] OnnxExtent symbol_of(const std::string& name) {
    if (name.empty() || name == "?" || name == "-1") return knowledge_.new_symbol();
    const auto [known, is_new] = symbols_.emplace(name, OnnxExtent{});
    if (is_new) known->second = knowledge_.new_symbol();
    return known->second;
  }

  NUQ_FUNCTION void add_node(std::size_t place) {
    const onnx_schema::NodeProto& node = proto(place);
    const std::vector<const onnx_schema::GraphProto*> subgraphs = onnx_subgraphs(node);
    for (const onnx_schema::GraphProto* subgraph : subgraphs) list_layers(OnnxScope(*subgraph, &scope_), names_[place]);
    OnnxNodeReader reader(node, opset_, constants_, knowledge_);
    if (!is_onnx_domain(node)) {
      return add_read(place, not_computed(reader, "operations of the domain '" + node.domain() + "' are not known"));
    }
    if (!subgraphs.empty()) return add_read(place, not_computed(reader, "operations with subgraphs are not computed"));
    if (is_folded(node) || is_about_shapes(place, reader)) return;
    OnnxOperation read = read_onnx_operation(reader);
    for (std::size_t output = 0; output < static_cast<std::size_t>(node.output_size()); ++output) {
      knowledge_.types[node.output(static_cast<int>(output))] =
          output < read.types.size() ? read.types[output] : reader.type_of(0);
    }
    const std::string further = further_output(node, read.outputs);
    if (!further.empty()) {
      const std::string reason = "its output '" + further + "' is not computed";
      read = not_computed(reader, read.obstacle.empty() ? reason : read.obstacle);
    }
    add_read(place, std::move(read));
  }

  /// Whether all that a node gives is known already.
  NUQ_FUNCTION [[nodiscard]] bool is_folded(const onnx_schema::NodeProto& node) {
    if (node.op_type() == "Constant") return true;
    if (node.output_size() != 1) return false;
    if (scope_.is_constant(node.output(0))) return constants_.find(node.output(0)).has_value();
    std::optional<OnnxConstant> constant = constants_.follow(node);
    if (!constant) return false;
    know(node.output(0), std::move(*constant));
    return true;
  }

  /// A value that follows from extents which are numbers.
  NUQ_FUNCTION void know(const std::string& value, OnnxConstant constant) {
    knowledge_.types[value] = constant.type;
    constants_.set(value, std::move(constant));
  }

  NUQ_FUNCTION [[nodiscard]] bool is_about_shapes(std::size_t place, OnnxNodeReader& reader) {
    if (reader.node().output_size() != 1 || reader.inputs() == 0) return false;
    const std::optional<OnnxNumbers> numbers = read_onnx_numbers(reader);
    if (!numbers) return false;
    const std::string& output = reader.node().output(0);
    knowledge_.numbers[output] = *numbers;
    shape_nodes_[output] = place;
    if (std::optional<OnnxConstant> constant = constant_of(*numbers)) know(output, std::move(*constant));
    for (const std::string& input : reader.node().input()) {
      if (const auto read = values_.find(input); read != values_.end()) graph_.kept.push_back(read->second);
    }
    return true;
  }

  NUQ_FUNCTION void add_read(std::size_t place, OnnxOperation read) {
    const onnx_schema::NodeProto& source = proto(place);
    Node node;
    node.name = names_[place];
    node.type = source.op_type();
    node.source_index = place;
    node.blobs = std::move(read.blobs);
    node.obstacle = std::move(read.obstacle);
    node.weights_obstacle = std::move(read.weights_obstacle);
    const bool is_opaque = read.operation.is<ops::Unknown>();
    for (const std::size_t input : read.inputs) {
      const std::string& name = source.input(static_cast<int>(input));
      if (!is_opaque || !scope_.is_constant(name)) node.inputs.push_back(value_read(name));
    }
    if (is_opaque) {
      for (const std::string& name : captured_values(source)) {
        if (!scope_.is_constant(name)) node.inputs.push_back(value_read(name));
      }
    }
    account_for_weights(source, read, node);
    node.operation = std::move(read.operation);
    const std::size_t outputs = is_opaque ? static_cast<std::size_t>(source.output_size()) : read.outputs;
    for (std::size_t output = 0; output < outputs && output < static_cast<std::size_t>(source.output_size()); ++output)
      node.outputs.push_back(value_written(source.output(static_cast<int>(output))));
    for (std::size_t output = 1; output < outputs && output <= read.further_shapes.size(); ++output) {
      const OnnxShape& shape = read.further_shapes[output - 1];
      if (shape) knowledge_.shapes[source.output(static_cast<int>(output))] = *shape;
    }
    if (!is_opaque) learn_shapes(node, read.shape);
    graph_.nodes.push_back(std::move(node));
  }

  /// Of a node's outputs: what its reader knows of the first, and what follows from inputs whose extents are numbers.
  NUQ_FUNCTION void learn_shapes(const Node& node, const OnnxShape& first) {
    if (node.outputs.empty()) return;
    if (first) knowledge_.shapes[graph_.values[node.outputs.front()].blob] = *first;
    const auto is_number = [](const OnnxExtent& extent) { return extent.is_known(); };
    const bool knows_first = first && std::all_of(first->begin(), first->end(), is_number);
    if (node.inputs.empty() || (knows_first && node.outputs.size() == 1)) return;
    std::vector<Shape> shapes(graph_.values.size());
    for (const std::size_t input : node.inputs) {
      const auto known = knowledge_.shapes.find(graph_.values[input].blob);
      if (known == knowledge_.shapes.end() || known->second.empty()) return;
      if (!std::all_of(known->second.begin(), known->second.end(), is_number)) return;
      for (const OnnxExtent& extent : known->second) shapes[input].push_back(extent.value);
    }
    try {
      propagate_shapes(ArrayView<const Node>(&node, 1), file_, shapes);
    } catch (const ModelError&) {
      return;  // find_shapes says it
    }
    for (const std::size_t output : node.outputs) {
      std::vector<OnnxExtent> extents;
      for (const std::int64_t extent : shapes[output]) extents.push_back({extent});
      const std::string& name = graph_.values[output].blob;
      const auto known = knowledge_.shapes.find(name);
      // A number is one axis in the graph: what has one axis there has none or one.
      const bool has_rank =
          known == knowledge_.shapes.end() ? extents.size() > 1 : known->second.size() == extents.size();
      if (has_rank) knowledge_.shapes[name] = std::move(extents);
    }
  }

  /// The first output behind those that are computed that somebody reads; empty where there is none.
  NUQ_FUNCTION [[nodiscard]] std::string further_output(const onnx_schema::NodeProto& node, std::size_t computed) {
    for (std::size_t output = computed; output < static_cast<std::size_t>(node.output_size()); ++output) {
      const std::string& name = node.output(static_cast<int>(output));
      if (!name.empty() && is_read(name)) return name;
    }
    return {};
  }

  NUQ_FUNCTION [[nodiscard]] bool is_read(const std::string& value) {
    if (read_.empty()) {
      for (const onnx_schema::NodeProto& node : proto_.node()) {
        read_.insert(node.input().begin(), node.input().end());
        for (const std::string& name : captured_values(node)) read_.insert(name);
      }
      for (const onnx_schema::ValueInfoProto& output : proto_.output()) read_.insert(output.name());
    }
    return read_.count(value) > 0;
  }

  NUQ_FUNCTION void account_for_weights(const onnx_schema::NodeProto& source, const OnnxOperation& read, Node& node) {
    if (!has_constant_weights(source, scope_)) {
      if (read.weights) node.weights_obstacle = "its weights are computed from the shapes of values";
      return;
    }
    if (!read.weights) {
      if (node.weights_obstacle.empty()) node.weights_obstacle = node.obstacle;
      return;
    }
    const std::string& name = source.input(static_cast<int>(*read.weights));
    check_finite(node, name);
    const std::string origin = constants_.origin(name);
    weights_[name].push_back(graph_.nodes.size());
    if (!node.weights_obstacle.empty()) return;
    const int type = constants_.type_of(name);
    if (type != onnx_schema::TensorProto::FLOAT) {
      node.weights_obstacle = "its weights are of type " + onnx_type_name(type) + ": only float32 is supported";
    } else if (origin.empty()) {
      node.weights_obstacle = "its weights '" + name + "' are computed from constants, which would have to change";
    }
  }

  NUQ_FUNCTION void check_finite(const Node& node, const std::string& weights) const {
    for (const Tensor& blob : node.blobs) {
      if (all_finite(blob.values)) continue;
      const auto bad = std::find_if(blob.values.begin(), blob.values.end(), [](float x) { return !is_finite(x); });
      const std::string which = &blob == &node.blobs.front() ? "weight" : "bias";
      fail_layer(ErrorCode::non_finite_value, file_, node.name,
                 which + " " + std::to_string(bad - blob.values.begin()) + " of the layer with weights '" + weights +
                     "' is " + number_text(static_cast<double>(*bad)) + ", wanted a number");
    }
  }

  /// Layers that have one and the same tensor as weights are quantized together.
  NUQ_FUNCTION void share_weights() {
    for (const auto& [name, nodes] : weights_) {
      for (const std::size_t node : nodes) {
        if (nodes.size() > 1) graph_.nodes[node].shared_parameters = {name};
      }
    }
  }

  /// The layers with weights of a graph within a node, `owner`.
  NUQ_FUNCTION void list_layers(const OnnxScope& scope, const std::string& owner) {
    for (const onnx_schema::NodeProto& source : scope.graph().node()) {
      for (const onnx_schema::GraphProto* subgraph : onnx_subgraphs(source))
        list_layers(OnnxScope(*subgraph, &scope), owner);
      if (!has_constant_weights(source, scope)) continue;
      Node node;
      node.name = onnx_free_name(taken_, onnx_node_name(source));
      node.type = source.op_type();
      node.operation = ops::Unknown{source.op_type(), {}};
      node.source_index = Node::in_no_source;
      node.obstacle = node.weights_obstacle = "it stands in a subgraph of '" + owner + "'";
      graph_.nodes.push_back(std::move(node));
    }
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t value_written(const std::string& name) {
    const std::size_t value = graph_.values.size();
    graph_.values.push_back({name, graph_.nodes.size(), {}});
    if (!name.empty()) values_[name] = value;
    return value;
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t value_read(const std::string& name) {
    const auto known = values_.find(name);
    return known == values_.end() ? add_constant(name) : known->second;
  }

  /// A node that gives what no other one does: a constant, or numbers of shapes.
  NUQ_FUNCTION [[nodiscard]] std::size_t add_constant(const std::string& name) {
    std::optional<OnnxConstant> constant = constants_.find(name);
    const auto numbers = knowledge_.numbers.find(name);
    if (!constant && numbers != knowledge_.numbers.end()) constant = constant_of(numbers->second);
    const auto shape_node = shape_nodes_.find(name);
    Node node;
    node.name = shape_node == shape_nodes_.end() ? onnx_free_name(taken_, name) : names_[shape_node->second];
    node.type = "Constant";
    node.source_index = Node::in_no_source;
    if (!constant) {
      node.operation = ops::Unknown{node.type, {}};
      node.obstacle =
          "'" + name + "' depends on the shapes of the network's inputs, which are not all known (--input-shape)";
    } else if (!constant->is_float() && !constant->is_integer()) {
      node.operation = ops::Unknown{node.type, {}};
      node.obstacle = "'" + name + "' is of type " + onnx_type_name(constant->type) + ", which is not computed";
    } else {
      const Shape shape = constant->shape.empty() ? Shape{1} : constant->shape;
      node.operation = ops::Parameter{shape};
      node.blobs.emplace_back(shape, constant->values());
    }
    node.outputs = {value_written(name)};
    const std::size_t value = node.outputs.front();
    graph_.nodes.push_back(std::move(node));
    return value;
  }

  NUQ_FUNCTION [[nodiscard]] static std::optional<OnnxConstant> constant_of(const OnnxNumbers& numbers) {
    OnnxConstant constant;
    constant.type = onnx_schema::TensorProto::INT64;
    for (const OnnxExtent& extent : numbers.values) {
      if (!extent.is_known()) return std::nullopt;
      constant.integers.push_back(extent.value);
    }
    if (!numbers.is_scalar) constant.shape = {static_cast<std::int64_t>(constant.integers.size())};
    return constant;
  }

  /// What cannot be computed for the declared inputs is an obstacle of its layer.
  NUQ_FUNCTION void find_shapes() {
    std::vector<Shape> shapes(graph_.values.size());
    for (const std::size_t input : graph_.inputs) shapes[input] = graph_.values[input].shape;
    for (Node& node : graph_.nodes) {
      try {
        propagate_shapes(ArrayView<const Node>(&node, 1), file_, shapes);
      } catch (const ModelError& error) {
        node.obstacle = problem_of(error, node.name);
      }
    }
  }

  std::shared_ptr<const OnnxModel> model_;
  std::string file_;
  const onnx_schema::GraphProto& proto_;
  OnnxScope scope_;
  OnnxTensors tensors_;
  OnnxConstants constants_;
  OnnxKnowledge knowledge_;
  std::int64_t opset_ = 1;
  Graph graph_;
  std::vector<std::string> names_;                           // of the file's nodes
  std::set<std::string> taken_;                              // names of nodes
  std::set<std::string> read_;                               // values that something reads
  std::map<std::string, std::size_t> values_;                // by name
  std::map<std::string, OnnxExtent> symbols_;                // by name
  std::map<std::string, std::size_t> shape_nodes_;           // places of the nodes that compute with shapes, by output
  std::map<std::string, std::vector<std::size_t>> weights_;  // the nodes that have a tensor as weights
};

}  // namespace detail

NUQ_DEFINITION Graph build_onnx_graph(std::shared_ptr<const OnnxModel> model) {
  const ResourceLimits limits = model->options.limits.value_or(ResourceLimits::from_environment());
  const auto nodes = static_cast<std::uint64_t>(model->proto.graph().node_size());
  if (nodes > limits.layers) {
    detail::fail(ModelError(ErrorCode::resource_limit, model->file + ": " + std::to_string(nodes) +
                                                           " nodes, the limit is " + std::to_string(limits.layers) +
                                                           " (NUQ_LAYER_LIMIT)"));
  }
  return detail::OnnxGraphBuilder(std::move(model), limits).build();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_BUILD_GRAPH_HPP
