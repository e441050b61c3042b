#ifndef NUQ_ENGINE_LAYERS_SCALE_HPP
#define NUQ_ENGINE_LAYERS_SCALE_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/caffe/layer_rules/blobs.hpp"
#include "nuq/caffe/layer_rules/scale.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/affine.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x·scale + shift with trained factors along some axes.
class ScaleLayer {
 public:
  static constexpr bool in_place = true;

  explicit ScaleLayer(const LayerRef& layer) {
    if (layer.node.inputs.size() != 1) {
      layer.fail(ErrorCode::unsupported_layer,
                 "Scale has " + std::to_string(layer.node.inputs.size()) + " inputs, wanted 1 and trained factors");
    }
    require_blobs(layer, 1);
    scale_ = layer.node.blobs[0].values;
    shift_ = trained_bias(layer, layer.parameter().scale_param().bias_term(), scale_.size());
  }

  [[nodiscard]] const std::vector<float>& scale() const noexcept { return scale_; }
  /// As many values as `scale()`, or none.
  [[nodiscard]] const std::vector<float>& shift() const noexcept { return shift_; }

  void forward(const LayerCall& call) const {
    const AxisSplit split = scale_split(call.layer, call.inputs[0].shape);
    if (split.extent != static_cast<std::int64_t>(scale_.size())) {
      call.layer.fail(ErrorCode::size_mismatch, "the input " + to_string(call.inputs[0].shape) + " needs " +
                                                    std::to_string(split.extent) + " factors, there are " +
                                                    std::to_string(scale_.size()));
    }
    apply_affine(call, split, scale_.data(), shift_.empty() ? nullptr : shift_.data());
  }

 private:
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SCALE_HPP
