#ifndef NUQ_GRAPH_OPS_RECURRENT_HPP
#define NUQ_GRAPH_OPS_RECURRENT_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// A recurrent layer over T steps of N sequences. Inputs: values [T, N, …], marks [T, N] (0 where a sequence begins), a
/// constant input if there is one, and the states before the first step if they are exposed.
struct RecurrentAttributes {
  std::int64_t hidden_size = 0;  ///< values of each step's output
  bool exposes_states = false;   ///< the states before the first step are inputs, those after the last one outputs
};

/// With two states: hidden and cell.
struct Lstm : RecurrentAttributes {};

/// With one state, the hidden one.
struct Rnn : RecurrentAttributes {};

/// This family's part of `Operation`.
using RecurrentOperations = OperationList<Lstm, Rnn>;

}  // namespace ops

namespace detail {

/// [T, N, hidden_size], then, where they are exposed, each of the `states` after the last step, [1, N, hidden_size].
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> recurrent_shapes(const ops::RecurrentAttributes& attributes,
                                                                      const LayerContext& layer,
                                                                      const std::vector<Shape>& inputs,
                                                                      std::size_t states) {
  const std::size_t exposed = attributes.exposes_states ? states : 0;
  require_inputs(layer, inputs, 2 + exposed, 3 + exposed);
  if (attributes.hidden_size < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  const Shape& values = inputs[0];
  const Shape& marks = inputs[1];
  if (values.size() < 2 || marks.size() != 2 || marks[0] != values[0] || marks[1] != values[1]) {
    layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(values) + " and " +
                                             to_string(marks) + ", wanted [T,N,…] and [T,N]");
  }
  std::vector<Shape> outputs(1 + exposed, Shape{1, values[1], attributes.hidden_size});
  outputs[0][0] = values[0];
  return outputs;
}

}  // namespace detail

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Lstm&, std::size_t) {
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Rnn&, std::size_t) {
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Lstm& lstm, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(lstm, layer, inputs, 2);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Rnn& rnn, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(rnn, layer, inputs, 1);
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RECURRENT_HPP
