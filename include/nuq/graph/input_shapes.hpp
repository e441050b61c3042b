#ifndef NUQ_GRAPH_INPUT_SHAPES_HPP
#define NUQ_GRAPH_INPUT_SHAPES_HPP

#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The shapes that a network declares its inputs with, by blob; empty for one whose shape its file does not tell.
using InputShapes = std::map<std::string, Shape>;

/// Those of a graph's inputs.
NUQ_FUNCTION [[nodiscard]] InputShapes input_shapes(const Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION InputShapes input_shapes(const Graph& graph) {
  InputShapes shapes;
  for (const std::size_t input : graph.inputs) shapes[graph.values[input].blob] = graph.values[input].shape;
  return shapes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_INPUT_SHAPES_HPP
