#ifndef NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP
#define NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/caffe/layer_rules/blobs.hpp"
#include "nuq/caffe/layer_rules/layer_ref.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Blob 1 of a layer with `bias_term`, `count` values; otherwise nothing. Throws ModelError where it is missing or of
/// another size.
[[nodiscard]] inline std::vector<float> trained_bias(const LayerRef& layer, bool bias_term, std::size_t count) {
  if (!bias_term) return {};
  require_blobs(layer, 2);
  const std::vector<float>& bias = layer.node.blobs[1].values;
  if (bias.size() != count) {
    layer.fail(ErrorCode::size_mismatch,
               "the bias has " + std::to_string(bias.size()) + " values, wanted " + std::to_string(count));
  }
  return bias;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_TRAINED_BIAS_HPP
