#ifndef NUQ_ONNX_FUNCTIONS_POOLING_HPP
#define NUQ_ONNX_FUNCTIONS_POOLING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/onnx/functions/layout.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// One spatial axis of a window that slides: where it begins and what it covers.
struct SlidingAxis {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad = 0;
  std::int64_t pad_end = 0;
  std::int64_t output = 0;
};

/// The spatial axes of a pooling that has as many as its kernel. Throws ModelError naming the layer.
NUQ_FUNCTION [[nodiscard]] inline std::vector<SlidingAxis> sliding_axes(const ops::Pooling& pooling,
                                                                        const LayerContext& layer, const Shape& input) {
  const ops::Window& window = pooling.window;
  if (input.size() != window.kernel.size() + 2) {
    layer.fail(ErrorCode::size_mismatch, layer.type + " has the input " + to_string(input) + ", wanted " +
                                             std::to_string(window.kernel.size() + 2) + " axes");
  }
  const auto value = [](const ops::AxisValues& values, std::size_t axis, std::int64_t otherwise) {
    return values.empty() ? otherwise : values[axis];
  };
  std::vector<SlidingAxis> axes;
  for (std::size_t at = 0; at < window.kernel.size(); ++at) {
    SlidingAxis axis{window.kernel[at],
                     value(window.strides, at, 1),
                     value(window.dilations, at, 1),
                     value(window.pads_begin, at, 0),
                     value(window.pads_end, at, 0),
                     0};
    const auto is_legal = [](std::int64_t given, std::int64_t least) {
      return given >= least && given <= max_window_parameter;
    };
    if (!is_legal(axis.kernel, 1) || !is_legal(axis.stride, 1) || !is_legal(axis.dilation, 1) ||
        !is_legal(axis.pad, 0) || !is_legal(axis.pad_end, 0))
      layer.fail(ErrorCode::invalid_argument, "kernel, strides, dilations or pads are no window");
    const std::int64_t extent = input[2 + at];
    const std::int64_t reach = axis.dilation * (axis.kernel - 1) + 1;
    if (window.auto_pad != ops::AutoPad::none) {
      axis.output = (extent + axis.stride - 1) / axis.stride;
      const std::int64_t pads = (std::max)((axis.output - 1) * axis.stride + reach - extent, std::int64_t{0});
      axis.pad = window.auto_pad == ops::AutoPad::same_upper ? pads / 2 : pads - pads / 2;
      axis.pad_end = pads - axis.pad;
    }
    const std::int64_t room = axis.pad + extent + axis.pad_end - reach;
    if (room < 0 || axis.pad >= reach || axis.pad_end >= reach) {
      layer.fail(ErrorCode::size_mismatch, "a window of " + std::to_string(reach) + " values does not fit " +
                                               std::to_string(extent) + " values with pads of " +
                                               std::to_string(axis.pad) + " and " + std::to_string(axis.pad_end));
    }
    axis.output = (pooling.ceil ? (room + axis.stride - 1) / axis.stride : room / axis.stride) + 1;
    if ((axis.output - 1) * axis.stride >= extent + axis.pad) --axis.output;
    axes.push_back(axis);
  }
  return axes;
}

/// A pooling of any number of axes, dilated or not.
NUQ_FUNCTION [[nodiscard]] inline ops::Function volume_pooling(const ops::Pooling& pooling) {
  ops::Function function;
  function.shapes = [pooling](const LayerContext& layer, const std::vector<Shape>& inputs) {
    Shape shape = inputs.front();
    const std::vector<SlidingAxis> axes = sliding_axes(pooling, layer, shape);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) shape[2 + axis] = axes[axis].output;
    return std::vector<Shape>{shape};
  };
  function.compute = [pooling](const LayerContext& layer, ArrayView<const TensorView> inputs,
                               std::vector<Tensor>& outputs) {
    const Shape& shape = inputs[0].shape;
    const std::vector<SlidingAxis> axes = sliding_axes(pooling, layer, shape);
    const Shape spatial(shape.begin() + 2, shape.end());
    Shape windows;
    Shape kernel;
    for (const SlidingAxis& axis : axes) {
      windows.push_back(axis.output);
      kernel.push_back(axis.kernel);
    }
    const auto plane = static_cast<std::int64_t>(element_count(spatial));
    const auto taken = static_cast<std::int64_t>(element_count(windows));
    const auto steps = static_cast<std::int64_t>(element_count(kernel));
    const bool is_maximum = pooling.method == ops::PoolMethod::maximum;
    for (std::int64_t window = 0; window < taken; ++window) {
      const std::vector<std::int64_t> at = place_in(windows, window);
      std::vector<std::int64_t> covered;  // places in a plane
      std::int64_t counted = 0;           // of the window, pads included
      for (std::int64_t step = 0; step < steps; ++step) {
        std::vector<std::int64_t> place = place_in(kernel, step);
        bool is_within = true;
        bool is_counted = true;
        for (std::size_t axis = 0; axis < axes.size(); ++axis) {
          place[axis] = at[axis] * axes[axis].stride - axes[axis].pad + place[axis] * axes[axis].dilation;
          is_within = is_within && place[axis] >= 0 && place[axis] < spatial[axis];
          is_counted = is_counted && place[axis] < spatial[axis] + axes[axis].pad_end;
        }
        if (is_within) covered.push_back(index_in(spatial, place));
        if (is_counted) ++counted;
      }
      const auto divisor =
          static_cast<double>(pooling.count_include_pad ? counted : static_cast<std::int64_t>(covered.size()));
      for (std::int64_t channel = 0; channel < shape[0] * shape[1]; ++channel) {
        const float* const input = inputs[0].values.data() + channel * plane;
        double sum = 0.0;
        float largest = -std::numeric_limits<float>::infinity();
        for (const std::int64_t place : covered) {
          sum += static_cast<double>(input[place]);
          largest = (std::max)(largest, input[place]);
        }
        outputs.front().values[static_cast<std::size_t>(channel * taken + window)] =
            is_maximum ? largest : static_cast<float>(divisor > 0.0 ? sum / divisor : 0.0);
      }
    }
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_POOLING_HPP
