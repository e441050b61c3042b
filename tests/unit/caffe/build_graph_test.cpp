#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/proto_schema.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace caffe_build_graph_test {

using Names = std::vector<std::string>;

nuq::Graph graph_of(const std::string& text, const nuq::schema::NetParameter& weights = {}) {
  const bool has_weights = weights.layer_size() + weights.layers_size() > 0;
  return nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(text, weights.SerializeAsString(), "net.prototxt", has_weights ? "net.caffemodel" : "")));
}

template <class Layer>
void add_blob(Layer& layer, const nuq::Shape& shape) {
  nuq::schema::BlobProto& blob = *layer.add_blobs();
  for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
  for (std::size_t index = 0; index < nuq::element_count(shape); ++index) blob.add_data(static_cast<float>(index));
}

void add_layer(nuq::schema::NetParameter& weights, const std::string& name, const std::vector<nuq::Shape>& shapes) {
  nuq::schema::LayerParameter& layer = *weights.add_layer();
  layer.set_name(name);
  for (const nuq::Shape& shape : shapes) add_blob(layer, shape);
}

nuq::schema::NetParameter weights_of(const std::string& name, const std::vector<nuq::Shape>& shapes) {
  nuq::schema::NetParameter weights;
  add_layer(weights, name, shapes);
  return weights;
}

/// Blobs in the shapes of the V1 time: num, channels, height, width.
nuq::schema::NetParameter legacy_weights_of(const std::string& name, const std::vector<nuq::Shape>& shapes) {
  nuq::schema::NetParameter weights;
  nuq::schema::V1LayerParameter& layer = *weights.add_layers();
  layer.set_name(name);
  for (const nuq::Shape& shape : shapes) {
    add_blob(layer, shape);
    nuq::schema::BlobProto& blob = *layer.mutable_blobs()->rbegin();
    blob.clear_shape();
    blob.set_num(static_cast<std::int32_t>(shape[0]));
    blob.set_channels(static_cast<std::int32_t>(shape[1]));
    blob.set_height(static_cast<std::int32_t>(shape[2]));
    blob.set_width(static_cast<std::int32_t>(shape[3]));
  }
  return weights;
}

Names node_names(const nuq::Graph& graph) {
  Names names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

Names input_names(const nuq::Graph& graph) {
  Names names;
  for (const std::size_t value : graph.inputs) names.push_back(graph.values[value].blob);
  return names;
}

const std::string data = "input: 'data' input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 ";

std::string input_of(int channels, int size) {
  return "input: 'data' input_dim: 1 input_dim: " + std::to_string(channels) + " input_dim: " + std::to_string(size) +
         " input_dim: " + std::to_string(size) + " ";
}

const std::string one_filter = "convolution_param { num_output: 1 kernel_size: 1 bias_term: false }";

std::string layer(const std::string& name, const std::string& type, const std::string& rest) {
  return "layer { name: '" + name + "' type: '" + type + "' " + rest + " } ";
}
std::string conv(const std::string& parameters) {
  return data + layer("conv1", "Convolution", "bottom: 'data' top: 'conv1' convolution_param { " + parameters + " }");
}
std::string relu(const std::string& name, const std::string& bottom, const std::string& top) {
  return layer(name, "ReLU", "bottom: '" + bottom + "' top: '" + top + "'");
}

TEST_CASE("every write to a blob's name is a value of its own") {
  const nuq::Graph graph =
      graph_of(data + relu("a", "data", "x") + relu("side", "x", "y") + relu("b", "x", "x") + relu("c", "x", "z"));
  REQUIRE(graph.nodes.size() == 4);
  const std::size_t first = graph.nodes[0].outputs.at(0);
  const std::size_t second = graph.nodes[2].outputs.at(0);
  CHECK(first != second);
  CHECK(graph.values[first].blob == "x");
  CHECK(graph.values[second].blob == "x");
  CHECK(graph.values[first].producer == 0);
  CHECK(graph.values[second].producer == 2);
  CHECK(graph.consumers(first) == std::vector<std::size_t>{1, 2});
  CHECK(graph.consumers(second) == std::vector<std::size_t>{3});
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  REQUIRE(consumers.size() == graph.values.size());
  for (std::size_t value = 0; value < consumers.size(); ++value) CHECK(consumers[value] == graph.consumers(value));
  CHECK(graph.values[graph.nodes[0].inputs.at(0)].producer == nuq::Value::network_input);
}

TEST_CASE("a graph knows its model, name, and each layer's place and parameters in the file") {
  const nuq::Graph graph =
      graph_of("name: 'net' " + data + layer("t", "ReLU", "bottom: 'data' top: 't' include { phase: TRAIN }") +
               layer("r", "ReLU", "bottom: 'data' top: 'r' relu_param { negative_slope: 0.5 } blobs { data: 1 }"));
  CHECK(graph.name == "net");
  CHECK(graph.model_file() == "net.prototxt");
  REQUIRE(graph.nodes.size() == 1);
  CHECK(graph.nodes[0].source_index == 1);
  CHECK(graph.nodes[0].type == "ReLU");
  CHECK(graph.nodes[0].operation.get<nuq::ops::Relu>().negative_slope == 0.5F);
}

TEST_CASE("the TEST version of a layer is taken, its TRAIN twin is not a duplicate") {
  const nuq::Graph graph =
      graph_of(layer("data", "Data", "top: 'data' top: 'label' include { phase: TRAIN }") +
               layer("data", "Data", "top: 'data' top: 'label' include { phase: TEST }") + relu("r", "data", "r"));
  CHECK(node_names(graph) == Names{"data", "r"});
  CHECK(graph.nodes[0].source_index == 1);
}

TEST_CASE("inputs: declared ones first, then the tops of data layers, in order") {
  const nuq::Graph graph = graph_of(
      data + layer("in", "Input", "top: 'i' top: 'j' input_param { shape { dim: 2 dim: 3 } shape { dim: 4 } }") +
      layer("db", "Data", "top: 'd' top: 'label'") + relu("r", "i", "r"));
  CHECK(input_names(graph) == Names{"data", "i", "j", "d", "label"});
  CHECK(graph.values[graph.inputs[0]].shape == nuq::Shape{1, 3, 8, 8});
  CHECK(graph.values[graph.inputs[1]].shape == nuq::Shape{2, 3});
  CHECK(graph.values[graph.inputs[2]].shape == nuq::Shape{4});
  CHECK(graph.values[graph.inputs[3]].shape.empty());
  CHECK(node_names(graph) == Names{"in", "db", "r"});
  CHECK(graph.nodes[0].inputs.empty());
  CHECK(graph.nodes[0].outputs == std::vector<std::size_t>{graph.inputs[1], graph.inputs[2]});
  CHECK(graph.values[graph.inputs[1]].producer == nuq::Value::network_input);
}

TEST_CASE("one shape of an Input or DummyData layer is the shape of all its tops") {
  for (const char* const text :
       {"type: 'Input' input_param { shape { dim: 7 } }", "type: 'DummyData' dummy_data_param { shape { dim: 7 } }"}) {
    const nuq::Graph graph =
        graph_of("layer { name: 'in' top: 'a' top: 'b' " + std::string(text) + " } " + relu("r", "a", "r"));
    CHECK(graph.values[graph.inputs[0]].shape == nuq::Shape{7});
    CHECK(graph.values[graph.inputs[1]].shape == nuq::Shape{7});
  }
}

TEST_CASE("a MemoryData layer states the shape of its data and labels") {
  const nuq::Graph graph = graph_of(
      layer("m", "MemoryData", "top: 'd' top: 'l' memory_data_param { batch_size: 5 channels: 1 height: 2 width: 3 }") +
      relu("r", "d", "r"));
  CHECK(graph.values[graph.inputs[0]].shape == nuq::Shape{5, 1, 2, 3});
  CHECK(graph.values[graph.inputs[1]].shape == nuq::Shape{5});
}

TEST_CASE("custom data layers without bottoms are inputs, a Python layer with bottoms is not") {
  const nuq::Graph graph = graph_of(layer("p", "Python", "top: 'a'") + layer("f", "MyForkData", "top: 'b'") +
                                    layer("q", "Python", "bottom: 'a' bottom: 'b' top: 'c'"));
  CHECK(input_names(graph) == Names{"a", "b"});
  CHECK(graph.nodes[2].inputs == graph.inputs);
}

TEST_CASE("inputs are declared with shapes, with four numbers each, with any number for a single one, or without") {
  const std::string two = "input: 'a' input: 'b' ";
  const std::string net = relu("r", "a", "r");
  const nuq::Graph shapes =
      graph_of(two + "input_shape { dim: 1 dim: 3 dim: 9 dim: 9 } input_shape { dim: 1 dim: 3 } " + net);
  CHECK(shapes.values[shapes.inputs[1]].shape == nuq::Shape{1, 3});
  const nuq::Graph dims = graph_of(
      two + "input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8 " +
      net);
  CHECK(dims.values[dims.inputs[0]].shape == nuq::Shape{1, 2, 3, 4});
  CHECK(dims.values[dims.inputs[1]].shape == nuq::Shape{5, 6, 7, 8});
  const nuq::Graph flat = graph_of("input: 'a' input_dim: 10 input_dim: 20 " + net);
  CHECK(flat.values[flat.inputs[0]].shape == nuq::Shape{10, 20});
  const nuq::Graph bare = graph_of(two + net);
  CHECK(bare.values[bare.inputs[1]].shape.empty());
}

TEST_CASE("input shapes that do not fit the inputs are refused") {
  const std::string net = relu("r", "a", "r");
  CHECK_THROWS_WITH_AS(
      graph_of("input: 'a' input: 'b' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 " + net),
      "nuq: net.prototxt: has 5 input_dim for 2 input, wanted four for each", nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of("input: 'a' input: 'b' input_shape { dim: 1 } " + net),
                       "nuq: net.prototxt: has 1 input_shape for 2 input, wanted one for each", nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of("input: 'a' input_shape { dim: 1 dim: -3 } " + net),
      "nuq: net.prototxt: input 'a': has the shape [1,-3], wanted positive extents of at most 2^40 values in all",
      nuq::ModelError);
  CHECK_THROWS_AS(graph_of("input: 'a' input_shape { dim: 9223372036854775807 dim: 9223372036854775807 } " + net),
                  nuq::ModelError);
  CHECK_THROWS_AS(graph_of(layer("m", "MemoryData", "top: 'a' memory_data_param { channels: 1 }") + net),
                  nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of("input: 'a' " + layer("in", "Input", "top: 'a'") + net),
                       "nuq: net.prototxt: layer 'in': blob 'a' is an input already, wanted another name",
                       nuq::ModelError);
}

TEST_CASE("a V1 network becomes the same graph as its present form") {
  const nuq::Graph graph =
      graph_of(data +
               "layers { name: 'conv1' type: CONVOLUTION bottom: 'data' top: 'conv1' convolution_param { num_output: 2 "
               "kernel_size: 1 } } "
               "layers { name: 'loss' type: SOFTMAX_LOSS bottom: 'conv1' bottom: 'label' include { phase: TRAIN } } "
               "layers { name: 'relu1' type: RELU bottom: 'conv1' top: 'conv1' } ");
  CHECK(node_names(graph) == Names{"conv1", "relu1"});
  CHECK(graph.nodes[0].type == "Convolution");
  CHECK(graph.nodes[0].operation.get<nuq::ops::Convolution>().out_channels == 2);
  CHECK(graph.nodes[1].source_index == 2);
}

TEST_CASE("a file of two formats is refused") {
  CHECK_THROWS_WITH_AS(graph_of(data + relu("r", "data", "r") + "layers { name: 'b' type: RELU bottom: 'r' top: 'b' }"),
                       "nuq: net.prototxt: has both `layer` and the older `layers`, wanted one format",
                       nuq::ModelError);
}

TEST_CASE("a network that computes nothing is refused") {
  CHECK_THROWS_WITH_AS(graph_of("net: 'train_val.prototxt' base_lr: 0.01"),
                       "nuq: net.prototxt: has no layers, wanted a network", nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(layer("data", "Data", "top: 'data'") +
                                layer("r", "ReLU", "bottom: 'data' top: 'r' include { phase: TRAIN }")),
                       "nuq: net.prototxt: has no layer that computes in the TEST phase, wanted an inference network",
                       nuq::ModelError);
}

/// A 1 × 1 convolution of three channels to one; `parameters` are its `param` fields.
std::string unit_conv(const std::string& name, const std::string& bottom, const std::string& top,
                      const std::string& parameters) {
  return layer(name, "Convolution",
               "bottom: '" + bottom + "' top: '" + top + "' " + parameters +
                   " convolution_param { num_output: 1 kernel_size: 1 }");
}
const std::string both_shared = "param { name: 'w' } param { name: 'b' }";
const std::string weights_shared = "param { name: 'w' }";

nuq::schema::NetParameter layers_with(const std::vector<std::pair<std::string, float>>& layers) {
  nuq::schema::NetParameter weights;
  for (const auto& [name, value] : layers) {
    add_layer(weights, name, {{1, 3, 1, 1}, {1}});
    for (nuq::schema::BlobProto& blob : *weights.mutable_layer(weights.layer_size() - 1)->mutable_blobs())
      for (float& entry : *blob.mutable_data()) entry = value;
  }
  return weights;
}

TEST_CASE("layers of one name are read where they share what is trained, and are numbered") {
  const nuq::Graph graph = graph_of(data + unit_conv("c", "data", "a", both_shared) + relu("r", "a", "a") +
                                        unit_conv("c", "data", "b", both_shared) + relu("r", "b", "b") +
                                        unit_conv("c_3", "data", "d", "") + unit_conv("c", "data", "e", both_shared),
                                    layers_with({{"c", 2.0F}, {"c_3", 5.0F}}));
  CHECK(node_names(graph) == Names{"c", "r", "c_2", "r_2", "c_3", "c_4"});
  for (const std::size_t node : {0U, 2U, 5U}) {
    CHECK(graph.nodes[node].blobs.at(0).values == std::vector<float>(3, 2.0F));
    CHECK(graph.nodes[node].blobs.at(1).values == std::vector<float>(1, 2.0F));
  }
  CHECK(graph.nodes[4].blobs.at(0).values == std::vector<float>(3, 5.0F));
}

TEST_CASE("layers of one name with weights of their own are refused") {
  const std::string message =
      "nuq: net.prototxt: layer 'c': layers 1 and 2 of the file have this name in the TEST phase and do not share "
      "their weights, wanted unique names";
  CHECK_THROWS_WITH_AS(graph_of(data + unit_conv("c", "data", "a", "") + unit_conv("c", "data", "b", "")),
                       message.c_str(), nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(data + unit_conv("c", "data", "a", weights_shared) + unit_conv("c", "data", "b", weights_shared)),
      message.c_str(), nuq::ModelError);
  CHECK_THROWS_AS(graph_of(data + unit_conv("c", "data", "a", "") + unit_conv("c", "data", "b", both_shared)),
                  nuq::ModelError);
  CHECK_THROWS_AS(graph_of(data + layer("m", "Maxout", "bottom: 'data' top: 'a'") +
                           layer("m", "Maxout", "bottom: 'data' top: 'b'")),
                  nuq::ModelError);
}

TEST_CASE("a shared parameter is found under any of its layers' names, the file's last one counts") {
  const std::string text = data + unit_conv("c", "data", "a", both_shared) + unit_conv("p", "data", "b", both_shared);
  for (const auto& [stored, value] : std::vector<std::pair<std::vector<std::pair<std::string, float>>, float>>{
           {{{"c", 2.0F}}, 2.0F},
           {{{"p", 3.0F}}, 3.0F},
           {{{"c", 2.0F}, {"p", 3.0F}}, 3.0F},
           {{{"p", 3.0F}, {"c", 2.0F}}, 2.0F},
           {{{"c", 1.0F}, {"p", 3.0F}, {"c", 4.0F}}, 4.0F}}) {
    const nuq::Graph graph = graph_of(text, layers_with(stored));
    for (const nuq::Node& node : graph.nodes) CHECK(node.blobs.at(0).values == std::vector<float>(3, value));
  }
  const nuq::Graph halves =
      graph_of(data + unit_conv("c", "data", "a", weights_shared) + unit_conv("p", "data", "b", weights_shared),
               layers_with({{"c", 2.0F}, {"p", 3.0F}}));
  CHECK(halves.nodes[0].blobs.at(0).values == std::vector<float>(3, 3.0F));
  CHECK(halves.nodes[0].blobs.at(1).values == std::vector<float>(1, 2.0F));
  CHECK(halves.nodes[1].blobs.at(1).values == std::vector<float>(1, 3.0F));
}

TEST_CASE("values of one layer or parameter that differ are named, for the last ones count") {
  const std::string text = data + unit_conv("c", "data", "a", weights_shared) +
                           unit_conv("p", "data", "b", weights_shared) + unit_conv("q", "data", "d", "");
  const auto warnings_of = [&text](const std::vector<std::pair<std::string, float>>& stored) {
    return graph_of(text, layers_with(stored)).warnings;
  };
  const std::string problem = "' is there more than once, with different values: the last ones in the file are used";
  CHECK(warnings_of({{"c", 2.0F}, {"p", 2.0F}, {"q", 1.0F}, {"q", 1.0F}}).empty());
  CHECK(warnings_of({{"c", 2.0F}, {"p", 3.0F}, {"q", 1.0F}, {"q", 4.0F}}) ==
        Names{"net.caffemodel: layer 'q" + problem, "net.caffemodel: parameter 'w" + problem});
}

TEST_CASE("a layer that shares its weights alone still needs a bias of its own") {
  CHECK_THROWS_WITH_AS(
      graph_of(data + unit_conv("c", "data", "a", weights_shared) + unit_conv("p", "data", "b", weights_shared),
               layers_with({{"c", 2.0F}})),
      "nuq: net.caffemodel: layer 'p': has 1 blobs, Convolution in net.prototxt needs 2", nuq::ModelError);
}

TEST_CASE("a bottom that is not there is refused with the reason") {
  CHECK_THROWS_WITH_AS(graph_of(data + relu("r", "nothing", "a")),
                       "nuq: net.prototxt: layer 'r': bottom 'nothing' is produced by no layer", nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(data + relu("r", "late", "a") + relu("s", "data", "late")),
                       "nuq: net.prototxt: layer 'r': bottom 'late' is produced only by layer 's', which comes later "
                       "(a cycle or a wrong order)",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(data + relu("r", "a", "a")),
      "nuq: net.prototxt: layer 'r': bottom 'a' is produced only by layer 'r', the layer itself (a cycle)",
      nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(layer("d", "Data", "top: 'x' include { phase: TRAIN }") + relu("r", "x", "y")),
      "nuq: net.prototxt: layer 'r': bottom 'x' is produced only by layer 'd', which is not part of the TEST phase",
      nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(data + relu("r", "x", "y") + relu("late", "data", "x") +
                                layer("train", "ReLU", "bottom: 'data' top: 'x' include { phase: TRAIN }")),
                       "nuq: net.prototxt: layer 'r': bottom 'x' is produced only by layer 'late', which comes later "
                       "(a cycle or a wrong order)",
                       nuq::ModelError);
}

TEST_CASE("a blob is overwritten in place or not at all") {
  const std::string message = "' is produced by more than one layer or top, wanted a new name or an in-place layer";
  CHECK_THROWS_WITH_AS(graph_of(data + relu("a", "data", "x") + relu("b", "data", "x")),
                       ("nuq: net.prototxt: layer 'b': top 'x" + message).c_str(), nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(data + relu("a", "data", "x") + relu("b", "x", "data")),
                       ("nuq: net.prototxt: layer 'b': top 'data" + message).c_str(), nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(data + layer("s", "Slice", "bottom: 'data' top: 'x' top: 'x'")),
                       ("nuq: net.prototxt: layer 's': top 'x" + message).c_str(), nuq::ModelError);
}

TEST_CASE("layers that say too little or too much are refused") {
  CHECK_THROWS_WITH_AS(graph_of(data + "layer { name: 'r' bottom: 'data' top: 'r' }"),
                       "nuq: net.prototxt: layer 'r': has no type", nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(data + layer("c", "Convolution", "top: 'c'")),
                       "nuq: net.prototxt: layer 'c': Convolution has no bottom", nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(data + layer("r", "ReLU", "bottom: 'data' top: 'r' include { phase: TEST } exclude { phase: TRAIN }")),
      "nuq: net.prototxt: layer 'r': has both include and exclude rules, wanted one kind", nuq::ModelError);
}

TEST_CASE("blobs are matched by layer name; layers of the caffemodel alone are ignored") {
  nuq::schema::NetParameter weights = weights_of("other", {{1}});
  add_layer(weights, "conv1", {{2, 3, 1, 1}, {2}});
  const nuq::Graph graph = graph_of(conv("num_output: 2 kernel_size: 1"), weights);
  REQUIRE(graph.nodes[0].blobs.size() == 2);
  CHECK(graph.nodes[0].blobs[0].shape == nuq::Shape{2, 3, 1, 1});
  CHECK(graph.nodes[0].blobs[0].values == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(graph.nodes[0].blobs[1].values == std::vector<float>{0, 1});
}

TEST_CASE("a prototxt alone gives a graph without blobs") {
  CHECK(graph_of(conv("num_output: 2 kernel_size: 1")).nodes[0].blobs.empty());
}

TEST_CASE("blobs of four axes from V1 files take their present form") {
  const nuq::Graph convolution =
      graph_of(conv("num_output: 2 kernel_size: 1"), legacy_weights_of("conv1", {{2, 3, 1, 1}, {1, 1, 1, 2}}));
  CHECK(convolution.nodes[0].blobs[0].shape == nuq::Shape{2, 3, 1, 1});
  CHECK(convolution.nodes[0].blobs[1].shape == nuq::Shape{2});
  const std::string inner_product =
      input_of(4, 1) + layer("ip", "InnerProduct", "bottom: 'data' top: 'ip' inner_product_param { num_output: 5 }");
  const nuq::Graph matrix = graph_of(inner_product, legacy_weights_of("ip", {{1, 1, 5, 4}, {1, 1, 1, 5}}));
  CHECK(matrix.nodes[0].blobs[0].shape == nuq::Shape{5, 4});
  CHECK(matrix.nodes[0].blobs[1].shape == nuq::Shape{5});
  const std::string norm = data + layer("bn", "BatchNorm", "bottom: 'data' top: 'bn'");
  const nuq::Graph statistics = graph_of(norm, legacy_weights_of("bn", {{1, 1, 1, 3}, {1, 1, 1, 3}, {1, 1, 1, 1}}));
  CHECK(statistics.nodes[0].blobs[0].shape == nuq::Shape{3});
  CHECK(statistics.nodes[0].blobs[2].shape == nuq::Shape{1});
}

TEST_CASE("a convolution's filter of one output and one input stays a filter") {
  const std::string text =
      input_of(1, 8) + layer("conv1", "Convolution",
                             "bottom: 'data' top: 'conv1' convolution_param { num_output: 1 kernel_h: 1 kernel_w: 4 "
                             "bias_term: false }");
  const nuq::Graph graph = graph_of(text, weights_of("conv1", {{1, 1, 1, 4}}));
  CHECK(graph.nodes[0].blobs[0].shape == nuq::Shape{1, 1, 1, 4});
}

TEST_CASE("a fork's depthwise convolution needs a filter for each output, and as many blobs as it says") {
  const std::string depthwise =
      input_of(4, 8) +
      layer("dw", "ConvolutionDepthwise",
            "bottom: 'data' top: 'dw' convolution_param { num_output: 4 kernel_size: 3 bias_term: false }");
  CHECK(graph_of(depthwise, weights_of("dw", {{4, 1, 3, 3}})).nodes[0].blobs[0].shape == nuq::Shape{4, 1, 3, 3});
  CHECK_THROWS_AS(graph_of(depthwise, weights_of("dw", {{5, 1, 3, 3}})), nuq::ModelError);
  CHECK_THROWS_AS(graph_of(depthwise, weights_of("dw", {{4, 1, 3, 3}, {4}})), nuq::ModelError);
}

TEST_CASE("a transposed InnerProduct has its outputs last, a Deconvolution in its second axis") {
  const std::string transposed =
      input_of(4, 1) +
      layer("ip", "InnerProduct",
            "bottom: 'data' top: 'ip' inner_product_param { num_output: 5 transpose: true bias_term: false }");
  CHECK(graph_of(transposed, weights_of("ip", {{4, 5}})).nodes[0].blobs[0].shape == nuq::Shape{4, 5});
  CHECK_THROWS_AS(graph_of(transposed, weights_of("ip", {{5, 4}})), nuq::ModelError);
  const std::string deconvolution =
      input_of(4, 8) +
      layer("up", "Deconvolution",
            "bottom: 'data' top: 'up' convolution_param { num_output: 6 group: 2 kernel_size: 2 bias_term: false }");
  CHECK(graph_of(deconvolution, weights_of("up", {{4, 3, 2, 2}})).nodes[0].blobs[0].shape == nuq::Shape{4, 3, 2, 2});
  CHECK_THROWS_AS(graph_of(deconvolution, weights_of("up", {{4, 6, 2, 2}})), nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(deconvolution, weights_of("up", {{5, 3, 2, 2}})),
                       "nuq: net.caffemodel: layer 'up': number of input channels 5 is no multiple of group 2",
                       nuq::ModelError);
}

TEST_CASE("weights of another shape than the parameters ask for are refused") {
  CHECK_THROWS_WITH_AS(graph_of(conv("num_output: 4 kernel_size: 3"), weights_of("conv1", {{4, 1, 3, 2}, {4}})),
                       "nuq: net.caffemodel: layer 'conv1': blob 0 has shape [4,1,3,2] (24 values), the parameters in "
                       "net.prototxt need [4,*,3,3]",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(conv("num_output: 4 kernel_h: 3 kernel_w: 2"), weights_of("conv1", {{4, 1, 3, 2}, {3}})),
      "nuq: net.caffemodel: layer 'conv1': blob 1 has shape [3] (3 values), the parameters in net.prototxt need [4]",
      nuq::ModelError);
  CHECK_THROWS_AS(graph_of(conv("num_output: 3 kernel_size: 1"), weights_of("conv1", {{4, 3, 1, 1}, {4}})),
                  nuq::ModelError);
  CHECK_THROWS_AS(graph_of(conv("num_output: 4 kernel_size: 1"), weights_of("conv1", {{4, 3}, {4}})), nuq::ModelError);
  CHECK_THROWS_WITH_AS(
      graph_of(conv("num_output: 4 kernel_size: 1 group: 3"), weights_of("conv1", {{4, 1, 1, 1}, {4}})),
      "nuq: net.prototxt: layer 'conv1': num_output 4 is no multiple of group 3", nuq::ModelError);
  CHECK_THROWS_AS(graph_of(conv("num_output: 4 kernel_size: 1 group: 0"), weights_of("conv1", {{4, 1, 1, 1}, {4}})),
                  nuq::ModelError);
}

TEST_CASE("a missing or surplus blob is refused with both files named") {
  CHECK_THROWS_WITH_AS(graph_of(conv("num_output: 1 kernel_size: 1"), weights_of("other", {{1}})),
                       "nuq: net.prototxt: layer 'conv1': Convolution has no weights in net.caffemodel, nor has any "
                       "other layer",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(conv("num_output: 1 kernel_size: 1"), weights_of("conv1", {{1, 3, 1, 1}})),
                       "nuq: net.caffemodel: layer 'conv1': has 1 blobs, Convolution in net.prototxt needs 2",
                       nuq::ModelError);
  CHECK_THROWS_AS(
      graph_of(conv("num_output: 1 kernel_size: 1 bias_term: false"), weights_of("conv1", {{1, 3, 1, 1}, {1}})),
      nuq::ModelError);
  CHECK_THROWS_AS(graph_of(data + layer("bn", "BatchNorm", "bottom: 'data' top: 'bn'"), weights_of("bn", {{3}, {3}})),
                  nuq::ModelError);
}

TEST_CASE("blobs of a layer that has none are refused, also where it has no parameters at all") {
  nuq::schema::NetParameter weights = weights_of("conv1", {{1, 3, 1, 1}, {1}});
  add_layer(weights, "r", {{1}});
  CHECK_THROWS_WITH_AS(
      graph_of(conv("num_output: 1 kernel_size: 1") + relu("r", "conv1", "r"), weights),
      "nuq: net.caffemodel: layer 'r': has 1 blobs, ReLU in net.prototxt needs 0 (to leave the others out: "
      "--ignore-field ReLU.blobs)",
      nuq::ModelError);
  CHECK_THROWS_WITH_AS(graph_of(conv("num_output: 1 kernel_size: 1"), weights_of("conv1", {})),
                       "nuq: net.caffemodel: layer 'conv1': has 0 blobs, Convolution in net.prototxt needs 2",
                       nuq::ModelError);
}

TEST_CASE("a mask of pruning behind a layer's blobs is left out and said, another blob of its shape is not a mask") {
  nuq::schema::NetParameter weights = weights_of("conv1", {{8, 3, 1, 1}, {8}, {8, 3, 1, 1}});
  CHECK_THROWS_AS(graph_of(conv("num_output: 8 kernel_size: 1"), weights), nuq::ModelError);
  for (float& value : *weights.mutable_layer(0)->mutable_blobs(2)->mutable_data()) value = value < 5.0F ? 0.0F : 1.0F;
  const nuq::Graph graph = graph_of(conv("num_output: 8 kernel_size: 1"), weights);
  CHECK(graph.nodes.back().blobs.size() == 2);
  CHECK(graph.warnings == Names{"net.caffemodel: layer 'conv1': of its 3 blobs the first 2 are read, the others left "
                                "out as masks of pruning"});
}

TEST_CASE("surplus blobs are left out at the user's word") {
  nuq::Model model = nuq::parse_model(conv("num_output: 1 kernel_size: 1"),
                                      weights_of("conv1", {{1, 3, 1, 1}, {1}, {1, 3, 1, 1}}).SerializeAsString(),
                                      "net.prototxt", "net.caffemodel");
  model.options.ignored_fields = {"Convolution.blobs"};
  CHECK(nuq::build_graph(std::make_shared<const nuq::Model>(model)).nodes.back().blobs.size() == 2);
}

TEST_CASE("a layer that the caffemodel lacks is not computed, the others are") {
  const std::string text =
      conv("num_output: 1 kernel_size: 1") +
      layer("ip", "InnerProduct", "bottom: 'conv1' top: 'ip' inner_product_param { num_output: 2 }");
  const nuq::Graph graph = graph_of(text, weights_of("conv1", {{1, 3, 1, 1}, {1}}));
  CHECK(graph.find("conv1")->obstacle.empty());
  CHECK(graph.find("ip")->obstacle == "has no weights in net.caffemodel");
  CHECK(graph.warnings ==
        Names{"net.prototxt: layer 'ip': has no weights in net.caffemodel, so the layer is not computed"});
}

TEST_CASE("the number of its blobs tells the form of a batch normalization that the prototxt does not") {
  const auto blobs_of = [](const std::string& type, const std::string& parameters, std::size_t count) {
    std::vector<nuq::Shape> shapes(count, nuq::Shape{1, 3, 1, 1});
    if (type == "BatchNorm") shapes[2] = {1};
    return graph_of(data + layer("bn", type, "bottom: 'data' top: 'bn' " + parameters), weights_of("bn", shapes));
  };
  const auto norm_of = [](const nuq::Graph& graph) { return graph.nodes.back().operation.get<nuq::ops::BatchNorm>(); };
  CHECK(norm_of(blobs_of("BatchNorm", "", 3)).blobs == nuq::ops::BatchNormBlobs::statistics);
  CHECK(norm_of(blobs_of("BatchNorm", "", 5)).blobs == nuq::ops::BatchNormBlobs::statistics_and_scale);
  CHECK(norm_of(blobs_of("BatchNorm", "batch_norm_param { scale_bias: true }", 5)).blobs ==
        nuq::ops::BatchNormBlobs::statistics_and_scale);
  CHECK_THROWS_AS(blobs_of("BatchNorm", "batch_norm_param { scale_bias: true }", 3), nuq::ModelError);
  CHECK_THROWS_AS(blobs_of("BatchNorm", "", 4), nuq::ModelError);
  const nuq::Graph pspnet = blobs_of("BN", "bn_param { slope_filler { type: 'constant' } frozen: true }", 4);
  CHECK(norm_of(pspnet).blobs == nuq::ops::BatchNormBlobs::scale_and_statistics);
  CHECK(pspnet.nodes.back().blobs[2].shape == nuq::Shape{3});
  CHECK(pspnet.nodes.back().obstacle.empty());
  CHECK(blobs_of("BN", "", 2).nodes.back().obstacle ==
        "computes the statistics of the batch, wanted trained ones, or bn_mode: INFERENCE");
  CHECK(nuq::is<nuq::ops::Scale>(blobs_of("BN", "bn_param { bn_mode: INFERENCE }", 2).nodes.back()));
}

TEST_CASE("layers with weights that the network has not got are named, in the file's order") {
  const std::string text = data + layer("conv", "Convolution", "bottom: 'data' top: 'conv' " + one_filter);
  const auto warnings_with = [&text](const Names& names, const std::string& rest = "") {
    nuq::schema::NetParameter weights = weights_of("conv", {{1, 3, 1, 1}});
    for (const std::string& name : names) add_layer(weights, name, {{1}});
    add_layer(weights, "without_blobs", {});
    return graph_of(text + rest, weights).warnings;
  };
  CHECK(warnings_with({}).empty());
  CHECK(warnings_with({"b"}) ==
        Names{"net.caffemodel: 1 layer with weights is not in net.prototxt and is not used: 'b'"});
  CHECK(warnings_with({"b", "a", "b"}) ==
        Names{"net.caffemodel: 2 layers with weights are not in net.prototxt and are not used: 'a', 'b'"});
  CHECK(warnings_with({"6", "5", "4", "3", "2", "1"}) ==
        Names{"net.caffemodel: 6 layers with weights are not in net.prototxt and are not used: "
              "'6', '5', '4', '3', '2', …"});

  const std::string in_training = layer("aux", "InnerProduct",
                                        "bottom: 'conv' top: 'aux' inner_product_param { num_output: 1 } "
                                        "include { phase: TRAIN }");
  CHECK(warnings_with({"aux", "b"}, in_training) ==
        Names{"net.caffemodel: 1 layer with weights is not in net.prototxt and is not used: 'b'",
              "net.caffemodel: 1 layer with weights is not part of the TEST phase of net.prototxt and is not used: "
              "'aux'"});
}

TEST_CASE("layers of old files are named too, and those whose weights are shared are not") {
  nuq::schema::NetParameter old = legacy_weights_of("conv", {{1, 3, 1, 1}});
  old.MergeFrom(legacy_weights_of("v1", {{1, 1, 1, 1}}));
  nuq::schema::V0LayerParameter& v0 = *old.add_layers()->mutable_layer();
  v0.set_name("v0");
  add_blob(v0, {1});
  const std::string conv = "name: 'conv' type: CONVOLUTION bottom: 'data' top: 'conv' convolution_param { ";
  CHECK(graph_of(data + "layers { " + conv + "num_output: 1 kernel_size: 1 bias_term: false } }", old).warnings ==
        Names{"net.caffemodel: 2 layers with weights are not in net.prototxt and are not used: 'v1', 'v0'"});

  const std::string shared = one_filter + " param { name: 'w' }";
  const std::string twins = data + layer("a", "Convolution", "bottom: 'data' top: 'a' " + shared) +
                            layer("b", "Convolution", "bottom: 'data' top: 'b' " + shared) +
                            layer("a", "Convolution", "bottom: 'data' top: 'c' " + shared);
  nuq::schema::NetParameter weights = weights_of("b", {{1, 3, 1, 1}});
  CHECK(graph_of(twins, weights).warnings.empty());
  add_layer(weights, "a", {{1, 3, 1, 1}});
  CHECK(graph_of(twins, weights).warnings.empty());
}

TEST_CASE("what the fourth blob of BN layers is taken for is said once, where the file does not tell it") {
  const auto warnings_of = [](const std::string& parameters) {
    nuq::schema::NetParameter weights = weights_of("bn", {{3}, {3}, {3}, {3}});
    weights.MergeFrom(weights_of("again", {{3}, {3}, {3}, {3}}));
    const std::string text = data + layer("bn", "BN", "bottom: 'data' top: 'bn' " + parameters) +
                             layer("again", "BN", "bottom: 'bn' top: 'again' " + parameters);
    return graph_of(text, weights).warnings;
  };
  CHECK(warnings_of("bn_param { moving_average: true }").empty());
  for (const char* const parameters : {"bn_param { slope_filler { type: 'constant' } frozen: true }", ""}) {
    CHECK(warnings_of(parameters) ==
          Names{"net.caffemodel: layer 'bn': its fourth blob is taken for the variance, as in all BN layers of its "
                "kind; what was trained with cuDNN 4, in early 2016, has 1 / sqrt(variance + eps) there"});
  }
}

TEST_CASE("a Scale with two bottoms needs no blob, one with one bottom does") {
  const std::string two = data + relu("r", "data", "r") +
                          layer("s", "Scale", "bottom: 'data' bottom: 'r' top: 's' scale_param { axis: 0 }");
  CHECK(graph_of(two, weights_of("other", {{1}})).nodes[1].blobs.empty());
  const std::string one = data + layer("s", "Scale", "bottom: 'data' top: 's' scale_param { bias_term: true }");
  CHECK(graph_of(one, weights_of("s", {{3}, {3}})).nodes[0].blobs.size() == 2);
  CHECK_THROWS_AS(graph_of(one, weights_of("other", {{1}})), nuq::ModelError);
}

TEST_CASE("layers of unknown types keep whatever blobs they have") {
  const std::string text = data + layer("m", "CConvolution", "bottom: 'data' top: 'm'");
  CHECK(graph_of(text, weights_of("m", {{2, 3, 1, 1}, {2}, {2, 3, 1, 1}})).nodes[0].blobs.size() == 3);
}

TEST_CASE("of a layer that is in the caffemodel twice the later weights count") {
  CHECK(graph_of(data + unit_conv("c", "data", "a", ""), layers_with({{"c", 2.0F}, {"c", 7.0F}}))
            .nodes[0]
            .blobs[0]
            .values == std::vector<float>(3, 7.0F));
}

TEST_CASE("statistics of four axes and single values without axes are read as vectors") {
  const std::string text = data + layer("n", "BatchNorm", "bottom: 'data' top: 'n'");
  const nuq::Graph graph = graph_of(text, weights_of("n", {{1, 3, 1, 1}, {1, 3, 1, 1}, {}}));
  CHECK(graph.nodes[0].blobs.at(0).shape == nuq::Shape{3});
  CHECK(graph.nodes[0].blobs.at(1).shape == nuq::Shape{3});
  CHECK(graph.nodes[0].blobs.at(2).shape == nuq::Shape{1});
  CHECK(graph_of(conv("num_output: 1 kernel_size: 1"), weights_of("conv1", {{1, 3, 1, 1}, {}}))
            .nodes[0]
            .blobs.at(1)
            .shape == nuq::Shape{1});
  CHECK_THROWS_AS(graph_of(text, weights_of("n", {{3, 3, 1, 1}, {3}, {1}})), nuq::ModelError);
}

TEST_CASE("a field that nobody understands keeps its layer from being computed, and is said with its line") {
  const nuq::Graph graph = graph_of("name: 'n'\n" + data + "\nfrobnicate: 1\n" +
                                    layer("p", "Pooling", "bottom: 'data' top: 'p' pooling_param { kernl_size: 2 }"));
  CHECK(graph.nodes.back().obstacle == "field 'pooling_param.kernl_size' is not understood");
  REQUIRE(graph.warnings.size() == 2);
  CHECK(graph.warnings[0] == "net.prototxt:3: field 'frobnicate' is not understood");
  CHECK(graph.warnings[1] ==
        "net.prototxt:4: layer 'p': field 'pooling_param.kernl_size' is not understood, so the "
        "layer is not computed");
}

TEST_CASE("a field of the schema that a layer type does not take up stops the layer as well") {
  const nuq::Graph graph =
      graph_of(data + layer("d", "Deconvolution",
                            "bottom: 'data' top: 'd' convolution_param { num_output: 1 kernel_size: 1 relu: true }"));
  CHECK(graph.nodes.back().obstacle == "field 'convolution_param.relu' is not understood");
}

TEST_CASE("what means nothing in inference is said at most") {
  const nuq::Graph graph = graph_of(
      data + layer("c", "Convolution",
                   "bottom: 'data' top: 'c' param { lr_mult: 1 rate: 2 } convolution_param { num_output: 1 "
                   "kernel_size: 1 weight_filler { type: 'gaussian' spread: 1 } engine: TURBO } dropout_param { }"));
  CHECK(graph.nodes.back().obstacle.empty());
  CHECK(graph.warnings ==
        Names{"net.prototxt:1: layer 'c': field 'param.rate' is not understood",
              "net.prototxt:1: layer 'c': field 'convolution_param.weight_filler.spread' is not understood",
              "net.prototxt:1: layer 'c': field 'convolution_param.engine' has the unknown value TURBO",
              "net.prototxt: layer 'c': field 'dropout_param' means nothing to a Convolution"});
}

TEST_CASE("an unknown value of an enumeration stops its layer, not the file") {
  const nuq::Graph graph =
      graph_of(data + layer("p", "Pooling", "bottom: 'data' top: 'p' pooling_param { pool: MEDIAN kernel_size: 2 }") +
               relu("r", "data", "r"));
  CHECK(graph.find("p")->obstacle == "field 'pooling_param.pool' has the unknown value MEDIAN");
  CHECK(graph.find("r")->obstacle.empty());
  const nuq::Graph old = graph_of(
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2 "
      "layers { name: 'x' type: SPIRAL bottom: 'data' top: 'x' }");
  CHECK(old.find("x")->type == "SPIRAL");
  CHECK(nuq::is<nuq::ops::Unknown>(*old.find("x")));
}

TEST_CASE("a rule for a phase that nobody knows holds in none, and that is said") {
  const auto relu_with = [](const std::string& rules) {
    return graph_of(data + relu("first", "data", "first") + "\n" +
                    layer("r", "ReLU", "bottom: 'data' top: 'r' " + rules));
  };
  const std::string place = "net.prototxt:2: layer 'r': field '";
  const std::string unknown = "' has the unknown value DEPLOY, wanted TRAIN or TEST: the rule holds in neither";
  const nuq::Graph included = relu_with("include { stage: 'x' phase: DEPLOY }");
  CHECK(included.find("r") == nullptr);
  CHECK(included.warnings == Names{place + "include.phase" + unknown + ", so the layer is left out"});
  const nuq::Graph excluded = relu_with("exclude { phase: DEPLOY }");
  CHECK(excluded.find("r")->obstacle.empty());
  CHECK(excluded.warnings == Names{place + "exclude.phase" + unknown});
  const nuq::Graph with_another_rule = relu_with("include { phase: DEPLOY } include { phase: TEST }");
  CHECK(with_another_rule.find("r") != nullptr);
  CHECK(with_another_rule.warnings == Names{place + "include.phase" + unknown});
  CHECK(relu_with("include { phase: DEPLOY } include { phase: TRAIN }").find("r") == nullptr);
  CHECK(relu_with("include { phase: 7 }").find("r") == nullptr);

  const nuq::Graph of_layer = relu_with("phase: DEPLOY");
  CHECK(of_layer.find("r")->obstacle.empty());
  CHECK(of_layer.warnings == Names{place + "phase' has the unknown value DEPLOY, wanted TRAIN or TEST"});
  const nuq::Graph of_network = graph_of("state { phase: DEPLOY }\n" + data + relu("r", "data", "r"));
  CHECK(of_network.find("r") != nullptr);
  CHECK(of_network.warnings ==
        Names{"net.prototxt:1: field 'state.phase' has the unknown value DEPLOY, wanted TRAIN or TEST"});
}

TEST_CASE("what needs a layer that an unknown phase leaves out names it") {
  const CaughtError error = error_of<nuq::ModelError>([] {
    graph_of(data + layer("r", "ReLU", "bottom: 'data' top: 'r' include { phase: DEPLOY }") + relu("s", "r", "s"));
  });
  CHECK(error.says("layer 's': bottom 'r' is produced only by layer 'r', which is not part of the TEST phase"));
}

TEST_CASE("a field that the user knows to mean nothing is ignored") {
  nuq::Model model = nuq::parse_model(
      data + layer("p", "Pooling", "bottom: 'data' top: 'p' pooling_param { kernel_size: 2 pad_type: 0 }"), {},
      "net.prototxt", "");
  model.options.ignored_fields = {"Pooling.pad_type"};
  const nuq::Graph graph = nuq::build_graph(std::make_shared<const nuq::Model>(model));
  CHECK(graph.warnings.empty());
  CHECK(graph.nodes.back().obstacle.empty());
}

TEST_CASE("a graph is loaded from files") {
  const TemporaryFolder folder;
  const std::string weights = weights_of("conv1", {{2, 3, 1, 1}, {2}}).SerializeAsString();
  const nuq::Graph graph = nuq::load_graph(folder.write("net.prototxt", conv("num_output: 2 kernel_size: 1")),
                                           folder.write("net.caffemodel", weights));
  CHECK(graph.nodes[0].blobs.size() == 2);
}

TEST_CASE("layers of unknown types keep their text, whatever no schema knows included") {
  const std::string celu = " name: 'm' type: 'CELU' bottom: 'data' top: 'm' celu_param { threshold: 20 } # odd\n";
  const nuq::Graph graph =
      graph_of(data + "layer { name: 'train' type: 'Mystery' bottom: 'data' top: 't' include { phase: TRAIN } }" +
               relu("r", "data", "r") + "layer {" + celu + "}");
  CHECK(nuq::LayerRef(*graph.find("m")).text() == celu);
  CHECK(nuq::LayerRef(*graph.find("r")).text().empty());
  const nuq::Graph listed = graph_of(data + "layer: [{" + celu + "}, { name: 'r' type: 'ReLU' bottom: 'm' top: 'r' }]");
  CHECK(nuq::LayerRef(*listed.find("m")).text() == celu);
}

TEST_CASE("more layers than the limits allow are refused") {
  nuq::Model model = nuq::parse_model(
      "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' } "
      "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' } input: 'x'",
      {}, "net.prototxt", "");
  model.options.limits = nuq::ResourceLimits();
  model.options.limits->layers = 2;
  const auto build = [&model] { return nuq::build_graph(std::make_shared<const nuq::Model>(model)); };
  CHECK(build().nodes.size() == 2);
  model.options.limits->layers = 1;
  CHECK(error_of<nuq::ModelError>(build).says("net.prototxt: 2 layers, the limit is 1"));
}

TEST_CASE("what no layer can compute is refused when a network with weights is read") {
  const auto problem_of = [](const std::string& conv, const std::string& pool) {
    const std::string text =
        data + layer("conv", "Convolution", "bottom: 'data' top: 'conv' convolution_param { " + conv + " }") +
        layer("pool", "Pooling", "bottom: 'conv' top: 'pool' pooling_param { " + pool + " }");
    const CaughtError error = error_of<nuq::ModelError>([&] {
      static_cast<void>(graph_of(text, weights_of("conv", {{4, 3, 3, 3}, {4}})));
    });
    return error.message;
  };
  const std::string good_conv = "num_output: 4 kernel_size: 3";
  const std::string good_pool = "kernel_size: 2";
  CHECK(problem_of(good_conv, good_pool) == "(no error)");
  const std::string conv = "nuq: net.prototxt: layer 'conv': ";
  const std::string pool = "nuq: net.prototxt: layer 'pool': ";
  CHECK(problem_of(good_conv + " stride: 0", good_pool) == conv + "stride along the height is 0, wanted 1 to 65536");
  CHECK(problem_of(good_conv + " stride: 4294967295", good_pool) ==
        conv + "stride along the height is 4294967295, wanted 1 to 65536");
  CHECK(problem_of(good_conv, "kernel_size: 2147483647") ==
        pool + "kernel size along the height is 2147483647, wanted 1 to 65536");
  CHECK(problem_of(good_conv, "kernel_size: 2 stride: 0") == pool + "stride along the height is 0, wanted 1 to 65536");

  const std::string wide =
      "input: 'data' input_dim: 1 input_dim: 5 input_dim: 8 input_dim: 8 " +
      layer("conv", "Convolution", "bottom: 'data' top: 'conv' convolution_param { " + good_conv + " }");
  const CaughtError channels = error_of<nuq::ModelError>([&] {
    static_cast<void>(graph_of(wide, weights_of("conv", {{4, 3, 3, 3}, {4}})));
  });
  CHECK(channels.says("layer 'conv': blob 0 has shape [4,3,3,3]"));
}

TEST_CASE("what is not computed, or of unknown shape, is not checked so") {
  const auto read = [](const std::string& text) {
    static_cast<void>(graph_of(text, weights_of("conv", {{4, 3, 3, 3}, {4}})));
  };
  const std::string conv =
      layer("conv", "Convolution", "bottom: 'data' top: 'conv' convolution_param { num_output: 4 kernel_size: 3 }");
  const std::string pool =
      layer("pool", "Pooling", "bottom: 'conv' top: 'pool' pooling_param { kernel_size: 2 stride: 0 padd: 1 }");
  CHECK_NOTHROW(read(data + conv + pool));
  const std::string no_shape = "layer { name: 'd' type: 'Data' top: 'data' } ";
  CHECK_NOTHROW(
      read(no_shape + conv + layer("pool", "Pooling", "bottom: 'conv' top: 'pool' pooling_param { kernel_size: 9 }")));
}

}  // namespace caffe_build_graph_test
