#ifndef NUQ_GRAPH_OPS_BROADCAST_HPP
#define NUQ_GRAPH_OPS_BROADCAST_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The shape of what combines two tensors element by element, axes aligned at the end: where one has an extent of 1, or
/// no axis, its values are repeated (the rule of NumPy and ONNX). Nothing where extents differ otherwise.
NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> common_shape(const Shape& left, const Shape& right) {
  const bool left_is_longer = left.size() >= right.size();
  Shape result = left_is_longer ? left : right;
  const Shape& shorter = left_is_longer ? right : left;
  const std::size_t missing = result.size() - shorter.size();
  for (std::size_t axis = 0; axis < shorter.size(); ++axis) {
    std::int64_t& extent = result[missing + axis];
    if (extent == shorter[axis] || shorter[axis] == 1) continue;
    if (extent != 1) return std::nullopt;
    extent = shorter[axis];
  }
  return result;
}

/// The same for a layer's inputs. Throws ModelError naming both shapes where there is none.
NUQ_FUNCTION [[nodiscard]] inline Shape broadcast_shape(const LayerContext& layer, const Shape& left,
                                                        const Shape& right) {
  std::optional<Shape> shape = common_shape(left, right);
  if (shape) return std::move(*shape);
  layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(left) + " and " + to_string(right) +
                                           ", wanted equal extents, or 1, in each axis");
}

/// Where the elements of a tensor stand that is repeated to a larger shape.
class BroadcastOffsets {
 public:
  /// `shape` broadcasts to `result`.
  NUQ_FUNCTION BroadcastOffsets(const Shape& shape, const Shape& result)
      : extents_(result), strides_(result.size(), 0) {
    const std::size_t missing = result.size() - shape.size();
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] != 1) strides_[missing + axis] = extent_product(shape, axis + 1, shape.size());
    }
  }

  /// Of the element that stands at `index` of the result, both in row-major order.
  NUQ_FUNCTION [[nodiscard]] std::int64_t operator()(std::int64_t index) const noexcept {
    std::int64_t offset = 0;
    for (std::size_t axis = extents_.size(); axis-- > 0; index /= extents_[axis]) {
      offset += index % extents_[axis] * strides_[axis];
    }
    return offset;
  }

 private:
  Shape extents_;
  std::vector<std::int64_t> strides_;  // 0 where values are repeated
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BROADCAST_HPP
