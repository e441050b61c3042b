#ifndef NUQ_ONNX_FUNCTIONS_NORMALIZATION_HPP
#define NUQ_ONNX_FUNCTIONS_NORMALIZATION_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = (x − mean) / √(variance + eps) of `count` values.
NUQ_FUNCTION inline void standardize(const float* input, std::int64_t count, double eps, float* output) {
  double sum = 0.0;
  for (std::int64_t at = 0; at < count; ++at) sum += static_cast<double>(input[at]);
  const double mean = sum / static_cast<double>(count);
  double squares = 0.0;
  for (std::int64_t at = 0; at < count; ++at) {
    const double deviation = static_cast<double>(input[at]) - mean;
    squares += deviation * deviation;
  }
  const double factor = 1.0 / std::sqrt(squares / static_cast<double>(count) + eps);
  for (std::int64_t at = 0; at < count; ++at)
    output[at] = static_cast<float>((static_cast<double>(input[at]) - mean) * factor);
}

/// Channels in groups, each group of an item normalized to mean 0 and variance 1, then times the second input plus the
/// third, which have a value for each channel or for each group. `groups` 0: each channel is one.
NUQ_FUNCTION [[nodiscard]] inline ops::Function group_norm(std::int64_t groups, float eps) {
  ops::Function function;
  function.shapes = [groups](const LayerContext& layer, const std::vector<Shape>& inputs) {
    const AxisSplit split = channel_split(layer, inputs[0]);
    const std::int64_t count = groups == 0 ? split.extent : groups;
    const auto fits = [&](const Shape& factors) {
      return factors.size() == 1 && (factors[0] == split.extent || factors[0] == count);
    };
    if (split.extent % count != 0 || !fits(inputs[1]) || inputs[2] != inputs[1]) {
      layer.fail(ErrorCode::size_mismatch, layer.type + " of " + std::to_string(count) + " groups has the inputs " +
                                               to_string(inputs[0]) + ", " + to_string(inputs[1]) + " and " +
                                               to_string(inputs[2]) + ", wanted factors for channels or groups");
    }
    return std::vector<Shape>{inputs[0]};
  };
  function.compute = [groups, eps](const LayerContext& layer, ArrayView<const TensorView> inputs,
                                   std::vector<Tensor>& outputs) {
    const AxisSplit split = channel_split(layer, inputs[0].shape);
    const std::int64_t channels = split.extent / (groups == 0 ? split.extent : groups);  // of a group
    const std::int64_t factors = inputs[1].shape[0];
    const float* const input = inputs[0].values.data();
    float* const output = outputs.front().values.data();
    const std::int64_t run = channels * split.inner;
    for (std::int64_t group = 0; group < split.outer * split.extent / channels; ++group)
      standardize(input + group * run, run, static_cast<double>(eps), output + group * run);
    for (std::int64_t line = 0; line < split.outer * split.extent; ++line) {
      const auto factor = static_cast<std::size_t>(line % split.extent * factors / split.extent);
      for (std::int64_t at = line * split.inner; at < (line + 1) * split.inner; ++at)
        output[at] = output[at] * inputs[1].values[factor] + inputs[2].values[factor];
    }
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_NORMALIZATION_HPP
