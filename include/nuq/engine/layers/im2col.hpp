#ifndef NUQ_ENGINE_LAYERS_IM2COL_HPP
#define NUQ_ENGINE_LAYERS_IM2COL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nuq/engine/kernels/depthwise.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Writes what every tap of a convolution's kernel reads: one plane for each channel, kernel row and kernel column,
/// pads as zeros.
class Im2colLayer {
 public:
  static constexpr bool in_place = false;

  explicit Im2colLayer(const LayerRef& layer) : operation_(layer.operation<ops::Im2col>()) {}

  void forward(const LayerCall& call) const {
    const Im2colGeometry geometry = im2col_geometry(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t taps = geometry.y.kernel * geometry.x.kernel;
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    call.workspace.for_each_task(geometry.batch * geometry.channels * taps, [&](std::int64_t plane, std::size_t) {
      const TapRange rows(geometry.y, plane % taps / geometry.x.kernel);
      const TapRange cols(geometry.x, plane % geometry.x.kernel);
      copy_tap(geometry, call.inputs[0].values.data() + plane / taps * in_plane, rows, cols,
               call.outputs[0].values.data() + plane * out_plane);
    });
  }

 private:
  static void copy_tap(const Im2colGeometry& geometry, const float* input, const TapRange& rows, const TapRange& cols,
                       float* output) {
    std::fill_n(output, geometry.y.output * geometry.x.output, 0.0F);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const float* const source = input + (row * geometry.y.stride + rows.offset) * geometry.x.input;
      float* const target = output + row * geometry.x.output;
      for (std::int64_t col = cols.begin; col < cols.end; ++col)
        target[col] = source[col * geometry.x.stride + cols.offset];
    }
  }

  ops::Im2col operation_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_IM2COL_HPP
