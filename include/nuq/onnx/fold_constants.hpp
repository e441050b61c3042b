#ifndef NUQ_ONNX_FOLD_CONSTANTS_HPP
#define NUQ_ONNX_FOLD_CONSTANTS_HPP

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/scope.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The constants of a model, worked out where operations stand between them and their readers.
class OnnxConstants {
 public:
  /// `scope` and `tensors` live as long; messages name `file`.
  NUQ_FUNCTION OnnxConstants(const OnnxScope& scope, OnnxTensors& tensors, std::string file);

  /// The value of a name; nothing where it is no constant or is made by an operation that is not worked out here.
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> find(const std::string& value);

  /// Makes known what the model leaves open: a value that follows from shapes.
  void set(const std::string& value, OnnxConstant constant) { set_[value] = std::move(constant); }
  /// What a node gives whose inputs are all constants or were set, one of them at least; nothing for other nodes.
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> follow(const onnx_schema::NodeProto& node);

  /// The initializer or Constant node that a value is taken from through operations that keep its numbers (Identity,
  /// Transpose, Squeeze, Unsqueeze, Reshape, Flatten); empty where there is no such one.
  NUQ_FUNCTION [[nodiscard]] std::string origin(const std::string& value) const;
  /// The type of a constant's values; UNDEFINED for what is none.
  NUQ_FUNCTION [[nodiscard]] int type_of(const std::string& value);

 private:
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> of_node(const onnx_schema::NodeProto& node);
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> of_constant_node(const onnx_schema::NodeProto& node);
  /// What a ConstantOfShape gives.
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> of_shape(const onnx_schema::NodeProto& node,
                                                                  const OnnxConstant& shape);

  const OnnxScope& scope_;
  OnnxTensors& tensors_;
  std::string file_;
  std::map<std::string, OnnxConstant> small_;  // worked out already
  std::map<std::string, OnnxConstant> set_;
  int depth_ = 0;  // of operations being worked out
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/fold_node.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Values of at most this many are kept.
inline constexpr std::size_t most_kept_values = 4096;

NUQ_FUNCTION [[nodiscard]] inline bool keeps_numbers(std::string_view op) noexcept {
  return op == "Identity" || op == "Transpose" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape" ||
         op == "Flatten";
}

}  // namespace detail

NUQ_DEFINITION OnnxConstants::OnnxConstants(const OnnxScope& scope, OnnxTensors& tensors, std::string file)
    : scope_(scope), tensors_(tensors), file_(std::move(file)) {}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxConstants::find(const std::string& value) {
  for (const auto* known : {&small_, &set_}) {
    const auto found = known->find(value);
    if (found != known->end()) return found->second;
  }
  const OnnxScope* const scope = scope_.scope_of(value);
  if (scope == nullptr || !scope_.is_constant(value)) return std::nullopt;
  std::optional<OnnxConstant> constant;
  if (const onnx_schema::TensorProto* const tensor = scope->initializer(value)) {
    constant = tensors_.read(*tensor, file_ + ": initializer '" + value + "'");
  } else if (const onnx_schema::NodeProto& node = *scope->producer(value); node.op_type() == "Constant") {
    constant = of_constant_node(node);
  } else {
    constant = of_node(node);
  }
  if (constant && element_count(constant->shape) <= detail::most_kept_values) small_.emplace(value, *constant);
  return constant;
}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxConstants::follow(const onnx_schema::NodeProto& node) {
  bool has_set = false;
  for (const std::string& input : node.input()) {
    const bool is_set = set_.count(input) > 0;
    if (!is_set && !input.empty() && !scope_.is_constant(input)) return std::nullopt;
    has_set = has_set || is_set;
  }
  return has_set && onnx_subgraphs(node).empty() ? of_node(node) : std::nullopt;
}

NUQ_DEFINITION std::string OnnxConstants::origin(const std::string& value) const {
  std::string name = value;
  while (scope_.initializer(name) == nullptr) {
    const onnx_schema::NodeProto* const node = scope_.producer(name);
    if (node == nullptr || !is_onnx_domain(*node) || !scope_.is_constant(name)) return {};
    if (node->op_type() == "Constant") break;
    if (!detail::keeps_numbers(node->op_type())) return {};
    name = node->input(0);
  }
  return name;
}

NUQ_DEFINITION int OnnxConstants::type_of(const std::string& value) {
  const std::string from = origin(value);
  if (const onnx_schema::TensorProto* const tensor = scope_.initializer(from)) return tensor->data_type();
  const std::optional<OnnxConstant> constant = find(value);
  return constant ? constant->type : static_cast<int>(onnx_schema::TensorProto::UNDEFINED);
}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxConstants::of_constant_node(const onnx_schema::NodeProto& node) {
  using T = onnx_schema::TensorProto;
  for (const onnx_schema::AttributeProto& attribute : node.attribute()) {
    OnnxConstant constant;
    const bool is_list = attribute.name() == "value_ints" || attribute.name() == "value_floats";
    if (attribute.name() == "value") return tensors_.read(attribute.t(), file_ + ": constant '" + node.output(0) + "'");
    if (attribute.name() == "value_int" || attribute.name() == "value_ints") {
      constant.type = T::INT64;
      constant.integers.assign(attribute.ints().begin(), attribute.ints().end());
      if (!is_list) constant.integers = {attribute.i()};
    } else if (attribute.name() == "value_float" || attribute.name() == "value_floats") {
      constant.type = T::FLOAT;
      constant.floats.assign(attribute.floats().begin(), attribute.floats().end());
      if (!is_list) constant.floats = {attribute.f()};
    } else {
      continue;
    }
    if (is_list) constant.shape = {static_cast<std::int64_t>(constant.integers.size() + constant.floats.size())};
    return constant;
  }
  return std::nullopt;
}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxConstants::of_node(const onnx_schema::NodeProto& node) {
  constexpr int deepest = 200;
  if (!is_onnx_domain(node) || node.output_size() != 1 || depth_ == deepest) return std::nullopt;
  ++depth_;
  std::vector<std::optional<OnnxConstant>> values;
  bool is_known = true;
  for (const std::string& input : node.input()) {
    values.push_back(input.empty() ? std::nullopt : find(input));
    is_known = is_known && (input.empty() || values.back());
  }
  --depth_;
  if (!is_known) return std::nullopt;
  std::vector<const OnnxConstant*> inputs;
  for (const std::optional<OnnxConstant>& value : values) inputs.push_back(value ? &*value : nullptr);
  if (node.op_type() == "ConstantOfShape" && inputs.size() == 1 && inputs.front() != nullptr)
    return of_shape(node, *inputs.front());
  return fold_onnx_node(node, inputs);
}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxConstants::of_shape(const onnx_schema::NodeProto& node,
                                                                   const OnnxConstant& shape) {
  if (!shape.is_integer() || !is_valid_shape(shape.integers)) return std::nullopt;
  onnx_schema::TensorProto zero;
  zero.set_data_type(onnx_schema::TensorProto::FLOAT);
  zero.add_dims(1);
  zero.add_float_data(0.0F);
  const onnx_schema::AttributeProto* const value = onnx_attribute(node, "value");
  OnnxConstant result = tensors_.repeated(value == nullptr ? zero : value->t(), shape.integers,
                                          file_ + ": node '" + onnx_node_name(node) + "'");
  const std::size_t held = result.floats.size() + result.integers.size();
  return held == element_count(result.shape) ? std::optional<OnnxConstant>(std::move(result)) : std::nullopt;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_FOLD_CONSTANTS_HPP
