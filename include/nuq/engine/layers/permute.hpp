#ifndef NUQ_ENGINE_LAYERS_PERMUTE_HPP
#define NUQ_ENGINE_LAYERS_PERMUTE_HPP

#include <cstddef>
#include <vector>

#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/permute.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Puts the axes of a tensor in another order (SSD).
class PermuteLayer {
 public:
  static constexpr bool in_place = false;

  explicit PermuteLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const std::vector<StridedAxis> input = dense_axes(call.inputs[0].shape);
    std::vector<StridedAxis> axes;
    for (const std::size_t axis : permute_order(call.layer, input.size())) axes.push_back(input[axis]);
    gather(call.workspace, axes, call.inputs[0].values.data(), call.outputs[0].values.data());
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_PERMUTE_HPP
