#ifndef NUQ_ENGINE_LAYERS_RECURRENT_HPP
#define NUQ_ENGINE_LAYERS_RECURRENT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/require_weights.hpp"
#include "nuq/engine/kernels/gemm.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/recurrent.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Weights [out × in], packed.
NUQ_FUNCTION [[nodiscard]] inline ColumnPanels packed_weights(const Tensor& weights) {
  const std::int64_t in = weights.shape[1];
  return ColumnPanels(LineView{weights.values.data(), weights.shape[0], in, in, 1});
}

/// target[rows × out] += x[rows × in] · weightsᵀ.
NUQ_FUNCTION inline void add_product(Workspace& workspace, const float* x, std::int64_t rows,
                                     const ColumnPanels& weights, float* target) {
  const RowPanels panels(LineView{x, rows, weights.depth(), weights.depth(), 1});
  gemm(workspace, panels.view(), rows, weights.view(), weights.lines(), weights.depth(), target, weights.lines(), true);
}

/// What LSTM and RNN have in common: the sums that a step's gates are made of, and states from step to step. A layer
/// keeps none from one computation to the next: where the network does not give them, the first step begins with zeros.
template <class Recurrent>
class RecurrentSums {
 public:
  /// Packs the weights. Throws ModelError when blobs are missing or do not fit each other.
  explicit RecurrentSums(const LayerRef& layer)
      : recurrent_(layer.operation<Recurrent>()),
        has_constant_(has_constant_input(recurrent_, layer.node.inputs.size())) {
    const std::vector<Tensor>& blobs = layer.node.blobs;
    require_blobs(layer, *blob_count(recurrent_, layer.node.inputs.size()));
    check_blobs(layer, recurrent_blobs(recurrent_, width_of(blobs[0]), has_constant_ ? width_of(blobs[2]) : 0));
    weights_ = packed_weights(blobs[0]);
    bias_ = blobs[1].values;
    if (has_constant_) constant_weights_ = packed_weights(blobs[2]);
    hidden_weights_ = packed_weights(blobs[has_constant_ ? 3 : 2]);
  }

  [[nodiscard]] std::int64_t hidden_size() const noexcept { return recurrent_.hidden_size; }
  [[nodiscard]] std::int64_t gates() const noexcept { return Recurrent::gates * recurrent_.hidden_size; }

  /// b + W·x + W_static·x_static of all steps, [T × N × gates].
  [[nodiscard]] std::vector<float> of_inputs(const LayerCall& call) const {
    const std::int64_t steps = call.inputs[0].shape[0];
    const std::int64_t batch = call.inputs[0].shape[1];
    require_inputs(call);
    std::vector<float> sums;
    for (std::int64_t row = 0; row < steps * batch; ++row) sums.insert(sums.end(), bias_.begin(), bias_.end());
    add_product(call.workspace, call.inputs[0].values.data(), steps * batch, weights_, sums.data());
    if (!has_constant_) return sums;
    std::vector<float> constant(static_cast<std::size_t>(batch * gates()), 0.0F);
    add_product(call.workspace, call.inputs[2].values.data(), batch, constant_weights_, constant.data());
    for (std::size_t at = 0; at < sums.size(); ++at) sums[at] += constant[at % constant.size()];
    return sums;
  }

  /// Adds W_h·(m·h) to the sums of one step, [N × gates]; `marks` holds m for each sequence.
  void add_state(Workspace& workspace, const float* marks, const std::vector<float>& state, float* sums) const {
    std::vector<float> marked = state;
    for (std::size_t at = 0; at < marked.size(); ++at)
      marked[at] *= marks[at / static_cast<std::size_t>(hidden_size())];
    add_product(workspace, marked.data(), static_cast<std::int64_t>(state.size()) / hidden_size(), hidden_weights_,
                sums);
  }

  /// State `index` before the first step, [N × H].
  [[nodiscard]] std::vector<float> first_state(const LayerCall& call, std::size_t index) const {
    if (!recurrent_.exposes_states) {
      return std::vector<float>(static_cast<std::size_t>(call.inputs[0].shape[1] * hidden_size()), 0.0F);
    }
    const ArrayView<const float> given = call.inputs[call.inputs.size() - Recurrent::states + index].values;
    return {given.begin(), given.end()};
  }
  /// Writes state `index` after the last step where it is an output.
  void write_state(const LayerCall& call, std::size_t index, const std::vector<float>& state) const {
    if (recurrent_.exposes_states) std::copy(state.begin(), state.end(), call.outputs[1 + index].values.begin());
  }

 private:
  [[nodiscard]] static std::int64_t width_of(const Tensor& weights) {
    return weights.shape.size() == 2 ? weights.shape[1] : 0;
  }

  /// Throws ModelError for inputs that the weights do not fit.
  void require_inputs(const LayerCall& call) const {
    const Shape& values = call.inputs[0].shape;
    require_weights(call, {gates(), weights_.depth()}, {gates(), extent_product(values, 2, values.size())});
    if (!has_constant_) return;
    const Shape& constant = call.inputs[2].shape;
    if (extent_product(constant, 1, constant.size()) == constant_weights_.depth()) return;
    call.layer.fail(ErrorCode::size_mismatch, "the constant input " + to_string(constant) + " has weights for " +
                                                  std::to_string(constant_weights_.depth()) + " values");
  }

  Recurrent recurrent_;
  bool has_constant_;
  ColumnPanels weights_;
  std::vector<float> bias_;
  ColumnPanels constant_weights_;
  ColumnPanels hidden_weights_;
};

/// Caffe's LSTM.
class LstmLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit LstmLayer(const LayerRef& layer) : sums_(layer) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::vector<float> sums = sums_.of_inputs(call);
    std::vector<float> hidden = sums_.first_state(call, 0);
    std::vector<float> cells = sums_.first_state(call, 1);
    const std::int64_t batch = call.inputs[0].shape[1];
    float* output = call.outputs[0].values.data();
    for (std::int64_t step = 0; step < call.inputs[0].shape[0]; ++step) {
      const float* const marks = call.inputs[1].values.data() + step * batch;
      float* const step_sums = sums.data() + step * batch * sums_.gates();
      sums_.add_state(call.workspace, marks, hidden, step_sums);
      for (std::int64_t item = 0; item < batch; ++item) {
        const std::int64_t first = item * sums_.hidden_size();
        advance(marks[item], step_sums + item * sums_.gates(), cells.data() + first, hidden.data() + first);
      }
      output = std::copy(hidden.begin(), hidden.end(), output);
    }
    sums_.write_state(call, 0, hidden);
    sums_.write_state(call, 1, cells);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

  /// One step of one sequence.
  NUQ_FUNCTION void advance(float mark, const float* sums, float* cell, float* hidden) const {
    const std::int64_t size = sums_.hidden_size();
    for (std::int64_t at = 0; at < size; ++at) {
      const float forget = mark == 0.0F ? 0.0F : mark * sigmoid(sums[size + at]);
      cell[at] = forget * cell[at] + sigmoid(sums[at]) * std::tanh(sums[3 * size + at]);
      hidden[at] = sigmoid(sums[2 * size + at]) * std::tanh(cell[at]);
    }
  }

  RecurrentSums<ops::Lstm> sums_;
};
LstmLayer layer_of(const ops::Lstm&);

/// Caffe's RNN.
class RnnLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit RnnLayer(const LayerRef& layer) : sums_(layer) {
    const std::vector<Tensor>& blobs = layer.node.blobs;
    const std::size_t last = *blob_count(layer.operation<ops::Rnn>(), layer.node.inputs.size()) - 1;
    output_weights_ = packed_weights(blobs[last - 1]);
    output_bias_ = blobs[last].values;
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::vector<float> sums = sums_.of_inputs(call);
    std::vector<float> hidden = sums_.first_state(call, 0);
    const std::int64_t batch = call.inputs[0].shape[1];
    const std::int64_t step_size = batch * sums_.hidden_size();
    float* const output = call.outputs[0].values.data();
    for (std::int64_t step = 0; step < call.inputs[0].shape[0]; ++step) {
      float* const step_sums = sums.data() + step * step_size;
      sums_.add_state(call.workspace, call.inputs[1].values.data() + step * batch, hidden, step_sums);
      std::transform(step_sums, step_sums + step_size, hidden.begin(), [](float x) { return std::tanh(x); });
      float* const step_output = output + step * step_size;
      for (std::int64_t item = 0; item < batch; ++item) {
        std::copy(output_bias_.begin(), output_bias_.end(), step_output + item * sums_.hidden_size());
      }
      add_product(call.workspace, hidden.data(), batch, output_weights_, step_output);
      std::transform(step_output, step_output + step_size, step_output, [](float x) { return std::tanh(x); });
    }
    sums_.write_state(call, 0, hidden);
  }

 private:
  RecurrentSums<ops::Rnn> sums_;
  ColumnPanels output_weights_;
  std::vector<float> output_bias_;
};
RnnLayer layer_of(const ops::Rnn&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_RECURRENT_HPP
