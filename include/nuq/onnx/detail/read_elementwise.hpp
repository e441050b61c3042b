#ifndef NUQ_ONNX_DETAIL_READ_ELEMENTWISE_HPP
#define NUQ_ONNX_DETAIL_READ_ELEMENTWISE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/functions/elementwise.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// For operations without attributes that keep the shape.
template <class Op>
[[nodiscard]] OnnxOperation read_pointwise(OnnxNodeReader& node) {
  return same_shape(node, Op{});
}

template <ops::PointwiseFunction function>
[[nodiscard]] OnnxOperation read_function(OnnxNodeReader& node) {
  return same_shape(node, ops::Pointwise{function});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_gelu(OnnxNodeReader& node) {
  const std::string approximation = node.text("approximate", "none");
  if (approximation != "none" && approximation != "tanh")
    return not_computed(node, "approximate '" + approximation + "' is not known");
  return same_shape(
      node, ops::Pointwise{approximation == "none" ? ops::PointwiseFunction::gelu : ops::PointwiseFunction::gelu_tanh});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_hard_sigmoid(OnnxNodeReader& node) {
  return same_shape(node, ops::HardSigmoid{node.real("alpha", 0.2F), node.real("beta", 0.5F)});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_leaky_relu(OnnxNodeReader& node) {
  return same_shape(node, ops::Relu{node.real("alpha", 0.01F)});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_elu(OnnxNodeReader& node) {
  return same_shape(node, ops::Elu{node.real("alpha", 1.0F)});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_neg(OnnxNodeReader& node) {
  return same_shape(node, ops::Power{1.0F, -1.0F, 0.0F});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_sqrt(OnnxNodeReader& node) {
  return same_shape(node, ops::Power{0.5F, 1.0F, 0.0F});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_reciprocal(OnnxNodeReader& node) {
  return same_shape(node, ops::Power{-1.0F, 1.0F, 0.0F});
}

/// Values are floats whatever their type: a cast to a type of floats is a mere copy, one to whole numbers of many bits
/// drops the fraction.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_cast(OnnxNodeReader& node) {
  using T = onnx_schema::TensorProto;
  OnnxConstant wanted;
  wanted.type = cast_type(node.node());
  OnnxConstant given;
  given.type = node.type_of(0);
  node.ignore("to");
  node.ignore("saturate");
  const bool has_many_bits = wanted.type == T::INT32 || wanted.type == T::INT64;
  const bool is_copy =
      wanted.is_float() || given.type == wanted.type || given.type == T::BOOL || (has_many_bits && given.is_integer());
  const bool is_known = given.is_float() || given.is_integer() || given.type == T::UNDEFINED;
  OnnxOperation read;
  if (is_known && is_copy) {
    read = same_shape(node, ops::Split{});
  } else if (is_known && wanted.type == T::BOOL) {
    read = of_function(node, pointwise([](float x) { return x != 0.0F ? 1.0F : 0.0F; }), node.shape(0));
  } else if (given.is_float() && has_many_bits) {
    read = of_function(node, pointwise([](float x) { return std::trunc(x); }), node.shape(0));
  } else {
    const std::string from = given.type == T::UNDEFINED ? "" : " from " + onnx_type_name(given.type);
    read = not_computed(node, "a cast" + from + " to " + onnx_type_name(wanted.type) + " is not computed");
  }
  read.types = {wanted.type};
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_dropout(OnnxNodeReader& node) {
  for (const char* name : {"ratio", "seed", "is_test"}) node.ignore(name);
  const std::optional<float> training = node.has_input(2) ? node.number(2) : 0.0F;
  if (!training || *training != 0.0F) return not_computed(node, "it drops values, which is for training");
  return same_shape(node, ops::Dropout{});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_clip(OnnxNodeReader& node) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::optional<float> min = node.real("min", -infinity);
  std::optional<float> max = node.real("max", infinity);
  if (node.has_input(1)) min = node.number(1);
  if (node.has_input(2)) max = node.number(2);
  if (!min || !max) {
    const bool has_min = node.has_input(1);
    const bool has_max = node.has_input(2);
    return of_function(node, elementwise([=](const float* x) {
                         const float raised = has_min ? (std::max)(x[0], x[1]) : x[0];
                         return has_max ? (std::min)(raised, x[has_min ? 2 : 1]) : raised;
                       }),
                       node.shape(0), 3);
  }
  return same_shape(node, ops::Clip{min, max});
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_prelu(OnnxNodeReader& node) {
  const std::optional<OnnxConstant> slopes = node.constant(1);
  const OnnxShape shape = node.shape(0);
  const std::size_t count = slopes ? slopes->floats.size() : 0;
  const std::size_t rank = slopes ? slopes->shape.size() : 0;
  const bool is_channel = shape && shape->size() >= 2 && rank + 1 == shape->size() && rank > 0 &&
                          slopes->shape.front() == static_cast<std::int64_t>(count);
  if (count != 1 && !is_channel) {
    return of_function(node, elementwise([](const float* x) { return x[0] < 0.0F ? x[0] * x[1] : x[0]; }), shape, 2);
  }
  OnnxOperation read = same_shape(node, ops::PRelu{count == 1});
  read.blobs = {vector_blob(slopes->floats)};
  return read;
}

/// What two shapes broadcast to.
NUQ_FUNCTION [[nodiscard]] inline OnnxShape broadcast(OnnxNodeReader& node, const OnnxShape& left,
                                                      const OnnxShape& right) {
  if (!left || !right) return std::nullopt;
  std::vector<OnnxExtent> result = left->size() >= right->size() ? *left : *right;
  const std::vector<OnnxExtent>& shorter = left->size() >= right->size() ? *right : *left;
  const std::size_t missing = result.size() - shorter.size();
  for (std::size_t axis = 0; axis < shorter.size(); ++axis) {
    OnnxExtent& extent = result[missing + axis];
    const OnnxExtent& other = shorter[axis];
    const auto is_one = [](const OnnxExtent& given) { return given.is_known() && given.value == 1; };
    if (extent == other || is_one(other)) continue;
    if (is_one(extent) || (!extent.is_known() && other.is_known())) {
      extent = other;
    } else if (!extent.is_known()) {
      extent = node.new_symbol();
    }
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation eltwise(OnnxNodeReader& node, ops::EltwiseMethod method,
                                                        std::vector<float> coefficients = {}) {
  ops::Eltwise operation;
  operation.method = method;
  operation.coefficients = std::move(coefficients);
  OnnxOperation read;
  read.shape = node.shape(0);
  for (std::size_t input = 0; input < node.inputs(); ++input) {
    const OnnxShape shape = node.shape(input);
    read.inputs.push_back(input);
    operation.broadcast = operation.broadcast || !shape || shape != read.shape;
    if (input > 0) read.shape = broadcast(node, read.shape, shape);
  }
  read.operation = std::move(operation);
  return read;
}

/// A node of two inputs, one of them constant.
struct ConstantOperand {
  std::size_t variable;  ///< the other input
  std::vector<float> values;
  std::optional<std::int64_t> axis{};  ///< of the other input, along which alone the values differ; of several values
};

/// Nothing where the constant makes the other input larger, or both inputs are constant or none is.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ConstantOperand> constant_operand(OnnxNodeReader& node) {
  node.ignore("axis");
  node.ignore("broadcast");
  if (node.inputs() != 2) return std::nullopt;
  const std::size_t fixed = node.is_constant(1) ? 1 : 0;
  const std::optional<OnnxConstant> constant = node.constant(fixed);
  if (!constant || node.is_constant(1 - fixed)) return std::nullopt;
  ConstantOperand operand{1 - fixed, constant->values(), {}};
  const Shape& shape = constant->shape;
  const OnnxShape other = node.shape(operand.variable);
  if (other ? shape.size() > other->size() : shape.size() > 1) return std::nullopt;
  if (operand.values.size() == 1) return operand;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    const std::size_t place = other ? other->size() - shape.size() + axis : 0;
    const bool fits = other && (*other)[place] == OnnxExtent{shape[axis]};
    if (operand.axis || !fits) return std::nullopt;
    operand.axis = static_cast<std::int64_t>(place);
  }
  return operand;
}

/// Before opset 7 the second operand could be aligned elsewhere than at the end.
NUQ_FUNCTION [[nodiscard]] inline bool aligns_elsewhere(OnnxNodeReader& node) {
  return node.has("axis") || node.integer("broadcast", 0) != 0;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation with_blob(OnnxNodeReader& node, Operation operation,
                                                          ConstantOperand operand) {
  OnnxOperation read;
  read.operation = std::move(operation);
  read.inputs = {operand.variable};
  read.shape = node.shape(operand.variable);
  read.blobs = {vector_blob(std::move(operand.values))};
  return read;
}

/// factor·x + shift, whichever of the inputs x is.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation scaled(OnnxNodeReader& node, const ConstantOperand& operand,
                                                       float factor, float shift) {
  OnnxOperation read;
  read.operation = ops::Power{1.0F, factor, shift};
  read.inputs = {operand.variable};
  read.shape = node.shape(operand.variable);
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation misaligned(const OnnxNodeReader& node) {
  return not_computed(node, "its operands are aligned by 'axis' or 'broadcast', which is not computed");
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_add(OnnxNodeReader& node) {
  if (aligns_elsewhere(node)) return misaligned(node);
  const std::optional<ConstantOperand> operand = constant_operand(node);
  if (!operand) return eltwise(node, ops::EltwiseMethod::sum);
  if (!operand->axis) return scaled(node, *operand, 1.0F, operand->values.front());
  return with_blob(node, ops::Bias{*operand->axis, 1}, *operand);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_sub(OnnxNodeReader& node) {
  if (aligns_elsewhere(node)) return misaligned(node);
  std::optional<ConstantOperand> operand = constant_operand(node);
  if (operand && !operand->axis) {
    const float value = operand->values.front();
    return operand->variable == 0 ? scaled(node, *operand, 1.0F, -value) : scaled(node, *operand, -1.0F, value);
  }
  if (!operand) return eltwise(node, ops::EltwiseMethod::sum, {1.0F, -1.0F});
  if (operand->variable == 1) {
    OnnxOperation read = with_blob(node, ops::Scale{*operand->axis, 1, true}, *operand);
    const Tensor& shift = read.blobs.front();
    read.blobs.insert(read.blobs.begin(), Tensor(shift.shape, std::vector<float>(shift.values.size(), -1.0F)));
    return read;
  }
  for (float& value : operand->values) value = -value;
  return with_blob(node, ops::Bias{*operand->axis, 1}, *operand);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_mul(OnnxNodeReader& node) {
  if (aligns_elsewhere(node)) return misaligned(node);
  const std::optional<ConstantOperand> operand = constant_operand(node);
  if (!operand) return eltwise(node, ops::EltwiseMethod::product);
  if (!operand->axis) return scaled(node, *operand, operand->values.front(), 0.0F);
  return with_blob(node, ops::Scale{*operand->axis, 1, false}, *operand);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_div(OnnxNodeReader& node) {
  if (aligns_elsewhere(node)) return misaligned(node);
  std::optional<ConstantOperand> operand = constant_operand(node);
  if (!operand || operand->variable == 1) return eltwise(node, ops::EltwiseMethod::quotient);
  for (float& value : operand->values) value = 1.0F / value;
  if (!operand->axis) return scaled(node, *operand, operand->values.front(), 0.0F);
  return with_blob(node, ops::Scale{*operand->axis, 1, false}, *operand);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_pow(OnnxNodeReader& node) {
  if (aligns_elsewhere(node)) return misaligned(node);
  const std::optional<ConstantOperand> operand = constant_operand(node);
  if (!operand || operand->axis || operand->variable == 1) return eltwise(node, ops::EltwiseMethod::power);
  return of_first_input(ops::Power{operand->values.front(), 1.0F, 0.0F}, node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_max(OnnxNodeReader& node) {
  return eltwise(node, ops::EltwiseMethod::maximum);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_min(OnnxNodeReader& node) {
  return eltwise(node, ops::EltwiseMethod::minimum);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_sum(OnnxNodeReader& node) {
  return eltwise(node, ops::EltwiseMethod::sum);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_mean(OnnxNodeReader& node) {
  const float share = 1.0F / static_cast<float>(node.inputs());
  return eltwise(node, ops::EltwiseMethod::sum, std::vector<float>(node.inputs(), share));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_ELEMENTWISE_HPP
