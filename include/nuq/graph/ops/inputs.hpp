#ifndef NUQ_GRAPH_OPS_INPUTS_HPP
#define NUQ_GRAPH_OPS_INPUTS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The input of a layer that takes exactly one. Throws ModelError otherwise.
[[nodiscard]] inline const Shape& only_input(const LayerRef& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() == 1) return inputs.front();
  layer.fail(ErrorCode::unsupported_layer,
             layer.node.type + " has " + std::to_string(inputs.size()) + " inputs, wanted 1");
}

/// The first of at least one input. Throws ModelError where there is none.
[[nodiscard]] inline const Shape& first_input(const LayerRef& layer, const std::vector<Shape>& inputs) {
  if (!inputs.empty()) return inputs.front();
  layer.fail(ErrorCode::invalid_graph, layer.node.type + " has no input, wanted at least 1");
}

/// Throws ModelError unless the layer has `least` to `most` inputs.
inline void require_inputs(const LayerRef& layer, const std::vector<Shape>& inputs, std::size_t least,
                           std::size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return;
  const std::string wanted = least == most ? "" : std::to_string(least) + " to ";
  layer.fail(ErrorCode::unsupported_layer, layer.node.type + " has " + std::to_string(inputs.size()) +
                                               " inputs, wanted " + wanted + std::to_string(most));
}

/// Throws ModelError unless `input` is [N, C, H, W].
inline void require_image(const LayerRef& layer, const Shape& input) {
  if (input.size() == 4) return;
  layer.fail(ErrorCode::size_mismatch, layer.node.type + " has the input " + to_string(input) + ", wanted [N,C,H,W]");
}

/// Shape rule of layers that compute element by element, and of Split: every output has the shape of the one input.
[[nodiscard]] inline std::vector<Shape> shapes_of_input(const LayerRef& layer, const std::vector<Shape>& inputs) {
  return {layer.node.outputs.size(), only_input(layer, inputs)};
}

/// Shape rule of SearchN: any inputs; an output, where there is one, has the shape of the first.
[[nodiscard]] inline std::vector<Shape> shapes_of_first_input(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& input = first_input(layer, inputs);
  if (layer.node.outputs.empty()) return {};
  return {input};
}

/// Shape rule of Silence: any inputs, no outputs.
[[nodiscard]] inline std::vector<Shape> no_shapes(const LayerRef&, const std::vector<Shape>&) {
  return {};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_INPUTS_HPP
