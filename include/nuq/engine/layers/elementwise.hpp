#ifndef NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP
#define NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/detail/broadcast_runs.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/elementwise.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Sum (with coefficients), product, maximum, … of tensors, which are of one shape or repeated to one.
class EltwiseLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit EltwiseLayer(const LayerRef& layer)
      : method_(layer.operation<ops::Eltwise>().method),
        coefficients_(eltwise_coefficients(layer.operation<ops::Eltwise>(), layer, layer.node.inputs.size())) {
    if (method_ != ops::EltwiseMethod::stochastic_sum) return;
    layer.fail(ErrorCode::unsupported_layer,
               std::string("operation is ") + name_of(method_) + ", wanted SUM, PROD or MAX");
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const TensorView& first = call.inputs[0];
    const TensorSpan& whole = call.outputs[0];
    const BroadcastRuns runs(call.inputs, whole.shape);
    std::vector<float> kept;  // what the output would overwrite before it is read again
    if (first.values.data() == whole.values.data() && first.shape != whole.shape) {
      kept.assign(first.values.begin(), first.values.end());
    }
    const float* const first_values = kept.empty() ? first.values.data() : kept.data();
    const std::int64_t count = static_cast<std::int64_t>(whole.values.size());
    call.workspace.for_each_range(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; at = runs.end(at)) {
        const std::int64_t length = (std::min)(end, runs.end(at)) - at;
        float* const output = whole.values.data() + at;
        RunOperand left = runs.operand(0, first_values, at);
        float coefficient = coefficients_[0];
        if (call.inputs.size() == 1) {
          for_each_index(0, length, [=](std::int64_t index) { output[index] = coefficient * left.values[index]; });
        }
        for (std::size_t index = 1; index < call.inputs.size(); ++index) {
          combine(index, left, coefficient, runs.operand(index, call.inputs[index].values.data(), at), length, output);
          left = {output, false};
          coefficient = 1.0F;
        }
      }
    });
  }

 private:
  /// Input `index` to the left side, input 0 or what those before `index` have given. A maximum takes the second input
  /// unless the first is larger, and a later one if it is larger: where one is NaN, that tells which is seen (as
  /// Caffe).
  NUQ_FUNCTION void combine(std::size_t index, const RunOperand& left, float left_coefficient, const RunOperand& right,
                            std::int64_t count, float* output) const {
    const auto join = [&](auto function) { join_run(left, right, count, output, function); };
    switch (method_) {
      case ops::EltwiseMethod::sum:
        return join([=, right_coefficient = coefficients_[index]](float x, float y) {
          return left_coefficient * x + right_coefficient * y;
        });
      case ops::EltwiseMethod::product:
        return join([](float x, float y) { return x * y; });
      case ops::EltwiseMethod::quotient:
        return join([](float x, float y) { return x / y; });
      case ops::EltwiseMethod::power:
        return join([](float x, float y) { return std::pow(x, y); });
      case ops::EltwiseMethod::minimum:
        return join([](float x, float y) { return y < x ? y : x; });
      default:
        if (index == 1) return join([](float x, float y) { return x > y ? x : y; });
        return join([](float x, float y) { return y > x ? y : x; });
    }
  }

  ops::EltwiseMethod method_;
  std::vector<float> coefficients_;  // ones but for a SUM
};
EltwiseLayer layer_of(const ops::Eltwise&);

/// a·x + y with a factor a for each channel of each item (Hu, Shen and Sun: Squeeze-and-Excitation Networks, 2017).
class AxpyLayer {
 public:
  static constexpr bool in_place = false;

  explicit AxpyLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit channels = channel_split(call.layer, call.inputs[1].shape);
    const float* const factors = call.inputs[0].values.data();
    const float* const x = call.inputs[1].values.data();
    const float* const y = call.inputs[2].values.data();
    float* const output = call.outputs[0].values.data();
    const std::int64_t plane = channels.inner;
    call.workspace.for_each_range(channels.outer * channels.extent, plane, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        for_each_index(line * plane, (line + 1) * plane,
                       [=, factor = factors[line]](std::int64_t at) { output[at] = factor * x[at] + y[at]; });
      }
    });
  }
};
AxpyLayer layer_of(const ops::Axpy&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP
