#include "nuq/onnx/build_graph.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "small_model.hpp"

using nuq::Shape;
using nuq::Tensor;

TEST_CASE("a node without a name has that of its output, or the first free one") {
  SmallModel small;
  small.input("x", {1, 2});
  small.node("Relu", {"x"}, "a").clear_name();
  small.node("Relu", {"x"}, "b").set_name("c");
  small.node("Relu", {"x"}, "c").clear_name();
  small.node("Relu", {"x"}, "c_2").clear_name();
  const nuq::Graph graph = small.built();
  std::vector<std::string> names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  CHECK(names == std::vector<std::string>{"x", "a", "c", "c_2", "c_2_2"});
}

TEST_CASE("inputs are declared with a batch of 1 where the file tells all other extents") {
  SmallModel small;
  small.input("x", {-1, 3, 4}).input("y", {1, -1, 4}).floats("w", {1}, {1}).input("w", {1});
  const nuq::Graph graph = small.built();
  REQUIRE(graph.inputs.size() == 2);
  CHECK(graph.values[graph.inputs[0]].shape == Shape{1, 3, 4});
  CHECK(graph.values[graph.inputs[1]].shape.empty());
}

TEST_CASE("weights stand in the graph's order, whatever way they come") {
  SmallModel small;
  small.input("x", {-1, 2});
  small.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}).floats("c", {3}, {1, 1, 1});
  small.node("MatMul", {"x", "w"}, "m");
  small.node("Transpose", {"w"}, "t");
  set_integer(small.node("Gemm", {"x", "t", "c"}, "g"), "transB", 1);
  small.floats("v", {2, 3}, {1, 2, 3, 4, 5, 6});
  set_real(small.node("Gemm", {"x", "v"}, "scaled"), "alpha", 2.0F);
  const nuq::Graph graph = small.built();
  const std::vector<float> turned = {1, 4, 2, 5, 3, 6};
  for (const char* name : {"MatMul_m", "Gemm_g"}) {
    CAPTURE(name);
    const nuq::Node& node = *graph.find(name);
    CHECK(node.blobs.front().shape == Shape{3, 2});
    CHECK(node.blobs.front().values == turned);
    CHECK(nuq::eligibility_of(graph, node).nuq);
  }
  CHECK(nuq::eligibility_of(graph, *graph.find("Gemm_scaled")).reason == "its alpha or beta is not 1");
  CHECK(small.computed("m", "x", Tensor({1, 2}, {1, 10})).values == std::vector<float>{41, 52, 63});
  CHECK(small.computed("g", "x", Tensor({1, 2}, {1, 10})).values == std::vector<float>{42, 53, 64});
  CHECK(small.computed("scaled", "x", Tensor({1, 2}, {1, 10})).values == std::vector<float>{82, 104, 126});
}

TEST_CASE("layers with one tensor as weights share it") {
  SmallModel small;
  small.input("x", {1, 2, 1, 1}).floats("w", {2, 2, 1, 1}, {1, 2, 3, 4});
  small.node("Conv", {"x", "w"}, "a");
  small.node("Conv", {"a", "w"}, "b");
  const nuq::Graph graph = small.built();
  CHECK(graph.find("Conv_a")->shared_parameters == std::vector<std::string>{"w"});
  CHECK(graph.find("Conv_b")->shared_parameters == std::vector<std::string>{"w"});
}

TEST_CASE("weights of other types and weights that are computed stay as they are") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {2}).floats("two", {1}, {2});
  small.node("Mul", {"w", "two"}, "w2");
  small.node("Conv", {"x", "w2"}, "a");
  nuq::onnx_schema::TensorProto& half = *small.graph().add_initializer();
  half.set_name("h");
  half.set_data_type(nuq::onnx_schema::TensorProto::FLOAT16);
  for (int axis = 0; axis < 4; ++axis) half.add_dims(1);
  half.set_raw_data(std::string("\0\x40", 2));
  small.node("Conv", {"x", "h"}, "b");
  small.node("Tanh", {"w"}, "w3");
  small.node("Conv", {"x", "w3"}, "c");
  const nuq::Graph graph = small.built();
  const auto reason = [&](const char* name) { return nuq::eligibility_of(graph, *graph.find(name)).reason; };
  CHECK(reason("Conv_a") == "its weights 'w2' are computed from constants, which would have to change");
  CHECK(reason("Conv_b") == "its weights are of type float16: only float32 is supported");
  CHECK(graph.find("Conv_c")->weights_obstacle.find("are not constant, or made by operations") != std::string::npos);
  CHECK(small.computed("a", "x", Tensor({1, 1, 1, 1}, {3})).values == std::vector<float>{12});
}

TEST_CASE("what nobody understands keeps its node from being computed, and nothing else") {
  SmallModel small;
  small.input("x", {1, 2});
  set_integer(small.node("Relu", {"x"}, "a"), "mystery", 1);
  small.node("Fancy", {"x"}, "b");
  small.node("Relu", {"x"}, "c");
  const nuq::Graph graph = small.built();
  CHECK(graph.find("Relu_a")->obstacle == "attribute 'mystery' is not understood");
  CHECK(graph.find("Fancy_b")->obstacle == "operation 'Fancy' is not known");
  CHECK(graph.find("Relu_c")->obstacle.empty());
  CHECK(error_of<nuq::ModelError>([&] {
          static_cast<void>(small.computed("a", "x", Tensor({1, 2}, {1, 2})));
        }).says("layer 'Relu_a': attribute 'mystery' is not understood"));
}

TEST_CASE("layers of subgraphs are listed, and the values that subgraphs read are read") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {2});
  small.node("Conv", {"x", "w"}, "y");
  nuq::onnx_schema::AttributeProto& branch = *small.node("If", {"x"}, "z").add_attribute();
  branch.set_name("then_branch");
  nuq::onnx_schema::NodeProto& inner = *branch.mutable_g()->add_node();
  inner.set_op_type("Conv");
  inner.add_input("y");
  inner.add_input("w");
  inner.add_output("inside");
  const nuq::Graph graph = small.built();
  CHECK(graph.find("inside")->weights_obstacle == "it stands in a subgraph of 'If_z'");
  const nuq::Node& owner = *graph.find("If_z");
  CHECK(owner.inputs.size() == 2);
  CHECK(owner.obstacle == "operations with subgraphs are not computed");
}

TEST_CASE("shapes that are worked out from shapes") {
  SmallModel small;
  small.input("x", {-1, 2, -1}).integers("zero", {}, {0}).integers("minus", {1}, {-1}).integers("axis", {1}, {0});
  small.node("Relu", {"x"}, "r");
  small.node("Shape", {"r"}, "s");
  small.node("Gather", {"s", "zero"}, "batch");
  small.node("Unsqueeze", {"batch", "axis"}, "vector");
  set_integer(small.node("Concat", {"vector", "minus"}, "target"), "axis", 0);
  small.node("Reshape", {"r", "target"}, "y");
  const Tensor result = small.computed("y", "x", Tensor({3, 2, 2}, std::vector<float>(12, 1.0F)));
  CHECK(result.shape == Shape{3, 4});
  const nuq::Graph graph = small.built();
  CHECK(graph.nodes.size() == 3);
}

TEST_CASE("what is folded into a layer keeps results and their names") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {2}).floats("one", {1}, {1}).floats("three", {1}, {3});
  small.node("Conv", {"x", "w"}, "a");
  set_real(small.node("BatchNormalization", {"a", "three", "one", "one", "one"}, "b"), "epsilon", 0.0F);
  small.output("b");
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  REQUIRE(graph.nodes.size() == 2);
  const nuq::Node& convolution = graph.nodes[1];
  CHECK(convolution.blobs[0].values == std::vector<float>{6});
  CHECK(convolution.blobs[1].values == std::vector<float>{-2});
  CHECK(graph.values[convolution.outputs[0]].blob == "b");
  CHECK(graph.outputs == convolution.outputs);

  small.output("a");  // the convolution's own output is a result too
  graph = small.built();
  nuq::fuse(graph);
  CHECK(graph.nodes.size() == 3);
}

TEST_CASE("weights that are no numbers are refused, other constants may be infinite") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {std::numeric_limits<float>::quiet_NaN()});
  small.node("Conv", {"x", "w"}, "y");
  CHECK(error_of<nuq::ModelError>([&] { static_cast<void>(small.built()); }).says("layer 'Conv_y': weight 0"));
  SmallModel infinite;
  infinite.input("x", {1, 2}).floats("i", {2, 1, 1}, {std::numeric_limits<float>::infinity(), 1});
  infinite.node("Add", {"x", "i"}, "y");
  CHECK(infinite.built().find("Add_y")->obstacle.empty());
}

TEST_CASE("a file that asks for too many nodes is refused") {
  SmallModel small;
  small.input("x", {1});
  small.node("Relu", {"x"}, "a");
  small.node("Relu", {"a"}, "b");
  nuq::OnnxModel model = *small.model();
  model.options.limits = nuq::ResourceLimits{};
  model.options.limits->layers = 1;
  CHECK(error_of<nuq::ModelError>([&] {
          static_cast<void>(nuq::build_onnx_graph(std::make_shared<const nuq::OnnxModel>(model)));
        }).says("2 nodes, the limit is 1"));
}

TEST_CASE("inputs have the shapes that the options give them") {
  SmallModel small;
  small.input("x", {-1, 3, -1}).node("Relu", {"x"}, "y");
  small.options.input_shapes = {{"x", {2, 3, 5}}};
  const nuq::Graph graph = small.built();
  CHECK(graph.values[graph.inputs.front()].shape == Shape{2, 3, 5});
  const auto problem = [&small](const std::string& input, const Shape& shape) {
    small.options.input_shapes = {{input, shape}};
    return error_of<nuq::ConfigError>([&small] { static_cast<void>(small.built()); });
  };
  CHECK(problem("z", {1, 3, 5}).says("no input 'z'"));
  CHECK(problem("x", {1, 3}).says("the given shape [1,3] has 2 axes, the model's input has 3"));
  CHECK(problem("x", {1, 4, 5}).says("whose axis 1 has 3"));
  CHECK(problem("x", {1, 3, std::int64_t{1} << 40}).says("that of no array"));
}

TEST_CASE("what follows from the shapes of values is worked out once they are numbers") {
  SmallModel small;
  small.input("x", {-1, 2, -1});
  set_integer(small.node("Split", {"x"}, "left"), "axis", 1);
  small.graph().mutable_node(0)->add_output("right");
  small.node("Shape", {"right"}, "shape");
  small.integers("last", {}, {2}).node("Gather", {"shape", "last"}, "length");
  small.integers("zero", {}, {0}).integers("one", {}, {1}).node("Range", {"zero", "length", "one"}, "range");
  set_integer(small.node("Cast", {"range"}, "places"), "to", nuq::onnx_schema::TensorProto::FLOAT);
  small.node("Add", {"left", "places"}, "y");
  CHECK_THROWS_WITH_AS(static_cast<void>(small.computed("y", "x", Tensor({1, 2, 3}, {1, 1, 1, 2, 2, 2}))),
                       doctest::Contains("--input-shape"), nuq::Error);
  small.options.input_shapes = {{"x", {1, 2, 3}}};
  CHECK(small.computed("y", "x", Tensor({1, 2, 3}, {1, 1, 1, 2, 2, 2})).values == std::vector<float>{1, 2, 3});
}
