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
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// A recurrent layer over T steps of N sequences. Inputs: values [T, N, …], marks [T, N] (0 where a sequence begins), a
/// constant input [N, …] if there is one, and the states before the first step, [1, N, hidden_size] each, if they are
/// exposed; otherwise these are zeros.
struct RecurrentAttributes {
  std::int64_t hidden_size = 0;  ///< values of each step's output
  bool exposes_states = false;   ///< the states before the first step are inputs, those after the last one outputs
};

/// Long short-term memory without peepholes (Hochreiter and Schmidhuber, 1997; the forget gate: Gers, Schmidhuber and
/// Cummins, 2000), H values wide, with the states h and c. In each step, m being its mark:
/// (i, f, o, g) = W·x + b + W_static·x_static + W_h·(m·h), c = m·σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c), the output.
/// Blobs: W [4H, …], b [4H], W_static [4H, …] if there is a constant input, W_h [4H, H].
struct Lstm : RecurrentAttributes {
  static constexpr std::size_t states = 2;
  static constexpr std::int64_t gates = 4;
  static constexpr bool has_output_weights = false;
};

/// With one state, h: h = tanh(W·x + b + W_static·x_static + W_h·(m·h)); the output is tanh(W_o·h + b_o).
/// Blobs: W [H, …], b [H], W_static [H, …] if there is a constant input, W_h [H, H], W_o [H, H], b_o [H].
struct Rnn : RecurrentAttributes {
  static constexpr std::size_t states = 1;
  static constexpr std::int64_t gates = 1;
  static constexpr bool has_output_weights = true;
};

/// This family's part of `Operation`.
using RecurrentOperations = OperationList<Lstm, Rnn>;

}  // namespace ops

namespace detail {

/// States that are inputs and outputs.
template <class Recurrent>
[[nodiscard]] std::size_t exposed_states(const Recurrent& recurrent) noexcept {
  return recurrent.exposes_states ? Recurrent::states : 0;
}

/// Whether a layer with `inputs` inputs has a constant one.
template <class Recurrent>
[[nodiscard]] bool has_constant_input(const Recurrent& recurrent, std::size_t inputs) noexcept {
  return inputs > 2 + exposed_states(recurrent);
}

/// The shapes of all blobs for inputs of `width` and `constant_width` values a step, 0 for no constant input.
template <class Recurrent>
[[nodiscard]] std::vector<Shape> recurrent_blobs(const Recurrent& recurrent, std::int64_t width,
                                                 std::int64_t constant_width) {
  const std::int64_t hidden = recurrent.hidden_size;
  const std::int64_t gates = Recurrent::gates * hidden;
  std::vector<Shape> blobs = {{gates, width}, {gates}};
  if (constant_width > 0) blobs.push_back({gates, constant_width});
  blobs.push_back({gates, hidden});
  if (Recurrent::has_output_weights) {
    blobs.push_back({hidden, hidden});
    blobs.push_back({hidden});
  }
  return blobs;
}

/// [T, N, hidden_size], then, where they are exposed, each of the states after the last step, [1, N, hidden_size].
template <class Recurrent>
[[nodiscard]] std::vector<Shape> recurrent_shapes(const Recurrent& recurrent, const LayerContext& layer,
                                                  const std::vector<Shape>& inputs) {
  const std::size_t exposed = exposed_states(recurrent);
  require_inputs(layer, inputs, 2 + exposed, 3 + exposed);
  if (recurrent.hidden_size < 1) layer.fail(ErrorCode::invalid_argument, "num_output is 0, wanted at least 1");
  const Shape& values = inputs[0];
  const Shape& marks = inputs[1];
  if (values.size() < 2 || marks.size() != 2 || marks[0] != values[0] || marks[1] != values[1]) {
    layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(values) + " and " +
                                             to_string(marks) + ", wanted [T,N,…] and [T,N]");
  }
  const bool has_constant = has_constant_input(recurrent, inputs.size());
  if (has_constant && inputs[2].front() != values[1]) {
    layer.fail(ErrorCode::size_mismatch,
               "the constant input is " + to_string(inputs[2]) + ", wanted [" + std::to_string(values[1]) + ",…]");
  }
  const Shape state = {1, values[1], recurrent.hidden_size};
  for (std::size_t input = inputs.size() - exposed; input < inputs.size(); ++input) {
    if (inputs[input] == state) continue;
    layer.fail(ErrorCode::size_mismatch,
               "a state before the first step is " + to_string(inputs[input]) + ", wanted " + to_string(state));
  }
  check_blobs(layer, recurrent_blobs(recurrent, extent_product(values, 2, values.size()),
                                     has_constant ? extent_product(inputs[2], 1, inputs[2].size()) : 0));
  std::vector<Shape> outputs(1 + exposed, state);
  outputs[0][0] = values[0];
  return outputs;
}

}  // namespace detail

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Lstm& lstm, std::size_t inputs) {
  return detail::has_constant_input(lstm, inputs) ? 4 : 3;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Rnn& rnn, std::size_t inputs) {
  return detail::has_constant_input(rnn, inputs) ? 6 : 5;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Lstm& lstm, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(lstm, layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Rnn& rnn, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return detail::recurrent_shapes(rnn, layer, inputs);
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_RECURRENT_HPP
