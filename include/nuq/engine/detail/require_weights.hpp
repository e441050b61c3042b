#ifndef NUQ_ENGINE_DETAIL_REQUIRE_WEIGHTS_HPP
#define NUQ_ENGINE_DETAIL_REQUIRE_WEIGHTS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Throws ModelError unless a layer's weights have the shape that its first input needs.
NUQ_FUNCTION inline void require_weights(const LayerCall& call, const Shape& weights, const Shape& needed) {
  if (weights == needed) return;
  call.layer.fail(ErrorCode::size_mismatch, "the input " + to_string(call.inputs[0].shape) + " needs weights " +
                                                to_string(needed) + ", they are " + to_string(weights));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_REQUIRE_WEIGHTS_HPP
