#ifndef NUQ_ENGINE_LAYERS_ELTWISE_HPP
#define NUQ_ENGINE_LAYERS_ELTWISE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/caffe/layer_rules/eltwise.hpp"
#include "nuq/engine/layers/layer_call.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Sum (with coefficients), product or maximum of tensors of one shape.
class EltwiseLayer {
 public:
  static constexpr bool in_place = true;

  explicit EltwiseLayer(const LayerRef& layer)
      : operation_(layer.parameter().eltwise_param().operation()),
        coefficients_(eltwise_coefficients(layer, layer.node.inputs.size())) {}

  void forward(const LayerCall& call) const {
    const std::int64_t count = static_cast<std::int64_t>(call.outputs[0].values.size());
    call.workspace.for_each_range(count, 1, [&](std::int64_t begin, std::int64_t end) {
      float* const output = call.outputs[0].values.data();
      const float* const first = call.inputs[0].values.data();
      for (std::int64_t at = begin; at < end; ++at) output[at] = coefficients_[0] * first[at];
      for (std::size_t index = 1; index < call.inputs.size(); ++index) {
        combine(call.inputs[index].values.data(), coefficients_[index], output, begin, end);
      }
    });
  }

 private:
  void combine(const float* input, float coefficient, float* output, std::int64_t begin, std::int64_t end) const {
    switch (operation_) {
      case schema::EltwiseParameter::SUM:
        for (std::int64_t at = begin; at < end; ++at) output[at] += coefficient * input[at];
        break;
      case schema::EltwiseParameter::PROD:
        for (std::int64_t at = begin; at < end; ++at) output[at] *= input[at];
        break;
      case schema::EltwiseParameter::MAX:
        for (std::int64_t at = begin; at < end; ++at) output[at] = (std::max)(output[at], input[at]);
        break;
    }
  }

  schema::EltwiseParameter::EltwiseOp operation_;
  std::vector<float> coefficients_;  // ones but for a SUM
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ELTWISE_HPP
