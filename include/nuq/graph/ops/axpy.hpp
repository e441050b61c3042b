#ifndef NUQ_GRAPH_OPS_AXPY_HPP
#define NUQ_GRAPH_OPS_AXPY_HPP

#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Inputs: a factor for each channel, [N, C] or [N, C, 1, …], and two tensors of one shape, which is the output's.
[[nodiscard]] inline std::vector<Shape> axpy_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 3, 3);
  const Shape& factors = inputs[0];
  const AxisSplit channels = channel_split(layer, inputs[1]);
  const bool fits = factors.size() >= 2 && factors[0] == channels.outer && factors[1] == channels.extent &&
                    extent_product(factors, 2, factors.size()) == 1;
  if (!fits || inputs[1] != inputs[2]) {
    layer.fail(ErrorCode::size_mismatch, "Axpy has the inputs " + to_string(factors) + ", " + to_string(inputs[1]) +
                                             " and " + to_string(inputs[2]) +
                                             ", wanted [N,C] or [N,C,1,1] and twice [N,C,…]");
  }
  return {inputs[1]};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_AXPY_HPP
