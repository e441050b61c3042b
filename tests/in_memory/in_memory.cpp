// A network that no file has ever held: made here, calibrated, quantized and packed. Links neither protobuf nor JSON.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/calibration/calibrate_activations.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"

namespace {

/// Any numbers between −1 and 1 will do.
nuq::Tensor numbers(const nuq::Shape& shape, float phase) {
  nuq::Tensor tensor(shape);
  for (std::size_t at = 0; at < tensor.values.size(); ++at)
    tensor.values[at] = std::sin(phase + 0.7F * static_cast<float>(at * at % 101));
  return tensor;
}

/// Appends a layer that reads the last value and writes a new one.
nuq::Node& add_layer(nuq::Graph& graph, const std::string& name, nuq::Operation operation) {
  nuq::Node node;
  node.name = node.type = name;
  node.operation = std::move(operation);
  node.inputs = {graph.values.size() - 1};
  node.outputs = {graph.values.size()};
  graph.values.push_back({name, graph.nodes.size(), {}});
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back();
}

/// data [1, 2, 8, 8] → convolution → ReLU → inner product [1, 3].
nuq::Graph network() {
  nuq::Graph graph;
  graph.name = "in memory";
  graph.values.push_back({"data", nuq::Value::network_input, {1, 2, 8, 8}});
  graph.inputs = {0};
  nuq::ops::Convolution convolution;
  convolution.out_channels = 4;
  convolution.window.kernel = {3};
  add_layer(graph, "conv", convolution).blobs = {numbers({4, 2, 3, 3}, 1.0F), numbers({4}, 2.0F)};
  add_layer(graph, "relu", nuq::ops::Relu{});
  nuq::ops::InnerProduct product;
  product.out_features = 3;
  add_layer(graph, "fc", product).blobs = {numbers({3, 4 * 6 * 6}, 3.0F), numbers({3}, 4.0F)};
  nuq::infer_shapes(graph);
  return graph;
}

std::vector<float> output_of(const nuq::Graph& graph) {
  nuq::EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", numbers({1, 2, 8, 8}, 0.0F).view());
  engine.forward();
  const nuq::TensorView output = engine.output("fc");
  return {output.values.begin(), output.values.end()};
}

nuq::NetworkQuantization quantize(const nuq::Graph& graph) {
  nuq::EigenEngine engine;
  engine.load(graph);
  const auto feed = [](nuq::EigenEngine& fed, int batch) {
    fed.set_input("data", numbers({1, 2, 8, 8}, static_cast<float>(batch)).view());
  };
  const std::map<std::string, nuq::CalibratedActivation> activations =
      nuq::calibrate_activations(graph, engine, 2, feed);
  nuq::Parallel serial;
  nuq::NetworkQuantization quantization;
  for (const auto& [name, plan] : graph.plan) {
    nuq::LayerQuantization& layer = quantization[name];
    layer = nuq::quantize_layer(graph, *graph.find(name), plan, nuq::NonUniformQuantizer<>{}, nullptr, serial);
    layer.activation = activations.at(name).scale;
  }
  return quantization;
}

std::vector<std::uint8_t> packed(const nuq::Graph& graph, const nuq::NetworkQuantization& quantization) {
  nuq::PackedModelWriter writer("");
  for (const nuq::Node& node : graph.nodes) {
    const auto layer = quantization.find(node.name);
    if (layer == quantization.end()) continue;
    const nuq::QuantizedWeights& weights = layer->second.weights;
    writer.add_layer(node.name, node.type);
    writer.add_levels(node.blobs[0].shape, {weights.levels, weights.scales, {}});
    writer.add_values(node.blobs[1].shape, nuq::ArrayView<const float>(node.blobs[1].values));
  }
  return writer.finish();
}

/// The blobs of a packed file, layer by layer.
std::vector<std::vector<float>> unpacked(const std::vector<std::uint8_t>& file) {
  const nuq::PackedModel model(file.data(), file.size(), "in memory");
  std::vector<std::vector<float>> blobs;
  for (std::size_t layer = 0; layer < model.view().layer_count(); ++layer) {
    model.view().layer(layer).visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      blobs.emplace_back(blob.count);
      return nuq::decode_floats(blob, blobs.back()) == nuq::DecodeStatus::ok;
    });
  }
  return blobs;
}

int fail(const char* problem) {
  std::printf("%s\n", problem);
  return 1;
}

}  // namespace

int main() {
  nuq::Graph graph = network();
  const std::vector<float> original = output_of(graph);
  for (const char* layer : {"conv", "fc"}) {
    nuq::LayerPlan& plan = graph.plan[layer];
    plan.weight_algorithm = nuq::WeightAlgorithm::nuq;
    plan.channel_wise = layer == std::string("conv");
  }
  const nuq::NetworkQuantization quantization = quantize(graph);

  nuq::Graph quantized = graph;
  std::vector<std::vector<float>> expected;
  for (nuq::Node& node : quantized.nodes) {
    if (quantization.count(node.name) == 0) continue;
    nuq::set_quantized_blobs(node, quantization.at(node.name));
    for (const nuq::Tensor& blob : node.blobs) expected.push_back(blob.values);
  }
  const std::vector<float> output = output_of(quantized);
  for (std::size_t at = 0; at < output.size(); ++at) {
    if (!(std::fabs(output[at] - original[at]) < 0.5F)) return fail("the quantized network computes something else");
  }
  if (unpacked(packed(quantized, quantization)) != expected) return fail("the packed weights are others");
  std::printf("calibrated, quantized and packed without a file\n");
  return 0;
}
