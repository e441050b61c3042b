#ifndef NUQ_ONNX_PACKED_MODEL_FILE_HPP
#define NUQ_ONNX_PACKED_MODEL_FILE_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/packed/coding_choice.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The packed model file (packed/format.hpp) of a model's quantized network. Its text is a skeleton, the model with the
/// weights of quantized layers marked external, in a file "weights_of_<layer>" that is not there; each of these layers
/// is a layer of the packed file, whose blob holds the weights as the skeleton's node reads them. Without a
/// quantization these layers are those whose weights the model keeps as levels (onnx/stored_levels.hpp). Same model,
/// same bytes, for any number of threads.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> packed_onnx_file(const OnnxModel& model, const Graph& graph,
                                                                      const NetworkQuantization& quantization,
                                                                      Parallel& parallel, CodingChoice choice = {});

/// The float model of such a file, whose `name` is for messages. Throws FormatError for a file that is damaged or whose
/// weights do not fit its skeleton, ModelError for a text that is no model.
NUQ_FUNCTION [[nodiscard]] OnnxModel onnx_model_of_packed_file(
    ArrayView<const std::uint8_t> file, const std::string& name,
    const ResourceLimits& limits = ResourceLimits::from_environment());

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <cstddef>
#include <optional>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/graph/pack_graph.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/onnx/model_file.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "nuq/onnx/stored_levels.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/packed/model_view.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/packed_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The layer whose weights a tensor of a skeleton stands for; empty for other tensors.
NUQ_FUNCTION [[nodiscard]] inline std::string layer_of_weights(const onnx_schema::TensorProto& tensor) {
  constexpr std::string_view prefix = "weights_of_";
  if (tensor.data_location() != onnx_schema::TensorProto::EXTERNAL || tensor.external_data_size() != 1) return {};
  const std::string& location = tensor.external_data(0).value();
  return location.compare(0, prefix.size(), prefix) == 0 ? location.substr(prefix.size()) : std::string();
}

/// The layers of a quantized network whose weights are coded, shared ones once.
NUQ_FUNCTION [[nodiscard]] inline std::vector<OnnxStoredLevels> quantized_levels(
    const OnnxModel& model, const Graph& graph, const NetworkQuantization& quantization) {
  std::vector<OnnxStoredLevels> layers;
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    const Node& owner = owner_of_weights(graph, node);
    if (!quantizes_weights(node) || (&owner != &node && quantization.count(owner.name) > 0)) return;
    const Shape shape = onnx_weight_shape(model, node);
    layers.push_back({node.name,
                      node.type,
                      {},
                      shape,
                      onnx_levels(model, node, layer.weights),
                      layer.weights.scales,
                      scale_layout(node, layer.weights, shape)});
  });
  return layers;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<std::uint8_t> packed_skeleton(const onnx_schema::ModelProto& skeleton,
                                                                            const std::string& file,
                                                                            const std::vector<OnnxStoredLevels>& layers,
                                                                            Parallel& parallel, CodingChoice choice) {
  std::vector<CodedLevels> coded(layers.size());
  parallel.for_each_block(layers.size(), [&](std::size_t index) {
    coded[index] = encode_levels(PackedModelWriter::as_matrix(layers[index].shape, layers[index].levels), choice);
  });
  PackedModelWriter writer(onnx_file_bytes(skeleton, file), choice);
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const OnnxStoredLevels& layer = layers[index];
    writer.add_layer(layer.layer, layer.type);
    writer.add_coded_levels(layer.shape, ScaledLevels{layer.levels, layer.scales, layer.layout}, coded[index]);
  }
  return writer.finish();
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::uint8_t> packed_onnx_file(const OnnxModel& model, const Graph& graph,
                                                          const NetworkQuantization& quantization, Parallel& parallel,
                                                          CodingChoice choice) {
  if (quantization.empty()) {
    const std::vector<OnnxStoredLevels> layers = onnx_stored_levels(model, graph.limits);
    return detail::packed_skeleton(onnx_model_without_levels(model, graph, layers), model.file, layers, parallel,
                                   choice);
  }
  return detail::packed_skeleton(quantized_onnx_model(model, graph, quantization, OnnxWeightForm::removed), model.file,
                                 detail::quantized_levels(model, graph, quantization), parallel, choice);
}

NUQ_DEFINITION OnnxModel onnx_model_of_packed_file(ArrayView<const std::uint8_t> file, const std::string& name,
                                                   const ResourceLimits& limits) {
  const PackedModel packed(file.data(), file.size(), name);
  OnnxModel model = parse_onnx_model(packed.prototxt(), name);
  for (onnx_schema::TensorProto& tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    const std::string layer = detail::layer_of_weights(tensor);
    if (layer.empty()) continue;
    const std::string place = name + ": layer '" + layer + "'";
    bool is_filled = false;
    for (std::size_t index = 0; index < packed.view().layer_count(); ++index) {
      if (packed.view().layer(index).name() != layer) continue;
      packed.view().layer(index).visit_blobs([&](std::size_t, const PackedBlob& blob) {
        const Shape shape(tensor.dims().begin(), tensor.dims().end());
        if (!is_valid_shape(shape) || element_count(shape) != blob.count || blob.type != ElementType::float32)
          return false;
        limits.require_memory(4 * static_cast<std::uint64_t>(blob.count), place);
        std::vector<float> values(blob.count);
        if (decode_floats(blob, {values.data(), values.size()}) != DecodeStatus::ok) return false;
        tensor.set_raw_data(values.data(), sizeof(float) * values.size());
        is_filled = true;
        return false;
      });
    }
    if (!is_filled) {
      detail::fail(FormatError(ErrorCode::malformed_file, place + ": has no weights of shape " +
                                                              to_string({tensor.dims().begin(), tensor.dims().end()})));
    }
    tensor.clear_external_data();
    tensor.clear_data_location();
  }
  return model;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_PACKED_MODEL_FILE_HPP
