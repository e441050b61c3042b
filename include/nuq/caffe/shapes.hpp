#ifndef NUQ_CAFFE_SHAPES_HPP
#define NUQ_CAFFE_SHAPES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/layer_rules/batch_norm.hpp"
#include "nuq/caffe/layer_rules/concat.hpp"
#include "nuq/caffe/layer_rules/convolution.hpp"
#include "nuq/caffe/layer_rules/dequant.hpp"
#include "nuq/caffe/layer_rules/eltwise.hpp"
#include "nuq/caffe/layer_rules/flatten.hpp"
#include "nuq/caffe/layer_rules/inner_product.hpp"
#include "nuq/caffe/layer_rules/inputs.hpp"
#include "nuq/caffe/layer_rules/layer_ref.hpp"
#include "nuq/caffe/layer_rules/lrn.hpp"
#include "nuq/caffe/layer_rules/pooling.hpp"
#include "nuq/caffe/layer_rules/scale.hpp"
#include "nuq/caffe/layer_rules/softmax.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Works out a layer's output shapes from all its input shapes; fails with ModelError through the LayerRef.
using ShapeFunction = std::vector<Shape> (*)(const LayerRef&, const std::vector<Shape>&);

struct ShapeRule {
  std::string_view type;
  ShapeFunction shapes;
};

/// Every layer type whose shapes are known. A new family is a file in layer_rules/ and a row here.
inline constexpr ShapeRule shape_rules[] = {
    {"AntiQuant", shapes_of_input},
    {"BatchNorm", batch_norm_shapes},
    {"Concat", concat_shapes},
    {"Convolution", convolution_shapes},
    {"DeQuant", dequant_shapes},
    {"Dropout", shapes_of_input},
    {"Eltwise", eltwise_shapes},
    {"Flatten", flatten_shapes},
    {"InnerProduct", inner_product_shapes},
    {"LRN", lrn_shapes},
    {"Pooling", pooling_shapes},
    {"Quant", shapes_of_input},
    {"ReLU", shapes_of_input},
    {"Scale", scale_shapes},
    {"Sigmoid", shapes_of_input},
    {"Softmax", softmax_shapes},
    {"Split", shapes_of_input},
    {"TanH", shapes_of_input},
};

/// Throws ModelError unless `shape` is one that a blob of Caffe can have: extents of at least 1, fewer than 2³¹ values.
inline void check_blob_extents(const Shape& shape, const std::string& place) {
  const bool positive = std::all_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent > 0; });
  if (positive && is_valid_shape(shape) && element_count(shape) <= (std::numeric_limits<std::int32_t>::max)()) return;
  fail(ModelError(ErrorCode::size_mismatch, place + " has shape " + to_string(shape) +
                                                ", wanted extents of at least 1 and fewer than 2147483648 values"));
}

}  // namespace detail

/// The shapes of a layer's outputs, one for each. Empty shapes (unknown) where an input's is empty, and for layer types
/// whose rule is not known. Throws ModelError naming the layer: parameters out of range, inputs or trained blobs that
/// do not fit.
[[nodiscard]] inline std::vector<Shape> output_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const std::vector<Shape> unknown(layer.node.outputs.size());
  if (std::any_of(inputs.begin(), inputs.end(), [](const Shape& input) { return input.empty(); })) return unknown;
  for (const detail::ShapeRule& rule : detail::shape_rules) {
    if (rule.type != layer.node.type) continue;
    std::vector<Shape> shapes = rule.shapes(layer, inputs);
    if (shapes.size() != unknown.size()) {
      layer.fail(ErrorCode::invalid_graph, layer.node.type + " has " + std::to_string(unknown.size()) +
                                               " outputs, wanted " + std::to_string(shapes.size()));
    }
    return shapes;
  }
  return unknown;
}

namespace detail {

/// Fills the shapes of all values, by index, from those of the network's inputs.
inline void propagate_shapes(ArrayView<const Node> nodes, std::string_view file, std::vector<Shape>& shapes) {
  for (const Node& node : nodes) {
    const LayerRef layer(node, file);
    std::vector<Shape> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(shapes[input]);
    const std::vector<Shape> outputs = output_shapes(layer, inputs);
    for (std::size_t index = 0; index < outputs.size(); ++index) {
      Shape& shape = shapes[node.outputs[index]];
      if (node.inputs.empty() && !shape.empty()) continue;  // a network input: its shape is given
      check_blob_extents(outputs[index],
                         std::string(file) + ": layer '" + node.name + "': output " + std::to_string(index));
      shape = outputs[index];
    }
  }
}

}  // namespace detail

/// The shapes of all values for network inputs of other shapes than the declared ones, by blob name; inputs that are
/// not named keep theirs. Empty below an input of unknown shape and below unknown layer types. Throws ConfigError for a
/// name that is not an input, ModelError (naming file, layer, value) where a shape does not fit.
[[nodiscard]] inline std::vector<Shape> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& inputs) {
  const std::string& file = graph.model->model_file;
  std::vector<Shape> shapes(graph.values.size());
  std::size_t named = 0;
  for (const std::size_t input : graph.inputs) {
    const auto given = inputs.find(graph.values[input].blob);
    shapes[input] = given == inputs.end() ? graph.values[input].shape : given->second;
    if (given != inputs.end()) ++named;
    detail::check_blob_extents(shapes[input], file + ": input '" + graph.values[input].blob + "'");
  }
  if (named != inputs.size()) {
    for (const auto& [blob, shape] : inputs) {
      const bool is_input = std::any_of(graph.inputs.begin(), graph.inputs.end(), [&, &name = blob](std::size_t input) {
        return graph.values[input].blob == name;
      });
      if (!is_input) detail::fail(ConfigError(ErrorCode::unknown_name, file + ": no input is named '" + blob + "'"));
    }
  }
  detail::propagate_shapes({graph.nodes.data(), graph.nodes.size()}, file, shapes);
  return shapes;
}

/// Fills `Value::shape` of all values from the declared network inputs; otherwise as the other `infer_shapes`.
inline void infer_shapes(Graph& graph) {
  std::vector<Shape> shapes = infer_shapes(graph, std::map<std::string, Shape>{});
  for (std::size_t value = 0; value < shapes.size(); ++value) graph.values[value].shape.swap(shapes[value]);
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_SHAPES_HPP
