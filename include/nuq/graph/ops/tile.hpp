#ifndef NUQ_GRAPH_OPS_TILE_HPP
#define NUQ_GRAPH_OPS_TILE_HPP

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

/// The input with `tiles` copies of itself along an axis.
[[nodiscard]] inline std::vector<Shape> tile_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const schema::TileParameter& parameter = layer.parameter().tile_param();
  if (parameter.tiles() < 1) {
    layer.fail(ErrorCode::invalid_argument, "tiles is " + std::to_string(parameter.tiles()) + ", wanted at least 1");
  }
  Shape output = only_input(layer, inputs);
  output[canonical_axis(layer, parameter.axis(), output.size())] *= parameter.tiles();
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_TILE_HPP
