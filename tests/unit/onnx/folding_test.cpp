#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "small_model.hpp"

using nuq::OnnxWeightForm;
using nuq::Shape;
using nuq::Tensor;

namespace onnx_folding_test {

using Names = std::vector<std::string>;

/// 2, −3, 4, −5, … in a shape.
Tensor alternating(const Shape& shape) {
  Tensor tensor(shape);
  float next = -1.0F;
  for (float& value : tensor.values) {
    next = next < 0.0F ? 1.0F - next : -1.0F - next;
    value = next;
  }
  return tensor;
}

nuq::Graph folded(const SmallModel& small) {
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  return graph;
}

Tensor computed(nuq::Graph graph, const Tensor& input) {
  nuq::Net net(std::move(graph));
  net.set_input("x", input.view());
  net.forward();
  const nuq::TensorView result = net.output("y");
  return Tensor(result.shape, {result.values.begin(), result.values.end()});
}

/// A network from "x" to "y" around a layer called "it", whose folded weights are whole numbers below 128, so that
/// levels of scale 1 stand for them. What is computed before folding, behind it, and by the written models is the same.
void check_folding(const SmallModel& small, const Shape& input, const Names& names) {
  const Tensor x = alternating(input);
  const Tensor wanted = computed(small.built(), x);
  const nuq::Graph graph = folded(small);
  const nuq::Node& it = *graph.find("it");
  CHECK(it.fused == names);
  CHECK(computed(graph, x).values == wanted.values);
  nuq::NetworkQuantization quantized;
  const nuq::WeightMatrix weights(it);
  const nuq::MatrixView<const float> matrix = weights.view();
  std::vector<std::int8_t> levels;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    for (const float weight : matrix.row(row)) levels.push_back(static_cast<std::int8_t>(weight));
  }
  const std::size_t scales = nuq::has_one_scale(it) ? 1 : matrix.rows();
  quantized["it"].weights = {matrix.rows(), matrix.cols(), std::vector<float>(scales, 1.0F), levels};
  for (const OnnxWeightForm form : {OnnxWeightForm::floats, OnnxWeightForm::cast}) {
    SmallModel written;
    written.proto = nuq::quantized_onnx_model(*small.model(), graph, quantized, form);
    const nuq::Graph again = written.built();
    for (const nuq::Node& node : again.nodes) CHECK(node.obstacle.empty());
    const Tensor result = computed(again, x);
    CHECK(result.shape == wanted.shape);
    CHECK(result.values == wanted.values);
  }
}

/// x [1 × 2 × 3] or [2 × 3] times a matrix [3 × 2].
struct Product : SmallModel {
  explicit Product(const Shape& shape) {
    input("x", shape).floats("w", {3, 2}, {1, 2, -3, 4, 5, -6});
    floats("two", {}, {2}).floats("pair", {2}, {3, -2}).floats("triple", {3}, {2, -1, 3}).floats("ones", {2}, {1, 1});
    output("y");
  }
  void product(const std::string& from, const std::string& to) { node("MatMul", {from, "w"}, to).set_name("it"); }
};

}  // namespace onnx_folding_test
using namespace onnx_folding_test;

TEST_CASE("a matrix product takes in factors behind it up to the Add of its bias, which stays as it is") {
  for (const Shape& shape : {Shape{2, 3}, Shape{1, 2, 3}}) {
    Product net(shape);
    net.product("x", "p");
    net.node("Mul", {"p", "pair"}, "m");
    net.node("Add", {"pair", "m"}, "a");
    net.node("Mul", {"a", "two"}, "d");
    net.node("Sub", {"two", "d"}, "y");
    check_folding(net, shape, {"Mul_m", "Add_a"});
  }
  Product scaled({2, 3});
  scaled.product("x", "p");
  scaled.node("Mul", {"p", "pair"}, "y");
  check_folding(scaled, {2, 3}, {"Mul_y"});
  CHECK(nuq::quantized_onnx_model(*scaled.model(), folded(scaled), {}, OnnxWeightForm::floats).graph().node_size() ==
        2);
}

TEST_CASE("a node that is no Add becomes one where a matrix product gets a bias of what was folded") {
  Product net({2, 3});
  net.product("x", "p");
  set_real(net.node("BatchNormalization", {"p", "pair", "ones", "pair", "ones"}, "y"), "epsilon", 0.0F);
  check_folding(net, {2, 3}, {"BatchNormalization_y"});
  Product shifted({1, 2, 3});
  shifted.product("x", "p");
  shifted.node("Sub", {"pair", "p"}, "y");
  check_folding(shifted, {1, 2, 3}, {"Sub_y"});
}

TEST_CASE("in front of a matrix product factors are folded up to the nearest shift") {
  Product biased({1, 2, 3});
  biased.node("Mul", {"x", "triple"}, "m");
  biased.node("Add", {"m", "two"}, "a");
  biased.product("a", "p");
  biased.node("Add", {"p", "pair"}, "y");
  check_folding(biased, {1, 2, 3}, {"Add_y"});
  Product bare({1, 2, 3});
  bare.node("Add", {"x", "two"}, "a");
  bare.node("Mul", {"a", "triple"}, "m");
  bare.product("m", "y");
  check_folding(bare, {1, 2, 3}, {"Mul_m"});
}

TEST_CASE("a batch normalization of another axis than a matrix product's stays") {
  Product net({1, 2, 3});
  net.product("x", "p");
  set_real(net.node("BatchNormalization", {"p", "pair", "ones", "pair", "ones"}, "y"), "epsilon", 0.0F);
  check_folding(net, {1, 2, 3}, {});
}

TEST_CASE("Gemm takes in what stands on both sides") {
  Product net({2, 3});
  net.node("Sub", {"x", "triple"}, "s");
  net.node("Gemm", {"s", "w", "pair"}, "g").set_name("it");
  net.node("Mul", {"g", "two"}, "y");
  check_folding(net, {2, 3}, {"Sub_s", "Mul_y"});
}

TEST_CASE("in front of a convolution shifts are folded where no padding is, whoever asks for it") {
  const auto check = [](const std::string& padding, const Names& names) {
    CAPTURE(padding);
    SmallModel net;
    net.input("x", {1, 2, 1, 3}).floats("w", {1, 2, 1, 2}, {1, 2, 3, 4}).floats("two", {}, {2});
    net.floats("pair", {2, 1, 1}, {3, -2});
    net.node("Add", {"x", "two"}, "a");
    net.node("Mul", {"a", "pair"}, "m");
    nuq::onnx_schema::NodeProto& it = net.node("Conv", {"m", "w"}, "c");
    it.set_name("it");
    if (padding == "pads") set_integers(it, "pads", {0, 1, 0, 0});
    if (padding != "pads") set_text(it, "auto_pad", padding);
    net.node("Add", {"c", "two"}, "y");
    net.output("y");
    check_folding(net, {1, 2, 1, 3}, names);
  };
  check("VALID", {"Add_a", "Mul_m", "Add_y"});
  check("SAME_UPPER", {"Mul_m", "Add_y"});
  check("pads", {"Mul_m", "Add_y"});
}

TEST_CASE("in front of a transposed convolution factors alone are folded") {
  SmallModel net;
  net.input("x", {1, 2, 1, 2}).floats("w", {2, 1, 1, 2}, {1, 2, 3, 4}).floats("two", {}, {2});
  net.floats("pair", {1, 2, 1, 1}, {3, -2});
  net.node("Add", {"x", "two"}, "a");
  net.node("Mul", {"a", "pair"}, "m");
  net.node("ConvTranspose", {"m", "w"}, "c").set_name("it");
  net.node("Sub", {"c", "two"}, "y");
  net.output("y");
  check_folding(net, {1, 2, 1, 2}, {"Mul_m", "Sub_y"});
}

TEST_CASE("what the file takes the shape of stays") {
  Product net({2, 3});
  net.product("x", "p");
  net.node("Shape", {"p"}, "s");
  net.node("Mul", {"p", "pair"}, "m");
  net.node("Reshape", {"m", "s"}, "y");
  check_folding(net, {2, 3}, {});
}
