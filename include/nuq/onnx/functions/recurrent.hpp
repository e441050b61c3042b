#ifndef NUQ_ONNX_FUNCTIONS_RECURRENT_HPP
#define NUQ_ONNX_FUNCTIONS_RECURRENT_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

enum class RecurrentCell { lstm, gru, tanh };

/// A recurrent layer: steps [T, N, I], weights [D, G·H, I], recurrent weights [D, G·H, H] for one direction or both,
/// then, where there are such inputs, biases [D, 2·G·H] and the states before the first step [D, N, H].
struct Recurrence {
  RecurrentCell cell = RecurrentCell::lstm;
  std::int64_t hidden = 0;
  bool begins_backwards = false;  ///< the only direction is that from the last step on
  std::int64_t directions = 1;
  bool has_bias = false;
  bool has_state = false;
  bool has_cell_state = false;
  bool resets_behind_product = false;  ///< of a GRU

  [[nodiscard]] std::int64_t gates() const noexcept {
    return cell == RecurrentCell::lstm ? 4 : (cell == RecurrentCell::gru ? 3 : 1);
  }
};

/// One step of one sequence: `product` of its values with the weights, biases and states into new states.
class RecurrentStep {
 public:
  /// `recurrent` [G·H, H] and `bias` [2·G·H], which may be null, live as long.
  NUQ_FUNCTION RecurrentStep(const Recurrence& recurrence, const float* recurrent, const float* bias)
      : recurrence_(recurrence), recurrent_(recurrent), bias_(bias) {}

  NUQ_FUNCTION void take(const std::vector<double>& product, std::vector<double>& state,
                         std::vector<double>& cell) const {
    const auto hidden = static_cast<std::size_t>(recurrence_.hidden);
    const std::vector<double> old = state;
    const auto gate = [&](std::size_t which, std::size_t unit) {
      return product[which * hidden + unit] + repeated(which, unit, old);
    };
    std::vector<double> reset(hidden, 1.0);
    std::vector<double> kept = old;
    for (std::size_t unit = 0; unit < hidden && recurrence_.cell == RecurrentCell::gru; ++unit) {
      reset[unit] = sigmoid(gate(1, unit));
      if (!recurrence_.resets_behind_product) kept[unit] *= reset[unit];
    }
    for (std::size_t unit = 0; unit < hidden; ++unit) {
      if (recurrence_.cell == RecurrentCell::lstm) {  // gates: input, output, forget, cell
        cell[unit] = sigmoid(gate(2, unit)) * cell[unit] + sigmoid(gate(0, unit)) * std::tanh(gate(3, unit));
        state[unit] = sigmoid(gate(1, unit)) * std::tanh(cell[unit]);
      } else if (recurrence_.cell == RecurrentCell::tanh) {
        state[unit] = std::tanh(gate(0, unit));
      } else {  // update, reset, hidden
        const double update = sigmoid(gate(0, unit));
        const double recalled = (recurrence_.resets_behind_product ? reset[unit] : 1.0) * repeated(2, unit, kept);
        state[unit] = (1.0 - update) * std::tanh(product[2 * hidden + unit] + recalled) + update * old[unit];
      }
    }
  }

 private:
  [[nodiscard]] static double sigmoid(double x) noexcept { return 1.0 / (1.0 + std::exp(-x)); }

  NUQ_FUNCTION [[nodiscard]] double repeated(std::size_t gate, std::size_t unit,
                                             const std::vector<double>& state) const {
    const auto hidden = static_cast<std::size_t>(recurrence_.hidden);
    const float* const row = recurrent_ + (gate * hidden + unit) * hidden;
    const auto gates = static_cast<std::size_t>(recurrence_.gates());
    double sum = bias_ == nullptr ? 0.0 : static_cast<double>(bias_[(gates + gate) * hidden + unit]);
    for (std::size_t at = 0; at < hidden; ++at) sum += static_cast<double>(row[at]) * state[at];
    return sum;
  }

  const Recurrence& recurrence_;
  const float* recurrent_;
  const float* bias_;
};

/// Outputs: every step's state [T, D, N, H], the last one [D, N, H], and that of the cells, as many as are asked for.
NUQ_FUNCTION [[nodiscard]] inline ops::Function recurrent(const Recurrence& given) {
  ops::Function function;
  function.shapes = [given](const LayerContext& layer, const std::vector<Shape>& inputs) {
    const std::int64_t rows = given.gates() * given.hidden;
    const Shape& x = inputs[0];
    const std::int64_t d = given.directions;
    std::vector<Shape> wanted = {x, {d, rows, x.back()}, {d, rows, given.hidden}};
    if (given.has_bias) wanted.push_back({d, 2 * rows});
    const Shape state = x.size() == 3 ? Shape{d, x[1], given.hidden} : Shape{};
    if (given.has_state) wanted.push_back(state);
    if (given.has_cell_state) wanted.push_back(state);
    for (std::size_t input = 0; input < inputs.size(); ++input) {
      if (x.size() == 3 && inputs[input] == wanted[input]) continue;
      layer.fail(ErrorCode::size_mismatch,
                 layer.type + " has the input " + to_string(inputs[input]) + ", wanted " +
                     (x.size() == 3 ? to_string(wanted[input]) : std::string("[T,N,I] as the first")));
    }
    std::vector<Shape> shapes = {{x[0], d, x[1], given.hidden}, state, state};
    shapes.resize(layer.outputs);
    return shapes;
  };
  function.compute = [given](const LayerContext&, ArrayView<const TensorView> inputs, std::vector<Tensor>& outputs) {
    const Shape& x = inputs[0].shape;
    const auto hidden = static_cast<std::size_t>(given.hidden);
    const auto width = static_cast<std::size_t>(x[2]);
    const std::size_t rows = static_cast<std::size_t>(given.gates()) * hidden;
    const std::size_t first_state = given.has_bias ? 4 : 3;
    for (std::int64_t direction = 0; direction < given.directions; ++direction) {
      const auto of_direction = [direction](const TensorView& input, std::size_t size) {
        return input.values.data() + static_cast<std::size_t>(direction) * size;
      };
      const bool is_backward = direction == 1 || given.begins_backwards;
      const float* const weights = of_direction(inputs[1], rows * width);
      const float* const bias = given.has_bias ? of_direction(inputs[3], 2 * rows) : nullptr;
      const RecurrentStep step(given, of_direction(inputs[2], rows * hidden), bias);
      for (std::int64_t item = 0; item < x[1]; ++item) {
        const auto sequence = static_cast<std::size_t>(direction * x[1] + item);
        std::vector<double> state(hidden);
        std::vector<double> cell(hidden);
        const auto begin_with = [&](std::size_t input, std::vector<double>& values) {
          const float* const from = inputs[input].values.data() + sequence * hidden;
          values.assign(from, from + hidden);
        };
        if (given.has_state) begin_with(first_state, state);
        if (given.has_cell_state) begin_with(first_state + (given.has_state ? 1 : 0), cell);
        for (std::int64_t turn = 0; turn < x[0]; ++turn) {
          const std::int64_t time = is_backward ? x[0] - 1 - turn : turn;
          const float* const values = inputs[0].values.data() + static_cast<std::size_t>(time * x[1] + item) * width;
          std::vector<double> product(rows);
          for (std::size_t row = 0; row < rows; ++row) {
            double sum = bias == nullptr ? 0.0 : static_cast<double>(bias[row]);
            for (std::size_t at = 0; at < width; ++at)
              sum += static_cast<double>(weights[row * width + at]) * static_cast<double>(values[at]);
            product[row] = sum;
          }
          step.take(product, state, cell);
          const auto place = static_cast<std::size_t>((time * given.directions + direction) * x[1] + item) * hidden;
          for (std::size_t unit = 0; unit < hidden; ++unit)
            outputs[0].values[place + unit] = static_cast<float>(state[unit]);
        }
        for (std::size_t output = 1; output < outputs.size(); ++output) {
          const std::vector<double>& last = output == 1 ? state : cell;
          for (std::size_t unit = 0; unit < hidden; ++unit)
            outputs[output].values[sequence * hidden + unit] = static_cast<float>(last[unit]);
        }
      }
    }
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_RECURRENT_HPP
