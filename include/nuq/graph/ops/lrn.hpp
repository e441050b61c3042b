#ifndef NUQ_GRAPH_OPS_LRN_HPP
#define NUQ_GRAPH_OPS_LRN_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Values on either side that take part in normalising one: local_size = 2·radius + 1. Throws ModelError for an even
/// local_size.
[[nodiscard]] inline std::int64_t lrn_radius(const LayerRef& layer) {
  const std::int64_t size = layer.parameter().lrn_param().local_size();
  if (size % 2 != 1 || size > max_window_parameter) {
    layer.fail(ErrorCode::invalid_argument, "local_size is " + std::to_string(size) + ", wanted an odd number up to " +
                                                std::to_string(max_window_parameter));
  }
  return size / 2;
}

[[nodiscard]] inline std::vector<Shape> lrn_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_image(layer, only_input(layer, inputs));
  static_cast<void>(lrn_radius(layer));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_LRN_HPP
