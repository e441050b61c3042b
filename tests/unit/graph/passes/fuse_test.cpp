#include "nuq/graph/passes/fuse.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/proto_schema.hpp"

namespace graph_passes_fuse_test {

using Names = std::vector<std::string>;
using Values = std::vector<double>;

/// Seeded numbers in [low, high).
class Numbers {
 public:
  float operator()(double low, double high) {
    return static_cast<float>(low + (high - low) * static_cast<double>(engine_() >> 11U) * 0x1.0p-53);
  }

 private:
  std::mt19937_64 engine_{7};
};

/// A network under construction: its text and the weights of its layers.
struct Network {
  std::string text = "input: 'data' ";
  nuq::schema::NetParameter weights;
  Numbers numbers;

  Network& layer(const std::string& name, const std::string& type, const std::string& rest,
                 const std::vector<nuq::Shape>& blobs = {}, double low = -1.0, double high = 1.0) {
    text += "layer { name: '" + name + "' type: '" + type + "' " + rest + " } ";
    nuq::schema::LayerParameter& layer = *weights.add_layer();
    layer.set_name(name);
    for (const nuq::Shape& shape : blobs) {
      nuq::schema::BlobProto& blob = *layer.add_blobs();
      for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
      for (std::size_t index = 0; index < nuq::element_count(shape); ++index) blob.add_data(numbers(low, high));
    }
    return *this;
  }
  Network& convolution(const std::string& parameters, const std::vector<nuq::Shape>& blobs,
                       const std::string& bottom = "data") {
    return layer("conv", "Convolution", "bottom: '" + bottom + "' top: 'conv' convolution_param { " + parameters + " }",
                 blobs);
  }
  Network& batch_norm(const std::string& bottom, const std::string& top, std::int64_t channels,
                      const std::string& rest = "") {
    return layer("bn", "BatchNorm", "bottom: '" + bottom + "' top: '" + top + "' " + rest,
                 {{channels}, {channels}, {1}}, 0.5, 2.0);
  }
  Network& scale(const std::string& bottom, const std::string& top, std::int64_t channels, bool bias = true) {
    const std::string parameter = bias ? " scale_param { bias_term: true }" : "";
    std::vector<nuq::Shape> blobs{{channels}};
    if (bias) blobs.push_back({channels});
    return layer("scale", "Scale", "bottom: '" + bottom + "' top: '" + top + "'" + parameter, blobs);
  }
  Network& bias(const std::string& bottom, const std::string& top, std::int64_t channels,
                const std::string& rest = "") {
    return layer("bias", "Bias", "bottom: '" + bottom + "' top: '" + top + "' " + rest, {{channels}});
  }
  Network& relu(const std::string& bottom, const std::string& top) {
    return layer("relu", "ReLU", "bottom: '" + bottom + "' top: '" + top + "'");
  }
  nuq::schema::BlobProto& blob(const std::string& name, int index) {
    for (nuq::schema::LayerParameter& layer : *weights.mutable_layer()) {
      if (layer.name() == name) return *layer.mutable_blobs(index);
    }
    FAIL("no such layer");
    return *weights.mutable_layer(0)->mutable_blobs(0);
  }
  nuq::Graph graph() const {
    return nuq::build_graph(std::make_shared<const nuq::Model>(
        nuq::parse_model(text, weights.SerializeAsString(), "net.prototxt", "net.caffemodel")));
  }
};

/// What a Convolution, Deconvolution of stride 1 or InnerProduct computes away from the borders, one output per
/// channel, for an input that is constant in each channel.
Values weighted(const Values& input, const nuq::Node& node) {
  const nuq::Tensor& weights = node.blobs[0];
  const auto extent = [&weights](std::size_t axis) { return static_cast<std::size_t>(weights.shape[axis]); };
  const std::size_t groups =
      nuq::convolution_of(node) == nullptr ? 1 : static_cast<std::size_t>(nuq::convolution_of(node)->group.value_or(1));
  const std::size_t kernel = nuq::is<nuq::ops::InnerProduct>(node) ? 1 : extent(2) * extent(3);
  const bool transposed = nuq::is<nuq::ops::TransposedConvolution>(node);
  const std::size_t outputs = transposed ? extent(1) * groups : extent(0);
  Values output(outputs);
  for (std::size_t out = 0; out < outputs; ++out) {
    const std::size_t group = out / (outputs / groups);
    const std::size_t inputs_per_group = input.size() / groups;
    if (node.blobs.size() > 1) output[out] = static_cast<double>(node.blobs[1].values[out]);
    for (std::size_t in = 0; in < inputs_per_group; ++in) {
      const std::size_t global_in = group * inputs_per_group + in;
      const std::size_t row = transposed ? global_in * extent(1) + out % extent(1) : out * extent(1) + in;
      for (std::size_t place = row * kernel; place < (row + 1) * kernel; ++place)
        output[out] += static_cast<double>(weights.values[place]) * input[global_in];
    }
  }
  return output;
}

Values normalised(Values x, const nuq::Node& node) {
  const double s = static_cast<double>(node.blobs[2].values[0]);
  const double eps = static_cast<double>(node.operation.get<nuq::ops::BatchNorm>().eps);
  for (std::size_t channel = 0; channel < x.size(); ++channel) {
    const double mean = s == 0.0 ? 0.0 : static_cast<double>(node.blobs[0].values[channel]) / s;
    const double variance = s == 0.0 ? 0.0 : static_cast<double>(node.blobs[1].values[channel]) / s;
    x[channel] = (x[channel] - mean) / std::sqrt(variance + eps);
  }
  return x;
}

Values scaled(Values x, const nuq::Node& node) {
  for (std::size_t channel = 0; channel < x.size(); ++channel) {
    x[channel] *= static_cast<double>(node.blobs[0].values[channel]);
    if (node.blobs.size() > 1) x[channel] += static_cast<double>(node.blobs[1].values[channel]);
  }
  return x;
}

Values biased(Values x, const nuq::Node& node) {
  for (std::size_t channel = 0; channel < x.size(); ++channel)
    x[channel] += static_cast<double>(node.blobs[0].values[channel]);
  return x;
}

/// What a chain of layers computes.
Values output_of(const nuq::Graph& chain, Values x) {
  for (const nuq::Node& node : chain.nodes) {
    x = nuq::is<nuq::ops::BatchNorm>(node) ? normalised(x, node)
        : nuq::is<nuq::ops::Scale>(node)   ? scaled(x, node)
        : nuq::is<nuq::ops::Bias>(node)    ? biased(x, node)
                                           : weighted(x, node);
  }
  return x;
}

/// Folds the graph of `network`, a chain, into a single node and compares what the two compute.
nuq::Graph checked_fusion(const Network& network, std::size_t inputs) {
  nuq::Graph fused = network.graph();
  nuq::fuse(fused);
  REQUIRE(fused.nodes.size() == 1);
  Numbers numbers;
  Values input;
  for (std::size_t channel = 0; channel < inputs; ++channel) input.push_back(static_cast<double>(numbers(-1.0, 1.0)));
  const Values wanted = output_of(network.graph(), input);
  const Values got = output_of(fused, input);
  REQUIRE(got.size() == wanted.size());
  for (std::size_t channel = 0; channel < got.size(); ++channel) {
    CAPTURE(channel);
    CHECK(std::fabs(got[channel] - wanted[channel]) <= 1e-5 * (1.0 + std::fabs(wanted[channel])));
  }
  return fused;
}

Names node_names(const nuq::Graph& graph) {
  Names names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

nuq::Graph fused(const Network& network) {
  nuq::Graph graph = network.graph();
  nuq::fuse(graph);
  return graph;
}

/// Every value is an input or the output of the node it names, and every index is in range.
void check_consistency(const nuq::Graph& graph) {
  std::set<std::size_t> written(graph.inputs.begin(), graph.inputs.end());
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    for (const std::size_t input : graph.nodes[index].inputs) CHECK(written.count(input) == 1);
    for (const std::size_t output : graph.nodes[index].outputs) {
      REQUIRE(output < graph.values.size());
      CHECK(graph.values[output].producer == index);
      CHECK(written.insert(output).second);
    }
  }
  CHECK(written.size() == graph.values.size());
}

TEST_CASE("a convolution takes in the BatchNorm and Scale behind it") {
  Network network;
  network.convolution("num_output: 4 kernel_size: 2", {{4, 3, 2, 2}, {4}})
      .batch_norm("conv", "bn", 4)
      .scale("bn", "out", 4);
  const nuq::Graph graph = checked_fusion(network, 3);
  const nuq::Node& node = graph.nodes[0];
  CHECK(node.fused == Names{"bn", "scale"});
  CHECK(graph.values[node.outputs[0]].blob == "out");
  CHECK(node.blobs[0].shape == nuq::Shape{4, 3, 2, 2});
  check_consistency(graph);
}

TEST_CASE("all kernel positions of a channel are multiplied alike") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 2 bias_term: false", {{2, 3, 2, 2}}).scale("conv", "conv", 2, false);
  const nuq::Graph original = network.graph();
  const nuq::Graph fused = checked_fusion(network, 3);
  for (std::size_t index = 0; index < 24; ++index) {
    const double wanted = static_cast<double>(original.nodes[0].blobs[0].values[index]) *
                          static_cast<double>(original.nodes[1].blobs[0].values[index / 12]);
    CHECK(fused.nodes[0].blobs[0].values[index] == static_cast<float>(wanted));
  }
}

TEST_CASE("in-place followers, a lone BatchNorm and a lone Scale are taken in") {
  Network in_place;
  in_place.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "conv", 2)
      .scale("conv", "conv", 2);
  CHECK(checked_fusion(in_place, 3).nodes[0].fused == Names{"bn", "scale"});
  Network norm;
  norm.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "bn", 2, "batch_norm_param { eps: 0.5 }");
  CHECK(checked_fusion(norm, 3).nodes[0].fused == Names{"bn"});
  Network scale;
  scale.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).scale("conv", "out", 2);
  CHECK(checked_fusion(scale, 3).nodes[0].fused == Names{"scale"});
}

TEST_CASE("a layer without bias gets one and says so") {
  Network convolution;
  convolution.convolution("num_output: 2 kernel_size: 1 bias_term: false", {{2, 3, 1, 1}}).batch_norm("conv", "bn", 2);
  const nuq::Node node = checked_fusion(convolution, 3).nodes[0];
  REQUIRE(node.blobs.size() == 2);
  CHECK(node.blobs[1].shape == nuq::Shape{2});
  CHECK(nuq::convolution_of(node)->bias);
}

TEST_CASE("an InnerProduct takes in its followers") {
  Network network;
  network
      .layer("ip", "InnerProduct", "bottom: 'data' top: 'ip' inner_product_param { num_output: 3 bias_term: false }",
             {{3, 5}})
      .batch_norm("ip", "ip", 3)
      .scale("ip", "ip", 3);
  CHECK(checked_fusion(network, 5).nodes[0].operation.get<nuq::ops::InnerProduct>().bias);
}

TEST_CASE("grouped convolutions and deconvolutions are scaled along their output channels") {
  Network convolution;
  convolution.convolution("num_output: 6 group: 2 kernel_size: 2", {{6, 2, 2, 2}, {6}})
      .batch_norm("conv", "bn", 6)
      .scale("bn", "bn", 6);
  checked_fusion(convolution, 4);
  for (const int group : {1, 2}) {
    CAPTURE(group);
    Network network;
    network
        .layer("up", "Deconvolution",
               "bottom: 'data' top: 'up' convolution_param { num_output: 6 kernel_size: 2 group: " +
                   std::to_string(group) + " }",
               {{4, 6 / group, 2, 2}, {6}})
        .batch_norm("up", "up", 6)
        .scale("up", "up", 6);
    checked_fusion(network, 4);
  }
}

TEST_CASE("a BatchNorm whose factor is 0 has mean 0 and variance 0") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).batch_norm("conv", "bn", 2);
  network.blob("bn", 2).set_data(0, 0.0F);
  checked_fusion(network, 3);
}

TEST_CASE("followers of a blob that others read stay") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "bn", 2)
      .scale("bn", "scaled", 2)
      .layer("side", "ReLU", "bottom: 'conv' top: 'side'");
  nuq::Graph graph = network.graph();
  nuq::fuse(graph);
  CHECK(node_names(graph) == Names{"conv", "bn", "scale", "side"});
}

TEST_CASE("a Scale behind a BatchNorm that others read stays, the BatchNorm is taken in") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "bn", 2)
      .scale("bn", "scaled", 2)
      .layer("side", "ReLU", "bottom: 'bn' top: 'side'");
  nuq::Graph graph = network.graph();
  nuq::fuse(graph);
  CHECK(node_names(graph) == Names{"conv", "scale", "side"});
  CHECK(graph.nodes[0].fused == Names{"bn"});
  CHECK(graph.nodes[1].inputs == graph.nodes[0].outputs);
  check_consistency(graph);
}

TEST_CASE("layers before and after are connected to the folded one, data layers and inputs included") {
  Network network;
  network.layer("in", "Input", "top: 'image' input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } }")
      .layer("pre", "ReLU", "bottom: 'data' top: 'data'")
      .layer("conv", "Convolution", "bottom: 'image' top: 'conv' convolution_param { num_output: 2 kernel_size: 1 }",
             {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "conv", 2)
      .scale("conv", "conv", 2)
      .layer("relu", "ReLU", "bottom: 'conv' top: 'conv'")
      .layer("sum", "Eltwise", "bottom: 'conv' bottom: 'data' top: 'sum'");
  nuq::Graph graph = network.graph();
  const std::size_t values_before = graph.values.size();
  nuq::fuse(graph);
  CHECK(node_names(graph) == Names{"in", "pre", "conv", "relu", "sum"});
  CHECK(graph.values.size() == values_before - 2);
  CHECK(graph.nodes[3].inputs == graph.nodes[2].outputs);
  CHECK(graph.nodes[4].inputs == std::vector<std::size_t>{graph.nodes[3].outputs[0], graph.nodes[1].outputs[0]});
  CHECK(graph.nodes[2].inputs == graph.nodes[0].outputs);
  CHECK(graph.values[graph.inputs[0]].blob == "data");
  CHECK(graph.values[graph.inputs[1]].blob == "image");
  CHECK(graph.values[graph.inputs[1]].producer == nuq::Value::network_input);
}

TEST_CASE("several layers of a chain are folded, each with its own followers") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "conv", 2)
      .layer("conv2", "Convolution", "bottom: 'conv' top: 'conv2' convolution_param { num_output: 4 kernel_size: 1 }",
             {{4, 2, 1, 1}, {4}})
      .scale("conv2", "conv2", 4);
  nuq::Graph graph = network.graph();
  nuq::fuse(graph);
  CHECK(node_names(graph) == Names{"conv", "conv2"});
  CHECK(graph.nodes[0].fused == Names{"bn"});
  CHECK(graph.nodes[1].fused == Names{"scale"});
  check_consistency(graph);
}

TEST_CASE("a Bias behind a layer goes into its bias, wherever it stands in the row") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1 bias_term: false", {{2, 3, 1, 1}})
      .batch_norm("conv", "conv", 2)
      .scale("conv", "scaled", 2, false)
      .bias("scaled", "out", 2, "bias_param { axis: -3 }");
  CHECK(checked_fusion(network, 3).nodes[0].fused == Names{"bn", "scale", "bias"});
  Network turned;
  turned.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .bias("conv", "biased", 2)
      .scale("biased", "out", 2);
  CHECK(checked_fusion(turned, 3).nodes[0].fused == Names{"bias", "scale"});
  for (const char* const parameter : {"axis: 0", "axis: -2", "num_axes: 2", "num_axes: -1"}) {
    CAPTURE(parameter);
    Network other;
    other.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
        .bias("conv", "out", 2, "bias_param { " + std::string(parameter) + " }");
    CHECK(fused(other).nodes.size() == 2);
  }
}

TEST_CASE("a Power of exponent 1 is folded, and into any layer from in front, where the network says so") {
  Network network;
  network.layer("half", "Power", "bottom: 'data' top: 'half' power_param { scale: 0.5 }")
      .layer("ip", "InnerProduct", "bottom: 'half' top: 'ip' inner_product_param { num_output: 2 }", {{2, 3}, {2}})
      .layer("shift", "Power", "bottom: 'ip' top: 'shift' power_param { shift: 3 }")
      .layer("square", "Power", "bottom: 'shift' top: 'out' power_param { power: 2 }");
  CHECK(fused(network).nodes.size() == 4);
  nuq::Graph graph = network.graph();
  const std::vector<nuq::Tensor> original = graph.nodes[1].blobs;
  graph.folds_all_affine = true;
  nuq::fuse(graph);
  CHECK(node_names(graph) == Names{"ip", "square"});
  CHECK(graph.nodes[0].fused == Names{"half", "shift"});
  for (std::size_t at = 0; at < 6; ++at) CHECK(graph.nodes[0].blobs[0].values[at] == 0.5F * original[0].values[at]);
  for (std::size_t at = 0; at < 2; ++at) CHECK(graph.nodes[0].blobs[1].values[at] == original[1].values[at] + 3.0F);
}

TEST_CASE("a convolution without padding takes in what stands in front of it") {
  Network both;
  both.batch_norm("data", "bn", 3)
      .scale("bn", "s", 3)
      .convolution("num_output: 4 kernel_size: 2", {{4, 3, 2, 2}, {4}}, "s");
  const nuq::Graph graph = checked_fusion(both, 3);
  CHECK(graph.nodes[0].fused == Names{"bn", "scale"});
  CHECK(graph.values[graph.nodes[0].inputs[0]].blob == "data");
  CHECK(graph.values.size() == 2);
  check_consistency(graph);

  Network in_place;
  in_place.batch_norm("data", "data", 4)
      .scale("data", "data", 4)
      .convolution("num_output: 6 kernel_size: 2 group: 2 bias_term: false pad: 0", {{6, 2, 2, 2}}, "data");
  const nuq::Node node = checked_fusion(in_place, 4).nodes[0];
  CHECK(node.blobs.size() == 2);
  CHECK(nuq::convolution_of(node)->bias);

  Network norm;
  norm.batch_norm("data", "bn", 3).convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "bn");
  CHECK(checked_fusion(norm, 3).nodes[0].fused == Names{"bn"});
  Network scale_and_bias;
  scale_and_bias.scale("data", "s", 3)
      .bias("s", "b", 3)
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "b");
  CHECK(checked_fusion(scale_and_bias, 3).nodes[0].fused == Names{"scale", "bias"});
}

TEST_CASE("a convolution takes in what stands on both sides of it") {
  Network network;
  network.bias("data", "b", 3)
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "b")
      .batch_norm("conv", "bn", 2);
  const nuq::Graph graph = checked_fusion(network, 3);
  CHECK(graph.nodes[0].fused == Names{"bias", "bn"});
  check_consistency(graph);
}

TEST_CASE("in front of a padded convolution only what leaves zeros alone is taken in") {
  for (const char* const pad : {"pad: 1", "pad_w: 1", "pad: 0 pad: 1", "pad_h: 2 pad_w: 0"}) {
    CAPTURE(pad);
    const std::string parameters = "num_output: 2 kernel_size: 3 " + std::string(pad);
    Network network;
    network.batch_norm("data", "bn", 3).scale("bn", "s", 3, false).convolution(parameters, {{2, 3, 3, 3}, {2}}, "s");
    const nuq::Graph graph = fused(network);
    CHECK(node_names(graph) == Names{"bn", "conv"});
    CHECK(graph.nodes[1].fused == Names{"scale"});
    CHECK(graph.nodes[1].inputs == graph.nodes[0].outputs);

    network.blob("bn", 0).set_data(0, 0.0F);
    CHECK(fused(network).nodes.size() == 2);
    for (int channel = 1; channel < 3; ++channel) network.blob("bn", 0).set_data(channel, 0.0F);
    CHECK(fused(network).nodes.size() == 1);
  }
  Network unpadded;
  unpadded.bias("data", "b", 3).convolution("num_output: 2 kernel_size: 3 pad_h: 0 pad_w: 0", {{2, 3, 3, 3}, {2}}, "b");
  CHECK(fused(unpadded).nodes.size() == 1);
}

TEST_CASE("between two convolutions a layer goes into the first, into the second only where the first is skipped") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}})
      .batch_norm("conv", "bn", 2)
      .scale("bn", "s", 2)
      .layer("conv2", "Convolution", "bottom: 's' top: 'conv2' convolution_param { num_output: 4 kernel_size: 1 }",
             {{4, 2, 1, 1}, {4}});
  const nuq::Graph graph = fused(network);
  CHECK(node_names(graph) == Names{"conv", "conv2"});
  CHECK(graph.nodes[0].fused == Names{"bn", "scale"});
  CHECK(graph.nodes[1].fused.empty());
  nuq::Graph skipping = network.graph();
  nuq::FusionOptions options;
  options.skipped = {"conv"};
  nuq::fuse(skipping, options);
  CHECK(skipping.nodes[0].fused.empty());
  CHECK(skipping.nodes[1].fused == Names{"bn", "scale"});
  CHECK(skipping.nodes[1].inputs == skipping.nodes[0].outputs);
  nuq::Graph neither = network.graph();
  options.skipped = {"conv", "conv2"};
  nuq::fuse(neither, options);
  CHECK(neither.nodes.size() == 4);
}

TEST_CASE("only convolutions take in what stands in front of them") {
  Network deconvolution;
  deconvolution.scale("data", "s", 3, false)
      .layer("up", "Deconvolution", "bottom: 's' top: 'up' convolution_param { num_output: 2 kernel_size: 1 }",
             {{3, 2, 1, 1}, {2}});
  CHECK(fused(deconvolution).nodes.size() == 2);
  Network inner_product;
  inner_product.scale("data", "s", 3, false)
      .layer("ip", "InnerProduct", "bottom: 's' top: 'ip' inner_product_param { num_output: 2 }", {{2, 3}, {2}});
  CHECK(fused(inner_product).nodes.size() == 2);
}

TEST_CASE("what stands in front stays where somebody else reads it, its own input may have other readers") {
  const auto network = [](const std::string& other_bottom) {
    Network result;
    result.batch_norm("data", "bn", 3)
        .scale("bn", "s", 3)
        .relu(other_bottom, "side")
        .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "s");
    return result;
  };
  CHECK(node_names(fused(network("s"))) == Names{"bn", "scale", "relu", "conv"});
  const nuq::Graph half = fused(network("bn"));
  CHECK(node_names(half) == Names{"bn", "relu", "conv"});
  CHECK(half.nodes[2].fused == Names{"scale"});
  const nuq::Graph whole = fused(network("data"));
  CHECK(node_names(whole) == Names{"relu", "conv"});
  CHECK(whole.nodes[1].inputs == whole.nodes[0].inputs);
  check_consistency(whole);
}

TEST_CASE("what stands in front stays where its input has been overwritten before the convolution") {
  Network network;
  network.batch_norm("data", "bn", 3)
      .relu("data", "data")
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "bn");
  CHECK(fused(network).nodes.size() == 3);
  Network later;
  later.batch_norm("data", "bn", 3)
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "bn")
      .relu("data", "data");
  CHECK(fused(later).nodes.size() == 2);
}

TEST_CASE("layers of other branches may stand between in the file") {
  Network network;
  network.batch_norm("data", "bn", 3)
      .relu("data", "side")
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "bn")
      .layer("pool", "Pooling", "bottom: 'side' top: 'pool'")
      .scale("conv", "out", 2)
      .layer("last", "ReLU", "bottom: 'out' top: 'last'");
  const nuq::Graph graph = fused(network);
  CHECK(node_names(graph) == Names{"relu", "conv", "pool", "last"});
  CHECK(graph.nodes[1].fused == Names{"bn", "scale"});
  CHECK(graph.nodes[3].inputs == graph.nodes[1].outputs);
  check_consistency(graph);
}

TEST_CASE("statistics in the shapes of old files are understood") {
  Network network;
  network.batch_norm("data", "bn", 3)
      .convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}, "bn")
      .scale("conv", "out", 2);
  for (const char* const name : {"bn", "scale"}) {
    for (int index = 0; index < 2; ++index) {
      nuq::schema::BlobProto& blob = network.blob(name, index);
      blob.clear_shape();
      blob.set_num(1), blob.set_channels(1), blob.set_height(1), blob.set_width(blob.data_size());
    }
  }
  CHECK(checked_fusion(network, 3).nodes[0].fused == Names{"bn", "scale"});
}

TEST_CASE("nothing is folded into weights that another layer shares by name") {
  const auto network = [](const std::string& other_name) {
    Network result;
    result.convolution("num_output: 3 kernel_size: 1 } param { name: 'w' } param { ", {{3, 3, 1, 1}, {3}})
        .batch_norm("conv", "bn", 3)
        .layer("conv2", "Convolution",
               "bottom: 'bn' top: 'conv2' convolution_param { num_output: 3 kernel_size: 1 } param { name: '" +
                   other_name + "' }",
               {{3, 3, 1, 1}, {3}});
    return result;
  };
  CHECK(fused(network("w")).nodes.size() == 3);
  CHECK(fused(network("v")).nodes.size() == 2);
}

TEST_CASE("what cannot be folded exactly stays") {
  const auto stays = [](const Network& network) {
    nuq::Graph graph = network.graph();
    const std::size_t nodes = graph.nodes.size();
    nuq::fuse(graph);
    return graph.nodes.size() == nodes && graph.nodes[0].fused.empty() &&
           graph.nodes[0].blobs[0].values == network.graph().nodes[0].blobs[0].values;
  };
  const auto convolution = [] {
    Network network;
    network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}});
    return network;
  };
  CHECK(stays(convolution().layer("s", "Scale", "bottom: 'conv' top: 's' scale_param { axis: 2 }", {{2}})));
  CHECK(stays(convolution().layer("s", "Scale", "bottom: 'conv' top: 's' scale_param { num_axes: 2 }", {{2, 1}})));
  CHECK(stays(convolution().layer("s", "Scale", "bottom: 'conv' bottom: 'data' top: 's'")));
  CHECK(stays(convolution().scale("conv", "s", 3)));
  CHECK(stays(convolution().layer("r", "ReLU", "bottom: 'conv' top: 'conv'").scale("conv", "s", 2)));

  Network negative_variance = convolution().batch_norm("conv", "bn", 2);
  negative_variance.blob("bn", 1).set_data(1, -3.0F);
  nuq::Graph refused = negative_variance.graph();
  CHECK_THROWS_AS(nuq::fuse(refused), nuq::ModelError);
  Network overflow = convolution().scale("conv", "s", 2);
  overflow.blob("conv", 0).set_data(0, 1e30F);
  overflow.blob("scale", 0).set_data(0, 1e30F);
  CHECK(stays(overflow));
}

TEST_CASE("a transposed InnerProduct or one along another axis stays") {
  for (const char* const parameter : {"transpose: true", "axis: 2"}) {
    CAPTURE(parameter);
    Network network;
    network
        .layer("ip", "InnerProduct",
               "bottom: 'data' top: 'ip' inner_product_param { num_output: 3 " + std::string(parameter) + " }",
               {{3, 3}, {3}})
        .scale("ip", "ip", 3);
    nuq::Graph graph = network.graph();
    nuq::fuse(graph);
    CHECK(graph.nodes.size() == 2);
  }
}

TEST_CASE("a graph without weights stays as it is") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {}).batch_norm("conv", "bn", 2);
  nuq::Graph graph =
      nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(network.text, {}, "net.prototxt", "")));
  nuq::fuse(graph);
  CHECK(graph.nodes.size() == 2);
}

TEST_CASE("fusion is switched off as a whole or for single layers") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).batch_norm("conv", "bn", 2);
  nuq::FusionOptions off;
  off.enabled = false;
  nuq::FusionOptions skipping;
  skipping.skipped = {"conv"};
  for (const nuq::FusionOptions& options : {off, skipping}) {
    nuq::Graph graph = network.graph();
    nuq::fuse(graph, options);
    CHECK(graph.nodes.size() == 2);
  }
}

TEST_CASE("a skipped layer must exist and be one that something is folded into") {
  Network network;
  network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).batch_norm("conv", "bn", 2);
  nuq::Graph graph = network.graph();
  nuq::FusionOptions options;
  options.skipped = {"conv9"};
  CHECK_THROWS_WITH_AS(nuq::fuse(graph, options),
                       "nuq: skip_fusion_layers: layer 'conv9': does not exist in net.prototxt", nuq::ConfigError);
  options.skipped = {"bn"};
  CHECK_THROWS_WITH_AS(nuq::fuse(graph, options),
                       "nuq: skip_fusion_layers: layer 'bn': nothing is folded into a BatchNorm, wanted a Convolution, "
                       "Deconvolution or InnerProduct",
                       nuq::ConfigError);
}

TEST_CASE("a batch normalization with the statistics of the batch stays, one with the trained ones is folded") {
  const auto with = [](const std::string& parameter) {
    Network network;
    network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).batch_norm("conv", "bn", 2, parameter);
    return network.graph();
  };
  nuq::Graph batch = with("batch_norm_param { use_global_stats: false }");
  nuq::fuse(batch);
  CHECK(batch.find("bn") != nullptr);
  nuq::Graph global = with("batch_norm_param { use_global_stats: true }");
  nuq::fuse(global);
  CHECK(global.find("bn") == nullptr);
  nuq::Graph absent = with("");
  nuq::fuse(absent);
  CHECK(absent.find("bn") == nullptr);
}

TEST_CASE("a layer of shared parameters is neither folded nor folded into") {
  const std::string shared = "param { name: 'a' } param { name: 'b' } param { name: 'c' }";
  const auto two_branches = [](const std::string& of_convolution, const std::string& of_norm) {
    Network network;
    for (const std::string branch : {"0", "1"}) {
      network
          .layer("conv" + branch, "Convolution",
                 "bottom: 'data' top: 'c" + branch + "' " + of_convolution +
                     " convolution_param { num_output: 2 kernel_size: 1 bias_term: false }",
                 {{2, 3, 1, 1}})
          .layer("bn" + branch, "BatchNorm", "bottom: 'c" + branch + "' top: 'n" + branch + "' " + of_norm,
                 {{2}, {2}, {1}}, 0.5, 2.0);
    }
    nuq::Graph graph = network.graph();
    nuq::fuse(graph);
    return graph.nodes.size();
  };
  CHECK(two_branches("", "") == 2);
  CHECK(two_branches("param { lr_mult: 1 }", "param { lr_mult: 0 }") == 2);
  CHECK(two_branches("", shared) == 4);
  CHECK(two_branches("param { name: 'w' }", "") == 4);
}

}  // namespace graph_passes_fuse_test
