#ifndef NUQ_GRAPH_OPS_EMBED_HPP
#define NUQ_GRAPH_OPS_EMBED_HPP

#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input's shape with num_output more values along a new last axis; blobs, where the layer has them, must be
/// [input_dim, num_output] and [num_output].
[[nodiscard]] inline std::vector<Shape> embed_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const schema::EmbedParameter& parameter = layer.parameter().embed_param();
  if (parameter.num_output() < 1 || parameter.input_dim() < 1) {
    layer.fail(ErrorCode::invalid_argument, "num_output is " + std::to_string(parameter.num_output()) +
                                                " and input_dim is " + std::to_string(parameter.input_dim()) +
                                                ", wanted at least 1");
  }
  check_weights_and_bias(layer, {parameter.input_dim(), parameter.num_output()}, parameter.bias_term(),
                         parameter.num_output());
  Shape output = only_input(layer, inputs);
  output.push_back(parameter.num_output());
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_EMBED_HPP
