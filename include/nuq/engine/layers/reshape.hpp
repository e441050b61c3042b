#ifndef NUQ_ENGINE_LAYERS_RESHAPE_HPP
#define NUQ_ENGINE_LAYERS_RESHAPE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/reshape.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Puts the axes of a tensor in another order (SSD).
class PermuteLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit PermuteLayer(const LayerRef& layer) : operation_(layer.operation<ops::Permute>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const std::vector<StridedAxis> input = dense_axes(call.inputs[0].shape);
    std::vector<StridedAxis> axes;
    for (const std::size_t axis : permute_order(operation_, call.layer, input.size())) axes.push_back(input[axis]);
    gather(call.workspace, axes, call.inputs[0].values.data(), call.outputs[0].values.data());
  }

 private:
  ops::Permute operation_;
};
PermuteLayer layer_of(const ops::Permute&);

/// Repeats values to a larger shape.
class ExpandLayer {
 public:
  static constexpr bool in_place = false;

  explicit ExpandLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.outputs[0].shape;
    const std::vector<StridedAxis> input = dense_axes(call.inputs[0].shape);
    std::vector<StridedAxis> axes(shape.size());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) axes[axis] = {shape[axis], 0};
    const std::size_t missing = axes.size() - input.size();
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
      if (input[axis].extent > 1) axes[missing + axis].stride = input[axis].stride;
    }
    gather(call.workspace, axes, call.inputs[0].values.data(), call.outputs[0].values.data());
  }
};
ExpandLayer layer_of(const ops::Expand&);

/// Reorders channels so that the first ones of all groups come first, then the second ones, and so on.
class ShuffleChannelLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ShuffleChannelLayer(const LayerRef& layer)
      : groups_(layer.operation<ops::ShuffleChannel>().group) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit channels = channel_split(call.layer, call.inputs[0].shape);
    const std::int64_t plane = channels.inner;
    const std::int64_t members = channels.extent / groups_;
    gather(call.workspace,
           {{channels.outer, channels.extent * plane}, {members, plane}, {groups_, members * plane}, {plane, 1}},
           call.inputs[0].values.data(), call.outputs[0].values.data());
  }

 private:
  std::int64_t groups_;
};
ShuffleChannelLayer layer_of(const ops::ShuffleChannel&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_RESHAPE_HPP
