#include "nuq/graph/passes/insert_quantization.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../../same_network.hpp"
#include "../caffe/small_network.hpp"
#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/weight_matrix.hpp"

namespace engine_inserted_quantization_test {

using nuq::ActivationScale;
using nuq::Graph;
using nuq::NetworkQuantization;
using nuq::Tensor;

/// An in-place ReLU whose result two convolutions, a Pooling and a Slice read; layers to be folded on both sides; an
/// InnerProduct; a transposed convolution.
const std::string network = R"(name: "net" input: "data" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4
layer { name: "before" type: "Scale" bottom: "data" top: "before" }
layer { name: "first" type: "Convolution" bottom: "before" top: "first" convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
layer { name: "norm" type: "BatchNorm" bottom: "first" top: "first" }
layer { name: "relu" type: "ReLU" bottom: "first" top: "first" }
layer { name: "a" type: "Convolution" bottom: "first" top: "a" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "b" type: "Convolution" bottom: "first" top: "b" param { name: "shared" } convolution_param { num_output: 2 kernel_size: 3 pad: 1 bias_term: false } }
layer { name: "up" type: "Deconvolution" bottom: "a" top: "up" convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layer { name: "halves" type: "Slice" bottom: "pool" top: "left" top: "right" }
layer { name: "fc" type: "InnerProduct" bottom: "left" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "custom" type: "OfTheUser" bottom: "right" top: "custom" custom_param { number: 3 } }
)";

Tensor random_tensor(const nuq::Shape& shape, std::uint32_t seed) {
  return {shape, random_values(nuq::element_count(shape), seed)};
}

Graph float_graph(bool folded = true, const std::string& text = network) {
  SmallWeights weights;
  weights.layer("before", "Scale", {random_tensor({2}, 1)})
      .layer("first", "Convolution", {random_tensor({2, 2, 1, 1}, 2)})
      .layer("norm", "BatchNorm", {random_tensor({2}, 3), filled({2}, 0.7F), filled({1}, 1.0F)})
      .layer("a", "Convolution", {random_tensor({2, 2, 1, 1}, 4), random_tensor({2}, 5)})
      .layer("b", "Convolution", {random_tensor({2, 2, 3, 3}, 6)})
      .layer("up", "Deconvolution", {random_tensor({2, 3, 1, 1}, 7), random_tensor({3}, 8)})
      .layer("fc", "InnerProduct", {random_tensor({3, 4}, 9), random_tensor({3}, 10)});
  Graph graph = graph_of(text, weights);
  if (folded) nuq::fuse(graph);
  return graph;
}

/// The weights of all layers that have a matrix of them at scales of their own, channel by channel but for "fc".
NetworkQuantization weights_only(const Graph& graph) {
  NetworkQuantization quantization;
  for (const nuq::Node& node : graph.nodes) {
    if (!nuq::has_weight_matrix(node)) continue;
    const nuq::WeightMatrix matrix(node);
    const nuq::MatrixView<const float> weights = matrix.view();
    nuq::QuantizedWeights& result = quantization[node.name].weights;
    result = {weights.rows(), weights.cols(), {}, {}};
    const std::size_t scales = nuq::is<nuq::ops::InnerProduct>(node) ? 1 : weights.rows();
    for (std::size_t row = 0; row < scales; ++row) result.scales.push_back(0.01F + 0.003F * static_cast<float>(row));
    for (std::size_t row = 0; row < weights.rows(); ++row) {
      for (const float weight : weights.row(row))
        result.levels.push_back(static_cast<std::int8_t>(std::lround(weight / result.scale(row))));
    }
  }
  return quantization;
}

/// With grids for the inputs: "a" and "b" read one value with one grid.
NetworkQuantization with_activations(const Graph& graph) {
  NetworkQuantization quantization = weights_only(graph);
  float scale = 0.013F;
  for (auto& layer : quantization) layer.second.activation = ActivationScale{scale += 0.0007F, -3, true};
  quantization.at("b").activation = quantization.at("a").activation;
  quantization["pool"].weights = nuq::unit_weights();
  quantization["pool"].activation = ActivationScale{0.021F, 0, false};
  return quantization;
}

std::vector<std::vector<float>> outputs_of(const Graph& graph) {
  nuq::EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", random_tensor({1, 2, 4, 4}, 11).view());
  engine.forward();
  std::vector<std::vector<float>> outputs;
  for (const char* const blob : {"first", "a", "up", "sum", "pool", "fc"}) {
    const nuq::TensorView output = engine.output(blob);
    outputs.emplace_back(output.values.begin(), output.values.end());
  }
  return outputs;
}

/// Inserted in memory and written, read again: one network.
void check_both_ways(const Graph& graph, const NetworkQuantization& quantization) {
  const Graph inserted = nuq::insert_quantization(graph, quantization);
  const Graph written = reread(nuq::fake_quant_model(graph, quantization));
  check_same_network(inserted, written);
  CHECK(outputs_of(inserted) == outputs_of(written));
  CHECK(outputs_of(inserted) != outputs_of(graph));
}

const nuq::Node& layer_of(const Graph& graph, const std::string& name) {
  const nuq::Node* const node = graph.find(name);
  REQUIRE(node != nullptr);
  return *node;
}

TEST_CASE("quantization inserted in memory is the network that a reader of the written model gets") {
  for (const bool folded : {false, true}) {
    CAPTURE(folded);
    const Graph graph = float_graph(folded);
    SUBCASE("weights only") {
      check_both_ways(graph, weights_only(graph));
    }
    SUBCASE("with activations, a Pooling and a shared Quant") {
      check_both_ways(graph, with_activations(graph));
    }
    SUBCASE("some layers only") {
      NetworkQuantization quantization = with_activations(graph);
      quantization.erase("a");
      quantization.erase("pool");
      check_both_ways(graph, quantization);
    }
    SUBCASE("another grid for each reader") {
      NetworkQuantization quantization = with_activations(graph);
      quantization.at("b").activation->offset = 5;
      check_both_ways(graph, quantization);
    }
    SUBCASE("corrected biases and shifted sums") {
      NetworkQuantization quantization = with_activations(graph);
      quantization.at("a").bias_correction = {0.125F, -0.3F};
      quantization.at("fc").bias_correction = {0.1F, 0.2F, 0.3F};
      quantization.at("a").shift_bit = {2, 3};
      check_both_ways(graph, quantization);
    }
  }
}

TEST_CASE("Quant and DeQuant stand around the quantized layers, which share a Quant where they read one grid") {
  const Graph graph = float_graph();
  const Graph inserted = nuq::insert_quantization(graph, with_activations(graph));
  std::vector<std::string> names;
  for (const nuq::Node& node : inserted.nodes) names.push_back(node.name);
  CHECK(names == std::vector<std::string>{"first_0_quant_layer",
                                          "first",
                                          "first_dequant_layer",
                                          "relu",
                                          "a_0_quant_layer",
                                          "a",
                                          "a_dequant_layer",
                                          "b",
                                          "b_dequant_layer",
                                          "up_0_quant_layer",
                                          "up",
                                          "up_dequant_layer",
                                          "sum",
                                          "pool_0_quant_layer",
                                          "pool",
                                          "pool_dequant_layer",
                                          "halves",
                                          "fc_0_quant_layer",
                                          "fc",
                                          "fc_dequant_layer",
                                          "custom"});
  CHECK(layer_of(inserted, "a").inputs == layer_of(inserted, "b").inputs);
  CHECK(layer_of(inserted, "a").sum_scales == layer_of(inserted, "a_dequant_layer").blobs[0].values);
  CHECK(layer_of(inserted, "pool").sum_scales.empty());
  CHECK(layer_of(inserted, "first_0_quant_layer").source_index == nuq::Node::in_no_source);
  CHECK(inserted.model_file() == graph.model_file());
}

TEST_CASE("the original graph is not changed, and one with inserted layers is not written by editing its file") {
  const Graph graph = float_graph();
  const std::vector<float> weights = layer_of(graph, "a").blobs[0].values;
  const Graph inserted = nuq::insert_quantization(graph, with_activations(graph));
  CHECK(layer_of(graph, "a").blobs[0].values == weights);
  const CaughtError error = error_of<nuq::ModelError>([&] { static_cast<void>(nuq::fake_quant_model(inserted, {})); });
  CHECK(error.says("net.prototxt: layer 'first_0_quant_layer': is not in the file"));
}

TEST_CASE("what cannot be inserted is refused as it is where models are written") {
  const Graph graph = float_graph();
  NetworkQuantization partial = with_activations(graph);
  partial.at("b").activation.reset();
  CHECK(error_of<nuq::RecordError>([&] {
          static_cast<void>(nuq::insert_quantization(graph, partial));
        }).says("layer 'b': no scale_d is recorded"));
  const auto refused = [](const std::string& more) {
    const Graph other = float_graph(true, network + more);
    return error_of<nuq::ModelError>(
        [&] { static_cast<void>(nuq::insert_quantization(other, with_activations(other))); });
  };
  CHECK(refused("layer { name: 'a_dequant_layer' type: 'ReLU' bottom: 'fc' top: 'relu2' }")
            .says("net.prototxt: layer 'a': layer 'a_dequant_layer' for its quantization exists already"));
  CHECK(refused("layer { name: 'other' type: 'ReLU' bottom: 'fc' top: 'left_fc_quant' }")
            .says("net.prototxt: layer 'fc': blob 'left_fc_quant' for its quantization exists already"));
  SmallWeights weights;
  weights.layer("conv", "Convolution", {random_tensor({2, 2, 1, 1}, 1), random_tensor({2}, 2)});
  const Graph in_place = graph_of(
      "input: 'data' input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4 layer { name: 'conv' type: 'Convolution' "
      "bottom: 'data' top: 'data' convolution_param { num_output: 2 kernel_size: 1 } }",
      weights);
  NetworkQuantization of_conv = weights_only(in_place);
  check_same_network(nuq::insert_quantization(in_place, of_conv), reread(nuq::fake_quant_model(in_place, of_conv)));
  of_conv.at("conv").activation = ActivationScale{0.5F, 0, false};
  CHECK(error_of<nuq::ModelError>([&] {
          static_cast<void>(nuq::insert_quantization(in_place, of_conv));
        }).says("net.prototxt: layer 'conv': works in place on blob 'data'"));
}

}  // namespace engine_inserted_quantization_test
