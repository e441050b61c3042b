#ifndef NUQ_ONNX_FUNCTIONS_ELEMENTWISE_HPP
#define NUQ_ONNX_FUNCTIONS_ELEMENTWISE_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// One value of each input to one of the output.
using ValueFunction = std::function<float(const float* values)>;

/// A function of one value of each input; inputs are repeated to one shape (see `broadcast_shape`).
NUQ_FUNCTION [[nodiscard]] inline ops::Function elementwise(ValueFunction value) {
  ops::Function function;
  function.shapes = [](const LayerContext& layer, const std::vector<Shape>& inputs) {
    Shape result = inputs.front();
    for (const Shape& input : inputs) result = broadcast_shape(layer, result, input);
    return std::vector<Shape>{result};
  };
  function.compute = [value = std::move(value)](const LayerContext&, ArrayView<const TensorView> inputs,
                                                std::vector<Tensor>& outputs) {
    Tensor& output = outputs.front();
    std::vector<BroadcastOffsets> offsets;
    for (const TensorView& input : inputs) offsets.emplace_back(input.shape, output.shape);
    std::vector<float> values(inputs.size());
    for (std::size_t at = 0; at < output.values.size(); ++at) {
      for (std::size_t input = 0; input < inputs.size(); ++input)
        values[input] = inputs[input].values.data()[offsets[input](static_cast<std::int64_t>(at))];
      output.values[at] = value(values.data());
    }
  };
  return function;
}

/// A function of each value of the only input.
NUQ_FUNCTION [[nodiscard]] inline ops::Function pointwise(std::function<float(float)> value) {
  ops::Function function;
  function.shapes = [](const LayerContext&, const std::vector<Shape>& inputs) { return inputs; };
  function.compute = [value = std::move(value)](const LayerContext&, ArrayView<const TensorView> inputs,
                                                std::vector<Tensor>& outputs) {
    for (std::size_t at = 0; at < outputs.front().values.size(); ++at)
      outputs.front().values[at] = value(inputs[0].values[at]);
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_ELEMENTWISE_HPP
