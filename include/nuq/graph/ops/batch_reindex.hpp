#ifndef NUQ_GRAPH_OPS_BATCH_REINDEX_HPP
#define NUQ_GRAPH_OPS_BATCH_REINDEX_HPP

#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// As many items as the second input, a vector of their places, has values.
[[nodiscard]] inline std::vector<Shape> batch_reindex_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  if (inputs[1].size() != 1) {
    layer.fail(ErrorCode::size_mismatch, "the second input is " + to_string(inputs[1]) + ", wanted one axis");
  }
  Shape output = inputs[0];
  output[0] = inputs[1][0];
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BATCH_REINDEX_HPP
