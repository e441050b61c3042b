#include "nuq/caffe/fusion.hpp"

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

namespace {

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
  Network& convolution(const std::string& parameters, const std::vector<nuq::Shape>& blobs) {
    return layer("conv", "Convolution", "bottom: 'data' top: 'conv' convolution_param { " + parameters + " }", blobs);
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

/// What a layer computes, one output per [channel], for a 1 × 1 input of one value per input channel: the kernel
/// position (0, 0) of a convolution or deconvolution alone, which is enough as all positions of a channel are folded
/// alike.
Values output_of(const nuq::Node& node, const Values& input) {
  const nuq::Tensor& weights = node.blobs[0];
  const auto extent = [&weights](std::size_t axis) { return static_cast<std::size_t>(weights.shape[axis]); };
  const std::size_t groups = node.type == "InnerProduct" ? 1 : node.parameter.convolution_param().group();
  const std::size_t kernel = node.type == "InnerProduct" ? 1 : extent(2) * extent(3);
  const bool transposed = node.type == "Deconvolution";
  const std::size_t outputs = transposed ? extent(1) * groups : extent(0);
  Values output(outputs);
  for (std::size_t out = 0; out < outputs; ++out) {
    const std::size_t group = out / (outputs / groups);
    const std::size_t inputs_per_group = input.size() / groups;
    if (node.blobs.size() > 1) output[out] = static_cast<double>(node.blobs[1].values[out]);
    for (std::size_t in = 0; in < inputs_per_group; ++in) {
      const std::size_t global_in = group * inputs_per_group + in;
      const std::size_t row = transposed ? global_in * extent(1) + out % extent(1) : out * extent(1) + in;
      output[out] += static_cast<double>(weights.values[row * kernel]) * input[global_in];
    }
  }
  return output;
}

Values normalised(Values x, const nuq::Node& node) {
  const double s = static_cast<double>(node.blobs[2].values[0]);
  const double eps = static_cast<double>(node.parameter.batch_norm_param().eps());
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

/// Folds the graph of `network` and compares its first node with the plain computation through all nodes.
nuq::Graph checked_fusion(const Network& network, std::size_t inputs) {
  const nuq::Graph original = network.graph();
  nuq::Graph fused = network.graph();
  nuq::fuse(fused);
  REQUIRE(fused.nodes.size() == 1);
  Numbers numbers;
  Values input;
  for (std::size_t channel = 0; channel < inputs; ++channel) input.push_back(static_cast<double>(numbers(-1.0, 1.0)));
  Values wanted = output_of(original.nodes[0], input);
  for (std::size_t index = 1; index < original.nodes.size(); ++index) {
    const nuq::Node& node = original.nodes[index];
    wanted = node.type == "BatchNorm" ? normalised(wanted, node) : scaled(wanted, node);
  }
  const Values got = output_of(fused.nodes[0], input);
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

}  // namespace

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
  CHECK(node.parameter.convolution_param().bias_term());
}

TEST_CASE("an InnerProduct takes in its followers") {
  Network network;
  network
      .layer("ip", "InnerProduct", "bottom: 'data' top: 'ip' inner_product_param { num_output: 3 bias_term: false }",
             {{3, 5}})
      .batch_norm("ip", "ip", 3)
      .scale("ip", "ip", 3);
  CHECK(checked_fusion(network, 5).nodes[0].parameter.inner_product_param().bias_term());
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
  network.layer("in", "Input", "top: 'image' input_param { shape { dim: 1 } }")
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

TEST_CASE("statistics of the batch are refused, absent or explicit global ones are not") {
  const auto with = [](const std::string& parameter) {
    Network network;
    network.convolution("num_output: 2 kernel_size: 1", {{2, 3, 1, 1}, {2}}).batch_norm("conv", "bn", 2, parameter);
    return network.graph();
  };
  nuq::Graph batch = with("batch_norm_param { use_global_stats: false }");
  CHECK_THROWS_WITH_AS(nuq::fuse(batch),
                       "nuq: net.prototxt: layer 'bn': use_global_stats is false, wanted true in an inference network",
                       nuq::ModelError);
  nuq::Graph global = with("batch_norm_param { use_global_stats: true }");
  CHECK_NOTHROW(nuq::fuse(global));
  nuq::Graph absent = with("");
  CHECK_NOTHROW(nuq::fuse(absent));
}
