#ifndef NUQ_ENGINE_LAYERS_NORMALIZE_HPP
#define NUQ_ENGINE_LAYERS_NORMALIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/normalize.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x / √(Σ x² + eps) · factor over all values of an item with `across_spatial`, otherwise over the channels of each
/// position; the trained factor belongs to the channel or to the layer (SSD; Liu, Rabinovich and Berg: ParseNet, 2015).
class NormalizeLayer {
 public:
  static constexpr bool in_place = true;

  explicit NormalizeLayer(const LayerRef& layer)
      : across_spatial_(layer.parameter().norm_param().across_spatial()),
        channel_shared_(layer.parameter().norm_param().channel_shared()),
        eps_(layer.parameter().norm_param().eps()) {
    require_blobs(layer, 1);
    factors_ = layer.node.blobs[0].values;
  }

  void forward(const LayerCall& call) const {
    const AxisSplit split = normalize_split(call.layer, call.inputs[0].shape);
    require_factors(call, factors_.size(), channel_shared_ ? 1 : split.extent);
    const std::int64_t size = split.extent * split.inner;
    call.workspace.for_each_task(split.outer, [&](std::int64_t item, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + item * size;
      float* const lengths = call.workspace.scratch(worker, split.inner);
      measure(split, input, lengths);
      divide(split, input, lengths, call.outputs[0].values.data() + item * size);
    });
  }

 private:
  /// √(Σ x² + eps) for each position of one item.
  void measure(const AxisSplit& split, const float* input, float* lengths) const {
    double sum_of_all = 0.0;
    for (std::int64_t at = 0; at < split.inner; ++at) {
      double sum = 0.0;
      for (std::int64_t channel = 0; channel < split.extent; ++channel) {
        const double value = static_cast<double>(input[channel * split.inner + at]);
        sum += value * value;
      }
      lengths[at] = length_of(sum);
      sum_of_all += sum;
    }
    if (across_spatial_) std::fill_n(lengths, split.inner, length_of(sum_of_all));
  }
  [[nodiscard]] float length_of(double sum_of_squares) const {
    return static_cast<float>(std::sqrt(sum_of_squares + static_cast<double>(eps_)));
  }

  void divide(const AxisSplit& split, const float* input, const float* lengths, float* output) const {
    for (std::int64_t channel = 0; channel < split.extent; ++channel) {
      const float factor = factors_[channel_shared_ ? 0 : static_cast<std::size_t>(channel)];
      for (std::int64_t at = 0; at < split.inner; ++at) {
        output[channel * split.inner + at] = input[channel * split.inner + at] / lengths[at] * factor;
      }
    }
  }

  bool across_spatial_;
  bool channel_shared_;
  float eps_;
  std::vector<float> factors_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_NORMALIZE_HPP
