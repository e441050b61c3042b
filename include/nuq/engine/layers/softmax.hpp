#ifndef NUQ_ENGINE_LAYERS_SOFTMAX_HPP
#define NUQ_ENGINE_LAYERS_SOFTMAX_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/softmax.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = eˣ⁻ᵐ / Σ eˣ⁻ᵐ along an axis, m being the largest x.
class SoftmaxLayer {
 public:
  static constexpr bool in_place = true;

  explicit SoftmaxLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const AxisSplit split = softmax_split(call.layer, call.inputs[0].shape);
    const std::int64_t size = split.extent * split.inner;
    call.workspace.for_each_task(split.outer, [&](std::int64_t outer, std::size_t worker) {
      normalise(split, call.inputs[0].values.data() + outer * size, call.outputs[0].values.data() + outer * size,
                call.workspace.scratch(worker, 2 * split.inner));
    });
  }

 private:
  /// One group of extent × inner values; `scratch` holds 2 × inner.
  static void normalise(const AxisSplit& split, const float* input, float* output, float* scratch) {
    float* const largest = scratch;
    float* const sum = scratch + split.inner;
    std::copy_n(input, split.inner, largest);
    for (std::int64_t at = 0; at < split.extent; ++at) {
      for (std::int64_t i = 0; i < split.inner; ++i) largest[i] = (std::max)(largest[i], input[at * split.inner + i]);
    }
    std::fill_n(sum, split.inner, 0.0F);
    for (std::int64_t at = 0; at < split.extent; ++at) {
      for (std::int64_t i = 0; i < split.inner; ++i) {
        const float power = std::exp(input[at * split.inner + i] - largest[i]);
        output[at * split.inner + i] = power;
        sum[i] += power;
      }
    }
    for (std::int64_t at = 0; at < split.extent; ++at) {
      for (std::int64_t i = 0; i < split.inner; ++i) output[at * split.inner + i] /= sum[i];
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SOFTMAX_HPP
