#ifndef NUQ_ENGINE_LAYERS_PRELU_HPP
#define NUQ_ENGINE_LAYERS_PRELU_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/prelu.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x for x ≥ 0, otherwise x·slope, with a trained slope for each channel or one for all (He et al., 2015).
class PreluLayer {
 public:
  static constexpr bool in_place = true;

  explicit PreluLayer(const LayerRef& layer) {
    require_blobs(layer, 1);
    slopes_ = layer.node.blobs[0].values;
  }

  void forward(const LayerCall& call) const {
    const AxisSplit split = prelu_split(call.layer, call.inputs[0].shape);
    require_factors(call, slopes_.size(), split.extent);
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const float slope = slopes_[static_cast<std::size_t>(line % split.extent)];
        for (std::int64_t at = line * split.inner; at < (line + 1) * split.inner; ++at) {
          output[at] = (std::max)(input[at], 0.0F) + slope * (std::min)(input[at], 0.0F);
        }
      }
    });
  }

 private:
  std::vector<float> slopes_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_PRELU_HPP
