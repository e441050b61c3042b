#include "nuq/graph/quantize_layer.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../operation_named.hpp"
#include "nuq/caffe/caffe_format.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"

namespace graph_quantize_layer_test {

nuq::Graph graph_with(const std::string& type, nuq::Shape shape, std::vector<float> weights) {
  nuq::Graph graph;
  auto model = std::make_shared<nuq::Model>();
  model->weights_file = "net.caffemodel";
  graph.source = nuq::caffe_source(std::move(model));
  graph.values = {{"data", nuq::Value::network_input, {}}, {"out", 0, {}}};
  nuq::Node node;
  node.inputs = {0};
  node.outputs = {1};
  node.name = "layer";
  node.type = type;
  node.operation = operation_named(type);
  node.blobs.emplace_back(std::move(shape), std::move(weights));
  graph.nodes.push_back(std::move(node));
  return graph;
}

nuq::LayerQuantization quantized(const nuq::Graph& graph, const nuq::LayerPlan& plan,
                                 const nuq::LayerStatistics* statistics = nullptr) {
  nuq::Parallel serial;
  return nuq::quantize_layer(graph, graph.nodes[0], plan, nuq::NonUniformQuantizer<>{}, statistics, serial);
}

nuq::LayerPlan plan_of(nuq::WeightAlgorithm algorithm, int num_steps = 32) {
  nuq::LayerPlan plan;
  plan.weight_algorithm = algorithm;
  plan.num_steps = num_steps;
  return plan;
}

using Levels = std::vector<std::int8_t>;

TEST_CASE(
    "a bias is the layer's own unless another layer has a parameter of the same name, a copy of it not counting") {
  nuq::Graph graph = graph_with("InnerProduct", {1, 2}, {1.0F, 2.0F});
  nuq::Node& layer = graph.nodes[0];
  CHECK_FALSE(nuq::has_own_bias(graph, layer));
  layer.blobs.emplace_back(nuq::Shape{1}, std::vector<float>{0.5F});
  layer.shared_parameters = {"w", "b"};
  nuq::Node copy = layer;
  CHECK(nuq::has_own_bias(graph, copy));
  copy.name = "other";
  CHECK_FALSE(nuq::has_own_bias(graph, copy));
}

TEST_CASE("arq: one scale per output channel of a convolution, one for an InnerProduct, no codebook") {
  const std::vector<float> weights{127.0F, 1.0F, 12.7F, -25.4F};
  const nuq::LayerQuantization conv =
      quantized(graph_with("Convolution", {2, 2, 1, 1}, weights), plan_of(nuq::WeightAlgorithm::arq));
  CHECK(conv.weights.scales == std::vector<float>{1.0F, 25.4F / 128.0F});
  CHECK(conv.weights.levels == Levels{127, 1, 64, -128});
  CHECK_FALSE(conv.codebook);
  CHECK_FALSE(conv.activation);
  const nuq::LayerQuantization product =
      quantized(graph_with("InnerProduct", {2, 2}, weights), plan_of(nuq::WeightAlgorithm::arq));
  CHECK(product.weights.scales == std::vector<float>{1.0F});
  CHECK(product.weights.levels == Levels{127, 1, 13, -25});
}

TEST_CASE("a Deconvolution's channels are those of axis 1") {
  const nuq::Graph graph = graph_with("Deconvolution", {2, 1, 1, 2}, {127.0F, 2.0F, 3.0F, 4.0F});
  const nuq::QuantizedWeights weights = quantized(graph, plan_of(nuq::WeightAlgorithm::arq)).weights;
  CHECK(weights.rows == 1);
  CHECK(weights.cols == 4);
  CHECK(weights.levels == Levels{127, 2, 3, 4});
}

TEST_CASE("nuq: as many levels as the plan says, and the codebook has them") {
  std::vector<float> weights;
  for (int value = -127; value <= 127; ++value) weights.push_back(static_cast<float>(value * value * value));
  const nuq::Graph graph = graph_with("InnerProduct", {1, 255}, weights);
  for (const int num_steps : {2, 5, 16}) {
    const nuq::LayerQuantization result = quantized(graph, plan_of(nuq::WeightAlgorithm::nuq, num_steps));
    REQUIRE(result.codebook);
    CHECK(result.codebook->size() == static_cast<std::size_t>(num_steps));
    CHECK(nuq::Codebook(result.weights.levels.begin(), result.weights.levels.end()) == *result.codebook);
  }
}

TEST_CASE("a bias is corrected where the layer has one of its own and the plan does not say no") {
  nuq::Graph graph = graph_with("InnerProduct", {1, 3}, {1.0F, 0.1F, -0.4F});
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::VectorXd::Ones(3);
  statistics.input_mean = Eigen::VectorXd::Constant(3, 2.0);
  statistics.mean_deviation = Eigen::VectorXd::Zero(3);
  nuq::LayerPlan plan = plan_of(nuq::WeightAlgorithm::nuq, 2);
  CHECK(quantized(graph, plan, &statistics).bias_correction.empty());
  graph.nodes[0].blobs.emplace_back(nuq::Shape{1}, std::vector<float>{5.0F});
  const nuq::LayerQuantization result = quantized(graph, plan, &statistics);
  double lost = 0.0;
  for (std::size_t col = 0; col < 3; ++col) {
    lost += 2.0 * (static_cast<double>(graph.nodes[0].blobs[0].values[col]) -
                   static_cast<double>(result.weights.scales[0]) * result.weights.levels[col]);
  }
  REQUIRE(result.bias_correction.size() == 1);
  CHECK(static_cast<double>(result.bias_correction[0]) == doctest::Approx(lost));
  plan.bias_correction = nuq::BiasCorrection::off;
  CHECK(quantized(graph, plan, &statistics).bias_correction.empty());
}

TEST_CASE("errors of the quantizer name file and layer") {
  const nuq::Graph bad = graph_with("InnerProduct", {1, 2}, {1.0F, (std::numeric_limits<float>::infinity)()});
  CHECK_THROWS_WITH_AS(static_cast<void>(quantized(bad, plan_of(nuq::WeightAlgorithm::arq))),
                       doctest::Contains("nuq: net.caffemodel: layer 'layer': "), nuq::ModelError);
  CHECK_THROWS_WITH_AS(static_cast<void>(quantized(bad, plan_of(nuq::WeightAlgorithm::nuq))),
                       doctest::Contains("nuq: net.caffemodel: layer 'layer': "), nuq::ModelError);
  const nuq::Graph good = graph_with("InnerProduct", {1, 2}, {1.0F, 2.0F});
  CHECK_THROWS_WITH_AS(static_cast<void>(quantized(good, plan_of(nuq::WeightAlgorithm::nuq, 300))),
                       doctest::Contains("nuq: net.caffemodel: layer 'layer': "), nuq::ConfigError);
  nuq::LayerStatistics other;
  other.mean_squares = Eigen::VectorXd::Ones(3);
  CHECK_THROWS_WITH_AS(static_cast<void>(quantized(good, plan_of(nuq::WeightAlgorithm::nuq, 16), &other)),
                       doctest::Contains("nuq: net.caffemodel: layer 'layer': "), nuq::ConfigError);
}

}  // namespace graph_quantize_layer_test
