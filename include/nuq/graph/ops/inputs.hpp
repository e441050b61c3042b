#ifndef NUQ_GRAPH_OPS_INPUTS_HPP
#define NUQ_GRAPH_OPS_INPUTS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a layer that takes exactly one. Throws ModelError otherwise.
NUQ_FUNCTION [[nodiscard]] inline const Shape& only_input(const LayerContext& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() == 1) return inputs.front();
  layer.fail(ErrorCode::unsupported_layer, layer.type + " has " + std::to_string(inputs.size()) + " inputs, wanted 1");
}

/// The first of at least one input. Throws ModelError where there is none.
NUQ_FUNCTION [[nodiscard]] inline const Shape& first_input(const LayerContext& layer,
                                                           const std::vector<Shape>& inputs) {
  if (!inputs.empty()) return inputs.front();
  layer.fail(ErrorCode::invalid_graph, layer.type + " has no input, wanted at least 1");
}

/// The shape that all inputs of a layer, one or more, have. Throws ModelError where they differ.
NUQ_FUNCTION [[nodiscard]] inline const Shape& input_of_all(const LayerContext& layer,
                                                            const std::vector<Shape>& inputs) {
  const Shape& first = first_input(layer, inputs);
  for (const Shape& input : inputs) {
    if (input == first) continue;
    layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(first) + " and " +
                                             to_string(input) + ", wanted equal shapes");
  }
  return first;
}

/// Throws ModelError unless the layer has `least` to `most` inputs.
NUQ_FUNCTION inline void require_inputs(const LayerContext& layer, const std::vector<Shape>& inputs, std::size_t least,
                                        std::size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return;
  const std::string wanted = least == most ? "" : std::to_string(least) + " to ";
  layer.fail(ErrorCode::unsupported_layer,
             layer.type + " has " + std::to_string(inputs.size()) + " inputs, wanted " + wanted + std::to_string(most));
}

/// Throws ModelError unless `input` is [N, C, H, W]; forks compute some operations on other inputs as well.
NUQ_FUNCTION inline void require_image(const LayerContext& layer, const Shape& input) {
  if (input.size() == 4) return;
  layer.fail(ErrorCode::unsupported_layer, layer.type + " has the input " + to_string(input) + ", wanted [N,C,H,W]");
}

/// Shape rule of operations that compute element by element: every output has the shape of the one input.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> shapes_of_input(const LayerContext& layer,
                                                                     const std::vector<Shape>& inputs) {
  return {layer.outputs, only_input(layer, inputs)};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_INPUTS_HPP
