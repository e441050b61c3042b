#ifndef NUQ_CORE_TENSOR_HPP
#define NUQ_CORE_TENSOR_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Extents of a tensor, outermost first (NCHW for images). An empty shape is a scalar.
using Shape = std::vector<std::int64_t>;

/// Number of elements; 1 for a scalar. Extents must be non-negative and their product representable (see
/// `checked_element_count`).
NUQ_FUNCTION [[nodiscard]] std::size_t element_count(const Shape& shape) noexcept;

/// Largest element count that any tensor may have: sizes read from files are checked against it before memory is asked
/// for.
inline constexpr std::int64_t max_element_count = std::int64_t{1} << 40;

/// True when no extent is negative and the element count is at most `max_element_count`.
NUQ_FUNCTION [[nodiscard]] bool is_valid_shape(const Shape& shape) noexcept;

/// "[1,3,224,224]", for messages.
NUQ_FUNCTION [[nodiscard]] std::string to_string(const Shape& shape);

/// A dense float tensor of somebody else's memory.
struct TensorView {
  Shape shape;
  ArrayView<const float> values;
};

/// A dense float tensor that owns its values, row-major, `values.size() == element_count(shape)`.
struct Tensor {
  Shape shape;
  std::vector<float> values;

  Tensor() = default;
  NUQ_FUNCTION explicit Tensor(Shape extents) : shape(std::move(extents)), values(element_count(shape)) {}
  NUQ_FUNCTION Tensor(Shape extents, std::vector<float> content)
      : shape(std::move(extents)), values(std::move(content)) {}
  [[nodiscard]] TensorView view() const { return {shape, values}; }
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::size_t element_count(const Shape& shape) noexcept {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  return count;
}

NUQ_DEFINITION bool is_valid_shape(const Shape& shape) noexcept {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || extent > max_element_count) return false;
    if (extent > 0 && count > max_element_count / extent) return false;
    count *= extent;
  }
  return true;
}

NUQ_DEFINITION std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ",") + std::to_string(shape[axis]);
  return text + "]";
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_TENSOR_HPP
