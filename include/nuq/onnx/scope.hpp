#ifndef NUQ_ONNX_SCOPE_HPP
#define NUQ_ONNX_SCOPE_HPP

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The names of a graph, and of those around it: what gives each value.
class OnnxScope {
 public:
  /// `graph` lives as long; `outer` is null for a model's own graph.
  NUQ_FUNCTION explicit OnnxScope(const onnx_schema::GraphProto& graph, const OnnxScope* outer = nullptr);

  [[nodiscard]] const onnx_schema::GraphProto& graph() const noexcept { return graph_; }
  [[nodiscard]] const OnnxScope* outer() const noexcept { return outer_; }
  /// The scope that gives a value; null where none does.
  NUQ_FUNCTION [[nodiscard]] const OnnxScope* scope_of(const std::string& value) const;
  /// Of this graph; null for what it has not.
  NUQ_FUNCTION [[nodiscard]] const onnx_schema::TensorProto* initializer(const std::string& value) const;
  NUQ_FUNCTION [[nodiscard]] const onnx_schema::NodeProto* producer(const std::string& value) const;
  /// Whether the value is an input of this graph that no initializer gives.
  NUQ_FUNCTION [[nodiscard]] bool is_input(const std::string& value) const;

  /// Whether a value follows from initializers and Constant nodes alone.
  NUQ_FUNCTION [[nodiscard]] bool is_constant(const std::string& value) const;

 private:
  const onnx_schema::GraphProto& graph_;
  const OnnxScope* outer_;
  std::map<std::string, const onnx_schema::TensorProto*> initializers_;
  std::map<std::string, const onnx_schema::NodeProto*> producers_;
  std::set<std::string> inputs_;
  std::set<std::string> constants_;  // outputs of nodes
};

/// The graphs among a node's attributes.
NUQ_FUNCTION [[nodiscard]] std::vector<const onnx_schema::GraphProto*> onnx_subgraphs(
    const onnx_schema::NodeProto& node);

/// Whether a node is of ONNX's own operations.
NUQ_FUNCTION [[nodiscard]] bool is_onnx_domain(const onnx_schema::NodeProto& node);

/// The attribute of a name; null where there is none.
NUQ_FUNCTION [[nodiscard]] const onnx_schema::AttributeProto* onnx_attribute(const onnx_schema::NodeProto& node,
                                                                             const std::string& name);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::vector<const onnx_schema::GraphProto*> onnx_subgraphs(const onnx_schema::NodeProto& node) {
  std::vector<const onnx_schema::GraphProto*> graphs;
  for (const onnx_schema::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) graphs.push_back(&attribute.g());
    for (const onnx_schema::GraphProto& graph : attribute.graphs()) graphs.push_back(&graph);
  }
  return graphs;
}

NUQ_DEFINITION bool is_onnx_domain(const onnx_schema::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

NUQ_DEFINITION const onnx_schema::AttributeProto* onnx_attribute(const onnx_schema::NodeProto& node,
                                                                 const std::string& name) {
  for (const onnx_schema::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

NUQ_DEFINITION OnnxScope::OnnxScope(const onnx_schema::GraphProto& graph, const OnnxScope* outer)
    : graph_(graph), outer_(outer) {
  for (const onnx_schema::TensorProto& tensor : graph.initializer()) initializers_.emplace(tensor.name(), &tensor);
  for (const onnx_schema::NodeProto& node : graph.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) producers_.emplace(output, &node);
    }
  }
  for (const onnx_schema::ValueInfoProto& input : graph.input()) {
    if (initializers_.count(input.name()) == 0) inputs_.insert(input.name());
  }
  for (const onnx_schema::SparseTensorProto& tensor : graph.sparse_initializer())
    inputs_.insert(tensor.values().name());  // not read
  for (const onnx_schema::NodeProto& node : graph.node()) {
    const auto& given = node.input();
    const bool is_source = node.op_type() == "Constant" && is_onnx_domain(node);
    const bool reads_constants =
        !given.empty() && std::all_of(given.begin(), given.end(),
                                      [this](const std::string& input) { return input.empty() || is_constant(input); });
    const bool is_constant_node = onnx_subgraphs(node).empty() && (is_source || reads_constants);
    if (is_constant_node) constants_.insert(node.output().begin(), node.output().end());
  }
}

NUQ_DEFINITION const OnnxScope* OnnxScope::scope_of(const std::string& value) const {
  for (const OnnxScope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (scope->initializers_.count(value) + scope->producers_.count(value) + scope->inputs_.count(value) > 0)
      return scope;
  }
  return nullptr;
}

NUQ_DEFINITION const onnx_schema::TensorProto* OnnxScope::initializer(const std::string& value) const {
  const auto found = initializers_.find(value);
  return found == initializers_.end() ? nullptr : found->second;
}

NUQ_DEFINITION const onnx_schema::NodeProto* OnnxScope::producer(const std::string& value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? nullptr : found->second;
}

NUQ_DEFINITION bool OnnxScope::is_input(const std::string& value) const {
  return inputs_.count(value) > 0;
}

NUQ_DEFINITION bool OnnxScope::is_constant(const std::string& value) const {
  const OnnxScope* const scope = scope_of(value);
  return scope != nullptr && scope->initializers_.count(value) + scope->constants_.count(value) > 0;
}

namespace detail {

/// Whether a node is a layer that multiplies by a constant: with a filter or a matrix.
NUQ_FUNCTION [[nodiscard]] inline bool has_constant_weights(const onnx_schema::NodeProto& node,
                                                            const OnnxScope& scope) {
  const std::string& type = node.op_type();
  const bool is_layer = type == "Conv" || type == "ConvTranspose" || type == "Gemm" || type == "MatMul";
  if (!is_layer || !is_onnx_domain(node) || node.input_size() < 2) return false;
  return scope.is_constant(node.input(1)) || (type == "MatMul" && scope.is_constant(node.input(0)));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_SCOPE_HPP
