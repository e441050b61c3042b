#ifndef NUQ_ONNX_DETAIL_READ_COMMON_HPP
#define NUQ_ONNX_DETAIL_READ_COMMON_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A node that is left out of computing.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation not_computed(const OnnxNodeReader& node, std::string reason) {
  OnnxOperation operation;
  operation.operation = ops::Unknown{node.type(), {}};
  for (std::size_t input = 0; input < node.inputs(); ++input) {
    if (node.has_input(input)) operation.inputs.push_back(input);
  }
  operation.obstacle = std::move(reason);
  return operation;
}

/// An operation of the first input.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation of_first_input(Operation operation, OnnxShape shape) {
  OnnxOperation read;
  read.operation = std::move(operation);
  read.inputs = {0};
  read.shape = std::move(shape);
  return read;
}

/// An operation that keeps the shape of the first input.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation same_shape(const OnnxNodeReader& node, Operation operation) {
  return of_first_input(std::move(operation), node.shape(0));
}

/// A function of the first `count` inputs, of those that are there.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation of_function(const OnnxNodeReader& node, ops::Function function,
                                                            OnnxShape shape, std::size_t count = 1) {
  OnnxOperation read;
  read.operation = std::move(function);
  for (std::size_t input = 0; input < count && input < node.inputs(); ++input) {
    if (node.has_input(input)) read.inputs.push_back(input);
  }
  read.shape = std::move(shape);
  return read;
}

/// An axis from 0 on; `rank` for one outside of the range.
NUQ_FUNCTION [[nodiscard]] inline std::size_t place_of_axis(std::int64_t axis, std::size_t rank) noexcept {
  const std::int64_t place = axis_within(axis, rank);
  return place < 0 ? rank : static_cast<std::size_t>(place);
}

/// Whether a number of a file is one that shapes can be worked out with.
NUQ_FUNCTION [[nodiscard]] inline bool is_moderate(std::int64_t value) noexcept {
  return value >= -max_element_count && value <= max_element_count;
}

NUQ_FUNCTION [[nodiscard]] inline bool are_moderate(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return is_moderate(value); });
}

/// The product of extents, or the largest number of values that a tensor may have.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t times(std::int64_t a, std::int64_t b) noexcept {
  return b > 1 && a > max_element_count / b ? max_element_count : a * b;
}

/// A blob of one axis.
NUQ_FUNCTION [[nodiscard]] inline Tensor vector_blob(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor({size}, std::move(values));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_COMMON_HPP
