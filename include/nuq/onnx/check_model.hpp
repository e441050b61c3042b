#ifndef NUQ_ONNX_CHECK_MODEL_HPP
#define NUQ_ONNX_CHECK_MODEL_HPP

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/onnx/scope.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a node is called in messages: its name, else its first output.
NUQ_FUNCTION [[nodiscard]] std::string onnx_node_name(const onnx_schema::NodeProto& node);

/// The names of a graph's nodes: their own, else those of their first outputs, with "_2" or the first free number
/// behind one that is taken; behind the name of a Constant that it shares, too.
NUQ_FUNCTION [[nodiscard]] std::vector<std::string> onnx_node_names(const onnx_schema::GraphProto& graph);

/// `name`, else it with "_2" or the first number behind it that is not among the names that are taken, to which it is
/// added.
NUQ_FUNCTION [[nodiscard]] std::string onnx_free_name(std::set<std::string>& taken, const std::string& name);

/// Names from outside of a node's subgraphs that they read.
NUQ_FUNCTION [[nodiscard]] std::vector<std::string> captured_values(const onnx_schema::NodeProto& node);

/// Throws ModelError naming file and node for what is no valid model: operations of no version or of a domain that is
/// not imported, two nodes, values or initializers of one name, values that nothing gives, a cycle, and tensors that
/// `OnnxTensors::check` refuses; those of subgraphs too. Returns the nodes of the model's graph in an order in which
/// each reads what earlier ones give, the file's own where it is one.
NUQ_FUNCTION [[nodiscard]] std::vector<std::size_t> checked_order(const OnnxModel& model, const OnnxScope& scope,
                                                                  OnnxTensors& tensors);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <map>

#include "nuq/core/error.hpp"
#include "nuq/graph/layer_error.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION inline void add_captured(const onnx_schema::GraphProto& graph, std::vector<std::string>& names) {
  const OnnxScope scope(graph);
  std::vector<std::string> read;
  for (const onnx_schema::NodeProto& node : graph.node()) {
    read.insert(read.end(), node.input().begin(), node.input().end());
    for (const onnx_schema::GraphProto* inner : onnx_subgraphs(node)) add_captured(*inner, read);
  }
  for (const onnx_schema::ValueInfoProto& output : graph.output()) read.push_back(output.name());
  for (const std::string& name : read) {
    if (!name.empty() && scope.scope_of(name) == nullptr) names.push_back(name);
  }
}

/// Checks a model and the graphs within its nodes.
class OnnxChecker {
 public:
  NUQ_FUNCTION OnnxChecker(const OnnxModel& model, OnnxTensors& tensors) : model_(model), tensors_(tensors) {
    for (const onnx_schema::OperatorSetIdProto& import : model.proto.opset_import())
      domains_.insert(import.domain() == "ai.onnx" ? "" : import.domain());
    if (domains_.empty()) fail_model("imports no version of operations (opset_import), wanted one");
  }

  NUQ_FUNCTION void check(const OnnxScope& scope) {
    const onnx_schema::GraphProto& graph = scope.graph();
    check_names(graph);
    for (const onnx_schema::TensorProto& tensor : graph.initializer())
      tensors_.check(tensor, model_.file + ": initializer '" + tensor.name() + "'");
    for (const onnx_schema::NodeProto& node : graph.node()) check_node(node, scope);
    for (const onnx_schema::ValueInfoProto& output : graph.output()) {
      if (scope.scope_of(output.name()) == nullptr)
        fail_model("nothing gives the output '" + output.name() + "' of the graph");
    }
  }

 private:
  NUQ_FUNCTION [[noreturn]] void fail_model(const std::string& problem) const {
    fail(ModelError(ErrorCode::invalid_graph, model_.file + ": " + problem));
  }
  NUQ_FUNCTION [[noreturn]] void fail_node(const onnx_schema::NodeProto& node, const std::string& problem) const {
    fail_layer(ErrorCode::invalid_graph, model_.file, onnx_node_name(node), problem);
  }

  NUQ_FUNCTION void check_names(const onnx_schema::GraphProto& graph) const {
    std::set<std::string> initializers;
    for (const onnx_schema::TensorProto& tensor : graph.initializer()) {
      if (!initializers.insert(tensor.name()).second)
        fail_model("two initializers have the name '" + tensor.name() + "', wanted unique names");
    }
    std::set<std::string> nodes;
    std::map<std::string, std::string> writers;
    for (const onnx_schema::ValueInfoProto& input : graph.input()) writers.emplace(input.name(), "an input");
    for (const std::string& name : initializers) writers.emplace(name, "an initializer");
    for (const onnx_schema::NodeProto& node : graph.node()) {
      if (!node.name().empty() && node.op_type() != "Constant" && !nodes.insert(node.name()).second)
        fail_node(node, "another node has this name, wanted unique names");
      for (const std::string& output : node.output()) {
        if (output.empty()) continue;
        const auto [first, is_new] = writers.emplace(output, "node '" + onnx_node_name(node) + "'");
        if (!is_new) fail_node(node, "its output '" + output + "' is that of " + first->second + " too");
      }
    }
  }

  NUQ_FUNCTION void check_node(const onnx_schema::NodeProto& node, const OnnxScope& scope) {
    if (domains_.count(is_onnx_domain(node) ? "" : node.domain()) == 0) {
      fail_node(node, "operation '" + node.op_type() + "' is of the domain '" + node.domain() +
                          "', of which the model imports no version");
    }
    for (const std::string& input : node.input()) {
      if (!input.empty() && scope.scope_of(input) == nullptr)
        fail_node(node, "nothing gives its input '" + input + "'");
    }
    for (const onnx_schema::AttributeProto& attribute : node.attribute()) {
      const std::string place = model_.file + ": layer '" + onnx_node_name(node) + "': " + attribute.name();
      if (attribute.has_t()) tensors_.check(attribute.t(), place);
      for (const onnx_schema::TensorProto& tensor : attribute.tensors()) tensors_.check(tensor, place);
    }
    for (const onnx_schema::GraphProto* graph : onnx_subgraphs(node)) check(OnnxScope(*graph, &scope));
  }

  const OnnxModel& model_;
  OnnxTensors& tensors_;
  std::set<std::string> domains_;
};

}  // namespace detail

NUQ_DEFINITION std::string onnx_node_name(const onnx_schema::NodeProto& node) {
  if (!node.name().empty()) return node.name();
  const auto named = std::find_if(node.output().begin(), node.output().end(),
                                  [](const std::string& output) { return !output.empty(); });
  return named == node.output().end() ? node.op_type() : *named;
}

NUQ_DEFINITION std::string onnx_free_name(std::set<std::string>& taken, const std::string& name) {
  std::string unique = name;
  for (int number = 2; !taken.insert(unique).second; ++number) unique = name + "_" + std::to_string(number);
  return unique;
}

NUQ_DEFINITION std::vector<std::string> onnx_node_names(const onnx_schema::GraphProto& graph) {
  std::set<std::string> taken;
  std::set<std::string> shared;
  for (const onnx_schema::NodeProto& node : graph.node()) {
    if (!node.name().empty() && !taken.insert(node.name()).second) shared.insert(node.name());
  }
  std::vector<std::string> names;
  for (const onnx_schema::NodeProto& node : graph.node()) {
    const std::string name = onnx_node_name(node);
    const bool keeps_name = !node.name().empty() && (node.op_type() != "Constant" || shared.count(name) == 0);
    names.push_back(keeps_name ? name : onnx_free_name(taken, name));
  }
  return names;
}

NUQ_DEFINITION std::vector<std::string> captured_values(const onnx_schema::NodeProto& node) {
  std::vector<std::string> names;
  for (const onnx_schema::GraphProto* graph : onnx_subgraphs(node)) detail::add_captured(*graph, names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

NUQ_DEFINITION std::vector<std::size_t> checked_order(const OnnxModel& model, const OnnxScope& scope,
                                                      OnnxTensors& tensors) {
  detail::OnnxChecker(model, tensors).check(scope);
  const auto& nodes = model.proto.graph().node();
  std::map<const onnx_schema::NodeProto*, std::size_t> places;
  for (const onnx_schema::NodeProto& node : nodes) places.emplace(&node, places.size());
  std::vector<std::size_t> missing(places.size());  // producers that have no place yet
  std::vector<std::vector<std::size_t>> readers(places.size());
  for (const auto& [node, place] : places) {
    std::vector<std::string> read(node->input().begin(), node->input().end());
    for (const std::string& name : captured_values(*node)) read.push_back(name);
    for (const std::string& name : read) {
      const onnx_schema::NodeProto* const producer = scope.producer(name);
      if (producer == nullptr) continue;
      readers[places.at(producer)].push_back(place);
      ++missing[place];
    }
  }
  std::set<std::size_t> ready;
  for (std::size_t place = 0; place < missing.size(); ++place) {
    if (missing[place] == 0) ready.insert(place);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t place = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(place);
    for (const std::size_t reader : readers[place]) {
      if (--missing[reader] == 0) ready.insert(reader);
    }
  }
  if (order.size() == missing.size()) return order;
  const auto stuck = std::find_if(missing.begin(), missing.end(), [](std::size_t count) { return count > 0; });
  detail::fail_layer(ErrorCode::invalid_graph, model.file,
                     onnx_node_name(nodes[static_cast<int>(stuck - missing.begin())]),
                     "stands in or behind a cycle: it needs its own output");
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_CHECK_MODEL_HPP
