#ifndef NUQ_GRAPH_PASSES_INFER_SHAPES_HPP
#define NUQ_GRAPH_PASSES_INFER_SHAPES_HPP

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Works out a layer's output shapes from all its input shapes; fails with ModelError through the LayerRef.
using ShapeFunction = std::vector<Shape> (*)(const LayerRef&, const std::vector<Shape>&);

/// How the output shapes of a layer type of the user's own are worked out.
struct ShapeRule {
  std::string_view type;
  ShapeFunction shapes;
};

/// The shapes of a layer's outputs, one for each. Empty shapes (unknown) where an input's is empty, for layer types
/// that neither `custom` nor the library has a rule for, and for layers with an obstacle. Throws ModelError naming the
/// layer: parameters out of range, inputs or trained blobs that do not fit.
NUQ_FUNCTION [[nodiscard]] std::vector<Shape> output_shapes(const LayerRef& layer, const std::vector<Shape>& inputs,
                                                            ArrayView<const ShapeRule> custom = {});

namespace detail {

/// What keeps layers from being computed, by node: of forms that are legal but that no rule covers. Empty strings for
/// the others.
using Obstacles = std::vector<std::string>;

/// Fills the shapes of all values, by index, from those of the network's inputs. What is not supported keeps unknown
/// shapes where `obstacles` take the reason, and is an error where they are null.
NUQ_FUNCTION void propagate_shapes(ArrayView<const Node> nodes, std::string_view file, std::vector<Shape>& shapes,
                                   ArrayView<const ShapeRule> custom = {}, Obstacles* obstacles = nullptr);

/// The shapes of all values for network inputs of other shapes than the declared ones, by blob name.
NUQ_FUNCTION [[nodiscard]] std::vector<Shape> shapes_for(const Graph& graph, const std::map<std::string, Shape>& inputs,
                                                         ArrayView<const ShapeRule> custom, Obstacles* obstacles);

}  // namespace detail

/// The shapes of all values for network inputs of other shapes than the declared ones, by blob name; inputs that are
/// not named keep theirs. `custom` rules go before the library's. Empty below an input of unknown shape and below
/// layers that are not computed. Throws ConfigError for a name that is not an input, ModelError (naming file, layer,
/// value) where a shape does not fit.
NUQ_FUNCTION [[nodiscard]] std::vector<Shape> infer_shapes(const Graph& graph,
                                                           const std::map<std::string, Shape>& inputs,
                                                           ArrayView<const ShapeRule> custom = {});

/// Fills `Value::shape` of all values from the declared network inputs, and `Node::obstacle` of layers of a form that
/// is not supported; otherwise as the other `infer_shapes`.
NUQ_FUNCTION void infer_shapes(Graph& graph);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>

#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/ops/inputs.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Whether a blob of Caffe can have this shape: extents of at least 1, fewer than 2³¹ values. Unknown shapes pass.
NUQ_FUNCTION [[nodiscard]] inline bool is_blob_shape(const Shape& shape) {
  const bool positive = std::all_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent > 0; });
  return positive && is_valid_shape(shape) && element_count(shape) <= (std::numeric_limits<std::int32_t>::max)();
}

NUQ_FUNCTION [[nodiscard]] inline std::string impossible_shape(const Shape& shape) {
  return " has shape " + to_string(shape) + ", wanted extents of at least 1 and fewer than 2147483648 values";
}

/// The user's own rule for a type; null where there is none.
NUQ_FUNCTION [[nodiscard]] inline ShapeFunction custom_rule(std::string_view type, ArrayView<const ShapeRule> custom) {
  for (const ShapeRule& rule : custom) {
    if (rule.type == type) return rule.shapes;
  }
  return nullptr;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> shapes_by_rule(const LayerRef& layer,
                                                                    const std::vector<Shape>& inputs,
                                                                    ArrayView<const ShapeRule> custom) {
  if (const ShapeFunction rule = custom_rule(layer.type, custom)) return rule(layer, inputs);
  return layer.node.operation.visit([&](const auto& operation) { return output_shapes(operation, layer, inputs); });
}

}  // namespace detail

NUQ_DEFINITION std::vector<Shape> output_shapes(const LayerRef& layer, const std::vector<Shape>& inputs,
                                                ArrayView<const ShapeRule> custom) {
  const bool known = std::none_of(inputs.begin(), inputs.end(), [](const Shape& input) { return input.empty(); });
  const bool has_rule = layer.node.obstacle.empty() || detail::custom_rule(layer.type, custom) != nullptr;
  if (!known || !has_rule) return std::vector<Shape>(layer.outputs);
  std::vector<Shape> shapes = detail::shapes_by_rule(layer, inputs, custom);
  if (shapes.size() != layer.outputs) {
    layer.fail(ErrorCode::invalid_graph, layer.type + " has " + std::to_string(layer.outputs) + " outputs, wanted " +
                                             std::to_string(shapes.size()));
  }
  return shapes;
}

namespace detail {

/// `output_shapes`, or unknown shapes and the reason in `obstacle`, if that is not null, for what is not supported.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> shapes_or_obstacle(const LayerRef& layer,
                                                                        const std::vector<Shape>& inputs,
                                                                        ArrayView<const ShapeRule> custom,
                                                                        std::string* obstacle) {
  if (obstacle == nullptr) return output_shapes(layer, inputs, custom);
  try {
    return output_shapes(layer, inputs, custom);
  } catch (const ModelError& error) {
    if (error.code() != ErrorCode::unsupported_layer) throw;
    *obstacle = problem_of(error, layer.name);
    return std::vector<Shape>(layer.outputs);
  }
}

NUQ_DEFINITION void propagate_shapes(ArrayView<const Node> nodes, std::string_view file, std::vector<Shape>& shapes,
                                     ArrayView<const ShapeRule> custom, Obstacles* obstacles) {
  if (obstacles != nullptr) obstacles->resize(nodes.size());
  for (const Node& node : nodes) {
    if (is<ops::Input>(node) && custom_rule(node.type, custom) == nullptr) continue;  // as the user sets them
    std::vector<Shape> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(shapes[input]);
    const LayerRef layer(node, file);
    const auto position = static_cast<std::size_t>(&node - nodes.begin());
    std::string* const obstacle = obstacles == nullptr ? nullptr : &(*obstacles)[position];
    std::vector<Shape> outputs = shapes_or_obstacle(layer, inputs, custom, obstacle);
    for (std::size_t index = 0; index < outputs.size(); ++index) {
      if (!is_blob_shape(outputs[index])) {
        layer.fail(ErrorCode::size_mismatch, "output " + std::to_string(index) + impossible_shape(outputs[index]));
      }
      shapes[node.outputs[index]].swap(outputs[index]);
    }
  }
}

NUQ_DEFINITION std::vector<Shape> shapes_for(const Graph& graph, const std::map<std::string, Shape>& inputs,
                                             ArrayView<const ShapeRule> custom, Obstacles* obstacles) {
  const std::string& file = graph.model_file();
  std::vector<Shape> shapes(graph.values.size());
  for (const std::size_t input : graph.inputs) shapes[input] = graph.values[input].shape;
  for (const auto& given : inputs) {
    const auto input = std::find_if(graph.inputs.begin(), graph.inputs.end(),
                                    [&](std::size_t value) { return graph.values[value].blob == given.first; });
    if (input == graph.inputs.end()) {
      fail(ConfigError(ErrorCode::unknown_name, file + ": no input is named '" + given.first + "'"));
    }
    shapes[*input] = given.second;
  }
  for (const std::size_t input : graph.inputs) {
    if (is_blob_shape(shapes[input])) continue;
    const std::string place = file + ": input '" + graph.values[input].blob + "'";
    fail(ModelError(ErrorCode::size_mismatch, place + impossible_shape(shapes[input])));
  }
  propagate_shapes(graph.nodes, file, shapes, custom, obstacles);
  return shapes;
}

}  // namespace detail

NUQ_DEFINITION std::vector<Shape> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& inputs,
                                               ArrayView<const ShapeRule> custom) {
  detail::Obstacles obstacles;
  return detail::shapes_for(graph, inputs, custom, &obstacles);
}

NUQ_DEFINITION void infer_shapes(Graph& graph) {
  detail::Obstacles obstacles;
  std::vector<Shape> shapes = detail::shapes_for(graph, {}, {}, &obstacles);
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    if (graph.nodes[node].obstacle.empty()) graph.nodes[node].obstacle = obstacles[node];
  }
  for (std::size_t value = 0; value < shapes.size(); ++value) graph.values[value].shape.swap(shapes[value]);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_INFER_SHAPES_HPP
