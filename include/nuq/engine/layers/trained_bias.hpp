#ifndef NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP
#define NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A bias in whole multiples of `scales`, one or as many; those of scales that are not above 0 stay as they are.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> whole_bias(std::vector<float> bias,
                                                                const std::vector<float>& scales) {
  if (scales.size() != 1 && scales.size() != bias.size()) return bias;
  for (std::size_t index = 0; index < bias.size(); ++index) {
    const auto scale = static_cast<double>(scales[scales.size() == 1 ? 0 : index]);
    if (scale > 0.0) bias[index] = static_cast<float>(std::round(static_cast<double>(bias[index]) / scale) * scale);
  }
  return bias;
}

/// Blob 1 of a layer with `bias_term`, `count` values, in whole multiples of the layer's `sum_scales`, if it has any;
/// otherwise nothing. Throws ModelError where it is missing or of another size.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> trained_bias(const LayerRef& layer, bool bias_term,
                                                                  std::size_t count) {
  if (!bias_term) return {};
  require_blobs(layer, 2);
  const std::vector<float>& bias = layer.node.blobs[1].values;
  if (bias.size() != count) {
    layer.fail(ErrorCode::size_mismatch,
               "the bias has " + std::to_string(bias.size()) + " values, wanted " + std::to_string(count));
  }
  return whole_bias(bias, layer.node.sum_scales);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP
