// A network that was never in a file: made here, calibrated, quantized and packed. Links neither protobuf nor json.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/calibration/calibrate_activations.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/pack_graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"

#ifdef GOOGLE_PROTOBUF_VERSION
#error "protobuf is included"
#endif
#ifdef NLOHMANN_JSON_VERSION_MAJOR
#error "json is included"
#endif

namespace {

/// Values between -1 and 1 that look like noise.
std::vector<float> noise(std::size_t count, unsigned seed) {
  std::vector<float> values(count);
  std::uint32_t state = 2654435761U * (seed + 1U);
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8U) / 8388608.0F - 1.0F;
  }
  return values;
}

nuq::Tensor noise_tensor(const nuq::Shape& shape, unsigned seed) {
  return {shape, noise(nuq::element_count(shape), seed)};
}

/// Appends a node that reads `input` and writes a new value of its own name; returns that value.
std::size_t append(nuq::Graph& graph, const std::string& name, nuq::Operation operation, std::size_t input,
                   std::vector<nuq::Tensor> blobs = {}) {
  nuq::Node node;
  node.name = name;
  node.type = name;
  node.operation = std::move(operation);
  node.inputs = {input};
  node.outputs = {graph.values.size()};
  node.blobs = std::move(blobs);
  graph.values.push_back({name, graph.nodes.size(), {}});
  graph.nodes.push_back(std::move(node));
  return graph.values.size() - 1;
}

/// [N, 3, 8, 8] → convolution (8 filters 3 × 3, padded) → ReLU → inner product (5) → softmax.
nuq::Graph small_network() {
  nuq::Graph graph;
  graph.name = "small";
  graph.values.push_back({"data", nuq::Value::network_input, {4, 3, 8, 8}});
  graph.inputs = {0};
  nuq::ops::Convolution convolution;
  convolution.out_channels = 8;
  convolution.window.kernel = {3};
  convolution.window.pads_begin = convolution.window.pads_end = {1};
  std::size_t value = append(graph, "conv", convolution, 0, {noise_tensor({8, 3, 3, 3}, 1), noise_tensor({8}, 2)});
  value = append(graph, "relu", nuq::ops::Relu{}, value);
  nuq::ops::InnerProduct inner_product;
  inner_product.out_features = 5;
  value = append(graph, "fc", inner_product, value, {noise_tensor({5, 512}, 3), noise_tensor({5}, 4)});
  append(graph, "prob", nuq::ops::Softmax{}, value);
  nuq::infer_shapes(graph);
  return graph;
}

nuq::Tensor batch(int index) {
  return noise_tensor({4, 3, 8, 8}, 100U + static_cast<unsigned>(index));
}

void feed(nuq::EigenEngine& engine, int index) {
  engine.set_input("data", batch(index).view());
}

std::vector<float> output(nuq::EigenEngine& engine, const std::string& blob, int index) {
  feed(engine, index);
  engine.forward();
  const nuq::TensorView values = engine.output(blob);
  return {values.values.begin(), values.values.end()};
}

/// The convolution of `small_network` at one place, in double precision.
double convolved(const nuq::Node& node, const nuq::Tensor& input, std::size_t image, std::size_t filter, int y, int x) {
  double sum = static_cast<double>(node.blobs[1].values[filter]);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (int ky = 0; ky < 3; ++ky) {
      for (int kx = 0; kx < 3; ++kx) {
        const int row = y + ky - 1;
        const int column = x + kx - 1;
        if (row < 0 || row > 7 || column < 0 || column > 7) continue;
        const std::size_t at = ((image * 3 + channel) * 8 + static_cast<std::size_t>(row)) * 8;
        const std::size_t weight = ((filter * 3 + channel) * 3 + static_cast<std::size_t>(ky)) * 3;
        sum += static_cast<double>(input.values[at + static_cast<std::size_t>(column)]) *
               static_cast<double>(node.blobs[0].values[weight + static_cast<std::size_t>(kx)]);
      }
    }
  }
  return sum;
}

nuq::QuantizationPlan plan_of(int num_steps) {
  nuq::LayerPlan layer;
  layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  layer.num_steps = num_steps;
  nuq::QuantizationPlan plan{{"conv", layer}, {"fc", layer}};
  plan.at("fc").channel_wise = false;
  return plan;
}

struct Quantized {
  nuq::Graph graph;
  nuq::NetworkQuantization quantization;
};

Quantized quantized_network(int num_steps, nuq::Parallel& parallel) {
  Quantized result{small_network(), {}};
  const nuq::QuantizationPlan plan = plan_of(num_steps);
  nuq::EigenEngine engine;
  engine.load(result.graph);
  const auto statistics = nuq::network_statistics(result.graph, plan, engine, 6, feed, {}, parallel);
  REQUIRE(statistics.size() == 2);
  const auto activations = nuq::calibrate_activations(result.graph, plan, engine, 6, feed);
  const nuq::AnyLayerQuantizer quantizer =
      nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook, nuq::ErrorFeedback>{};
  for (const nuq::Node& node : result.graph.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end()) continue;
    nuq::LayerQuantization& layer = result.quantization[node.name];
    layer = nuq::quantize_layer(result.graph, node, planned->second, quantizer, &statistics.at(node.name), parallel);
    layer.activation = activations.at(node.name).scale;
  }
  return result;
}

/// Relative root mean square error of what the inner product gives.
double damage(const Quantized& quantized) {
  nuq::Graph changed = quantized.graph;
  for (nuq::Node& node : changed.nodes) {
    const auto found = quantized.quantization.find(node.name);
    if (found != quantized.quantization.end()) nuq::set_quantized_blobs(node, found->second);
  }
  nuq::EigenEngine original;
  nuq::EigenEngine engine;
  original.load(quantized.graph);
  engine.load(changed);
  double error = 0.0;
  double energy = 0.0;
  for (int index = 10; index < 14; ++index) {
    const std::vector<float> wanted = output(original, "fc", index);
    const std::vector<float> got = output(engine, "fc", index);
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      error += std::pow(static_cast<double>(got[at]) - static_cast<double>(wanted[at]), 2);
      energy += std::pow(static_cast<double>(wanted[at]), 2);
    }
  }
  return std::sqrt(error / energy);
}

}  // namespace

TEST_CASE("a network made in memory is computed") {
  const nuq::Graph graph = small_network();
  CHECK(graph.values.back().shape == nuq::Shape{4, 5});
  nuq::EigenEngine engine;
  engine.load(graph);
  const nuq::Tensor input = batch(0);
  const std::vector<float> got = output(engine, "conv", 0);
  REQUIRE(got.size() == 4 * 8 * 8 * 8);
  for (std::size_t at = 0; at < got.size(); at += 7) {
    const int x = static_cast<int>(at % 8);
    const int y = static_cast<int>(at / 8 % 8);
    const double wanted = convolved(graph.nodes[0], input, at / 512, at / 64 % 8, y, x);
    CHECK(std::fabs(static_cast<double>(got[at]) - wanted) < 1e-5);
  }
}

TEST_CASE("it is calibrated and quantized: fewer levels, more damage") {
  nuq::ThreadPool threads(2);
  const Quantized fine = quantized_network(32, threads);
  const Quantized coarse = quantized_network(4, threads);
  for (const auto& entry : fine.quantization) {
    const auto& name = entry.first;
    const auto& layer = entry.second;
    INFO(name);
    REQUIRE(layer.codebook.has_value());
    CHECK(layer.codebook->size() <= 32);
    const std::set<std::int8_t> used(layer.weights.levels.begin(), layer.weights.levels.end());
    CHECK(std::all_of(used.begin(), used.end(), [&codebook = *layer.codebook](std::int8_t level) {
      return std::find(codebook.begin(), codebook.end(), level) != codebook.end();
    }));
    REQUIRE(layer.activation.has_value());
    CHECK(layer.activation->scale > 0.0F);
  }
  CHECK(damage(fine) < 0.05);
  CHECK(damage(coarse) > damage(fine));
}

TEST_CASE("it is packed, the same for any number of threads, and read again") {
  nuq::Parallel serial;
  nuq::ThreadPool threads(3);
  const Quantized quantized = quantized_network(16, serial);
  const std::vector<std::uint8_t> file = nuq::pack_graph(quantized.graph, quantized.quantization, serial);
  const Quantized again = quantized_network(16, threads);
  CHECK(file == nuq::pack_graph(again.graph, again.quantization, threads));

  std::size_t floats = 0;
  const nuq::PackedModel model(file.data(), file.size());
  for (const nuq::Node& node : quantized.graph.nodes) {
    if (node.blobs.empty()) continue;
    INFO(node.name);
    nuq::Node wanted = node;
    nuq::set_quantized_blobs(wanted, quantized.quantization.at(node.name));
    CHECK(model.floats(node.name, 0) == wanted.blobs[0].values);
    CHECK(model.floats(node.name, 1) == wanted.blobs[1].values);
    floats += node.blobs[0].values.size();
  }
  CHECK(file.size() <
        2 * floats);  // a quarter of the floats' bytes for the levels, and half as much for tables and text
}
