#ifndef NUQ_ENGINE_DETAIL_AFFINE_HPP
#define NUQ_ENGINE_DETAIL_AFFINE_HPP

#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x·scale[e] + shift[e] for every index e along the split's axis; `shift` null: 0.
NUQ_FUNCTION inline void apply_affine(const LayerCall& call, const AxisSplit& split, const float* scale,
                                      const float* shift) {
  const float* const input = call.inputs[0].values.data();
  float* const output = call.outputs[0].values.data();
  call.workspace.for_each_range(split.outer * split.extent, split.inner, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin; line < end; ++line) {
      const float factor = scale[line % split.extent];
      const float offset = shift == nullptr ? 0.0F : shift[line % split.extent];
      const float* const source = input + line * split.inner;
      float* const target = output + line * split.inner;
      for_each_index(0, split.inner, [=](std::int64_t at) { target[at] = source[at] * factor + offset; });
    }
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_AFFINE_HPP
