#ifndef NUQ_ENGINE_LAYERS_MVN_HPP
#define NUQ_ENGINE_LAYERS_MVN_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = (x − mean) / (√variance + eps), or x − mean alone without normalize_variance; mean and variance are those of
/// each channel of an item, with across_channels those of the item.
class MvnLayer {
 public:
  static constexpr bool in_place = true;

  explicit MvnLayer(const LayerRef& layer)
      : normalize_variance_(layer.parameter().mvn_param().normalize_variance()),
        across_channels_(layer.parameter().mvn_param().across_channels()),
        eps_(static_cast<double>(layer.parameter().mvn_param().eps())) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = (std::min)(shape.size(), std::size_t{across_channels_ ? 1U : 2U});
    const std::int64_t size = extent_product(shape, axis, shape.size());
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(extent_product(shape, 0, axis), size, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) normalise(input + part * size, size, output + part * size);
    });
  }

 private:
  void normalise(const float* input, std::int64_t count, float* output) const {
    double sum = 0.0;
    for (std::int64_t at = 0; at < count; ++at) sum += static_cast<double>(input[at]);
    const double mean = sum / static_cast<double>(count);
    double squares = 0.0;
    for (std::int64_t at = 0; at < count; ++at) {
      const double distance = static_cast<double>(input[at]) - mean;
      squares += distance * distance;
    }
    const double deviation = normalize_variance_ ? std::sqrt(squares / static_cast<double>(count)) + eps_ : 1.0;
    for (std::int64_t at = 0; at < count; ++at) {
      output[at] = static_cast<float>((static_cast<double>(input[at]) - mean) / deviation);
    }
  }

  bool normalize_variance_;
  bool across_channels_;
  double eps_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_MVN_HPP
