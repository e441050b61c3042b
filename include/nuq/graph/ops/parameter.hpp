#ifndef NUQ_GRAPH_OPS_PARAMETER_HPP
#define NUQ_GRAPH_OPS_PARAMETER_HPP

#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A Parameter layer has no input; its output is its trained blob, of the declared shape.
[[nodiscard]] inline std::vector<Shape> parameter_shapes(const LayerRef& layer, const std::vector<Shape>&) {
  const schema::BlobShape& declared = layer.parameter().parameter_param().shape();
  Shape shape(declared.dim().begin(), declared.dim().end());
  if (shape.empty() || !is_valid_shape(shape)) {
    layer.fail(ErrorCode::invalid_argument,
               "parameter_param.shape is " + to_string(shape) + ", wanted at least one extent");
  }
  check_blobs(layer, {shape});
  return {shape};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_PARAMETER_HPP
