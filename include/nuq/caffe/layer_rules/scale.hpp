#ifndef NUQ_CAFFE_LAYER_RULES_SCALE_HPP
#define NUQ_CAFFE_LAYER_RULES_SCALE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/caffe/layer_rules/axis.hpp"
#include "nuq/caffe/layer_rules/blobs.hpp"
#include "nuq/caffe/layer_rules/inputs.hpp"
#include "nuq/caffe/layer_rules/layer_ref.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a Scale layer around the axes that its factors cover: `num_axes` of them from `axis` on, −1 for all the
/// rest. Throws ModelError naming the layer and the value; blobs, where the layer has them, must have these extents.
[[nodiscard]] inline AxisSplit scale_split(const LayerRef& layer, const Shape& input) {
  const schema::ScaleParameter& parameter = layer.parameter().scale_param();
  const std::size_t begin = canonical_axis(layer, parameter.axis(), input.size());
  const std::int64_t rest = static_cast<std::int64_t>(input.size() - begin);
  const std::int64_t covered = parameter.num_axes() == -1 ? rest : parameter.num_axes();
  if (covered < 0 || covered > rest) {
    layer.fail(ErrorCode::invalid_argument, "num_axes is " + std::to_string(parameter.num_axes()) + ", wanted -1 to " +
                                                std::to_string(rest) + " for the input " + to_string(input));
  }
  const AxisSplit split = split_at(input, begin, begin + static_cast<std::size_t>(covered));
  check_weights_and_bias(layer, {split.extent}, parameter.bias_term(), split.extent);
  return split;
}

/// Scale with trained factors has one input; with two inputs the second one holds the factors.
[[nodiscard]] inline std::vector<Shape> scale_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = first_input(layer, inputs);
  if (inputs.size() == 1) static_cast<void>(scale_split(layer, input));
  return {input};
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_LAYER_RULES_SCALE_HPP
