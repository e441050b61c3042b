#ifndef NUQ_ONNX_FUNCTIONS_LAYOUT_HPP
#define NUQ_ONNX_FUNCTIONS_LAYOUT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The place of each element along all axes.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> place_in(const Shape& shape, std::int64_t index) {
  std::vector<std::int64_t> place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; index /= shape[axis]) place[axis] = index % shape[axis];
  return place;
}

NUQ_FUNCTION [[nodiscard]] inline std::int64_t index_in(const Shape& shape, const std::vector<std::int64_t>& place) {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) index = index * shape[axis] + place[axis];
  return index;
}

/// The values in another order: `source` says of each place of the output which place of the input it shows.
NUQ_FUNCTION [[nodiscard]] inline ops::Function rearranged(
    std::function<Shape(const LayerContext& layer, const Shape& input)> shape,
    std::function<std::vector<std::int64_t>(const Shape& input, std::vector<std::int64_t> place)> source) {
  ops::Function function;
  function.shapes = [shape = std::move(shape)](const LayerContext& layer, const std::vector<Shape>& inputs) {
    return std::vector<Shape>{shape(layer, inputs.front())};
  };
  function.compute = [source = std::move(source)](const LayerContext&, ArrayView<const TensorView> inputs,
                                                  std::vector<Tensor>& outputs) {
    Tensor& output = outputs.front();
    for (std::size_t at = 0; at < output.values.size(); ++at) {
      const std::vector<std::int64_t> place =
          source(inputs[0].shape, place_in(output.shape, static_cast<std::int64_t>(at)));
      output.values[at] = inputs[0].values.data()[index_in(inputs[0].shape, place)];
    }
  };
  return function;
}

NUQ_FUNCTION inline void require_blocks(const LayerContext& layer, const Shape& input, bool is_divided) {
  if (input.size() == 4 && is_divided) return;
  layer.fail(ErrorCode::size_mismatch, layer.type + " has the input " + to_string(input) +
                                           ", wanted [N,C,H,W] with extents that the block divides");
}

/// Blocks of channels become blocks of pixels. `column_first`: the channels of a pixel of the input are ordered by the
/// output's channel, then by the place in the block.
NUQ_FUNCTION [[nodiscard]] inline ops::Function depth_to_space(std::int64_t block, bool column_first) {
  return rearranged(
      [block](const LayerContext& layer, const Shape& input) {
        require_blocks(layer, input, input.size() == 4 && input[1] % (block * block) == 0);
        return Shape{input[0], input[1] / (block * block), input[2] * block, input[3] * block};
      },
      [block, column_first](const Shape& input, const std::vector<std::int64_t>& place) {
        const std::int64_t in_block = place[2] % block * block + place[3] % block;
        const std::int64_t channel =
            column_first ? place[1] * block * block + in_block : in_block * (input[1] / (block * block)) + place[1];
        return std::vector<std::int64_t>{place[0], channel, place[2] / block, place[3] / block};
      });
}

NUQ_FUNCTION [[nodiscard]] inline ops::Function space_to_depth(std::int64_t block) {
  return rearranged(
      [block](const LayerContext& layer, const Shape& input) {
        require_blocks(layer, input, input.size() == 4 && input[2] % block == 0 && input[3] % block == 0);
        return Shape{input[0], input[1] * block * block, input[2] / block, input[3] / block};
      },
      [block](const Shape& input, const std::vector<std::int64_t>& place) {
        const std::int64_t in_block = place[1] / input[1];
        return std::vector<std::int64_t>{place[0], place[1] % input[1], place[2] * block + in_block / block,
                                         place[3] * block + in_block % block};
      });
}

/// The whole tensor several times along each axis.
NUQ_FUNCTION [[nodiscard]] inline ops::Function repeated(std::vector<std::int64_t> times) {
  return rearranged(
      [times](const LayerContext& layer, const Shape& input) {
        if (times.size() != input.size()) {
          layer.fail(ErrorCode::size_mismatch, "repeats are given for " + std::to_string(times.size()) +
                                                   " axes, the input is " + to_string(input));
        }
        Shape shape = input;
        for (std::size_t axis = 0; axis < shape.size(); ++axis) shape[axis] *= times[axis];
        return shape;
      },
      [](const Shape& input, std::vector<std::int64_t> place) {
        for (std::size_t axis = 0; axis < place.size(); ++axis) place[axis] %= input[axis];
        return place;
      });
}

/// A matrix of all values: the axes before `axis` are rows, those from there on columns.
NUQ_FUNCTION [[nodiscard]] inline ops::Function flattened(std::int64_t axis) {
  ops::Function function;
  function.shapes = [axis](const LayerContext& layer, const std::vector<Shape>& inputs) {
    const Shape& input = inputs.front();
    const bool is_end = axis == static_cast<std::int64_t>(input.size());
    const std::size_t begin = is_end ? input.size() : canonical_axis(layer, axis, input.size());
    return std::vector<Shape>{{extent_product(input, 0, begin), extent_product(input, begin, input.size())}};
  };
  function.compute = [](const LayerContext&, ArrayView<const TensorView> inputs, std::vector<Tensor>& outputs) {
    std::copy(inputs[0].values.begin(), inputs[0].values.end(), outputs.front().values.begin());
  };
  return function;
}

/// Matrices of which only the values on and above the k-th diagonal stay, or on and below it.
NUQ_FUNCTION [[nodiscard]] inline ops::Function triangle(bool upper, std::int64_t k) {
  ops::Function function;
  function.shapes = [](const LayerContext& layer, const std::vector<Shape>& inputs) {
    if (inputs.front().size() < 2) {
      layer.fail(ErrorCode::size_mismatch,
                 layer.type + " has the input " + to_string(inputs.front()) + ", wanted matrices");
    }
    return inputs;
  };
  function.compute = [upper, k](const LayerContext&, ArrayView<const TensorView> inputs, std::vector<Tensor>& outputs) {
    const Shape& shape = inputs[0].shape;
    const std::int64_t columns = shape.back();
    const std::int64_t rows = shape[shape.size() - 2];
    for (std::size_t at = 0; at < outputs.front().values.size(); ++at) {
      const auto index = static_cast<std::int64_t>(at);
      const std::int64_t diagonal = index % columns - index / columns % rows;
      if (upper ? diagonal >= k : diagonal <= k) outputs.front().values[at] = inputs[0].values[at];
    }
  };
  return function;
}

/// Values along an axis at places that the second input tells, element by element.
NUQ_FUNCTION [[nodiscard]] inline ops::Function gathered_elements(std::int64_t axis) {
  ops::Function function;
  function.shapes = [axis](const LayerContext& layer, const std::vector<Shape>& inputs) {
    const std::size_t along = canonical_axis(layer, axis, inputs[0].size());
    bool fits = inputs[1].size() == inputs[0].size();
    for (std::size_t at = 0; fits && at < inputs[0].size(); ++at) fits = at == along || inputs[1][at] <= inputs[0][at];
    if (!fits) {
      layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(inputs[0]) + " and " +
                                               to_string(inputs[1]) + ", wanted places within the first");
    }
    return std::vector<Shape>{inputs[1]};
  };
  function.compute = [axis](const LayerContext& layer, ArrayView<const TensorView> inputs,
                            std::vector<Tensor>& outputs) {
    const std::size_t along = canonical_axis(layer, axis, inputs[0].shape.size());
    const std::int64_t extent = inputs[0].shape[along];
    for (std::size_t at = 0; at < outputs.front().values.size(); ++at) {
      std::vector<std::int64_t> place = place_in(inputs[1].shape, static_cast<std::int64_t>(at));
      const float given = inputs[1].values[at];
      if (!(given >= static_cast<float>(-extent) && given < static_cast<float>(extent)))
        layer.fail(ErrorCode::invalid_argument, "a place lies outside of axis " + std::to_string(along));
      place[along] = static_cast<std::int64_t>(given) + (given < 0.0F ? extent : 0);
      outputs.front().values[at] = inputs[0].values.data()[index_in(inputs[0].shape, place)];
    }
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_LAYOUT_HPP
