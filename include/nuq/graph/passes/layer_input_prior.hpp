#ifndef NUQ_GRAPH_PASSES_LAYER_INPUT_PRIOR_HPP
#define NUQ_GRAPH_PASSES_LAYER_INPUT_PRIOR_HPP

#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What may be expected of a layer's inputs; nothing for a Deconvolution, whose taps do not see one input together.
/// Pixels of the network's input are more alike than activations. The planes of a volume's kernel count as channels.
NUQ_FUNCTION [[nodiscard]] std::optional<InputPrior> input_prior(const Graph& graph, const Node& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::optional<InputPrior> input_prior(const Graph& graph, const Node& node) {
  if (!quantizes_weights(node) || detail::has_input_first(node)) return std::nullopt;
  const Shape& weights = node.blobs.front().shape;
  InputPrior prior;
  const std::size_t axes = weights.size();
  if (axes > 2) prior.tap_cols = static_cast<std::size_t>(weights[axes - 1]);
  if (axes > 3) prior.tap_rows = static_cast<std::size_t>(weights[axes - 2]);
  if (graph.values[node.inputs.front()].producer == Value::network_input) prior.correlation = 0.8;
  return prior;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_LAYER_INPUT_PRIOR_HPP
