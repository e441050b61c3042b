#ifndef NUQ_ENGINE_DETAIL_REQUIRE_FACTORS_HPP
#define NUQ_ENGINE_DETAIL_REQUIRE_FACTORS_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Throws ModelError unless a layer's trained factors are as many as its first input needs.
NUQ_FUNCTION inline void require_factors(const LayerCall& call, std::size_t factors, std::int64_t needed) {
  if (static_cast<std::int64_t>(factors) == needed) return;
  call.layer.fail(ErrorCode::size_mismatch, "the input " + to_string(call.inputs[0].shape) + " needs " +
                                                std::to_string(needed) + " trained factors, there are " +
                                                std::to_string(factors));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_REQUIRE_FACTORS_HPP
