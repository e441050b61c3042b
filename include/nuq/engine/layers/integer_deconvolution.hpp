#ifndef NUQ_ENGINE_LAYERS_INTEGER_DECONVOLUTION_HPP
#define NUQ_ENGINE_LAYERS_INTEGER_DECONVOLUTION_HPP

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

/// Deconvolution of a deploy model: exact sums of int8 weights × int8 levels, stored as floats.
class IntegerDeconvolutionLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit IntegerDeconvolutionLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::TransposedConvolution>()),
        weights_(layer.node.integer->weights),
        bias_(layer.node.integer->bias),
        offset_(layer.node.integer->input_offset) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const DeconvolutionGeometry geometry = deconvolution_geometry(operation_, call.layer, call.inputs[0].shape);
    require_images(call.layer, geometry.convolution);
    const std::int64_t positions = geometry.convolution.y.input * geometry.convolution.x.input;
    call.workspace.for_each_task(
        geometry.convolution.batch * geometry.out_channels(), [&](std::int64_t plane, std::size_t) {
          const std::int64_t channel = plane % geometry.out_channels();
          std::vector<std::int64_t> sums(static_cast<std::size_t>(positions), bias_at(bias_, channel));
          add_inputs(geometry, call.inputs[0].values.data(), plane / geometry.out_channels(), channel, sums);
          float* output = call.outputs[0].values.data() + plane * positions;
          for (const std::int64_t sum : sums) *output++ = static_cast<float>(sum);
        });
  }

 private:
  NUQ_FUNCTION void add_inputs(const DeconvolutionGeometry& geometry, const float* input, std::int64_t image,
                               std::int64_t channel, std::vector<std::int64_t>& sums) const {
    const ConvolutionGeometry& window = geometry.convolution;
    const std::int64_t outputs = geometry.out_channels() / window.group;
    const std::int64_t inputs = geometry.in_channels() / window.group;
    const std::int64_t taps = window.y.kernel * window.x.kernel;
    const std::int64_t group = channel / outputs;
    for (std::int64_t in = group * inputs; in < (group + 1) * inputs; ++in) {
      const float* const plane = input + (image * geometry.in_channels() + in) * window.y.output * window.x.output;
      const std::int8_t* const filter = weights_.data() + (in * outputs + channel % outputs) * taps;
      for (std::int64_t at = 0; at < window.y.output * window.x.output; ++at) {
        add_window(window, at, level_difference(plane[at], offset_), filter, sums);
      }
    }
  }

  NUQ_FUNCTION static void add_window(const ConvolutionGeometry& window, std::int64_t position, std::int16_t level,
                                      const std::int8_t* filter, std::vector<std::int64_t>& sums) {
    const std::int64_t top = position / window.x.output * window.y.stride - window.y.pad;
    const std::int64_t left = position % window.x.output * window.x.stride - window.x.pad;
    for (std::int64_t ky = 0; ky < window.y.kernel; ++ky) {
      const std::int64_t row = top + ky * window.y.dilation;
      if (row < 0 || row >= window.y.input) continue;
      for (std::int64_t kx = 0; kx < window.x.kernel; ++kx) {
        const std::int64_t col = left + kx * window.x.dilation;
        if (col < 0 || col >= window.x.input) continue;
        const std::int64_t product = std::int64_t{level} * filter[ky * window.x.kernel + kx];
        sums[static_cast<std::size_t>(row * window.x.input + col)] += product;
      }
    }
  }

  ops::TransposedConvolution operation_;
  std::vector<std::int8_t> weights_;  // [in × out / group × kh × kw]
  std::vector<std::int32_t> bias_;
  int offset_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INTEGER_DECONVOLUTION_HPP
