#ifndef NUQ_GRAPH_OPS_CLIP_HPP
#define NUQ_GRAPH_OPS_CLIP_HPP

#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input's shape; both ends of the range must be given.
[[nodiscard]] inline std::vector<Shape> clip_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const schema::ClipParameter& parameter = layer.parameter().clip_param();
  if (!parameter.has_min() || !parameter.has_max()) {
    layer.fail(ErrorCode::invalid_argument, "clip_param lacks min or max, wanted both");
  }
  return shapes_of_input(layer, inputs);
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CLIP_HPP
