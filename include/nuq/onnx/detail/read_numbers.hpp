#ifndef NUQ_ONNX_DETAIL_READ_NUMBERS_HPP
#define NUQ_ONNX_DETAIL_READ_NUMBERS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The values from `begin` up to `end`, which is left out; negative places count from the end.
NUQ_FUNCTION [[nodiscard]] inline OnnxNumbers sliced(const std::vector<OnnxExtent>& values, std::int64_t begin,
                                                     std::int64_t end) {
  const auto size = static_cast<std::int64_t>(values.size());
  const auto clamped = [size](std::int64_t place) {
    const std::int64_t from_begin = place < 0 ? place + size : place;
    return (std::min)((std::max)(from_begin, std::int64_t{0}), size);
  };
  const std::int64_t first = clamped(begin);
  return {{values.begin() + first, values.begin() + (std::max)(first, clamped(end))}, false};
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of_shape(OnnxNodeReader& node) {
  const OnnxShape shape = node.shape(0);
  if (!shape) return std::nullopt;
  return sliced(*shape, node.integer("start", 0), node.integer("end", static_cast<std::int64_t>(shape->size())));
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of_gather(OnnxNodeReader& node) {
  const std::optional<OnnxNumbers> data = node.numbers(0);
  const std::optional<OnnxNumbers> places = node.numbers(1);
  if (!data || !places || data->is_scalar) return std::nullopt;
  OnnxNumbers result;
  result.is_scalar = places->is_scalar;
  for (const OnnxExtent& place : places->values) {
    const std::int64_t at = axis_within(place.value, data->values.size());
    if (!place.is_known() || at < 0) return std::nullopt;
    result.values.push_back(data->values[static_cast<std::size_t>(at)]);
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of_slice(OnnxNodeReader& node) {
  const std::optional<OnnxNumbers> data = node.numbers(0);
  const auto starts = node.list_or_input("starts", 1);
  const auto ends = node.list_or_input("ends", 2);
  const auto steps = node.has_input(4) ? node.integers(4) : std::vector<std::int64_t>{1};
  if (!data || data->is_scalar || !starts || !ends || !steps) return std::nullopt;
  if (starts->size() != 1 || ends->size() != 1 || steps->size() != 1 || steps->front() != 1) return std::nullopt;
  return sliced(data->values, starts->front(), ends->front());
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of_concat(OnnxNodeReader& node) {
  OnnxNumbers result;
  for (std::size_t input = 0; input < node.inputs(); ++input) {
    const std::optional<OnnxNumbers> part = node.numbers(input);
    if (!part || part->is_scalar) return std::nullopt;
    result.values.insert(result.values.end(), part->values.begin(), part->values.end());
  }
  return result;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of_arithmetic(OnnxNodeReader& node) {
  const auto left = node.integers(0);
  const auto right = node.integers(1);
  if (!left || !right || left->size() != 1 || right->size() != 1) return std::nullopt;
  const std::optional<std::int64_t> result = integer_arithmetic(node.type(), left->front(), right->front());
  if (!result) return std::nullopt;
  const bool is_scalar = node.numbers(0)->is_scalar && node.numbers(1)->is_scalar;
  return OnnxNumbers{{{*result}}, is_scalar};
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<OnnxNumbers> numbers_of(OnnxNodeReader& node) {
  const std::string& type = node.type();
  if (type == "Shape") return numbers_of_shape(node);
  if (type == "Gather") return numbers_of_gather(node);
  if (type == "Slice") return numbers_of_slice(node);
  if (type == "Concat") return numbers_of_concat(node);
  if (type == "Add" || type == "Sub" || type == "Mul" || type == "Div") return numbers_of_arithmetic(node);
  std::optional<OnnxNumbers> data = node.numbers(0);
  if (!data) return std::nullopt;
  using T = onnx_schema::TensorProto;
  const int to = type == "Cast" ? cast_type(node.node()) : static_cast<int>(T::UNDEFINED);
  if (type == "Identity" || to == T::INT64 || to == T::INT32) return data;
  const bool is_single = data->values.size() == 1;
  if (type == "Squeeze" && is_single) return OnnxNumbers{data->values, true};
  if (type == "Unsqueeze" && data->is_scalar) return OnnxNumbers{data->values, false};
  const auto shape = type == "Reshape" ? node.list_or_input("shape", 1) : std::nullopt;
  const bool becomes_vector =
      shape && shape->size() == 1 && (shape->front() == -1 || (is_single && shape->front() == 1));
  return becomes_vector ? std::optional<OnnxNumbers>({data->values, false}) : std::nullopt;
}

/// For operations that are known where they have been worked out already.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_of_shapes(OnnxNodeReader& node) {
  return not_computed(node, "it depends on shapes that are not all known (--input-shape)");
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_NUMBERS_HPP
