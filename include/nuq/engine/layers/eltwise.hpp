#ifndef NUQ_ENGINE_LAYERS_ELTWISE_HPP
#define NUQ_ENGINE_LAYERS_ELTWISE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/eltwise.hpp"
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
        coefficients_(eltwise_coefficients(layer, layer.node.inputs.size())) {
    using Eltwise = schema::EltwiseParameter;
    if (operation_ == Eltwise::SUM || operation_ == Eltwise::PROD || operation_ == Eltwise::MAX) return;
    layer.fail(ErrorCode::unsupported_layer,
               "operation is " + Eltwise::EltwiseOp_Name(operation_) + ", wanted SUM, PROD or MAX");
  }

  void forward(const LayerCall& call) const {
    const std::int64_t count = static_cast<std::int64_t>(call.outputs[0].values.size());
    call.workspace.for_each_range(count, 1, [&](std::int64_t begin, std::int64_t end) {
      float* const output = call.outputs[0].values.data();
      const float* left = call.inputs[0].values.data();
      float left_coefficient = coefficients_[0];
      if (call.inputs.size() == 1)
        std::transform(left + begin, left + end, output + begin, [=](float x) { return left_coefficient * x; });
      for (std::size_t index = 1; index < call.inputs.size(); ++index) {
        const float* const right = call.inputs[index].values.data();
        combine(left, left_coefficient, right, coefficients_[index], output, begin, end);
        left = output;
        left_coefficient = 1.0F;
      }
    });
  }

 private:
  void combine(const float* left, float left_coefficient, const float* right, float right_coefficient, float* output,
               std::int64_t begin, std::int64_t end) const {
    if (operation_ == schema::EltwiseParameter::SUM) {
      for (std::int64_t at = begin; at < end; ++at) {
        output[at] = left_coefficient * left[at] + right_coefficient * right[at];
      }
    } else if (operation_ == schema::EltwiseParameter::PROD) {
      for (std::int64_t at = begin; at < end; ++at) output[at] = left[at] * right[at];
    } else {
      for (std::int64_t at = begin; at < end; ++at) output[at] = (std::max)(left[at], right[at]);
    }
  }

  schema::EltwiseParameter::EltwiseOp operation_;
  std::vector<float> coefficients_;  // ones but for a SUM
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ELTWISE_HPP
