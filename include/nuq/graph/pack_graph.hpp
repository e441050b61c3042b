#ifndef NUQ_GRAPH_PACK_GRAPH_HPP
#define NUQ_GRAPH_PACK_GRAPH_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which scale each level of a node's weight blob of this shape has: output channels come first, but for the filters of
/// a transposed convolution [in × out/group × kernel…].
NUQ_FUNCTION [[nodiscard]] ScaleLayout scale_layout(const Node& node, const QuantizedWeights& weights,
                                                    const Shape& shape);

/// The packed file (packed/format.hpp) of a network that was made in memory: all blobs of its nodes, the weights of
/// layers that `quantization` knows as coded levels with their scales, their biases corrected. The file's text is
/// empty, since no format describes the network. Layers are coded side by side; the bytes do not depend on it.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> pack_graph(const Graph& graph,
                                                                const NetworkQuantization& quantization,
                                                                Parallel& parallel, CodingChoice choice = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/packed/model_writer.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION ScaleLayout scale_layout(const Node& node, const QuantizedWeights& weights, const Shape& shape) {
  if (!detail::has_input_first(node) || weights.scales.size() == 1) return {};
  const auto runs = static_cast<std::size_t>(shape[0] * shape[1]);
  return {weights.levels.size() / runs, static_cast<std::uint64_t>(shape[1])};
}

NUQ_DEFINITION std::vector<std::uint8_t> pack_graph(const Graph& graph, const NetworkQuantization& quantization,
                                                    Parallel& parallel, CodingChoice choice) {
  struct CodedWeights {
    const Node* node;
    const QuantizedWeights* weights;
    std::vector<std::int8_t> levels;  // in the blob's order
    CodedLevels coded;
  };
  std::vector<CodedWeights> coded;
  for_each_quantized(graph, quantization, [&coded](const Node& node, const LayerQuantization& layer) {
    if (quantizes_weights(node)) coded.push_back({&node, &layer.weights, {}, {}});
  });
  parallel.for_each_block(coded.size(), [&coded, choice](std::size_t index) {
    CodedWeights& layer = coded[index];
    layer.levels = int8_weights(*layer.node, *layer.weights);
    layer.coded = encode_levels(PackedModelWriter::as_matrix(layer.node->blobs.front().shape, layer.levels), choice);
  });

  PackedModelWriter writer(std::string(), choice);
  auto next = coded.begin();
  for (const Node& node : graph.nodes) {
    if (node.blobs.empty()) continue;
    writer.add_layer(node.name, node.type);
    const bool is_coded = next != coded.end() && next->node == &node;
    for (std::size_t index = 0; index < node.blobs.size(); ++index) {
      const Tensor& blob = node.blobs[index];
      if (is_coded && index == 0) {
        const ScaledLevels levels{next->weights->levels, next->weights->scales,
                                  scale_layout(node, *next->weights, blob.shape)};
        writer.add_coded_levels(blob.shape, levels, next->coded);
      } else if (is_coded && index == 1) {
        writer.add_values(blob.shape, corrected_bias(node, quantization.at(node.name).bias_correction));
      } else {
        writer.add_values(blob.shape, blob.values);
      }
    }
    if (is_coded) ++next;
  }
  return writer.finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PACK_GRAPH_HPP
