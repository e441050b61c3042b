#ifndef NUQ_ENGINE_LAYERS_BATCH_NORM_HPP
#define NUQ_ENGINE_LAYERS_BATCH_NORM_HPP

#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/affine.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/batch_norm.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// (x − mean) / √(variance + eps) with the trained statistics of each channel.
class BatchNormLayer {
 public:
  static constexpr bool in_place = true;

  explicit BatchNormLayer(const LayerRef& layer) {
    const ChannelAffine affine = batch_norm_affine(layer);
    scale_.assign(affine.factor.begin(), affine.factor.end());
    shift_.assign(affine.offset.begin(), affine.offset.end());
  }

  [[nodiscard]] const std::vector<float>& scale() const noexcept { return scale_; }
  [[nodiscard]] const std::vector<float>& shift() const noexcept { return shift_; }

  void forward(const LayerCall& call) const {
    const AxisSplit split = batch_norm_split(call.layer, call.inputs[0].shape);
    if (split.extent != static_cast<std::int64_t>(scale_.size())) {
      call.layer.fail(ErrorCode::size_mismatch, "the input " + to_string(call.inputs[0].shape) + " has " +
                                                    std::to_string(split.extent) + " channels, the statistics " +
                                                    std::to_string(scale_.size()));
    }
    apply_affine(call, split, scale_.data(), shift_.data());
  }

 private:
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_BATCH_NORM_HPP
