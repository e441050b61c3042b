#ifndef NUQ_ENGINE_LAYERS_SHUFFLE_CHANNEL_HPP
#define NUQ_ENGINE_LAYERS_SHUFFLE_CHANNEL_HPP

#include <cstdint>

#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Channels in groups, reordered so that the first ones of all groups come first, then the second ones, and so on
/// (Zhang, Zhou, Lin and Sun: ShuffleNet, 2017).
class ShuffleChannelLayer {
 public:
  static constexpr bool in_place = false;

  explicit ShuffleChannelLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const AxisSplit channels = channel_split(call.layer, call.inputs[0].shape);
    const std::int64_t plane = channels.inner;
    const std::int64_t groups = call.layer.parameter().shuffle_channel_param().group();
    const std::int64_t members = channels.extent / groups;
    gather(call.workspace,
           {{channels.outer, channels.extent * plane}, {members, plane}, {groups, members * plane}, {plane, 1}},
           call.inputs[0].values.data(), call.outputs[0].values.data());
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_SHUFFLE_CHANNEL_HPP
