#ifndef NUQ_ENGINE_LAYERS_REDUCTION_HPP
#define NUQ_ENGINE_LAYERS_REDUCTION_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/reduction.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// coeff times the sum, the sum of magnitudes, the sum of squares or the mean of all values from an axis on.
class ReductionLayer {
 public:
  static constexpr bool in_place = false;

  explicit ReductionLayer(const LayerRef& layer)
      : operation_(layer.parameter().reduction_param().operation()),
        coefficient_(static_cast<double>(layer.parameter().reduction_param().coeff())) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t size = extent_product(shape, reduction_axis(call.layer, shape.size()), shape.size());
    const float* const input = call.inputs[0].values.data();
    const ArrayView<float> output = call.outputs[0].values;
    const std::int64_t count = static_cast<std::int64_t>(output.size());
    call.workspace.for_each_range(count, size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at) {
        output[static_cast<std::size_t>(at)] = static_cast<float>(coefficient_ * reduced(input + at * size, size));
      }
    });
  }

 private:
  [[nodiscard]] double reduced(const float* values, std::int64_t count) const {
    double result = 0.0;
    for (std::int64_t at = 0; at < count; ++at) result += term(static_cast<double>(values[at]));
    return operation_ == schema::ReductionParameter::MEAN ? result / static_cast<double>(count) : result;
  }
  [[nodiscard]] double term(double value) const {
    if (operation_ == schema::ReductionParameter::ASUM) return std::fabs(value);
    return operation_ == schema::ReductionParameter::SUMSQ ? value * value : value;
  }

  schema::ReductionParameter::ReductionOp operation_;
  double coefficient_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_REDUCTION_HPP
