#ifndef NUQ_ENGINE_LAYERS_TILE_HPP
#define NUQ_ENGINE_LAYERS_TILE_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/tile.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Repeats a tensor along an axis.
class TileLayer {
 public:
  static constexpr bool in_place = false;

  explicit TileLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const schema::TileParameter& parameter = call.layer.parameter().tile_param();
    const std::size_t axis = canonical_axis(call.layer, parameter.axis(), shape.size());
    const std::int64_t outer = extent_product(shape, 0, axis);
    const std::int64_t piece = extent_product(shape, axis, shape.size());
    gather(call.workspace, {{outer, piece}, {parameter.tiles(), 0}, {piece, 1}}, call.inputs[0].values.data(),
           call.outputs[0].values.data());
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_TILE_HPP
