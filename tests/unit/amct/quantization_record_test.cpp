#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/proto_schema.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "network.hpp"

namespace amct_quantization_record_test {

/// The small network with zero weights of the right shapes.
nuq::Graph network_with_weights() {
  nuq::Graph graph = network(small_network);
  for (nuq::Node& node : graph.nodes) {
    if (node.name == "conv1") node.blobs = {nuq::Tensor({6, 4, 3, 3}), nuq::Tensor(nuq::Shape{6})};
    if (node.name == "conv2") node.blobs = {nuq::Tensor({6, 3, 3, 3}), nuq::Tensor(nuq::Shape{6})};
    if (node.name == "deconv") node.blobs = {nuq::Tensor({6, 2, 2, 2}), nuq::Tensor(nuq::Shape{2})};
    if (node.name == "fc") node.blobs = {nuq::Tensor({10, 32}), nuq::Tensor(nuq::Shape{10})};
  }
  return graph;
}

nuq::LayerQuantization layer_of(std::vector<float> scales) {
  nuq::LayerQuantization layer;
  layer.weights.scales = std::move(scales);
  return layer;
}

std::vector<std::int32_t> cluster_of(const std::vector<int>& levels, int num_steps) {
  const nuq::Graph graph = network(small_network);
  nuq::NetworkQuantization quantization;
  quantization["conv1"] = layer_of({0.5F});
  quantization["conv1"].codebook.emplace(levels.begin(), levels.end());
  nuq::QuantizationSettings settings;
  settings.plan["conv1"].num_steps = num_steps;
  const nuq::schema::ScaleOffsetRecord record = nuq::record_of(graph, quantization, settings);
  return {record.record(0).value().cluster().begin(), record.record(0).value().cluster().end()};
}

std::string rejected(const std::string& text, nuq::ErrorCode code) {
  const nuq::schema::ScaleOffsetRecord record = nuq::parse_record(text, "record.txt");
  return message_of<nuq::RecordError>(
      [&] { static_cast<void>(nuq::quantization_of(record, network_with_weights(), "record.txt")); }, code);
}

TEST_CASE("a record has the quantized layers in network order") {
  const nuq::Graph graph = network(small_network);
  nuq::NetworkQuantization quantization;
  quantization["fc"] = layer_of({0.25F});
  quantization["conv1"] = layer_of({0.5F, 1.5F});
  quantization["conv1"].activation = nuq::ActivationScale{0.125F, -14, true};
  quantization["conv1"].input_shape = {2, 4, 8, 9};
  quantization["fc"].input_shape = {2, 32};
  CHECK(nuq::record_text(graph, quantization, {}) ==
        "record {\n  key: \"conv1\"\n  value {\n    scale_d: 0.125\n    offset_d: -14\n    scale_w: 0.5\n    scale_w: "
        "1.5\n    offset_w: 0\n"
        "    offset_w: 0\n    channels: 4\n    height: 8\n    width: 9\n  }\n}\n"
        "record {\n  key: \"fc\"\n  value {\n    scale_w: 0.25\n    offset_w: 0\n    channels: 32\n    height: 1\n    "
        "width: 1\n  }\n}\n");
}

TEST_CASE("cluster holds the codebook, padded with the smallest unused levels") {
  CHECK(cluster_of({-3, 0, 7}, 3) == std::vector<std::int32_t>{-3, 0, 7});
  CHECK(cluster_of({-3, 0, 7}, 5) == std::vector<std::int32_t>{-128, -127, -3, 0, 7});
  CHECK(cluster_of({-128, -126, 127}, 6) == std::vector<std::int32_t>{-128, -127, -126, -125, -124, 127});
  CHECK(cluster_of({1}, 256).size() == 256);
  CHECK(cluster_of({-3, 0, 7}, 2) == std::vector<std::int32_t>{-3, 0, 7});  // a codebook is never cut
}

TEST_CASE("layers that nothing was folded into are marked, and the mark is read back") {
  const nuq::Graph graph = network(small_network);
  nuq::NetworkQuantization quantization;
  quantization["conv1"] = layer_of({0.5F});
  quantization["fc"] = layer_of({0.5F});
  nuq::QuantizationSettings settings;
  settings.fusion.skipped = {"fc"};
  nuq::schema::ScaleOffsetRecord record = nuq::record_of(graph, quantization, settings);
  CHECK_FALSE(record.record(0).value().has_skip_fusion());
  CHECK(record.record(1).value().skip_fusion());
  CHECK(nuq::fusion_of(record).skipped == settings.fusion.skipped);
  CHECK(nuq::fusion_of(record).enabled);
  settings.fusion.enabled = false;
  record = nuq::record_of(graph, quantization, settings);
  CHECK(record.record(0).value().skip_fusion());
  CHECK(record.record(1).value().skip_fusion());
}

TEST_CASE("a record becomes the quantization of its network") {
  const nuq::Graph graph = network_with_weights();
  const nuq::NetworkQuantization layers = nuq::quantization_of(nuq::parse_record(R"(
    record { key: "conv1" value { scale_d: 0.5 offset_d: -128 scale_w: 1 scale_w: 2 scale_w: 3 scale_w: 4 scale_w: 5 scale_w: 6
             offset_w: 0 offset_w: 0 offset_w: 0 offset_w: 0 offset_w: 0 offset_w: 0 channels: 4 height: 8 width: 9 cluster: 9 cluster: -7 cluster: 0 } }
    record { key: "deconv" value { scale_d: 0.25 offset_d: 0 scale_w: 1 scale_w: 2 offset_w: 0 offset_w: 0 } }
    record { key: "fc" value { scale_w: 7 offset_w: 0 } })",
                                                                                 "record.txt"),
                                                               graph, "record.txt");
  REQUIRE(layers.size() == 3);
  const nuq::LayerQuantization& conv1 = layers.at("conv1");
  CHECK(conv1.weights.rows == 6);
  CHECK(conv1.weights.cols == 36);
  CHECK(conv1.weights.scales == std::vector<float>{1, 2, 3, 4, 5, 6});
  REQUIRE(conv1.codebook.has_value());
  CHECK(std::vector<int>(conv1.codebook->begin(), conv1.codebook->end()) == std::vector<int>{-7, 0, 9});
  REQUIRE(conv1.activation.has_value());
  CHECK(conv1.activation->scale == 0.5F);
  CHECK(conv1.activation->offset == -128);
  CHECK(conv1.activation->with_offset);
  CHECK(conv1.input_shape == nuq::Shape{1, 4, 8, 9});

  CHECK(layers.at("deconv").weights.rows == 2);
  CHECK(layers.at("deconv").weights.cols == 24);
  CHECK_FALSE(layers.at("deconv").activation->with_offset);
  CHECK(layers.at("fc").weights.rows == 10);
  CHECK_FALSE(layers.at("fc").activation.has_value());
  CHECK_FALSE(layers.at("fc").codebook.has_value());
  CHECK(layers.at("fc").input_shape.empty());
}

TEST_CASE("what was recorded reads back") {
  const nuq::Graph graph = network_with_weights();
  nuq::NetworkQuantization quantization;
  quantization["conv1"] = layer_of({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F});
  quantization["conv1"].codebook = nuq::Codebook::all();
  quantization["conv1"].activation = nuq::ActivationScale{0.03F, 5, true};
  quantization["conv1"].input_shape = {1, 4, 8, 8};
  quantization["conv1"].shift_bit = {1, 2, 3, 16, 5, 6};
  nuq::QuantizationSettings settings;
  settings.plan["conv1"].num_steps = 256;
  const nuq::LayerQuantization layer =
      nuq::quantization_of(nuq::parse_record(nuq::record_text(graph, quantization, settings), "record.txt"), graph,
                           "record.txt")
          .at("conv1");
  CHECK(layer.weights.scales == quantization["conv1"].weights.scales);
  CHECK(*layer.codebook == nuq::Codebook::all());
  CHECK(layer.activation->scale == 0.03F);
  CHECK(layer.activation->offset == 5);
  CHECK(layer.input_shape == nuq::Shape{1, 4, 8, 8});
  CHECK(layer.shift_bit == std::vector<int>{1, 2, 3, 16, 5, 6});
}

TEST_CASE("a Pooling layer is recorded without factors of weights, and reads back with or without a scale_w of 1") {
  const nuq::Graph graph = network_with_weights();
  nuq::NetworkQuantization quantization;
  quantization["pool"].weights = nuq::unit_weights();
  quantization["pool"].activation = nuq::ActivationScale{0.25F, -128, true};
  const std::string text = nuq::record_text(graph, quantization, {});
  CHECK(text.find("scale_w") == std::string::npos);
  CHECK(text.find("offset_w") == std::string::npos);
  for (const char* const weights : {"", "scale_w: 1 offset_w: 0", "scale_w: 1 offset_w: 0 shift_bit: 0"}) {
    CAPTURE(weights);
    const std::string record =
        std::string("record { key: 'pool' value { scale_d: 0.25 offset_d: -128 ") + weights + " } }";
    const nuq::LayerQuantization layer =
        nuq::quantization_of(nuq::parse_record(record, "record.txt"), graph, "record.txt").at("pool");
    CHECK(layer.weights.rows == 0);
    CHECK(layer.weights.scales == std::vector<float>{1.0F});
    CHECK(layer.activation->scale == 0.25F);
    CHECK(layer.activation->offset == -128);
    CHECK(layer.shift_bit.empty());
  }
  for (const char* const weights :
       {"scale_w: 2 offset_w: 0", "scale_w: 1 offset_w: 0 shift_bit: 3", "cluster: 0 cluster: 1"}) {
    CAPTURE(weights);
    CHECK(rejected(std::string("record { key: 'pool' value { scale_d: 1 offset_d: 0 ") + weights + " } }",
                   nuq::ErrorCode::invalid_argument) ==
          "record.txt: layer 'pool': has scale_w, cluster or shift_bit, wanted none: Pooling has no weights");
  }
}

TEST_CASE("a convolution whose filter is not 4-D is recorded without factors of its input") {
  nuq::Graph graph = network(
      "input: 'data' input_shape { dim: 1 dim: 2 dim: 8 }"
      "layer { name: 'line' type: 'Convolution' bottom: 'data' top: 'line' convolution_param { num_output: 3 "
      "kernel_size: 5 } }");
  graph.nodes.front().blobs = {nuq::Tensor({3, 2, 5}), nuq::Tensor(nuq::Shape{3})};
  const auto read = [&graph](const std::string& factors) {
    const std::string text = "record { key: 'line' value { scale_w: 1 offset_w: 0 " + factors + "} }";
    return nuq::quantization_of(nuq::parse_record(text, "record.txt"), graph, "record.txt");
  };
  CHECK(read("").at("line").weights.cols == 10);
  CHECK(message_of<nuq::RecordError>([&] { static_cast<void>(read("scale_d: 1 offset_d: 0 ")); },
                                     nuq::ErrorCode::unsupported_layer) ==
        "record.txt: layer 'line': has scale_d, wanted none: its input cannot be quantized: its filter has 3 "
        "dimensions: only 4 are supported");
}

TEST_CASE("the record of another network is refused") {
  CHECK(rejected("record { key: 'res5a' value { scale_w: 1 offset_w: 0 } }", nuq::ErrorCode::configuration_mismatch) ==
        "record.txt: layer 'res5a': is not in the network: this is the record of another one");
  CHECK(rejected("record { key: 'relu' value { scale_d: 1 offset_d: 0 } }", nuq::ErrorCode::unsupported_layer) ==
        "record.txt: layer 'relu': cannot be quantized: layer type 'ReLU' has no weights to quantize");
  CHECK(rejected("record { key: 'conv1' value { scale_d: 1 offset_d: 0 } }", nuq::ErrorCode::missing_record) ==
        "record.txt: layer 'conv1': cannot find scale_w");
  CHECK(rejected("record { key: 'conv1' value { scale_w: 1 scale_w: 1 offset_w: 0 offset_w: 0 } }",
                 nuq::ErrorCode::size_mismatch) == "record.txt: layer 'conv1': has 2 values of scale_w, wanted 1 or 6");
  CHECK(rejected("record { key: 'fc' value { scale_w: 1 scale_w: 1 offset_w: 0 offset_w: 0 } }",
                 nuq::ErrorCode::size_mismatch) == "record.txt: layer 'fc': has 2 values of scale_w, wanted 1");
}

}  // namespace amct_quantization_record_test
