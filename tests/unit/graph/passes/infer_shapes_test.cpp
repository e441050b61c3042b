#include "nuq/graph/passes/infer_shapes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../ops/rule_cases.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"

namespace graph_passes_infer_shapes_test {

using nuq::Graph;
using nuq::Node;
using nuq::Shape;
using Shapes = std::vector<Shape>;

Shapes shapes_of(const std::string& type, const std::string& parameters, const Shapes& inputs) {
  const Node node = rule_node(type, parameters);
  return nuq::output_shapes({node, "net.prototxt"}, inputs);
}

std::string refusal(const std::string& type, const std::string& parameters, const Shapes& inputs) {
  return complaint([&] { static_cast<void>(shapes_of(type, parameters, inputs)); });
}

Graph graph_of(const std::string& text) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", "")));
}

std::string layer(const std::string& name, const std::string& type, const std::string& bottom,
                  const std::string& rest = "") {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + name + "' " + rest +
         " } ";
}

const std::string convolution =
    layer("conv", "Convolution", "data", "convolution_param { num_output: 4 kernel_size: 3 }");
const std::string pooling = layer("pool", "Pooling", "conv", "pooling_param { kernel_size: 2 stride: 2 }");

/// The shape of the last value of a blob.
Shape shape_in(const Graph& graph, const std::string& blob) {
  Shape shape = {-1};
  for (const nuq::Value& value : graph.values) {
    if (value.blob == blob) shape = value.shape;
  }
  return shape;
}

TEST_CASE("layers that compute element by element keep their input's shape") {
  const Shapes input = {{2, 3, 4, 5}};
  for (const std::string type : {"AbsVal",  "AntiQuant", "BatchNorm", "Bias",  "BNLL",  "DeQuant",  "Dropout",
                                 "Eltwise", "ELU",       "Exp",       "Log",   "LRN",   "MVN",      "Normalize",
                                 "Power",   "PReLU",     "Quant",     "ReLU",  "ReLU6", "Scale",    "ShuffleChannel",
                                 "Sigmoid", "Softmax",   "Split",     "Swish", "TanH",  "Threshold"}) {
    CAPTURE(type);
    CHECK(shapes_of(type, "", input) == input);
  }
}

TEST_CASE("Silence takes any inputs and has no output") {
  Node node = rule_node("Silence", "");
  node.outputs.clear();
  CHECK(nuq::output_shapes(node, {{2, 3}, {4}}).empty());
}

TEST_CASE("Split has as many outputs as it names") {
  Node node = rule_node("Split", "");
  node.outputs = {1, 2, 3};
  CHECK(nuq::output_shapes(node, {{2, 3}}) == Shapes(3, Shape{2, 3}));
}

TEST_CASE("InnerProduct keeps the axes before its own") {
  const std::string parameters = "inner_product_param { num_output: 7 ";
  CHECK(shapes_of("InnerProduct", parameters + "}", {{2, 3, 4, 5}}) == Shapes{{2, 7}});
  CHECK(shapes_of("InnerProduct", parameters + "axis: -1 }", {{2, 3, 4, 5}}) == Shapes{{2, 3, 4, 7}});
  CHECK(refusal("InnerProduct", "", {{2, 3}}).rfind("num_output is 0", 0) == 0);
  CHECK(refusal("InnerProduct", parameters + "axis: 2 }", {{2, 3}}).rfind("axis is 2", 0) == 0);
  CHECK(refusal("InnerProduct", parameters + "axis: -3 }", {{2, 3}}).rfind("axis is -3", 0) == 0);
}

TEST_CASE("Concat adds up one axis and wants the others equal") {
  CHECK(shapes_of("Concat", "", {{2, 3, 4}, {2, 5, 4}}) == Shapes{{2, 8, 4}});
  CHECK(shapes_of("Concat", "concat_param { axis: -1 }", {{2, 3, 4}, {2, 3, 1}}) == Shapes{{2, 3, 5}});
  CHECK(shapes_of("Concat", "concat_param { concat_dim: 0 }", {{2, 3}, {1, 3}}) == Shapes{{3, 3}});
  CHECK(refusal("Concat", "", {{2, 3, 4}, {2, 5, 5}}).find("[2,3,4] and [2,5,5]") != std::string::npos);
  CHECK(refusal("Concat", "", {{2, 3, 4}, {2, 5}}).find("[2,3,4] and [2,5]") != std::string::npos);
}

TEST_CASE("Flatten joins a run of axes") {
  CHECK(shapes_of("Flatten", "", {{2, 3, 4, 5}}) == Shapes{{2, 60}});
  CHECK(shapes_of("Flatten", "flatten_param { axis: 0 end_axis: -2 }", {{2, 3, 4, 5}}) == Shapes{{24, 5}});
  CHECK(shapes_of("Flatten", "flatten_param { axis: 2 end_axis: 2 }", {{2, 3, 4, 5}}) == Shapes{{2, 3, 4, 5}});
  CHECK(shapes_of("Flatten", "flatten_param { axis: 2 end_axis: 1 }", {{2, 3, 4, 5}}) == Shapes{{2, 3, 1, 4, 5}});
  CHECK(refusal("Flatten", "flatten_param { axis: 3 end_axis: 1 }", {{2, 3, 4, 5}}).rfind("end_axis is 1", 0) == 0);
}

TEST_CASE("layers refuse parameters that do not fit their input") {
  CHECK(refusal("Eltwise", "", {{2, 3}, {3, 2}}).find("[2,3] and [3,2]") != std::string::npos);
  CHECK(refusal("Scale", "scale_param { axis: 1 num_axes: 4 }", {{2, 3, 4, 5}}).rfind("num_axes is 4", 0) == 0);
  CHECK(refusal("Softmax", "softmax_param { axis: 2 }", {{2, 3}}).rfind("axis is 2", 0) == 0);
  CHECK(refusal("LRN", "lrn_param { local_size: 4 }", {{1, 2, 3, 4}}).rfind("local_size is 4", 0) == 0);
  CHECK(refusal("ReLU", "", {{2}, {2}}).rfind("ReLU has 2 inputs", 0) == 0);
  CHECK(refusal("Eltwise", "", {}).rfind("Eltwise has no input", 0) == 0);
}

TEST_CASE("a layer of an unknown type, and what an unknown shape reaches, has no shape") {
  CHECK(shapes_of("Mystery", "", {{2, 3}}) == Shapes{{}});
  CHECK(shapes_of("ReLU", "", {{}}) == Shapes{{}});
  CHECK(shapes_of("Concat", "", {{2, 3}, {}}) == Shapes{{}});
}

TEST_CASE("shapes are worked out through a network, in-place layers included") {
  Graph graph = graph_of(
      "layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 3 dim: 9 dim: 11 } } } " +
      convolution + "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' } " + pooling);
  nuq::infer_shapes(graph);
  CHECK(shape_in(graph, "data") == Shape{1, 3, 9, 11});
  CHECK(shape_in(graph, "conv") == Shape{1, 4, 7, 9});
  CHECK(shape_in(graph, "pool") == Shape{1, 4, 4, 5});
}

TEST_CASE("everything below an undeclared input stays without shape; a given shape wins over the declared one") {
  Graph undeclared = graph_of("input: 'data' " + convolution + pooling);
  nuq::infer_shapes(undeclared);
  CHECK(shape_in(undeclared, "conv").empty());
  CHECK(shape_in(undeclared, "pool").empty());
  CHECK(nuq::infer_shapes(undeclared, {{"data", {8, 3, 12, 12}}}).back() == Shape{8, 4, 5, 5});

  const Graph declared = graph_of("input: 'data' input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9 " + convolution);
  CHECK(nuq::infer_shapes(declared, {}).back() == Shape{1, 4, 7, 7});
  CHECK(nuq::infer_shapes(declared, {{"data", {2, 3, 5, 5}}}).back() == Shape{2, 4, 3, 3});
}

TEST_CASE("a shape for a blob that is no input is refused") {
  const Graph graph = graph_of("input: 'data' " + convolution);
  const CaughtError error = error_of<nuq::ConfigError>([&] {
    static_cast<void>(nuq::infer_shapes(graph, {{"conv", {1, 3, 9, 9}}}));
  });
  CHECK(error.code == nuq::ErrorCode::unknown_name);
  CHECK(error.says("net.prototxt: no input is named 'conv'"));
}

TEST_CASE("blobs that Caffe could not hold are refused before anybody asks for their memory") {
  const Graph graph =
      graph_of("input: 'data' " + layer("conv", "Convolution", "data",
                                        "convolution_param { num_output: 60000 kernel_size: 1 pad: 60000 }"));
  CaughtError error = error_of<nuq::ModelError>([&] {
    static_cast<void>(nuq::infer_shapes(graph, {{"data", {1, 3, 9, 9}}}));
  });
  CHECK(error.says("net.prototxt: layer 'conv': output 0 has shape [1,60000,120009,120009]"));
  error = error_of<nuq::ModelError>([&] { static_cast<void>(nuq::infer_shapes(graph, {{"data", {1, 0, 9, 9}}})); });
  CHECK(error.says("net.prototxt: input 'data' has shape [1,0,9,9]"));
}

TEST_CASE("an error names file, layer and cause") {
  Graph graph = graph_of("input: 'data' input_dim: 1 input_dim: 3 input_dim: 2 input_dim: 2 " + convolution);
  const CaughtError error = error_of<nuq::ModelError>([&] { nuq::infer_shapes(graph); });
  CHECK(error.says("net.prototxt: layer 'conv': the kernel reaches over 3 values"));
}

}  // namespace graph_passes_infer_shapes_test
