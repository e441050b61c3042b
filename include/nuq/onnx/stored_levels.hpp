#ifndef NUQ_ONNX_STORED_LEVELS_HPP
#define NUQ_ONNX_STORED_LEVELS_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Weights as int8 levels with scales, in the file's order: value = level · scale.
struct OnnxStoredLevels {
  std::string layer;  ///< the first one that reads them
  std::string type;
  std::string value;  ///< what the layer reads
  Shape shape;
  std::vector<std::int8_t> levels;
  std::vector<float> scales;
  ScaleLayout layout;
};

/// The weights of Conv, ConvTranspose, Gemm and MatMul that a model keeps as levels: in one of the forms of
/// `OnnxWeightForm`, or behind any Mul or DequantizeLinear (without a zero point) of constants, one scale or one for
/// each place along an axis, the values between being whole numbers from -128 to 127.
NUQ_FUNCTION [[nodiscard]] std::vector<OnnxStoredLevels> onnx_stored_levels(const OnnxModel& model,
                                                                            const ResourceLimits& limits);

/// The model's skeleton: float weights that are not there in the place of these levels.
NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto onnx_model_without_levels(
    const OnnxModel& model, const Graph& graph, const std::vector<OnnxStoredLevels>& layers);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx/model_editor.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "nuq/onnx/scope.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Values as int8; nothing where one of them is something else.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::vector<std::int8_t>> as_levels(const OnnxConstant& constant) {
  std::vector<std::int8_t> levels;
  for (const float value : constant.values()) {
    if (!(value >= -128.0F && value <= 127.0F) || std::nearbyint(value) != value) return std::nullopt;
    levels.push_back(static_cast<std::int8_t>(value));
  }
  return levels;
}

/// The axis of the weights along which `count` scales of this shape lie; nothing where they repeat otherwise.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> broadcast_axis(const Shape& scales, const Shape& weights) {
  if (scales.size() > weights.size()) return std::nullopt;
  const std::size_t missing = weights.size() - scales.size();
  std::optional<std::size_t> axis;
  for (std::size_t place = 0; place < scales.size(); ++place) {
    if (scales[place] == 1) continue;
    if (axis || scales[place] != weights[missing + place]) return std::nullopt;
    axis = missing + place;
  }
  return axis;
}

/// Finds the levels behind a model's weights.
class OnnxLevelFinder {
 public:
  NUQ_FUNCTION OnnxLevelFinder(const OnnxModel& model, const ResourceLimits& limits)
      : scope_(model.proto.graph()), tensors_(model.file, limits), constants_(scope_, tensors_, model.file) {}

  NUQ_FUNCTION [[nodiscard]] std::vector<OnnxStoredLevels> find() {
    const onnx_schema::GraphProto& graph = scope_.graph();
    const std::vector<std::string> names = onnx_node_names(graph);
    std::vector<OnnxStoredLevels> layers;
    std::set<std::string> found;
    for (std::size_t place = 0; place < names.size(); ++place) {
      const onnx_schema::NodeProto& node = graph.node(static_cast<int>(place));
      if (!has_constant_weights(node, scope_) || !found.insert(node.input(1)).second) continue;
      std::optional<OnnxStoredLevels> weights = behind(node.input(1));
      if (!weights) continue;
      weights->layer = names[place];
      weights->type = node.op_type();
      weights->value = node.input(1);
      layers.push_back(*std::move(weights));
    }
    return layers;
  }

 private:
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxStoredLevels> behind(const std::string& value) {
    const onnx_schema::NodeProto* const node = scope_.producer(value);
    if (node == nullptr || !is_onnx_domain(*node) || node->output_size() != 1) return std::nullopt;
    const bool is_dequantization = node->op_type() == "DequantizeLinear";
    if ((!is_dequantization && node->op_type() != "Mul") || node->input_size() < 2) return std::nullopt;
    if (node->input_size() > 2 && !is_zero(node->input(2))) return std::nullopt;
    const std::optional<OnnxConstant> numbers = constants_.find(node->input(0));
    std::optional<OnnxConstant> scales = constants_.find(node->input(1));
    if (!numbers || !scales || scales->type != onnx_schema::TensorProto::FLOAT) return std::nullopt;
    if (!is_dequantization) scales = aligned_operand(*node, *numbers, *std::move(scales));
    if (scales->shape.size() > (is_dequantization ? 1 : numbers->shape.size())) return std::nullopt;
    std::optional<std::vector<std::int8_t>> levels = as_levels(*numbers);
    if (!levels || levels->empty()) return std::nullopt;
    OnnxStoredLevels weights;
    weights.shape = numbers->shape;
    weights.levels = *std::move(levels);
    weights.scales = scales->floats;
    if (weights.scales.size() == 1) return weights;
    const std::optional<std::size_t> axis =
        is_dequantization ? axis_of(*node, weights) : broadcast_axis(scales->shape, weights.shape);
    if (!axis) return std::nullopt;
    weights.layout.run = 1;
    for (std::size_t place = *axis + 1; place < weights.shape.size(); ++place)
      weights.layout.run *= static_cast<std::uint64_t>(weights.shape[place]);
    weights.layout.period = weights.scales.size();
    return weights;
  }

  NUQ_FUNCTION [[nodiscard]] bool is_zero(const std::string& value) {
    if (value.empty()) return true;
    const std::optional<OnnxConstant> zero = constants_.find(value);
    if (!zero) return false;
    const std::vector<float> values = zero->values();
    return std::all_of(values.begin(), values.end(), [](float x) { return x == 0.0F; });
  }

  NUQ_FUNCTION [[nodiscard]] static std::optional<std::size_t> axis_of(const onnx_schema::NodeProto& node,
                                                                       const OnnxStoredLevels& weights) {
    const onnx_schema::AttributeProto* const attribute = onnx_attribute(node, "axis");
    const auto axes = static_cast<std::int64_t>(weights.shape.size());
    const std::int64_t axis = attribute == nullptr ? 1 : attribute->i() < 0 ? attribute->i() + axes : attribute->i();
    const auto place = static_cast<std::size_t>(axis);
    if (axis < 0 || axis >= axes || static_cast<std::size_t>(weights.shape[place]) != weights.scales.size())
      return std::nullopt;
    return place;
  }

  OnnxScope scope_;
  OnnxTensors tensors_;
  OnnxConstants constants_;
};

}  // namespace detail

NUQ_DEFINITION std::vector<OnnxStoredLevels> onnx_stored_levels(const OnnxModel& model, const ResourceLimits& limits) {
  return detail::OnnxLevelFinder(model, limits).find();
}

NUQ_DEFINITION onnx_schema::ModelProto onnx_model_without_levels(const OnnxModel& model, const Graph& graph,
                                                                 const std::vector<OnnxStoredLevels>& layers) {
  OnnxModelEditor editor(model, graph.limits);
  const auto& nodes = model.proto.graph().node();
  for (const OnnxStoredLevels& layer : layers) {
    const auto makes_value = [&layer](const onnx_schema::NodeProto& node) {
      return node.output_size() == 1 && node.output(0) == layer.value;
    };
    const auto made = std::find_if(nodes.begin(), nodes.end(), makes_value);
    editor.set_removed(static_cast<std::size_t>(made - nodes.begin()), true);
    editor.append(detail::tensor_elsewhere(layer.value, layer.layer, layer.shape));
  }
  return std::move(editor).finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_STORED_LEVELS_HPP
