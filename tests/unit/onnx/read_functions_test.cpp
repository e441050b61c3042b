#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "one_node.hpp"

using nuq::Shape;
using nuq::Tensor;
using T = nuq::onnx_schema::TensorProto;
using Values = std::vector<float>;

namespace onnx_read_functions_test {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// What a node makes of x, with constants "a", "b", … behind it.
Values made_by(const std::string& type, const Tensor& x, const std::vector<Tensor>& constants = {}) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < constants.size(); ++at) names.emplace_back(1, static_cast<char>('a' + at));
  OneNode node(type, x.shape, names, 18);
  for (std::size_t at = 0; at < constants.size(); ++at)
    node.floats(names[at], constants[at].shape, constants[at].values);
  return node.computed("y", "x", x).values;
}

bool is_near(const Values& values, const Values& wanted) {
  bool is_same = values.size() == wanted.size();
  for (std::size_t at = 0; is_same && at < values.size(); ++at) is_same = std::fabs(values[at] - wanted[at]) < 2e-6F;
  return is_same;
}

}  // namespace onnx_read_functions_test
using namespace onnx_read_functions_test;

TEST_CASE("comparisons and logic give 0 and 1, of tensors that broadcast") {
  const Tensor x({2, 2}, {1, 2, 3, not_a_number});
  const std::vector<Tensor> row = {Tensor({2}, {2, 2})};
  CHECK(made_by("Greater", x, row) == Values{0, 0, 1, 0});
  CHECK(made_by("GreaterOrEqual", x, row) == Values{0, 1, 1, 0});
  CHECK(made_by("Less", x, row) == Values{1, 0, 0, 0});
  CHECK(made_by("LessOrEqual", x, row) == Values{1, 1, 0, 0});
  const Tensor truth({4}, {0, 0, 1, 1});
  const std::vector<Tensor> other = {Tensor({4}, {0, 1, 0, 1})};
  CHECK(made_by("And", truth, other) == Values{0, 0, 0, 1});
  CHECK(made_by("Or", truth, other) == Values{0, 1, 1, 1});
  CHECK(made_by("Xor", truth, other) == Values{0, 1, 1, 0});
  CHECK(made_by("Not", truth) == Values{1, 1, 0, 0});
  CHECK(made_by("IsNaN", x) == Values{0, 0, 0, 1});
  CHECK(made_by("IsInf", Tensor({3}, {infinity, -infinity, 1})) == Values{1, 1, 0});
  CHECK(made_by("Where", truth, {Tensor({2, 1}, {5, 6}), Tensor({}, {7})}) == Values{7, 7, 5, 5, 7, 7, 6, 6});
  const auto equal = [](std::int64_t number) {
    OneNode node("Equal", {3}, {"c"});
    node.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(T::INT64);
    node.integers("c", {1}, {number});
    return node;
  };
  CHECK(equal(2).values() == Values{0, 1, 0});
  CHECK(equal((std::int64_t{1} << 24) + 1).obstacle() == "whole numbers beyond 2^24 are not compared");
  CHECK(OneNode("Equal", {1}, {"x"}).obstacle() == "whether numbers of type float32 are equal is a matter of rounding");
}

TEST_CASE("casts and arithmetic of whole numbers") {
  const auto cast = [](int from, int to, const Values& values) {
    OneNode node("Cast", {static_cast<std::int64_t>(values.size())});
    node.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(from);
    set_integer(*node.it, "to", to);
    return node.obstacle().empty() ? node.computed("y", "x", Tensor({3}, values)).values : Values{};
  };
  CHECK(cast(T::FLOAT, T::INT64, {1.9F, -1.9F, 0.5F}) == Values{1, -1, 0});
  CHECK(cast(T::FLOAT, T::BOOL, {1.9F, 0, -0.5F}) == Values{1, 0, 1});
  CHECK(cast(T::INT64, T::FLOAT, {5, -7, 0}) == Values{5, -7, 0});
  CHECK(cast(T::BOOL, T::UINT8, {0, 1, 1}) == Values{0, 1, 1});
  CHECK(cast(T::FLOAT, T::UINT8, {0, 1, 1}).empty());
  CHECK(cast(T::INT64, T::INT8, {0, 1, 1}).empty());
  OneNode quotient("Div", {4}, {"c"});
  quotient.integers("c", {}, {2});
  quotient.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(T::INT64);
  CHECK(quotient.computed("y", "x", Tensor({4}, {5, -5, 4, -1})).values == Values{2, -2, 2, 0});
  CHECK(made_by("Mod", Tensor({4}, {5, -5, 5, -5}), {Tensor({4}, {3, 3, -3, -3})}) == Values{2, 1, -1, -2});
}

TEST_CASE("functions of one value that have no word of their own") {
  const Tensor x({3}, {-2, 0, 2});
  const float e = std::exp(-2.0F) - 1.0F;
  CHECK(is_near(made_by("Selu", x), {1.0507009F * 1.6732632F * e, 0, 2 * 1.0507009F}));
  CHECK(is_near(made_by("Celu", x), {e, 0, 2}));
  CHECK(made_by("ThresholdedRelu", x) == Values{0, 0, 2});
  CHECK(made_by("Shrink", x) == Values{-2, 0, 2});
  CHECK(is_near(made_by("Softsign", x), {-2.0F / 3, 0, 2.0F / 3}));
  CHECK(is_near(made_by("Atan", x), {-1.1071487F, 0, 1.1071487F}));
  CHECK(is_near(made_by("PRelu", Tensor({1, 2, 2}, {-1, 2, -3, -4}), {Tensor({2, 2}, {10, 20, 30, 40})}),
                {-10, 2, -90, -160}));
}

TEST_CASE("the place of the largest and the smallest value; of equal ones the first, or the last") {
  const auto place = [](const std::string& type, bool last, bool keeps) {
    OneNode node(type, {2, 3});
    set_integer(*node.it, "axis", 1);
    set_integer(*node.it, "keepdims", keeps ? 1 : 0);
    if (last) set_integer(*node.it, "select_last_index", 1);
    return node.computed("y", "x", Tensor({2, 3}, {5, 1, 5, 1, 1, 2}));
  };
  CHECK(place("ArgMax", false, true).values == Values{0, 2});
  CHECK(place("ArgMax", true, true).values == Values{2, 2});
  CHECK(place("ArgMin", false, true).values == Values{1, 0});
  CHECK(place("ArgMin", true, true).values == Values{1, 1});
  CHECK(made_by("ArgMax", Tensor({4}, {1, not_a_number, 3, not_a_number})) == Values{1});
  CHECK(place("ArgMin", true, true).shape == Shape{2, 1});
  CHECK(place("ArgMin", true, false).shape == Shape{2});
}

TEST_CASE("the largest values and their places, in order") {
  SmallModel net;
  net.input("x", {1, 4}).integers("k", {1}, {3});
  net.node("TopK", {"x", "k"}, "values").add_output("places");
  const Tensor x({1, 4}, {2, 7, 2, 5});
  CHECK(net.computed("values", "x", x).values == Values{7, 5, 2});
  CHECK(net.computed("places", "x", x).values == Values{1, 3, 0});
  set_integer(*net.graph().mutable_node(0), "largest", 0);
  CHECK(net.computed("places", "x", x).values == Values{0, 2, 3});
}

TEST_CASE("what goes along an axis") {
  const auto sums = [](bool exclusive, bool reverse) {
    OneNode node("CumSum", {2, 2}, {"axis"});
    node.integers("axis", {}, {1});
    if (exclusive) set_integer(*node.it, "exclusive", 1);
    if (reverse) set_integer(*node.it, "reverse", 1);
    return node.values();
  };
  CHECK(sums(false, false) == Values{1, 3, 3, 7});
  CHECK(sums(true, false) == Values{0, 1, 0, 3});
  CHECK(sums(false, true) == Values{3, 2, 7, 4});
  CHECK(sums(true, true) == Values{2, 0, 4, 0});
  const float rest = std::log(1.0F + std::exp(-1.0F));
  CHECK(is_near(made_by("LogSoftmax", Tensor({1, 2}, {1, 2})), {-1 - rest, -rest}));
  CHECK(made_by("Hardmax", Tensor({1, 3}, {1, 4, 4})) == Values{0, 1, 0});
  CHECK(is_near(made_by("LpNormalization", Tensor({1, 2}, {3, -4})), {0.6F, -0.8F}));
}

TEST_CASE("values in another order") {
  OneNode depth("DepthToSpace", {1, 8, 1, 1});
  set_integer(*depth.it, "blocksize", 2);
  CHECK(depth.result().shape == Shape{1, 2, 2, 2});
  CHECK(depth.values() == Values{1, 3, 5, 7, 2, 4, 6, 8});
  set_text(*depth.it, "mode", "CRD");
  CHECK(depth.values() == Values{1, 2, 3, 4, 5, 6, 7, 8});
  OneNode space("SpaceToDepth", {1, 1, 2, 4});
  set_integer(*space.it, "blocksize", 2);
  CHECK(space.result().shape == Shape{1, 4, 1, 2});
  CHECK(space.values() == Values{1, 3, 2, 4, 5, 7, 6, 8});
  OneNode tile("Tile", {1, 2}, {"times"});
  tile.integers("times", {2}, {2, 2});
  CHECK(tile.values() == Values{1, 2, 1, 2, 1, 2, 1, 2});
  OneNode flat("Flatten", {2, 2, 3});
  set_integer(*flat.it, "axis", 2);
  CHECK(flat.result().shape == Shape{4, 3});
  OneNode column("Flatten", {2, 2});
  set_integer(*column.it, "axis", 2);
  CHECK(column.result().shape == Shape{4, 1});
  OneNode upper("Trilu", {2, 3}, {"k"});
  upper.integers("k", {}, {1});
  CHECK(upper.values() == Values{0, 2, 3, 0, 0, 6});
  set_integer(*upper.it, "upper", 0);
  CHECK(upper.values() == Values{1, 2, 0, 4, 5, 6});
  OneNode gather("GatherElements", {2, 2}, {"places"});
  gather.integers("places", {2, 1}, {1, -2});
  set_integer(*gather.it, "axis", 1);
  CHECK(gather.values() == Values{2, 3});
  SmallModel split(18);
  split.input("x", {5});
  nuq::onnx_schema::NodeProto& node = split.node("Split", {"x"}, "a");
  node.add_output("b");
  set_integer(node, "num_outputs", 2);
  CHECK(split.computed("b", "x", counted({5})).values == Values{4, 5});
  SmallModel shapes;
  shapes.input("x", {5}).integers("sizes", {2}, {2, 3});
  shapes.node("Split", {"x", "sizes"}, "a").add_output("b");
  shapes.node("Shape", {"b"}, "s");
  shapes.node("Reshape", {"x", "s"}, "y");
  CHECK(!shapes.built().find("Reshape_y")->obstacle.empty());  // 5 values are no 3
  shapes.graph().mutable_initializer(0)->set_int64_data(1, 4);
  CHECK(shapes.built().find("Split_a")->obstacle == "its sizes do not add up to the 5 values of its axis");
}

TEST_CASE("pooling along any number of axes, dilated or not") {
  OneNode line("MaxPool", {1, 1, 4});
  set_integers(*line.it, "kernel_shape", {2});
  set_integers(*line.it, "dilations", {2});
  CHECK(line.values() == Values{3, 4});
  OneNode padded("AveragePool", {1, 1, 3});
  set_integers(*padded.it, "kernel_shape", {2});
  set_integers(*padded.it, "pads", {1, 0});
  CHECK(padded.values() == Values{1, 1.5F, 2.5F});
  set_integer(*padded.it, "count_include_pad", 1);
  CHECK(padded.values() == Values{0.5F, 1.5F, 2.5F});
  OneNode volume("AveragePool", {1, 1, 2, 2, 2});
  set_integers(*volume.it, "kernel_shape", {2, 1, 2});
  CHECK(volume.result().shape == Shape{1, 1, 1, 2, 1});
  CHECK(volume.values() == Values{3.5F, 5.5F});
  OneNode same("MaxPool", {1, 1, 3});
  set_integers(*same.it, "kernel_shape", {2});
  set_text(*same.it, "auto_pad", "SAME_LOWER");
  CHECK(same.values() == Values{1, 2, 3});
}

TEST_CASE("normalization of channels and of groups of channels") {
  OneNode instance("InstanceNormalization", {1, 2, 2}, {"scale", "shift"});
  instance.floats("scale", {2}, {1, 2}).floats("shift", {2}, {0, 5});
  set_real(*instance.it, "epsilon", 0.0F);
  CHECK(is_near(instance.values(), {-1, 1, 3, 7}));
  OneNode group("GroupNormalization", {1, 4, 1}, {"scale", "shift"}, 21);
  group.floats("scale", {4}, {1, 2, 3, 4}).floats("shift", {4}, {0, 0, 0, 10});
  set_integer(*group.it, "num_groups", 2);
  set_real(*group.it, "epsilon", 0.0F);
  CHECK(is_near(group.values(), {-1, 2, -3, 14}));
  OneNode of_groups("GroupNormalization", {1, 4, 1}, {"scale", "shift"}, 18);
  of_groups.floats("scale", {2}, {1, 3}).floats("shift", {2}, {0, 10});
  set_integer(*of_groups.it, "num_groups", 2);
  set_real(*of_groups.it, "epsilon", 0.0F);
  CHECK(is_near(of_groups.values(), {-1, 1, 7, 13}));
}

TEST_CASE("products with vectors") {
  OneNode row("MatMul", {2}, {"m"});
  row.floats("m", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(row.result().shape == Shape{2, 2});
  CHECK(row.values() == Values{7, 10, 19, 22});
  OneNode column("MatMul", {2, 2}, {"v"});
  column.floats("v", {2}, {1, 10});
  CHECK(column.values() == Values{21, 43});
  OneNode dot("MatMul", {2}, {"v"});
  dot.floats("v", {2}, {1, 10});
  CHECK(dot.values() == Values{21});
}

TEST_CASE("recurrent layers step by step") {
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const auto net_of = [](const std::string& type, std::size_t gates, const std::string& direction) {
    const std::int64_t directions = direction == "bidirectional" ? 2 : 1;
    const std::size_t rows = gates * static_cast<std::size_t>(directions);
    SmallModel net;
    net.input("x", {2, 1, 1});
    Values w;
    Values r;
    for (std::size_t row = 0; row < rows; ++row) {
      w.push_back(0.25F * static_cast<float>(row % gates + 1));
      r.push_back(0.5F - 0.125F * static_cast<float>(row % gates));
    }
    Values bias(2 * rows, 0.125F);
    const auto g = static_cast<std::int64_t>(gates);
    net.floats("w", {directions, g, 1}, w).floats("r", {directions, g, 1}, r).floats("b", {directions, 2 * g}, bias);
    nuq::onnx_schema::NodeProto& node = net.node(type, {"x", "w", "r", "b"}, "y");
    node.add_output("h");
    set_integer(node, "hidden_size", 1);
    set_text(node, "direction", direction);
    return net;
  };
  const Tensor x({2, 1, 1}, {1, -2});
  const auto gate = [](double value, double state, int which) {
    return 0.25 * (which + 1) * value + (0.5 - 0.125 * which) * state + 0.25;
  };
  const auto lstm = [&](double first, double second) {
    double h = 0.0;
    double c = 0.0;
    for (const double value : {first, second}) {
      c = sigmoid(gate(value, h, 2)) * c + sigmoid(gate(value, h, 0)) * std::tanh(gate(value, h, 3));
      h = sigmoid(gate(value, h, 1)) * std::tanh(c);
    }
    return static_cast<float>(h);
  };
  CHECK(is_near(net_of("LSTM", 4, "forward").computed("h", "x", x).values, {lstm(1, -2)}));
  CHECK(is_near(net_of("LSTM", 4, "reverse").computed("h", "x", x).values, {lstm(-2, 1)}));
  SmallModel both = net_of("LSTM", 4, "bidirectional");
  CHECK(is_near(both.computed("h", "x", x).values, {lstm(1, -2), lstm(-2, 1)}));
  const Values steps = both.computed("y", "x", x).values;
  CHECK(is_near({steps[2], steps[1]}, {lstm(1, -2), lstm(-2, 1)}));
  const auto gru = [&](bool resets_behind) {
    double h = 0.0;
    for (const double value : {1.0, -2.0}) {
      const double z = sigmoid(gate(value, h, 0));
      const double r = sigmoid(gate(value, h, 1));
      const double recalled = resets_behind ? r * (0.25 * h + 0.125) : 0.25 * r * h + 0.125;
      h = (1 - z) * std::tanh(0.75 * value + 0.125 + recalled) + z * h;
    }
    return static_cast<float>(h);
  };
  SmallModel gated = net_of("GRU", 3, "forward");
  CHECK(is_near(gated.computed("h", "x", x).values, {gru(false)}));
  set_integer(*gated.graph().mutable_node(0), "linear_before_reset", 1);
  CHECK(is_near(gated.computed("h", "x", x).values, {gru(true)}));
  const auto plain = static_cast<float>(std::tanh(gate(-2, std::tanh(gate(1, 0, 0)), 0)));
  CHECK(is_near(net_of("RNN", 1, "forward").computed("h", "x", x).values, {plain}));
  nuq::onnx_schema::AttributeProto& functions = *gated.graph().mutable_node(0)->add_attribute();
  functions.set_name("activations");
  functions.set_type(nuq::onnx_schema::AttributeProto::STRINGS);
  functions.add_strings("Sigmoid");
  functions.add_strings("Tanh");
  CHECK(is_near(gated.computed("h", "x", x).values, {gru(true)}));
  functions.set_strings(1, "Relu");
  CHECK(gated.built().find("GRU_y")->obstacle == "other activations than the usual ones are not computed");
  functions.set_strings(1, "Tanh");
  set_real(*gated.graph().mutable_node(0), "clip", 3.0F);
  CHECK(gated.built().find("GRU_y")->obstacle == "attribute 'clip' is not computed");
}

TEST_CASE("what follows from shapes is worked out before the network runs") {
  SmallModel net;
  net.input("x", {-1, 1}).integers("two", {1}, {2}).integers("zero", {1}, {0}).integers("one", {1}, {1});
  net.node("Shape", {"x"}, "shape");
  net.node("Slice", {"shape", "zero", "one"}, "batch");
  net.node("Concat", {"batch", "two"}, "target").add_attribute()->set_name("axis");
  net.graph().mutable_node(2)->mutable_attribute(0)->set_type(nuq::onnx_schema::AttributeProto::INT);
  net.node("Expand", {"x", "target"}, "y");
  CHECK(net.computed("y", "x", counted({3, 1})).values == Values{1, 1, 2, 2, 3, 3});
  SmallModel pads;
  pads.input("x", {1, 2}).integers("four", {1}, {4}).integers("begin", {1}, {-1}).integers("end", {1}, {-9});
  pads.integers("both", {2}, {5, 7}).integers("zeros", {1}, {0});
  pads.node("ConstantOfShape", {"four"}, "wide");
  pads.node("Shape", {"x"}, "shape");
  pads.node("Greater", {"shape", "one"}, "is_long");
  pads.integers("one", {1}, {1});
  pads.node("Where", {"is_long", "both", "zeros"}, "chosen");
  pads.node("Slice", {"chosen", "begin", "end", "zeros", "begin"}, "turned");
  pads.node("Concat", {"zeros", "turned"}, "some").add_attribute()->set_name("axis");
  pads.node("Concat", {"some", "zeros"}, "pads").add_attribute()->set_name("axis");
  pads.node("Pad", {"x", "pads"}, "y");
  CHECK(pads.computed("y", "x", counted({1, 2})).shape == Shape{1, 9});
}

TEST_CASE("sums of lines are taken in float, one line after the other") {
  OneNode sum("ReduceSum", {3, 2}, {"axis"});
  sum.integers("axis", {1}, {0});
  set_integer(*sum.it, "keepdims", 0);
  constexpr float large = 1 << 24;  // and 1 is as large in float
  CHECK(sum.computed("y", "x", Tensor({3, 2}, {large, 1, 1, 2, 1, 3})).values == Values{large, 6});
  OneNode mean("ReduceMean", {2, 3, 2});
  set_integers(*mean.it, "axes", {1});
  CHECK(mean.values() == Values{3, 4, 9, 10});
}
