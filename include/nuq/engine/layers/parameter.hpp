#ifndef NUQ_ENGINE_LAYERS_PARAMETER_HPP
#define NUQ_ENGINE_LAYERS_PARAMETER_HPP

#include <algorithm>
#include <vector>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Writes its trained blob.
class ParameterLayer {
 public:
  static constexpr bool in_place = false;

  explicit ParameterLayer(const LayerRef& layer) {
    require_blobs(layer, 1);
    values_ = layer.node.blobs[0].values;
  }

  void forward(const LayerCall& call) const {
    std::copy(values_.begin(), values_.end(), call.outputs[0].values.begin());
  }

 private:
  std::vector<float> values_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_PARAMETER_HPP
