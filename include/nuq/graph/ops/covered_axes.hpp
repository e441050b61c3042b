#ifndef NUQ_GRAPH_OPS_COVERED_AXES_HPP
#define NUQ_GRAPH_OPS_COVERED_AXES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input around the axes that trained factors cover: `num_axes` of them from `axis` on, −1 for all the rest.
/// Throws ModelError naming the layer and the value.
[[nodiscard]] inline AxisSplit covered_axes(const LayerRef& layer, const Shape& input, std::int64_t axis,
                                            std::int64_t num_axes) {
  const std::size_t begin = canonical_axis(layer, axis, input.size());
  const std::int64_t rest = static_cast<std::int64_t>(input.size() - begin);
  const std::int64_t covered = num_axes == -1 ? rest : num_axes;
  if (covered < 0 || covered > rest) {
    layer.fail(ErrorCode::invalid_argument, "num_axes is " + std::to_string(num_axes) + ", wanted -1 to " +
                                                std::to_string(rest) + " for the input " + to_string(input));
  }
  return split_at(input, begin, begin + static_cast<std::size_t>(covered));
}

/// The input around the axes that a second input covers: those of `factors`, from `axis` on. A single value, to Caffe a
/// shape without axes, goes with every input. Throws ModelError where the extents differ.
[[nodiscard]] inline AxisSplit covered_axes(const LayerRef& layer, const Shape& input, std::int64_t axis,
                                            const Shape& factors) {
  if (element_count(factors) == 1) return split_at(input, 0, 0);
  const std::size_t begin = canonical_axis(layer, axis, input.size());
  const bool fits = factors.size() <= input.size() - begin &&
                    std::equal(factors.begin(), factors.end(), input.begin() + static_cast<std::ptrdiff_t>(begin));
  if (fits) return split_at(input, begin, begin + factors.size());
  layer.fail(ErrorCode::size_mismatch, "the second input " + to_string(factors) + " does not fit the first, " +
                                           to_string(input) + ", from axis " + std::to_string(begin) + " on");
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_COVERED_AXES_HPP
