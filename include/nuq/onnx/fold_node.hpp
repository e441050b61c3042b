#ifndef NUQ_ONNX_FOLD_NODE_HPP
#define NUQ_ONNX_FOLD_NODE_HPP

#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What an operation makes of constants; nothing for one that is not worked out here, or that its inputs do not fit.
NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> fold_onnx_node(const onnx_schema::NodeProto& node,
                                                                      const std::vector<const OnnxConstant*>& inputs);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/slicing.hpp"
#include "nuq/onnx/scope.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

using FoldInputs = std::vector<const OnnxConstant*>;
using Folded = std::optional<OnnxConstant>;

NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> integer_list(const onnx_schema::NodeProto& node,
                                                                         const std::string& name,
                                                                         const OnnxConstant* input) {
  if (input != nullptr) return input->integers;
  const onnx_schema::AttributeProto* const attribute = onnx_attribute(node, name);
  if (attribute == nullptr) return {};
  return {attribute->ints().begin(), attribute->ints().end()};
}

NUQ_FUNCTION [[nodiscard]] inline std::int64_t integer_attribute(const onnx_schema::NodeProto& node,
                                                                 const std::string& name, std::int64_t otherwise) {
  const onnx_schema::AttributeProto* const attribute = onnx_attribute(node, name);
  return attribute == nullptr ? otherwise : attribute->i();
}

/// An axis from 0; −1 outside of the range.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t axis_within(std::int64_t axis, std::size_t rank) noexcept {
  const auto count = static_cast<std::int64_t>(rank);
  const std::int64_t index = axis < 0 ? axis + count : axis;
  return index < 0 || index >= count ? -1 : index;
}

NUQ_FUNCTION [[nodiscard]] inline Folded with_shape(const OnnxConstant& input, Shape shape) {
  if (!is_valid_shape(shape) || element_count(shape) != element_count(input.shape)) return std::nullopt;
  OnnxConstant result = input;
  result.shape = std::move(shape);
  return result;
}

/// The type that a Cast gives, which before opset 6 is told in words; UNDEFINED for others.
NUQ_FUNCTION [[nodiscard]] inline int cast_type(const onnx_schema::NodeProto& node) {
  const onnx_schema::AttributeProto* const to = onnx_attribute(node, "to");
  onnx_schema::TensorProto::DataType named = onnx_schema::TensorProto::UNDEFINED;
  if (to == nullptr) return named;
  if (!to->has_s()) return static_cast<int>(to->i());
  static_cast<void>(onnx_schema::TensorProto::DataType_Parse(to->s(), &named));
  return named;
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_cast(const onnx_schema::NodeProto& node, const OnnxConstant& input) {
  OnnxConstant result;
  result.shape = input.shape;
  result.type = cast_type(node);
  if (result.is_float()) {
    result.floats = input.values();
  } else if (result.is_integer() && input.is_integer()) {
    result.integers = input.integers;
  } else if (result.is_integer()) {
    for (const float value : input.floats) {
      if (!(std::fabs(value) < 9e15F)) return std::nullopt;
      result.integers.push_back(static_cast<std::int64_t>(value));
    }
  } else {
    return std::nullopt;
  }
  if (result.type == onnx_schema::TensorProto::BOOL) {
    for (std::int64_t& value : result.integers) value = value != 0 ? 1 : 0;
  }
  const bool narrows =
      result.type == onnx_schema::TensorProto::FLOAT16 || result.type == onnx_schema::TensorProto::BFLOAT16;
  if (narrows && input.type != result.type) return std::nullopt;
  return result;
}

/// The values at `offsets` of the input, as `shape`.
NUQ_FUNCTION [[nodiscard]] inline OnnxConstant picked(const OnnxConstant& input, Shape shape,
                                                      const std::vector<std::size_t>& offsets) {
  OnnxConstant result;
  result.type = input.type;
  result.shape = std::move(shape);
  for (const std::size_t offset : offsets) {
    if (input.is_float()) result.floats.push_back(input.floats[offset]);
    if (!input.is_float()) result.integers.push_back(input.integers[offset]);
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_transpose(const onnx_schema::NodeProto& node, const OnnxConstant& input) {
  const std::size_t rank = input.shape.size();
  std::vector<std::int64_t> order = integer_list(node, "perm", nullptr);
  if (order.empty()) {
    for (std::size_t axis = rank; axis-- > 0;) order.push_back(static_cast<std::int64_t>(axis));
  }
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t axis = 0; axis < sorted.size(); ++axis) {
    if (sorted.size() != rank || sorted[axis] != static_cast<std::int64_t>(axis)) return std::nullopt;
  }
  Shape shape;
  std::vector<std::size_t> strides;
  for (const std::int64_t axis : order) {
    const auto from = static_cast<std::size_t>(axis);
    shape.push_back(input.shape[from]);
    strides.push_back(static_cast<std::size_t>(extent_product(input.shape, from + 1, rank)));
  }
  std::vector<std::size_t> offsets(element_count(shape));
  for (std::size_t index = 0; index < offsets.size(); ++index) {
    std::size_t rest = index;
    for (std::size_t axis = rank; axis-- > 0;) {
      const auto extent = static_cast<std::size_t>(shape[axis]);
      offsets[index] += rest % extent * strides[axis];
      rest /= extent;
    }
  }
  return picked(input, std::move(shape), offsets);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_reshape(const onnx_schema::NodeProto& node, const OnnxConstant& input,
                                                      std::vector<std::int64_t> shape) {
  const bool zero_is_extent = integer_attribute(node, "allowzero", 0) != 0;
  std::int64_t* left = nullptr;
  std::int64_t known = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 0 && !zero_is_extent) {
      if (axis >= input.shape.size()) return std::nullopt;
      shape[axis] = input.shape[axis];
    }
    if (shape[axis] == -1 && left == nullptr) {
      left = &shape[axis];
    } else if (shape[axis] < 0 || shape[axis] > max_element_count || known > max_element_count) {
      return std::nullopt;
    } else {
      known *= shape[axis];
    }
  }
  if (left != nullptr) *left = known == 0 ? 0 : static_cast<std::int64_t>(element_count(input.shape)) / known;
  return with_shape(input, shape);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_squeeze(const OnnxConstant& input,
                                                      const std::vector<std::int64_t>& axes) {
  std::vector<bool> dropped(input.shape.size(), false);
  for (const std::int64_t given : axes) {
    const std::int64_t axis = axis_within(given, input.shape.size());
    if (axis < 0) return std::nullopt;
    dropped[static_cast<std::size_t>(axis)] = true;
  }
  Shape shape;
  for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
    const bool is_dropped = axes.empty() ? input.shape[axis] == 1 : dropped[axis];
    if (!is_dropped) shape.push_back(input.shape[axis]);
  }
  return with_shape(input, shape);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_unsqueeze(const OnnxConstant& input,
                                                        const std::vector<std::int64_t>& axes) {
  std::vector<bool> is_new(input.shape.size() + axes.size(), false);
  for (const std::int64_t given : axes) {
    const std::int64_t axis = axis_within(given, is_new.size());
    if (axis < 0 || is_new[static_cast<std::size_t>(axis)]) return std::nullopt;
    is_new[static_cast<std::size_t>(axis)] = true;
  }
  Shape shape;
  auto next = input.shape.begin();
  for (const bool one : is_new) shape.push_back(one ? 1 : *next++);
  return with_shape(input, shape);
}

/// At places along an axis.
NUQ_FUNCTION [[nodiscard]] inline Folded gathered(const OnnxConstant& data, std::size_t axis,
                                                  const OnnxConstant& places) {
  const AxisSplit split = split_at(data.shape, axis, axis + 1);
  std::vector<std::size_t> offsets;
  for (std::int64_t outer = 0; outer < split.outer; ++outer) {
    for (const std::int64_t given : places.integers) {
      const std::int64_t place = axis_within(given, static_cast<std::size_t>(split.extent));
      if (place < 0) return std::nullopt;
      for (std::int64_t inner = 0; inner < split.inner; ++inner) {
        offsets.push_back(static_cast<std::size_t>((outer * split.extent + place) * split.inner + inner));
      }
    }
  }
  const auto at = data.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  Shape shape(data.shape.begin(), at);
  shape.insert(shape.end(), places.shape.begin(), places.shape.end());
  shape.insert(shape.end(), at + 1, data.shape.end());
  return picked(data, std::move(shape), offsets);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_gather(const onnx_schema::NodeProto& node, const OnnxConstant& data,
                                                     const OnnxConstant& places) {
  const std::int64_t axis = axis_within(integer_attribute(node, "axis", 0), data.shape.size());
  if (axis < 0 || !places.is_integer()) return std::nullopt;
  return gathered(data, static_cast<std::size_t>(axis), places);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_concat(const onnx_schema::NodeProto& node, const FoldInputs& inputs) {
  OnnxConstant result = *inputs.front();
  const std::int64_t axis = axis_within(integer_attribute(node, "axis", 0), result.shape.size());
  if (axis < 0) return std::nullopt;
  const auto at = static_cast<std::size_t>(axis);
  result.floats.clear();
  result.integers.clear();
  result.shape[at] = 0;
  for (const OnnxConstant* input : inputs) {
    if (input->shape.size() != result.shape.size() || input->type != result.type) return std::nullopt;
    result.shape[at] += input->shape[at];
  }
  const std::int64_t outer = extent_product(result.shape, 0, at);
  for (std::int64_t line = 0; line < outer; ++line) {
    for (const OnnxConstant* input : inputs) {
      const auto run = static_cast<std::ptrdiff_t>(extent_product(input->shape, at, input->shape.size()));
      const auto add = [&](auto& to, const auto& from) {
        if (static_cast<std::ptrdiff_t>(from.size()) >= (line + 1) * run)
          to.insert(to.end(), from.begin() + line * run, from.begin() + (line + 1) * run);
      };
      add(result.floats, input->floats);
      add(result.integers, input->integers);
    }
  }
  const std::size_t held = result.is_float() ? result.floats.size() : result.integers.size();
  return held == element_count(result.shape) ? Folded(std::move(result)) : std::nullopt;
}

/// A single number that is whole and small enough to count with.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::int64_t> whole_number(const OnnxConstant* input) {
  if (input == nullptr || input->floats.size() + input->integers.size() != 1) return std::nullopt;
  constexpr float most_exact = 1 << 24;
  if (input->is_float() && !(std::fabs(input->floats[0]) < most_exact)) return std::nullopt;
  const std::int64_t value = input->is_float() ? static_cast<std::int64_t>(input->floats[0]) : input->integers[0];
  const bool is_whole = !input->is_float() || input->floats[0] == static_cast<float>(value);
  return is_whole && value > -max_element_count && value < max_element_count ? std::optional(value) : std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_range(const FoldInputs& inputs) {
  if (inputs.size() != 3) return std::nullopt;
  const auto start = whole_number(inputs[0]);
  const auto limit = whole_number(inputs[1]);
  const auto step = whole_number(inputs[2]);
  if (!start || !limit || !step || *step == 0) return std::nullopt;
  OnnxConstant result;
  result.type = inputs[0]->type;
  constexpr std::size_t most = 1 << 20;
  std::size_t count = 0;
  for (std::int64_t value = *start; *step > 0 ? value < *limit : value > *limit; value += *step) {
    if (++count > most) return std::nullopt;
    if (result.is_float()) {
      result.floats.push_back(static_cast<float>(value));
    } else {
      result.integers.push_back(value);
    }
  }
  result.shape = {static_cast<std::int64_t>(count)};
  return result;
}

template <class T>
[[nodiscard]] T arithmetic(std::string_view op, T left, T right) {
  if (op == "Add") return static_cast<T>(left + right);
  if (op == "Sub") return static_cast<T>(left - right);
  if (op == "Mul") return static_cast<T>(left * right);
  return static_cast<T>(left / right);
}

/// Nothing for a division by 0 and for numbers of more than 32 bits, whose product might have more than 64.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::int64_t> integer_arithmetic(std::string_view op, std::int64_t left,
                                                                                 std::int64_t right) {
  const auto is_small = [](std::int64_t value) { return value > -(1LL << 31) && value < (1LL << 31); };
  if ((op == "Div" && right == 0) || !is_small(left) || !is_small(right)) return std::nullopt;
  return arithmetic(op, left, right);
}

/// The right operand, before opset 7 aligned with the left one from `axis` on, as later versions align it.
NUQ_FUNCTION [[nodiscard]] inline OnnxConstant aligned_operand(const onnx_schema::NodeProto& node,
                                                               const OnnxConstant& left, OnnxConstant right) {
  const std::int64_t axis = integer_attribute(node, "axis", -1);
  if (axis < 0 || axis > static_cast<std::int64_t>(left.shape.size())) return right;
  const std::size_t rank = left.shape.size() - static_cast<std::size_t>(axis);
  if (right.shape.size() < rank) right.shape.resize(rank, 1);
  return right;
}

/// Of what combines two constants element by element; nothing where they do not fit.
NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> combined_shape(const Shape& left, const Shape& right) {
  std::optional<Shape> shape = common_shape(left, right);
  return shape && is_valid_shape(*shape) ? shape : std::nullopt;
}

/// Repeated to a shape that it broadcasts to.
NUQ_FUNCTION [[nodiscard]] inline OnnxConstant repeated_to(const OnnxConstant& input, const Shape& shape) {
  const BroadcastOffsets from(input.shape, shape);
  std::vector<std::size_t> offsets(element_count(shape));
  for (std::size_t at = 0; at < offsets.size(); ++at)
    offsets[at] = static_cast<std::size_t>(from(static_cast<std::int64_t>(at)));
  return picked(input, shape, offsets);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_expand(const OnnxConstant& input, const OnnxConstant& extents) {
  constexpr std::size_t most = 1 << 20;
  const std::optional<Shape> shape = combined_shape(input.shape, extents.integers);
  if (!extents.is_integer() || !shape || element_count(*shape) > most) return std::nullopt;
  return repeated_to(input, *shape);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_where(const OnnxConstant& condition, const OnnxConstant& chosen,
                                                    const OnnxConstant& other) {
  const std::optional<Shape> values = combined_shape(chosen.shape, other.shape);
  const std::optional<Shape> shape = values ? combined_shape(*values, condition.shape) : std::nullopt;
  if (chosen.type != other.type || !condition.is_integer() || !shape) return std::nullopt;
  const std::vector<std::int64_t> choice = repeated_to(condition, *shape).integers;
  const OnnxConstant others = repeated_to(other, *shape);
  OnnxConstant result = repeated_to(chosen, *shape);
  for (std::size_t at = 0; at < choice.size(); ++at) {
    if (choice[at] != 0) continue;
    if (result.is_float()) {
      result.floats[at] = others.floats[at];
    } else {
      result.integers[at] = others.integers[at];
    }
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_arithmetic(const onnx_schema::NodeProto& node, const OnnxConstant& left,
                                                         const OnnxConstant& given) {
  if (left.type != given.type) return std::nullopt;
  const OnnxConstant right = aligned_operand(node, left, given);
  const std::optional<Shape> shape = combined_shape(left.shape, right.shape);
  if (!shape) return std::nullopt;
  OnnxConstant result;
  result.type = left.type;
  result.shape = *shape;
  const BroadcastOffsets from_left(left.shape, result.shape);
  const BroadcastOffsets from_right(right.shape, result.shape);
  const auto count = static_cast<std::int64_t>(element_count(result.shape));
  for (std::int64_t at = 0; at < count; ++at) {
    const auto a = static_cast<std::size_t>(from_left(at));
    const auto b = static_cast<std::size_t>(from_right(at));
    if (left.is_float()) {
      result.floats.push_back(arithmetic(node.op_type(), left.floats[a], right.floats[b]));
    } else {
      const auto value = integer_arithmetic(node.op_type(), left.integers[a], right.integers[b]);
      if (!value) return std::nullopt;
      result.integers.push_back(*value);
    }
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_slice(const onnx_schema::NodeProto& node, const FoldInputs& inputs) {
  const OnnxConstant& data = *inputs.front();
  const auto given = [&inputs](std::size_t index) { return index < inputs.size() ? inputs[index] : nullptr; };
  ops::StridedSlice slice{integer_list(node, "axes", given(3)), integer_list(node, "starts", given(1)),
                          integer_list(node, "ends", given(2)), integer_list(node, "steps", given(4))};
  const std::size_t count = slice.starts.size();
  for (std::size_t axis = slice.axes.size(); axis < count; ++axis)
    slice.axes.push_back(static_cast<std::int64_t>(axis));
  if (slice.steps.empty()) slice.steps.assign(count, 1);
  const std::vector<Tensor> none;
  std::vector<SlicedAxis> axes;
  try {
    axes = sliced_axes(slice, {node.name(), node.op_type(), none, 1, {}}, data.shape);
  } catch (const ModelError&) {
    return std::nullopt;
  }
  Shape shape;
  for (const SlicedAxis& axis : axes) shape.push_back(axis.count);
  if (!is_valid_shape(shape)) return std::nullopt;
  std::vector<std::size_t> offsets(element_count(shape));
  for (std::size_t index = 0; index < offsets.size(); ++index) {
    auto rest = static_cast<std::int64_t>(index);
    std::int64_t stride = 1;
    std::int64_t offset = 0;
    for (std::size_t axis = axes.size(); axis-- > 0; stride *= data.shape[axis]) {
      offset += (axes[axis].start + rest % shape[axis] * axes[axis].step) * stride;
      rest /= shape[axis];
    }
    offsets[index] = static_cast<std::size_t>(offset);
  }
  return picked(data, std::move(shape), offsets);
}

NUQ_FUNCTION [[nodiscard]] inline Folded fold_comparison(std::string_view op, const OnnxConstant& left,
                                                         const OnnxConstant& right) {
  const std::optional<Shape> shape = combined_shape(left.shape, right.shape);
  if (!shape || left.type != right.type) return std::nullopt;
  const auto holds = [op](auto a, auto b) {
    if (op == "Equal") return a == b;
    if (op == "Less") return a < b;
    if (op == "LessOrEqual") return a <= b;
    return op == "Greater" ? a > b : a >= b;
  };
  const OnnxConstant first = repeated_to(left, *shape);
  const OnnxConstant second = repeated_to(right, *shape);
  OnnxConstant result;
  result.type = onnx_schema::TensorProto::BOOL;
  result.shape = *shape;
  for (std::size_t at = 0; at < element_count(*shape); ++at) {
    const bool is_true =
        left.is_float() ? holds(first.floats[at], second.floats[at]) : holds(first.integers[at], second.integers[at]);
    result.integers.push_back(is_true ? 1 : 0);
  }
  return result;
}

/// (levels − zero point)·scale, with one of these for all or one for each index along an axis.
NUQ_FUNCTION [[nodiscard]] inline Folded fold_dequantize(const onnx_schema::NodeProto& node, const OnnxConstant& levels,
                                                         const OnnxConstant& scale, const OnnxConstant* zero) {
  const bool has_axis = scale.floats.size() > 1;
  const std::int64_t axis = axis_within(integer_attribute(node, "axis", 1), levels.shape.size());
  const auto at = static_cast<std::size_t>(axis);
  const bool fits = !has_axis || (axis >= 0 && scale.shape.size() == 1 && scale.shape.front() == levels.shape[at]);
  const bool has_zeros = zero == nullptr || zero->integers.size() == scale.floats.size();
  if (!levels.is_integer() || !scale.is_float() || scale.floats.empty() || !fits || !has_zeros) return std::nullopt;
  const AxisSplit split = has_axis ? split_at(levels.shape, at, at + 1) : AxisSplit{};
  OnnxConstant result;
  result.type = scale.type;
  result.shape = levels.shape;
  for (std::size_t index = 0; index < levels.integers.size(); ++index) {
    const std::size_t channel =
        has_axis ? index / static_cast<std::size_t>(split.inner) % static_cast<std::size_t>(split.extent) : 0;
    const std::int64_t level = levels.integers[index] - (zero == nullptr ? 0 : zero->integers[channel]);
    result.floats.push_back(static_cast<float>(level) * scale.floats[channel]);
  }
  return result;
}

}  // namespace detail

NUQ_DEFINITION std::optional<OnnxConstant> fold_onnx_node(const onnx_schema::NodeProto& node,
                                                          const std::vector<const OnnxConstant*>& inputs) {
  using namespace detail;
  const std::string& op = node.op_type();
  const auto given = [&inputs](std::size_t index) { return index < inputs.size() ? inputs[index] : nullptr; };
  const OnnxConstant* const first = given(0);
  if (first == nullptr || (!first->is_float() && !first->is_integer())) return std::nullopt;
  if (op == "Identity") return *first;
  if (op == "Cast") return fold_cast(node, *first);
  if (op == "Transpose") return fold_transpose(node, *first);
  if (op == "Reshape") return fold_reshape(node, *first, integer_list(node, "shape", given(1)));
  if (op == "Squeeze") return fold_squeeze(*first, integer_list(node, "axes", given(1)));
  if (op == "Unsqueeze") return fold_unsqueeze(*first, integer_list(node, "axes", given(1)));
  if (op == "Flatten") {
    const std::int64_t axis = integer_attribute(node, "axis", 1);
    const auto rank = static_cast<std::int64_t>(first->shape.size());
    const std::int64_t begin = axis < 0 ? axis + rank : axis;
    if (begin < 0 || begin > rank) return std::nullopt;
    const auto at = static_cast<std::size_t>(begin);
    return with_shape(*first,
                      {extent_product(first->shape, 0, at), extent_product(first->shape, at, first->shape.size())});
  }
  if (op == "Slice") return fold_slice(node, inputs);
  if (op == "Expand" && given(1) != nullptr) return fold_expand(*first, *given(1));
  if (op == "Gather" && given(1) != nullptr) return fold_gather(node, *first, *given(1));
  if (op == "DequantizeLinear" && given(1) != nullptr) return fold_dequantize(node, *first, *given(1), given(2));
  if (op == "Range") return fold_range(inputs);
  const bool has_all = std::none_of(inputs.begin(), inputs.end(), [](const auto* input) { return input == nullptr; });
  if (op == "Concat" && has_all) return fold_concat(node, inputs);
  const bool is_comparison =
      op == "Equal" || op == "Less" || op == "LessOrEqual" || op == "Greater" || op == "GreaterOrEqual";
  if (is_comparison && has_all && inputs.size() == 2) return fold_comparison(op, *first, *given(1));
  if (op == "Where" && has_all && inputs.size() == 3) return fold_where(*first, *given(1), *given(2));
  const bool is_arithmetic = op == "Add" || op == "Sub" || op == "Mul" || op == "Div";
  if (is_arithmetic && has_all && inputs.size() == 2) return fold_arithmetic(node, *first, *given(1));
  if (op == "Shape" && inputs.size() == 1 && node.attribute_size() == 0) {
    OnnxConstant shape;
    shape.type = onnx_schema::TensorProto::INT64;
    shape.shape = {static_cast<std::int64_t>(first->shape.size())};
    shape.integers = first->shape;
    return shape;
  }
  return std::nullopt;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_FOLD_NODE_HPP
