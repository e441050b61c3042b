#ifndef NUQ_ENGINE_LAYERS_POOLING_HPP
#define NUQ_ENGINE_LAYERS_POOLING_HPP

#include <algorithm>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/caffe/layer_rules/pooling.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A window clipped to the input along one axis.
struct ClippedWindow {
  ClippedWindow(const WindowAxis& axis, std::int64_t position) noexcept {
    const std::int64_t first = position * axis.stride - axis.pad;
    const std::int64_t last = (std::min)(first + axis.kernel, axis.input + axis.pad);
    begin = (std::max)(first, std::int64_t{0});
    end = (std::max)(begin, (std::min)(last, axis.input));
    padded_extent = last - first;
  }
  std::int64_t begin;
  std::int64_t end;
  std::int64_t padded_extent;  ///< its values and the pads it covers; not above 0 where it lies behind the input
};

/// Maximum or average of windows. A window without any value (strides larger than the kernel, without pads) gives
/// −FLT_MAX as maximum, as in Caffe, and 0 as average.
class PoolingLayer {
 public:
  static constexpr bool in_place = false;

  explicit PoolingLayer(const LayerRef& layer) {
    const schema::PoolingParameter::PoolMethod method = layer.parameter().pooling_param().pool();
    if (method == schema::PoolingParameter::STOCHASTIC) {
      layer.fail(ErrorCode::unsupported_layer, "pool is STOCHASTIC, wanted MAX or AVE");
    }
  }

  void forward(const LayerCall& call) const {
    const PoolingGeometry geometry = pooling_geometry(call.layer, call.inputs[0].shape);
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    call.workspace.for_each_task(geometry.batch * geometry.channels, [&](std::int64_t plane, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + plane * in_plane;
      float* const output = call.outputs[0].values.data() + plane * out_plane;
      float* const line = call.workspace.scratch(worker, geometry.x.input);
      if (geometry.method == schema::PoolingParameter::AVE) {
        average(geometry, input, line, output);
      } else {
        maximum(geometry, input, line, output);
      }
    });
  }

 private:
  /// Both reduce the window's rows to one `line` first, which runs along memory, and the windows of that line then.
  static void maximum(const PoolingGeometry& geometry, const float* input, float* line, float* output) {
    const std::int64_t width = geometry.x.input;
    for (std::int64_t y = 0; y < geometry.y.output; ++y) {
      const ClippedWindow rows(geometry.y, y);
      std::fill_n(line, width, -FLT_MAX);
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        for (std::int64_t x = 0; x < width; ++x) line[x] = (std::max)(line[x], input[row * width + x]);
      }
      for (std::int64_t x = 0; x < geometry.x.output; ++x) {
        const ClippedWindow cols(geometry.x, x);
        float largest = -FLT_MAX;
        for (std::int64_t col = cols.begin; col < cols.end; ++col) largest = (std::max)(largest, line[col]);
        *output++ = largest;
      }
    }
  }

  static void average(const PoolingGeometry& geometry, const float* input, float* line, float* output) {
    const std::int64_t width = geometry.x.input;
    for (std::int64_t y = 0; y < geometry.y.output; ++y) {
      const ClippedWindow rows(geometry.y, y);
      std::fill_n(line, width, 0.0F);
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        for (std::int64_t x = 0; x < width; ++x) line[x] += input[row * width + x];
      }
      for (std::int64_t x = 0; x < geometry.x.output; ++x) {
        const ClippedWindow cols(geometry.x, x);
        float sum = 0.0F;
        for (std::int64_t col = cols.begin; col < cols.end; ++col) sum += line[col];
        const std::int64_t divisor = (std::max)(rows.padded_extent, std::int64_t{0}) * cols.padded_extent;
        *output++ = divisor > 0 ? sum / static_cast<float>(divisor) : 0.0F;
      }
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_POOLING_HPP
