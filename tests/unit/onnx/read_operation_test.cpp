#include "nuq/onnx/read_operation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "one_node.hpp"

using nuq::Shape;
using nuq::Tensor;

TEST_CASE("convolutions with pads of their own, or those that auto_pad asks for") {
  OneNode given("Conv", {1, 1, 1, 3}, {"w"});
  given.floats("w", {1, 1, 1, 2}, {1, 10});
  set_integers(*given.it, "pads", {0, 0, 0, 1});
  CHECK(given.values() == std::vector<float>{21, 32, 3});
  for (const auto& row : {std::pair{"SAME_UPPER", std::vector<float>{21, 32, 3}},
                          {"SAME_LOWER", std::vector<float>{10, 21, 32}},
                          {"VALID", std::vector<float>{21, 32}}}) {
    const std::string mode = row.first;
    CAPTURE(mode);
    OneNode same("Conv", {1, 1, 1, 3}, {"w"});
    same.floats("w", {1, 1, 1, 2}, {1, 10});
    set_text(*same.it, "auto_pad", mode);
    CHECK(same.values() == row.second);
  }
  OneNode line("Conv", {1, 1, 4}, {"w"});
  line.floats("w", {1, 1, 2}, {1, 1});
  set_integers(*line.it, "dilations", {2});
  CHECK(line.values() == std::vector<float>{4, 6});
}

TEST_CASE("transposed convolutions") {
  OneNode node("ConvTranspose", {1, 1, 1, 2}, {"w"});
  node.floats("w", {1, 1, 1, 2}, {1, 3});
  set_integers(*node.it, "strides", {1, 2});
  CHECK(node.values() == std::vector<float>{1, 3, 2, 6});
  set_integers(*node.it, "pads", {0, 0, 0, 1});
  set_integers(*node.it, "output_padding", {0, 1});
  CHECK(node.values() == std::vector<float>{1, 3, 2, 6});
  set_integers(*node.it, "output_shape", {1, 4});
  CHECK(node.obstacle() == "output_shape is not computed");
}

TEST_CASE("pooling counts the values that are there, unless told otherwise") {
  OneNode average("AveragePool", {1, 1, 1, 3});
  set_integers(*average.it, "kernel_shape", {1, 2});
  set_integers(*average.it, "pads", {0, 1, 0, 0});
  CHECK(average.values() == std::vector<float>{1, 1.5F, 2.5F});
  set_integer(*average.it, "count_include_pad", 1);
  CHECK(average.values() == std::vector<float>{0.5F, 1.5F, 2.5F});
  OneNode maximum("MaxPool", {1, 1, 1, 3});
  set_integers(*maximum.it, "kernel_shape", {1, 2});
  set_integers(*maximum.it, "strides", {1, 2});
  CHECK(maximum.values() == std::vector<float>{2});
  set_integer(*maximum.it, "ceil_mode", 1);
  CHECK(maximum.values() == std::vector<float>{2, 3});
  OneNode single("MaxPool", {1, 1, 1, 2});
  set_integers(*single.it, "kernel_shape", {1, 1});
  set_integers(*single.it, "strides", {1, 2});
  set_integer(*single.it, "ceil_mode", 1);
  CHECK(single.values() == std::vector<float>{1});  // the second window would begin behind the input
  CHECK(OneNode("GlobalAveragePool", {1, 1, 3}).values() == std::vector<float>{2});
  CHECK(OneNode("GlobalMaxPool", {1, 1, 1, 3}).values() == std::vector<float>{3});
}

TEST_CASE("arithmetic with one number, with one for each channel, with a tensor") {
  const auto with = [](const std::string& type, const Shape& shape, const std::vector<float>& values, bool first) {
    OneNode node(type, {1, 2, 2}, {"c"});
    node.floats("c", shape, values);
    if (first) std::swap(*node.it->mutable_input(0), *node.it->mutable_input(1));
    return node.values();
  };
  CHECK(with("Add", {}, {1}, false) == std::vector<float>{2, 3, 4, 5});
  CHECK(with("Sub", {1}, {1}, true) == std::vector<float>{0, -1, -2, -3});
  CHECK(with("Sub", {2, 1}, {1, 2}, false) == std::vector<float>{0, 1, 1, 2});
  CHECK(with("Sub", {2, 1}, {1, 2}, true) == std::vector<float>{0, -1, -1, -2});
  CHECK(with("Mul", {2}, {1, 2}, false) == std::vector<float>{1, 4, 3, 8});
  CHECK(with("Div", {2, 1}, {2, 4}, false) == std::vector<float>{0.5F, 1, 0.75F, 1});
  CHECK(with("Div", {}, {12}, true) == std::vector<float>{12, 6, 4, 3});
  CHECK(with("Pow", {}, {2}, false) == std::vector<float>{1, 4, 9, 16});
  CHECK(with("Add", {2, 2}, {1, 2, 3, 4}, false) == std::vector<float>{2, 4, 6, 8});
  CHECK(with("Max", {2}, {3, 0}, false) == std::vector<float>{3, 2, 3, 4});
  CHECK(with("Min", {2}, {3, 0}, false) == std::vector<float>{1, 0, 3, 0});
  CHECK(with("Mean", {2}, {3, 0}, false) == std::vector<float>{2, 1, 3, 2});
}

TEST_CASE("arithmetic that whole numbers do otherwise than floats is not computed") {
  const auto obstacle = [](const std::string& type, int of) {
    OneNode node(type, {1, 2}, {"x"});
    node.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(of);
    return node.obstacle();
  };
  CHECK(obstacle("Pow", nuq::onnx_schema::TensorProto::INT32) == "a Pow of values of type int32 is not computed");
  CHECK(obstacle("Div", nuq::onnx_schema::TensorProto::INT8) == "a Div of values of type int8 is not computed");
  CHECK(obstacle("Add", nuq::onnx_schema::TensorProto::UINT8) == "a Add of values of type uint8 is not computed");
  CHECK(obstacle("Add", nuq::onnx_schema::TensorProto::INT64).empty());
  CHECK(obstacle("Div", nuq::onnx_schema::TensorProto::FLOAT).empty());
}

TEST_CASE("functions of one value") {
  CHECK(OneNode("Neg", {2}).values() == std::vector<float>{-1, -2});
  CHECK(OneNode("Sqrt", {4}).values()[3] == 2.0F);
  CHECK(OneNode("Reciprocal", {4}).values()[3] == 0.25F);
  OneNode clip("Clip", {4}, {"", "most"});
  clip.floats("most", {}, {2.5F});
  CHECK(clip.values() == std::vector<float>{1, 2, 2.5F, 2.5F});
  OneNode old("Clip", {4}, {}, 6);
  set_real(*old.it, "min", 2.0F);
  CHECK(old.values() == std::vector<float>{2, 2, 3, 4});
  OneNode sigmoid("HardSigmoid", {2});
  set_real(*sigmoid.it, "alpha", 0.25F);
  set_real(*sigmoid.it, "beta", 0.0F);
  CHECK(sigmoid.values() == std::vector<float>{0.25F, 0.5F});
  OneNode cast("Cast", {2});
  set_integer(*cast.it, "to", nuq::onnx_schema::TensorProto::INT64);
  CHECK(cast.values() == std::vector<float>{1, 2});
}

TEST_CASE("tensors are turned, cut, joined and padded") {
  CHECK(OneNode("Transpose", {2, 3}).values() == std::vector<float>{1, 4, 2, 5, 3, 6});
  OneNode slice("Slice", {2, 3}, {"from", "to", "along", "step"});
  slice.integers("from", {1}, {-1}).integers("to", {1}, {-9}).integers("along", {1}, {1}).integers("step", {1}, {-2});
  CHECK(slice.values() == std::vector<float>{3, 1, 6, 4});
  OneNode old_slice("Slice", {2, 3}, {}, 9);
  set_integers(*old_slice.it, "starts", {1});
  set_integers(*old_slice.it, "ends", {2});
  CHECK(old_slice.values() == std::vector<float>{4, 5, 6});
  OneNode gather("Gather", {2, 3}, {"places"});
  gather.integers("places", {}, {1});
  CHECK(gather.result().shape == Shape{3});
  OneNode pad("Pad", {1, 2}, {"pads", "value"});
  pad.integers("pads", {4}, {0, 1, 0, 1}).floats("value", {}, {7});
  CHECK(pad.values() == std::vector<float>{7, 1, 2, 7});
  OneNode squeeze("Squeeze", {1, 2, 1}, {"axes"});
  squeeze.integers("axes", {1}, {2});
  CHECK(squeeze.result().shape == Shape{1, 2});
  OneNode expand("Expand", {2, 1}, {"shape"});
  expand.integers("shape", {3}, {2, 1, 2});
  CHECK(expand.result().shape == Shape{2, 2, 2});
  OneNode flatten("Flatten", {2, 2, 2});
  CHECK(flatten.result().shape == Shape{2, 4});
  OneNode tile("Tile", {1, 2}, {"times"});
  tile.integers("times", {2}, {1, 2});
  CHECK(tile.values() == std::vector<float>{1, 2, 1, 2});
  SmallModel split;
  split.input("x", {1, 3}).integers("sizes", {2}, {1, 2});
  nuq::onnx_schema::NodeProto& node = split.node("Split", {"x", "sizes"}, "a");
  node.add_output("b");
  set_integer(node, "axis", 1);
  CHECK(split.computed("b", "x", counted({1, 3})).values == std::vector<float>{2, 3});
}

TEST_CASE("reductions and softmax along the axes that each version means") {
  OneNode mean("ReduceMean", {2, 3});
  set_integers(*mean.it, "axes", {1});
  set_integer(*mean.it, "keepdims", 0);
  CHECK(mean.values() == std::vector<float>{2, 5});
  OneNode sum("ReduceSum", {2, 3}, {"axes"});
  sum.integers("axes", {1}, {0});
  CHECK(sum.values() == std::vector<float>{5, 7, 9});
  const float share = 1.0F / (1.0F + std::exp(1.0F));
  OneNode softmax("Softmax", {1, 2, 2});
  CHECK(std::fabs(softmax.values()[0] - share) < 1e-6F);
  OneNode old("Softmax", {1, 2, 2}, {}, 11);
  const float all = std::exp(-3.0F) + std::exp(-2.0F) + std::exp(-1.0F) + 1.0F;
  CHECK(std::fabs(old.values()[3] - 1.0F / all) < 1e-6F);
}

TEST_CASE("images are stretched") {
  OneNode resize("Resize", {1, 1, 1, 2}, {"", "scales"});
  resize.floats("scales", {4}, {1, 1, 1, 2});
  set_text(*resize.it, "mode", "linear");
  CHECK(resize.values() == std::vector<float>{1, 1.25F, 1.75F, 2});
  OneNode sizes("Resize", {1, 1, 1, 2}, {"", "", "sizes"});
  sizes.integers("sizes", {4}, {1, 1, 1, 4});
  set_text(*sizes.it, "coordinate_transformation_mode", "align_corners");
  CHECK(sizes.values() == std::vector<float>{1, 1, 2, 2});
  OneNode cubic("Resize", {1, 1, 1, 2}, {"", "scales"});
  cubic.floats("scales", {4}, {1, 1, 1, 2});
  set_text(*cubic.it, "mode", "cubic");
  const std::vector<float> bent = cubic.values();  // Keys' weights at -1/4 and 1/4, by hand
  CHECK(std::fabs(bent[0] - (1.0F - 0.1054688F)) < 1e-6F);
  CHECK(std::fabs(bent[1] - (1.0F + 0.2617188F - 0.0351563F)) < 1e-6F);
  set_integer(*cubic.it, "antialias", 1);
  CHECK(cubic.obstacle() == "antialias is not computed");
  OneNode line("Resize", {1, 1, 2}, {"", "scales"});
  line.floats("scales", {3}, {1, 1, 2});
  set_text(*line.it, "mode", "linear");
  CHECK(line.values() == std::vector<float>{1, 1.25F, 1.75F, 2});
  OneNode upsample("Upsample", {1, 1, 1, 2}, {"scales"}, 9);
  upsample.floats("scales", {4}, {1, 1, 1, 2});
  CHECK(upsample.values() == std::vector<float>{1, 1, 2, 2});
}

TEST_CASE("normalizations") {
  OneNode norm("BatchNormalization", {1, 2, 1}, {"scale", "shift", "mean", "variance"});
  norm.floats("scale", {2}, {2, 1})
      .floats("shift", {2}, {0, 5})
      .floats("mean", {2}, {0, 2})
      .floats("variance", {2}, {4, 1});
  set_real(*norm.it, "epsilon", 0.0F);
  CHECK(norm.values() == std::vector<float>{1, 5});
  set_integer(*norm.it, "training_mode", 1);
  CHECK(norm.obstacle() == "it is in training mode");
  OneNode layer("LayerNormalization", {1, 2}, {"scale"}, 17);
  layer.floats("scale", {2}, {1, 2});
  CHECK(std::fabs(layer.values()[1] - 2.0F) < 1e-3F);
}

TEST_CASE("levels of an integer grid, and back") {
  OneNode levels("QuantizeLinear", {5}, {"scale", "zero"});
  levels.floats("scale", {}, {2}).integers("zero", {}, {-126});
  levels.graph().mutable_initializer(1)->set_data_type(nuq::onnx_schema::TensorProto::INT8);
  levels.graph().mutable_initializer(1)->mutable_int64_data()->Clear();
  levels.graph().mutable_initializer(1)->add_int32_data(-126);
  CHECK(levels.values() == std::vector<float>{-126, -125, -124, -124, -124});  // 0.5 and 2.5 to even
  CHECK(levels.computed("y", "x", Tensor({5}, {-3, -5, -9, 600, 3})).values ==
        std::vector<float>{-128, -128, -128, 127, -124});
  OneNode bytes("QuantizeLinear", {1, 3}, {"scale"});
  bytes.floats("scale", {3}, {1, 0.5F, 0.001F});
  CHECK(bytes.values() == std::vector<float>{1, 4, 255});
  CHECK(bytes.computed("y", "x", Tensor({1, 3}, {-1, 0, 0.25F})).values == std::vector<float>{0, 0, 250});
  OneNode back("DequantizeLinear", {2, 2}, {"scale", "zero"});
  back.floats("scale", {2}, {2, 10}).integers("zero", {2}, {0, 1});
  set_integer(*back.it, "axis", 0);
  CHECK(back.values() == std::vector<float>{2, 4, 20, 30});
  OneNode blocks("DequantizeLinear", {2, 2}, {"scale"}, 21);
  blocks.floats("scale", {1, 2}, {2, 10});
  set_integer(*blocks.it, "block_size", 2);
  CHECK(blocks.obstacle() == "scales of blocks are not computed");
  OneNode zero("DequantizeLinear", {2}, {"scale"});
  zero.floats("scale", {}, {0});
  CHECK(zero.obstacle() == "its scales 'scale' are not all numbers above 0");
  OneNode wrong("DequantizeLinear", {1, 2}, {"scale"});
  wrong.floats("scale", {3}, {1, 1, 1});
  CHECK(wrong.obstacle() == "the number of its scales does not fit the input [1,2]");
}

TEST_CASE("numbers that no shape can have keep a node from being computed") {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  OneNode reshape("Reshape", {2, 2}, {"shape"});
  reshape.integers("shape", {2}, {huge, 4});
  CHECK(reshape.obstacle() == "its shape is impossible");
  OneNode tile("Tile", {1, 2}, {"times"});
  tile.integers("times", {2}, {1, huge});
  CHECK(tile.obstacle() == "how often it repeats is not constant");
  OneNode pad("Pad", {1, 2}, {"pads"});
  pad.integers("pads", {4}, {0, huge, 0, huge});
  CHECK(pad.obstacle() == "its pads are not constant");
  OneNode pool("MaxPool", {1, 1, 4, 4});
  set_integers(*pool.it, "kernel_shape", {huge, huge});
  CHECK(!pool.obstacle().empty());
}
