#ifndef NUQ_GRAPH_PASSES_INFER_SHAPES_HPP
#define NUQ_GRAPH_PASSES_INFER_SHAPES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/arg_max.hpp"
#include "nuq/graph/ops/axpy.hpp"
#include "nuq/graph/ops/batch_norm.hpp"
#include "nuq/graph/ops/batch_reindex.hpp"
#include "nuq/graph/ops/bias.hpp"
#include "nuq/graph/ops/clip.hpp"
#include "nuq/graph/ops/concat.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/crop.hpp"
#include "nuq/graph/ops/deconvolution.hpp"
#include "nuq/graph/ops/dequant.hpp"
#include "nuq/graph/ops/detection_output.hpp"
#include "nuq/graph/ops/eltwise.hpp"
#include "nuq/graph/ops/embed.hpp"
#include "nuq/graph/ops/exponential.hpp"
#include "nuq/graph/ops/flatten.hpp"
#include "nuq/graph/ops/im2col.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/interp.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/lrn.hpp"
#include "nuq/graph/ops/normalize.hpp"
#include "nuq/graph/ops/parameter.hpp"
#include "nuq/graph/ops/permute.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/graph/ops/prelu.hpp"
#include "nuq/graph/ops/prior_box.hpp"
#include "nuq/graph/ops/recurrent.hpp"
#include "nuq/graph/ops/reduction.hpp"
#include "nuq/graph/ops/reshape.hpp"
#include "nuq/graph/ops/roi_pooling.hpp"
#include "nuq/graph/ops/scale.hpp"
#include "nuq/graph/ops/shuffle_channel.hpp"
#include "nuq/graph/ops/slice.hpp"
#include "nuq/graph/ops/softmax.hpp"
#include "nuq/graph/ops/spp.hpp"
#include "nuq/graph/ops/tile.hpp"
#include "nuq/graph/ops/upsample.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Works out a layer's output shapes from all its input shapes; fails with ModelError through the LayerRef.
using ShapeFunction = std::vector<Shape> (*)(const LayerRef&, const std::vector<Shape>&);

/// How the output shapes of a layer type are worked out.
struct ShapeRule {
  std::string_view type;
  ShapeFunction shapes;
};

namespace detail {

/// Every layer type whose shapes are known. A new family is a file in layer_rules/ and a row here.
inline constexpr ShapeRule shape_rules[] = {
    {"AbsVal", shapes_of_input},
    {"AntiQuant", shapes_of_input},
    {"ArgMax", arg_max_shapes},
    {"Axpy", axpy_shapes},
    {"BatchNorm", batch_norm_shapes},
    {"BatchReindex", batch_reindex_shapes},
    {"Bias", bias_shapes},
    {"BNLL", shapes_of_input},
    {"Clip", clip_shapes},
    {"Concat", concat_shapes},
    {"Convolution", convolution_shapes},
    {"ConvolutionDepthwise", convolution_shapes},
    {"Crop", crop_shapes},
    {"Deconvolution", deconvolution_shapes},
    {"Depthwise", convolution_shapes},
    {"DepthwiseConvolution", convolution_shapes},
    {"DeQuant", dequant_shapes},
    {"DetectionOutput", detection_output_shapes},
    {"Dropout", shapes_of_input},
    {"Eltwise", eltwise_shapes},
    {"ELU", shapes_of_input},
    {"Embed", embed_shapes},
    {"Exp", exp_shapes},
    {"Flatten", flatten_shapes},
    {"Im2col", im2col_shapes},
    {"InnerProduct", inner_product_shapes},
    {"Interp", interp_shapes},
    {"Log", log_shapes},
    {"LRN", lrn_shapes},
    {"LSTM", lstm_shapes},
    {"MVN", shapes_of_input},
    {"Normalize", normalize_shapes},
    {"Parameter", parameter_shapes},
    {"Permute", permute_shapes},
    {"Pooling", pooling_shapes},
    {"Power", shapes_of_input},
    {"PReLU", prelu_shapes},
    {"PriorBox", prior_box_shapes},
    {"PSROIPooling", psroi_pooling_shapes},
    {"Quant", shapes_of_input},
    {"Reduction", reduction_shapes},
    {"ReLU", shapes_of_input},
    {"ReLU6", shapes_of_input},
    {"Reshape", reshape_shapes},
    {"RNN", rnn_shapes},
    {"ROIPooling", roi_pooling_shapes},
    {"Scale", scale_shapes},
    {"SearchN", shapes_of_first_input},
    {"ShuffleChannel", shuffle_channel_shapes},
    {"Sigmoid", shapes_of_input},
    {"Silence", no_shapes},
    {"Slice", slice_shapes},
    {"Softmax", softmax_shapes},
    {"Split", shapes_of_input},
    {"SPP", spp_shapes},
    {"Swish", shapes_of_input},
    {"TanH", shapes_of_input},
    {"Threshold", shapes_of_input},
    {"Tile", tile_shapes},
    {"Upsample", upsample_shapes},
};

/// Whether a blob of Caffe can have this shape: extents of at least 1, fewer than 2³¹ values. Unknown shapes pass.
[[nodiscard]] inline bool is_blob_shape(const Shape& shape) {
  const bool positive = std::all_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent > 0; });
  return positive && is_valid_shape(shape) && element_count(shape) <= (std::numeric_limits<std::int32_t>::max)();
}

[[nodiscard]] inline std::string impossible_shape(const Shape& shape) {
  return " has shape " + to_string(shape) + ", wanted extents of at least 1 and fewer than 2147483648 values";
}

/// The user's own rule for a type, else the library's, else null.
[[nodiscard]] inline ShapeFunction shape_function(std::string_view type, ArrayView<const ShapeRule> custom) {
  for (const ShapeRule& rule : custom) {
    if (rule.type == type) return rule.shapes;
  }
  for (const ShapeRule& rule : shape_rules) {
    if (rule.type == type) return rule.shapes;
  }
  return nullptr;
}

}  // namespace detail

/// The shapes of a layer's outputs, one for each. Empty shapes (unknown) where an input's is empty, and for layer types
/// that neither `custom` nor the library has a rule for. Throws ModelError naming the layer: parameters out of range,
/// inputs or trained blobs that do not fit.
[[nodiscard]] inline std::vector<Shape> output_shapes(const LayerRef& layer, const std::vector<Shape>& inputs,
                                                      ArrayView<const ShapeRule> custom = {}) {
  const std::size_t count = layer.node.outputs.size();
  const ShapeFunction rule = detail::shape_function(layer.node.type, custom);
  const bool known = std::none_of(inputs.begin(), inputs.end(), [](const Shape& input) { return input.empty(); });
  if (!known || rule == nullptr) return std::vector<Shape>(count);
  std::vector<Shape> shapes = rule(layer, inputs);
  if (shapes.size() != count) {
    layer.fail(ErrorCode::invalid_graph,
               layer.node.type + " has " + std::to_string(count) + " outputs, wanted " + std::to_string(shapes.size()));
  }
  return shapes;
}

namespace detail {

/// Fills the shapes of all values, by index, from those of the network's inputs.
inline void propagate_shapes(ArrayView<const Node> nodes, std::string_view file, std::vector<Shape>& shapes,
                             ArrayView<const ShapeRule> custom = {}) {
  for (const Node& node : nodes) {
    if (node.inputs.empty() && shape_function(node.type, custom) == nullptr)
      continue;  // its outputs are network inputs
    std::vector<Shape> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(shapes[input]);
    const LayerRef layer(node, file);
    std::vector<Shape> outputs = output_shapes(layer, inputs, custom);
    for (std::size_t index = 0; index < outputs.size(); ++index) {
      if (!is_blob_shape(outputs[index])) {
        layer.fail(ErrorCode::size_mismatch, "output " + std::to_string(index) + impossible_shape(outputs[index]));
      }
      shapes[node.outputs[index]].swap(outputs[index]);
    }
  }
}

}  // namespace detail

/// The shapes of all values for network inputs of other shapes than the declared ones, by blob name; inputs that are
/// not named keep theirs. `custom` rules go before the library's. Empty below an input of unknown shape and below
/// unknown layer types. Throws ConfigError for a name that is not an input, ModelError (naming file, layer, value)
/// where a shape does not fit.
[[nodiscard]] inline std::vector<Shape> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& inputs,
                                                     ArrayView<const ShapeRule> custom = {}) {
  const std::string& file = graph.model->model_file;
  std::vector<Shape> shapes(graph.values.size());
  for (const std::size_t input : graph.inputs) shapes[input] = graph.values[input].shape;
  for (const auto& given : inputs) {
    const auto input = std::find_if(graph.inputs.begin(), graph.inputs.end(),
                                    [&](std::size_t value) { return graph.values[value].blob == given.first; });
    if (input == graph.inputs.end()) {
      detail::fail(ConfigError(ErrorCode::unknown_name, file + ": no input is named '" + given.first + "'"));
    }
    shapes[*input] = given.second;
  }
  for (const std::size_t input : graph.inputs) {
    if (detail::is_blob_shape(shapes[input])) continue;
    const std::string place = file + ": input '" + graph.values[input].blob + "'";
    detail::fail(ModelError(ErrorCode::size_mismatch, place + detail::impossible_shape(shapes[input])));
  }
  detail::propagate_shapes(graph.nodes, file, shapes, custom);
  return shapes;
}

/// Fills `Value::shape` of all values from the declared network inputs; otherwise as the other `infer_shapes`.
inline void infer_shapes(Graph& graph) {
  std::vector<Shape> shapes = infer_shapes(graph, std::map<std::string, Shape>{});
  for (std::size_t value = 0; value < shapes.size(); ++value) graph.values[value].shape.swap(shapes[value]);
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_PASSES_INFER_SHAPES_HPP
