#ifndef NUQ_GRAPH_OPS_SHUFFLE_CHANNEL_HPP
#define NUQ_GRAPH_OPS_SHUFFLE_CHANNEL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input's shape; its channels must be a multiple of `group`.
[[nodiscard]] inline std::vector<Shape> shuffle_channel_shapes(const LayerRef& layer,
                                                               const std::vector<Shape>& inputs) {
  const std::int64_t channels = channel_split(layer, only_input(layer, inputs)).extent;
  const std::int64_t group = layer.parameter().shuffle_channel_param().group();
  if (group < 1 || channels % group != 0) {
    layer.fail(ErrorCode::invalid_argument,
               "group is " + std::to_string(group) + ", wanted a divisor of " + std::to_string(channels) + " channels");
  }
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SHUFFLE_CHANNEL_HPP
