#ifndef NUQ_GRAPH_OPS_AXIS_HPP
#define NUQ_GRAPH_OPS_AXIS_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A tensor seen around one axis, or around a run of neighbouring axes: outer × extent × inner values.
struct AxisSplit {
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
};

/// Product of the extents of the axes [begin, end).
NUQ_FUNCTION [[nodiscard]] inline std::int64_t extent_product(const Shape& shape, std::size_t begin,
                                                              std::size_t end) noexcept {
  std::int64_t product = 1;
  for (std::size_t axis = begin; axis < end; ++axis) product *= shape[axis];
  return product;
}

/// The tensor around the axes [begin, end).
NUQ_FUNCTION [[nodiscard]] inline AxisSplit split_at(const Shape& shape, std::size_t begin, std::size_t end) noexcept {
  return {extent_product(shape, 0, begin), extent_product(shape, begin, end), extent_product(shape, end, shape.size())};
}

/// The index in [0, rank) of an axis that may count from the end (−1 is the last). Throws ModelError outside the range.
NUQ_FUNCTION [[nodiscard]] inline std::size_t canonical_axis(const LayerContext& layer, std::int64_t axis,
                                                             std::size_t rank) {
  const std::int64_t count = static_cast<std::int64_t>(rank);
  const std::int64_t index = axis < 0 ? axis + count : axis;
  if (index < 0 || index >= count) {
    layer.fail(ErrorCode::invalid_argument, "axis is " + std::to_string(axis) + " for an input with " +
                                                std::to_string(rank) + " axes, wanted " + std::to_string(-count) +
                                                " to " + std::to_string(count - 1));
  }
  return static_cast<std::size_t>(index);
}

/// The input around its channels, axis 1. Throws ModelError for a vector.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit channel_split(const LayerContext& layer, const Shape& input) {
  if (input.size() >= 2) return split_at(input, 1, 2);
  layer.fail(ErrorCode::size_mismatch, layer.type + " has the input " + to_string(input) + ", wanted [N,C,…]");
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_AXIS_HPP
