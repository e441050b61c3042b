#ifndef NUQ_ENGINE_LAYERS_BATCH_REINDEX_HPP
#define NUQ_ENGINE_LAYERS_BATCH_REINDEX_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/place_of.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The items of the first input in the order that the second one, their places, tells; some more than once or not at
/// all.
class BatchReindexLayer {
 public:
  static constexpr bool in_place = false;

  explicit BatchReindexLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t size = extent_product(shape, 1, shape.size());
    float* output = call.outputs[0].values.data();
    for (const float value : call.inputs[1].values) {
      const float* const item = call.inputs[0].values.data() + place_of(call.layer, value, shape[0]) * size;
      output = std::copy_n(item, size, output);
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_BATCH_REINDEX_HPP
