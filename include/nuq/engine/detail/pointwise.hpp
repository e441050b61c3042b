#ifndef NUQ_ENGINE_DETAIL_POINTWISE_HPP
#define NUQ_ENGINE_DETAIL_POINTWISE_HPP

#include <cstdint>

#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// output[i] = function(input[i]) for the layer's only input and output.
template <class Function>
void for_each_value(const LayerCall& call, Function function) {
  const float* const input = call.inputs[0].values.data();
  float* const output = call.outputs[0].values.data();
  const std::int64_t count = static_cast<std::int64_t>(call.inputs[0].values.size());
  call.workspace.for_each_range(count, 1, [=](std::int64_t begin, std::int64_t end) {
    for_each_index(begin, end, [=](std::int64_t at) { output[at] = function(input[at]); });
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_POINTWISE_HPP
