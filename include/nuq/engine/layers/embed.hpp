#ifndef NUQ_ENGINE_LAYERS_EMBED_HPP
#define NUQ_ENGINE_LAYERS_EMBED_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/detail/place_of.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/embed.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// For every value of the input, a whole number, that row of the trained matrix; plus the bias.
class EmbedLayer {
 public:
  static constexpr bool in_place = false;

  explicit EmbedLayer(const LayerRef& layer) : width_(layer.parameter().embed_param().num_output()) {
    require_blobs(layer, 1);
    rows_ = layer.node.blobs[0].values;
    bias_ = trained_bias(layer, layer.parameter().embed_param().bias_term(), static_cast<std::size_t>(width_));
  }

  void forward(const LayerCall& call) const {
    const std::int64_t rows = static_cast<std::int64_t>(rows_.size()) / width_;
    float* output = call.outputs[0].values.data();
    for (const float value : call.inputs[0].values) {
      const float* const row = rows_.data() + place_of(call.layer, value, rows) * width_;
      for (std::int64_t at = 0; at < width_; ++at) {
        output[at] = bias_.empty() ? row[at] : row[at] + bias_[static_cast<std::size_t>(at)];
      }
      output += width_;
    }
  }

 private:
  std::int64_t width_;
  std::vector<float> rows_;
  std::vector<float> bias_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_EMBED_HPP
