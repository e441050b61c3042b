#ifndef NUQ_GRAPH_OPS_LOOKUP_HPP
#define NUQ_GRAPH_OPS_LOOKUP_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// The items of the first input whose places the second one, a vector, tells.
struct BatchReindex {};

/// For every value of the input, a whole number, that row of a trained matrix. Blobs: the matrix [rows, width] and,
/// with `bias`, what is added to each row, [width].
struct Embed {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  bool bias = true;
};

/// The items of each input but the last that the last one, a value for each, selects by not being 0.
struct Filter {};

/// This family's part of `Operation`.
using Lookups = OperationList<BatchReindex, Embed, Filter>;

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Embed& embed, std::size_t) {
  return embed.bias ? 2 : 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> blob_shape(const Embed& embed, std::size_t index, std::size_t) {
  return index == 1 ? Shape{embed.width} : Shape{embed.rows, embed.width};
}

/// As many items as the second input has values.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const BatchReindex&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  if (inputs[1].size() != 1) {
    layer.fail(ErrorCode::size_mismatch, "the second input is " + to_string(inputs[1]) + ", wanted one axis");
  }
  Shape output = inputs[0];
  output[0] = inputs[1][0];
  return {output};
}

/// The input's shape with `width` values along a new last axis.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Embed& embed, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (embed.width < 1 || embed.rows < 1) {
    layer.fail(ErrorCode::invalid_argument, "num_output is " + std::to_string(embed.width) + " and input_dim is " +
                                                std::to_string(embed.rows) + ", wanted at least 1");
  }
  check_weights_and_bias(layer, {embed.rows, embed.width}, embed.bias, embed.width);
  Shape output = only_input(layer, inputs);
  output.push_back(embed.width);
  return {output};
}

/// The shapes of all items; how many are selected is not known beforehand.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Filter&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, (std::numeric_limits<std::size_t>::max)());
  const Shape& selector = inputs.back();
  const std::int64_t items = selector.front();
  const bool is_vector = static_cast<std::int64_t>(element_count(selector)) == items;
  for (const Shape& input : inputs) {
    if (is_vector && input.front() == items) continue;
    layer.fail(ErrorCode::size_mismatch, layer.type + " has the input " + to_string(input) + " and the selector " +
                                             to_string(selector) + ", wanted [N,…] and [N,1,…]");
  }
  return {inputs.begin(), inputs.end() - 1};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_LOOKUP_HPP
