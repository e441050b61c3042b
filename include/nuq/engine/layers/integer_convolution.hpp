#ifndef NUQ_ENGINE_LAYERS_INTEGER_CONVOLUTION_HPP
#define NUQ_ENGINE_LAYERS_INTEGER_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/integer_product.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Convolution of a deploy model: exact sums of int8 weights × int8 levels, the input padded with the level that stands
/// for 0. The sums are stored as floats, those beyond 2²⁴ rounded.
class IntegerConvolutionLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit IntegerConvolutionLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Convolution>()),
        weights_(widened(layer.node.integer->weights)),
        bias_(layer.node.integer->bias),
        offset_(layer.node.integer->input_offset) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const ConvolutionGeometry geometry = convolution_geometry(operation_, call.layer, call.inputs[0].shape);
    require_images(call.layer, geometry);
    const std::int64_t positions = geometry.y.output * geometry.x.output;
    const std::int64_t blocks = (positions + block_size - 1) / block_size;
    call.workspace.for_each_task(geometry.batch * geometry.group * blocks, [&](std::int64_t task, std::size_t) {
      const std::int64_t first = task % blocks * block_size;
      compute(geometry, call, task / blocks, first, (std::min)(positions, first + block_size));
    });
  }

 private:
  static constexpr std::int64_t block_size = 64;

  /// The output positions [first, last) of one image and group.
  NUQ_FUNCTION void compute(const ConvolutionGeometry& geometry, const LayerCall& call, std::int64_t part,
                            std::int64_t first, std::int64_t last) const {
    const std::int64_t depth = geometry.fan_in();
    const std::int64_t image = part / geometry.group;
    const std::int64_t group = part % geometry.group;
    std::vector<std::int16_t> columns(static_cast<std::size_t>((last - first) * depth));
    const float* const input = call.inputs[0].values.data() +
                               part * (geometry.in_channels / geometry.group) * geometry.y.input * geometry.x.input;
    for (std::int64_t at = first; at < last; ++at) gather(geometry, input, at, columns.data() + (at - first) * depth);

    const std::int64_t positions = geometry.y.output * geometry.x.output;
    const std::int64_t rows = geometry.out_channels / geometry.group;
    for (std::int64_t channel = group * rows; channel < (group + 1) * rows; ++channel) {
      float* const output = call.outputs[0].values.data() + (image * geometry.out_channels + channel) * positions;
      for (std::int64_t at = first; at < last; ++at) {
        const std::int64_t sum =
            integer_dot(weights_.data() + channel * depth, columns.data() + (at - first) * depth, depth);
        output[at] = static_cast<float>(sum + bias_at(bias_, channel));
      }
    }
  }

  /// What one window reads, in the order of a filter's weights.
  NUQ_FUNCTION void gather(const ConvolutionGeometry& geometry, const float* input, std::int64_t position,
                           std::int16_t* column) const {
    const WindowAxis& y = geometry.y;
    const WindowAxis& x = geometry.x;
    const std::int64_t top = position / x.output * y.stride - y.pad;
    const std::int64_t left = position % x.output * x.stride - x.pad;
    for (std::int64_t channel = 0; channel < geometry.in_channels / geometry.group; ++channel) {
      for (std::int64_t ky = 0; ky < y.kernel; ++ky) {
        const std::int64_t row = top + ky * y.dilation;
        for (std::int64_t kx = 0; kx < x.kernel; ++kx) {
          const std::int64_t col = left + kx * x.dilation;
          const bool inside = row >= 0 && row < y.input && col >= 0 && col < x.input;
          *column++ =
              inside ? level_difference(input[(channel * y.input + row) * x.input + col], offset_) : std::int16_t{0};
        }
      }
    }
  }

  ops::Convolution operation_;
  std::vector<std::int16_t> weights_;  // [out × fan-in]
  std::vector<std::int32_t> bias_;
  int offset_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INTEGER_CONVOLUTION_HPP
