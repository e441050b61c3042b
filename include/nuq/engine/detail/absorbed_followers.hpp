#ifndef NUQ_ENGINE_DETAIL_ABSORBED_FOLLOWERS_HPP
#define NUQ_ENGINE_DETAIL_ABSORBED_FOLLOWERS_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

class AnyLayer;
class ConvolutionLayer;

/// What a convolution does to its sums in place of layers behind it: its own bias and ReLU, BatchNorm, Scale and at
/// last ReLU.
class AbsorbedFollowers {
 public:
  NUQ_FUNCTION explicit AbsorbedFollowers(const ConvolutionLayer& convolution);

  /// Takes one more layer if it is of such a kind, of the same channels, and none has come behind a ReLU.
  NUQ_FUNCTION [[nodiscard]] bool absorb(const AnyLayer& layer);

  [[nodiscard]] TileFinish finish() const noexcept { return {scale_.data(), shift_.data(), negative_slope_}; }

 private:
  /// `shift` may be empty.
  NUQ_FUNCTION [[nodiscard]] bool absorb_affine(const std::vector<float>& scale, const std::vector<float>& shift);

  NUQ_FUNCTION void absorb_relu(float negative_slope) noexcept;

  std::vector<float> scale_;
  std::vector<float> shift_;
  float negative_slope_ = 1.0F;
  bool has_relu_ = false;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

#include <cstddef>
#include <utility>

#include "nuq/engine/layer_catalogue.hpp"
#include "nuq/graph/graph.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION AbsorbedFollowers::AbsorbedFollowers(const ConvolutionLayer& convolution)
    : scale_(static_cast<std::size_t>(convolution.out_channels()), 1.0F), shift_(scale_.size(), 0.0F) {
  if (!convolution.bias().empty()) shift_ = convolution.bias();
  if (convolution.relu()) absorb_relu(*convolution.relu());
}

NUQ_DEFINITION bool AbsorbedFollowers::absorb(const AnyLayer& layer) {
  if (has_relu_) return false;
  if (const auto* norm = layer.get_if<BatchNormLayer>()) {
    if (!absorb_affine(norm->scale(), norm->shift())) return false;
    if (norm->has_relu()) absorb_relu(0.0F);
    return true;
  }
  if (const auto* scale = layer.get_if<ScaleLayer>()) {
    return scale->is_per_channel() && absorb_affine(scale->scale(), scale->shift());
  }
  if (const auto* relu = layer.get_if<ReluLayer>()) {
    absorb_relu(relu->negative_slope());
    return true;
  }
  return false;
}

NUQ_DEFINITION bool AbsorbedFollowers::absorb_affine(const std::vector<float>& scale, const std::vector<float>& shift) {
  if (scale.size() != scale_.size()) return false;
  for (std::size_t channel = 0; channel < scale.size(); ++channel) {
    scale_[channel] *= scale[channel];
    shift_[channel] = shift_[channel] * scale[channel] + (shift.empty() ? 0.0F : shift[channel]);
  }
  return true;
}

NUQ_DEFINITION void AbsorbedFollowers::absorb_relu(float negative_slope) noexcept {
  negative_slope_ = negative_slope;
  has_relu_ = true;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_DETAIL_ABSORBED_FOLLOWERS_HPP
