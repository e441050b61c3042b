#ifndef NUQ_ONNX_MODEL_EDITOR_HPP
#define NUQ_ONNX_MODEL_EDITOR_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/onnx/scope.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A tensor of these values, of a type of as many bytes.
template <class T>
[[nodiscard]] onnx_schema::TensorProto raw_tensor(const std::string& name, int type, const Shape& shape,
                                                  const std::vector<T>& values) {
  onnx_schema::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  tensor.mutable_dims()->Add(shape.begin(), shape.end());
  tensor.set_raw_data(values.data(), sizeof(T) * values.size());
  return tensor;
}

/// Gives a node an attribute.
NUQ_FUNCTION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name, std::int64_t value);
/// \copydoc add_onnx_attribute(onnx_schema::NodeProto&, const std::string&, std::int64_t)
NUQ_FUNCTION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name, float value);
/// \copydoc add_onnx_attribute(onnx_schema::NodeProto&, const std::string&, std::int64_t)
NUQ_FUNCTION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name, const std::string& value);

/// Edits a copy of a model: nodes by their place in the file, new ones before or behind them, constants in the place of
/// others. All that is not edited stays as it is, but that tensors from other files are taken in and constants left out
/// that nobody reads any longer.
class OnnxModelEditor {
 public:
  /// `model` lives as long.
  NUQ_FUNCTION OnnxModelEditor(const OnnxModel& model, const ResourceLimits& limits);

  /// The graph as it was.
  [[nodiscard]] const OnnxScope& original() const noexcept { return original_; }
  [[nodiscard]] OnnxTensors& tensors() noexcept { return tensors_; }

  [[nodiscard]] onnx_schema::NodeProto& node(std::size_t place) {
    return *proto_.mutable_graph()->mutable_node(static_cast<int>(place));
  }
  void set_removed(std::size_t place, bool is_removed) { is_removed_[place] = is_removed; }

  /// How often the model reads a value, in subgraphs and as an output too.
  NUQ_FUNCTION [[nodiscard]] int readings(const std::string& value) const;

  /// `name`, or one with a number, which is taken from now on.
  NUQ_FUNCTION [[nodiscard]] std::string free_name(const std::string& name);

  /// A node of one output, called `output` or like it, in front of the node at a place or behind it. It may be changed
  /// until the next one is inserted there.
  NUQ_FUNCTION onnx_schema::NodeProto& insert_before(std::size_t place, const std::string& type,
                                                     const std::string& name, const std::vector<std::string>& inputs,
                                                     const std::string& output);
  NUQ_FUNCTION onnx_schema::NodeProto& insert_behind(std::size_t place, const std::string& type,
                                                     const std::string& name, const std::vector<std::string>& inputs,
                                                     const std::string& output);

  /// Adds an initializer, called as the tensor is or like it; returns its name.
  NUQ_FUNCTION [[nodiscard]] std::string add(onnx_schema::TensorProto tensor);
  /// Puts a tensor in the place of an initializer that one node alone reads, or beside the others; returns its name.
  NUQ_FUNCTION [[nodiscard]] std::string put(const std::string& name, onnx_schema::TensorProto tensor);
  /// Adds an initializer under its own name.
  NUQ_FUNCTION void append(onnx_schema::TensorProto tensor);
  /// Gives a node a constant as an input, in the place of one that it alone reads.
  NUQ_FUNCTION void set_constant(onnx_schema::NodeProto& node, int input, const onnx_schema::TensorProto& tensor);

  /// The edited model.
  NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto finish() &&;

 private:
  using NewNodes = std::vector<std::vector<onnx_schema::NodeProto>>;

  NUQ_FUNCTION onnx_schema::NodeProto& insert(NewNodes& nodes, std::size_t place, const std::string& type,
                                              const std::string& name, const std::vector<std::string>& inputs,
                                              const std::string& output);
  NUQ_FUNCTION void count_readings(const OnnxScope& scope);
  /// An initializer that one node alone reads; null for others.
  NUQ_FUNCTION [[nodiscard]] onnx_schema::TensorProto* own_initializer(const std::string& name);
  /// Before version 4 of the format every initializer is an input too.
  NUQ_FUNCTION void describe_as_input(const onnx_schema::TensorProto& tensor);
  /// Drops constants that were read and are not any longer; false where there are none.
  NUQ_FUNCTION [[nodiscard]] bool drop_unread();
  /// Of values that the model has no longer.
  NUQ_FUNCTION void drop_descriptions();

  onnx_schema::ModelProto proto_;
  OnnxScope original_;
  OnnxTensors tensors_;
  std::map<std::string, int> readings_;  // of the original model, by name
  std::set<std::string> names_;          // that are taken
  NewNodes before_;                      // new nodes, by the place of the one that they stand before
  NewNodes behind_;
  std::vector<bool> is_removed_;  // by place
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <utility>

#include "nuq/onnx/check_model.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name, std::int64_t value) {
  onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx_schema::AttributeProto::INT);
  attribute.set_i(value);
}

NUQ_DEFINITION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name, float value) {
  onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx_schema::AttributeProto::FLOAT);
  attribute.set_f(value);
}

NUQ_DEFINITION void add_onnx_attribute(onnx_schema::NodeProto& node, const std::string& name,
                                       const std::string& value) {
  onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx_schema::AttributeProto::STRING);
  attribute.set_s(value);
}

NUQ_DEFINITION OnnxModelEditor::OnnxModelEditor(const OnnxModel& model, const ResourceLimits& limits)
    : proto_(model.proto), original_(model.proto.graph()), tensors_(model.file, limits) {
  tensors_.take_in(*proto_.mutable_graph());
  count_readings(original_);
  const auto nodes = static_cast<std::size_t>(model.proto.graph().node_size());
  before_.resize(nodes);
  behind_.resize(nodes);
  is_removed_.resize(nodes);
}

NUQ_DEFINITION int OnnxModelEditor::readings(const std::string& value) const {
  const auto known = readings_.find(value);
  return known == readings_.end() ? 0 : known->second;
}

NUQ_DEFINITION std::string OnnxModelEditor::free_name(const std::string& name) {
  return onnx_free_name(names_, name);
}

NUQ_DEFINITION onnx_schema::NodeProto& OnnxModelEditor::insert(NewNodes& nodes, std::size_t place,
                                                               const std::string& type, const std::string& name,
                                                               const std::vector<std::string>& inputs,
                                                               const std::string& output) {
  onnx_schema::NodeProto& node = nodes[place].emplace_back();
  node.set_name(free_name(name));
  node.set_op_type(type);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(free_name(output));
  return node;
}

NUQ_DEFINITION onnx_schema::NodeProto& OnnxModelEditor::insert_before(std::size_t place, const std::string& type,
                                                                      const std::string& name,
                                                                      const std::vector<std::string>& inputs,
                                                                      const std::string& output) {
  return insert(before_, place, type, name, inputs, output);
}

NUQ_DEFINITION onnx_schema::NodeProto& OnnxModelEditor::insert_behind(std::size_t place, const std::string& type,
                                                                      const std::string& name,
                                                                      const std::vector<std::string>& inputs,
                                                                      const std::string& output) {
  return insert(behind_, place, type, name, inputs, output);
}

NUQ_DEFINITION void OnnxModelEditor::count_readings(const OnnxScope& scope) {
  const onnx_schema::GraphProto& graph = scope.graph();
  for (const onnx_schema::NodeProto& node : graph.node()) {
    for (const std::string& input : node.input()) ++readings_[input];
    for (const std::string& output : node.output()) names_.insert(output);
    names_.insert(node.name());
    for (const onnx_schema::GraphProto* inner : onnx_subgraphs(node)) count_readings(OnnxScope(*inner, &scope));
  }
  for (const onnx_schema::ValueInfoProto& output : graph.output()) ++readings_[output.name()];
  for (const onnx_schema::ValueInfoProto& input : graph.input()) names_.insert(input.name());
  for (const onnx_schema::TensorProto& tensor : graph.initializer()) names_.insert(tensor.name());
}

NUQ_DEFINITION onnx_schema::TensorProto* OnnxModelEditor::own_initializer(const std::string& name) {
  if (original_.initializer(name) == nullptr || readings_[name] != 1) return nullptr;
  for (onnx_schema::TensorProto& tensor : *proto_.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

NUQ_DEFINITION std::string OnnxModelEditor::put(const std::string& name, onnx_schema::TensorProto tensor) {
  onnx_schema::TensorProto* const own = own_initializer(name);
  if (own == nullptr) return add(std::move(tensor));
  tensor.set_name(name);
  *own = std::move(tensor);
  return name;
}

NUQ_DEFINITION std::string OnnxModelEditor::add(onnx_schema::TensorProto tensor) {
  tensor.set_name(onnx_free_name(names_, tensor.name()));
  const std::string name = tensor.name();
  append(std::move(tensor));
  return name;
}

NUQ_DEFINITION void OnnxModelEditor::append(onnx_schema::TensorProto tensor) {
  if (proto_.ir_version() < 4) describe_as_input(tensor);
  *proto_.mutable_graph()->add_initializer() = std::move(tensor);
}

NUQ_DEFINITION void OnnxModelEditor::describe_as_input(const onnx_schema::TensorProto& tensor) {
  onnx_schema::ValueInfoProto& input = *proto_.mutable_graph()->add_input();
  input.set_name(tensor.name());
  onnx_schema::TypeProto::Tensor& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.data_type());
  for (const std::int64_t extent : tensor.dims()) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

NUQ_DEFINITION void OnnxModelEditor::set_constant(onnx_schema::NodeProto& node, int input,
                                                  const onnx_schema::TensorProto& tensor) {
  const std::string old = node.input_size() > input ? node.input(input) : std::string();
  const std::string name = old.empty() ? add(tensor) : put(old, tensor);
  while (node.input_size() <= input) node.add_input("");
  node.set_input(input, name);
}

NUQ_DEFINITION bool OnnxModelEditor::drop_unread() {
  onnx_schema::GraphProto& graph = *proto_.mutable_graph();
  const OnnxScope scope(graph);
  std::set<std::string> read;
  for (const onnx_schema::NodeProto& node : graph.node()) {
    read.insert(node.input().begin(), node.input().end());
    for (const std::string& name : captured_values(node)) read.insert(name);
  }
  for (const onnx_schema::ValueInfoProto& output : graph.output()) read.insert(output.name());
  const auto is_dropped = [&](const std::string& name) {
    const auto before = readings_.find(name);
    return before != readings_.end() && before->second > 0 && read.count(name) == 0;
  };
  const auto is_dropped_node = [&](const onnx_schema::NodeProto& node) {
    return node.output_size() > 0 && scope.is_constant(node.output(0)) &&
           std::all_of(node.output().begin(), node.output().end(), is_dropped);
  };
  auto& nodes = *graph.mutable_node();
  auto& tensors = *graph.mutable_initializer();
  const int before = nodes.size() + tensors.size();
  std::vector<bool> keeps;
  for (const onnx_schema::NodeProto& node : nodes) keeps.push_back(!is_dropped_node(node));
  std::set<std::string> dropped;
  for (const onnx_schema::TensorProto& tensor : tensors) {
    if (is_dropped(tensor.name())) dropped.insert(tensor.name());
  }
  std::size_t next = 0;
  nodes.erase(std::remove_if(nodes.begin(), nodes.end(), [&](const auto&) { return !keeps[next++]; }), nodes.end());
  const auto is_gone = [&dropped](const auto& named) { return dropped.count(named.name()) > 0; };
  tensors.erase(std::remove_if(tensors.begin(), tensors.end(), is_gone), tensors.end());
  auto& inputs = *graph.mutable_input();
  inputs.erase(std::remove_if(inputs.begin(), inputs.end(), is_gone), inputs.end());
  return nodes.size() + tensors.size() < before;
}

NUQ_DEFINITION void OnnxModelEditor::drop_descriptions() {
  onnx_schema::GraphProto& graph = *proto_.mutable_graph();
  const OnnxScope scope(graph);
  auto& values = *graph.mutable_value_info();
  values.erase(std::remove_if(values.begin(), values.end(),
                              [&](const onnx_schema::ValueInfoProto& value) {
                                return original_.scope_of(value.name()) != nullptr &&
                                       scope.scope_of(value.name()) == nullptr;
                              }),
               values.end());
}

NUQ_DEFINITION onnx_schema::ModelProto OnnxModelEditor::finish() && {
  onnx_schema::GraphProto& graph = *proto_.mutable_graph();
  google::protobuf::RepeatedPtrField<onnx_schema::NodeProto> nodes;
  for (std::size_t place = 0; place < is_removed_.size(); ++place) {
    for (onnx_schema::NodeProto& node : before_[place]) *nodes.Add() = std::move(node);
    if (!is_removed_[place]) nodes.Add()->Swap(graph.mutable_node(static_cast<int>(place)));
    for (onnx_schema::NodeProto& node : behind_[place]) *nodes.Add() = std::move(node);
  }
  graph.mutable_node()->Swap(&nodes);
  while (drop_unread()) {
  }
  drop_descriptions();
  return std::move(proto_);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_MODEL_EDITOR_HPP
