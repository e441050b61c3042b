#ifndef NUQ_GRAPH_OPS_RECURRENT_HPP
#define NUQ_GRAPH_OPS_RECURRENT_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Outputs of an LSTM or RNN over T steps of N sequences: [T, N, num_output], then, with expose_hidden, each of its
/// `states` after the last step, [1, N, num_output].
[[nodiscard]] inline std::vector<Shape> recurrent_shapes(const LayerRef& layer, const std::vector<Shape>& inputs,
                                                         std::size_t states) {
  const schema::RecurrentParameter& parameter = layer.parameter().recurrent_param();
  const std::size_t exposed = parameter.expose_hidden() ? states : 0;
  require_inputs(layer, inputs, 2 + exposed, 3 + exposed);  // values, continuation marks, [a constant input,] states
  if (parameter.num_output() < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  const Shape& values = inputs[0];
  const Shape& marks = inputs[1];
  if (values.size() < 2 || marks.size() != 2 || marks[0] != values[0] || marks[1] != values[1]) {
    layer.fail(ErrorCode::size_mismatch, layer.node.type + " has the inputs " + to_string(values) + " and " +
                                             to_string(marks) + ", wanted [T,N,…] and [T,N]");
  }
  std::vector<Shape> outputs(1 + exposed, Shape{1, values[1], parameter.num_output()});
  outputs[0][0] = values[0];
  return outputs;
}

}  // namespace detail

/// With expose_hidden the last hidden state and the last cell state follow the output.
[[nodiscard]] inline std::vector<Shape> lstm_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(layer, inputs, 2);
}

/// With expose_hidden the last hidden state follows the output.
[[nodiscard]] inline std::vector<Shape> rnn_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(layer, inputs, 1);
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RECURRENT_HPP
