#ifndef NUQ_ENGINE_LAYERS_AFFINE_HPP
#define NUQ_ENGINE_LAYERS_AFFINE_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/affine.hpp"
#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Batch normalization with the trained statistics of each channel, and a ReLU where the layer has one.
class BatchNormLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit BatchNormLayer(const LayerRef& layer) : operation_(layer.operation<ops::BatchNorm>()) {
    const ChannelAffine affine = batch_norm_affine(operation_, layer);
    scale_.assign(affine.factor.begin(), affine.factor.end());
    shift_.assign(affine.offset.begin(), affine.offset.end());
  }

  [[nodiscard]] const std::vector<float>& scale() const noexcept { return scale_; }
  [[nodiscard]] const std::vector<float>& shift() const noexcept { return shift_; }
  [[nodiscard]] bool has_relu() const noexcept { return operation_.relu; }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = batch_norm_split(operation_, call.layer, call.inputs[0].shape);
    if (split.extent != static_cast<std::int64_t>(scale_.size())) {
      call.layer.fail(ErrorCode::size_mismatch, "the input " + to_string(call.inputs[0].shape) + " has " +
                                                    std::to_string(split.extent) + " channels, the statistics " +
                                                    std::to_string(scale_.size()));
    }
    apply_affine(call, split, scale_.data(), shift_.data());
    if (operation_.relu) {
      for (float& value : call.outputs[0].values) value = (std::max)(value, 0.0F);
    }
  }

 private:
  ops::BatchNorm operation_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};
BatchNormLayer layer_of(const ops::BatchNorm&);

/// y = x·scale + shift along some axes; the factors are trained, or a second input, the shift is trained.
class ScaleLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ScaleLayer(const LayerRef& layer) : operation_(layer.operation<ops::Scale>()) {
    if (layer.node.inputs.size() == 1) {
      require_blobs(layer, 1);
      scale_ = layer.node.blobs[0].values;
      shift_ = trained_bias(layer, operation_.bias, scale_.size());
    } else if (operation_.bias) {
      require_blobs(layer, 1);
      shift_ = layer.node.blobs[0].values;
    }
  }

  /// Whether there is a factor for each value along axis 1.
  [[nodiscard]] bool is_per_channel() const noexcept { return operation_.axis == 1 && operation_.num_axes == 1; }
  /// None where a second input holds them.
  [[nodiscard]] const std::vector<float>& scale() const noexcept { return scale_; }
  /// As many values as there are factors, or none.
  [[nodiscard]] const std::vector<float>& shift() const noexcept { return shift_; }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& input = call.inputs[0].shape;
    const bool is_trained = call.inputs.size() == 1;
    const AxisSplit split = is_trained ? scale_split(operation_, call.layer, input)
                                       : scale_split(operation_, call.layer, input, call.inputs[1].shape);
    if (is_trained) require_factors(call, scale_.size(), split.extent);
    if (!shift_.empty()) require_factors(call, shift_.size(), split.extent);
    apply_affine(call, split, is_trained ? scale_.data() : call.inputs[1].values.data(),
                 shift_.empty() ? nullptr : shift_.data());
  }

 private:
  ops::Scale operation_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};
ScaleLayer layer_of(const ops::Scale&);

/// y = x + bias along some axes; the bias is trained, or a second input.
class BiasLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit BiasLayer(const LayerRef& layer) : operation_(layer.operation<ops::Bias>()) {
    if (layer.node.inputs.size() > 1) return;
    require_blobs(layer, 1);
    bias_ = layer.node.blobs[0].values;
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    if (call.inputs.size() == 1) {
      const AxisSplit split = bias_split(operation_, call.layer, call.inputs[0].shape);
      require_factors(call, bias_.size(), split.extent);
      add(call, split, bias_.data());
    } else {
      const AxisSplit split = bias_split(operation_, call.layer, call.inputs[0].shape, call.inputs[1].shape);
      add(call, split, call.inputs[1].values.data());
    }
  }

 private:
  NUQ_FUNCTION static void add(const LayerCall& call, const AxisSplit& split, const float* bias) {
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const float offset = bias[line % split.extent];
        for_each_index(line * split.inner, (line + 1) * split.inner,
                       [=](std::int64_t at) { output[at] = input[at] + offset; });
      }
    });
  }

  ops::Bias operation_;
  std::vector<float> bias_;  // empty with two inputs
};
BiasLayer layer_of(const ops::Bias&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_AFFINE_HPP
