#ifndef NUQ_ONNX_LAYER_INPUTS_HPP
#define NUQ_ONNX_LAYER_INPUTS_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The model with more outputs, behind its own: what the named layers of its network read, under the values' names.
/// Tensors from other files are taken in.
NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto onnx_model_with_layer_inputs(const OnnxModel& model,
                                                                                const Graph& graph,
                                                                                const std::vector<std::string>& layers);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cstdint>
#include <set>

#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx/scope.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What the model itself says of a value; null where it says nothing.
NUQ_FUNCTION [[nodiscard]] inline const onnx_schema::ValueInfoProto* description_of(
    const onnx_schema::GraphProto& graph, const std::string& value) {
  for (const auto* list : {&graph.input(), &graph.value_info()}) {
    const auto known =
        std::find_if(list->begin(), list->end(), [&value](const auto& info) { return info.name() == value; });
    if (known != list->end()) return &*known;
  }
  return nullptr;
}

/// Of a value of a layer's input, whose type is that of the layer's weights.
NUQ_FUNCTION [[nodiscard]] inline onnx_schema::ValueInfoProto described(const Value& value, int type) {
  onnx_schema::ValueInfoProto info;
  info.set_name(value.blob);
  onnx_schema::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type == onnx_schema::TensorProto::UNDEFINED ? onnx_schema::TensorProto::FLOAT : type);
  for (std::size_t axis = 0; axis < value.shape.size(); ++axis) tensor.mutable_shape()->add_dim();
  return info;
}

}  // namespace detail

NUQ_DEFINITION onnx_schema::ModelProto onnx_model_with_layer_inputs(const OnnxModel& model, const Graph& graph,
                                                                    const std::vector<std::string>& layers) {
  OnnxTensors tensors(model.file, graph.limits);
  const OnnxScope scope(model.proto.graph());
  OnnxConstants constants(scope, tensors, model.file);
  onnx_schema::ModelProto observed = model.proto;
  tensors.take_in(*observed.mutable_graph());
  std::set<std::string> outputs;
  for (const onnx_schema::ValueInfoProto& output : model.proto.graph().output()) outputs.insert(output.name());
  for (const std::string& layer : layers) {
    const Node& node = *graph.find(layer);
    const Value& input = graph.values[node.inputs.front()];
    if (!outputs.insert(input.blob).second) continue;
    const onnx_schema::NodeProto& source = model.proto.graph().node(static_cast<int>(node.source_index));
    const onnx_schema::ValueInfoProto* const known = detail::description_of(model.proto.graph(), input.blob);
    *observed.mutable_graph()->add_output() =
        known != nullptr ? *known : detail::described(input, constants.type_of(source.input(1)));
  }
  return observed;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_LAYER_INPUTS_HPP
