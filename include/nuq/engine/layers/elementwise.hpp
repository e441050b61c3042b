#ifndef NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP
#define NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/broadcast.hpp"
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
    const auto is_whole = [&call](const TensorView& input) { return input.shape == call.outputs[0].shape; };
    if (!std::all_of(call.inputs.begin(), call.inputs.end(), is_whole)) return forward_repeated(call);
    const std::int64_t count = static_cast<std::int64_t>(call.outputs[0].values.size());
    call.workspace.for_each_range(count, 1, [&](std::int64_t begin, std::int64_t end) {
      float* const output = call.outputs[0].values.data();
      const float* left = call.inputs[0].values.data();
      float left_coefficient = coefficients_[0];
      if (call.inputs.size() == 1)
        std::transform(left + begin, left + end, output + begin, [=](float x) { return left_coefficient * x; });
      for (std::size_t index = 1; index < call.inputs.size(); ++index) {
        const float* const right = call.inputs[index].values.data();
        combine(index, left, left_coefficient, right, output, begin, end);
        left = output;
        left_coefficient = 1.0F;
      }
    });
  }

 private:
  /// Element by element: each input's next value stands where the broadcast says.
  NUQ_FUNCTION void forward_repeated(const LayerCall& call) const {
    const Shape& shape = call.outputs[0].shape;
    const Tensor first(call.inputs[0].shape, {call.inputs[0].values.begin(), call.inputs[0].values.end()});
    std::vector<BroadcastOffsets> offsets;
    for (const TensorView& input : call.inputs) offsets.emplace_back(input.shape, shape);
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(
        static_cast<std::int64_t>(call.outputs[0].values.size()), 1, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t at = begin; at < end; ++at) {
            float value = first.values.data()[offsets[0](at)];
            float coefficient = coefficients_[0];
            for (std::size_t index = 1; index < call.inputs.size(); ++index) {
              const float* const right = call.inputs[index].values.data() + offsets[index](at);
              combine(index, &value, coefficient, right, &value, 0, 1);
              coefficient = 1.0F;
            }
            output[at] = value;
          }
        });
  }

  /// Input `index` to the left side, input 0 or what those before `index` have given. A maximum takes the second input
  /// unless the first is larger, and a later one if it is larger: where one is NaN, that tells which is seen (as
  /// Caffe).
  NUQ_FUNCTION void combine(std::size_t index, const float* left, float left_coefficient, const float* right,
                            float* output, std::int64_t begin, std::int64_t end) const {
    if (method_ == ops::EltwiseMethod::sum) {
      const float right_coefficient = coefficients_[index];
      for (std::int64_t at = begin; at < end; ++at) {
        output[at] = left_coefficient * left[at] + right_coefficient * right[at];
      }
    } else if (method_ == ops::EltwiseMethod::product) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = left[at] * right[at];
    } else if (method_ == ops::EltwiseMethod::quotient) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = left[at] / right[at];
    } else if (method_ == ops::EltwiseMethod::power) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = std::pow(left[at], right[at]);
    } else if (method_ == ops::EltwiseMethod::minimum) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = right[at] < left[at] ? right[at] : left[at];
    } else if (index == 1) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = left[at] > right[at] ? left[at] : right[at];
    } else {
      for (std::int64_t at = begin; at < end; ++at) output[at] = right[at] > left[at] ? right[at] : left[at];
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
        for (std::int64_t at = line * plane; at < (line + 1) * plane; ++at) output[at] = factors[line] * x[at] + y[at];
      }
    });
  }
};
AxpyLayer layer_of(const ops::Axpy&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ELEMENTWISE_HPP
