#ifndef NUQ_ENGINE_LAYERS_CONCAT_HPP
#define NUQ_ENGINE_LAYERS_CONCAT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/concat.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Lines tensors up along an axis.
class ConcatLayer {
 public:
  static constexpr bool in_place = false;

  explicit ConcatLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const std::size_t axis = concat_axis(call.layer, call.outputs[0].shape.size());
    const AxisSplit whole = split_at(call.outputs[0].shape, axis, axis + 1);
    float* target = call.outputs[0].values.data();
    for (const TensorView& input : call.inputs) {
      const std::int64_t piece = input.shape[axis] * whole.inner;
      for (std::int64_t outer = 0; outer < whole.outer; ++outer) {
        std::copy_n(input.values.data() + outer * piece, piece, target + outer * whole.extent * whole.inner);
      }
      target += piece;
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_CONCAT_HPP
