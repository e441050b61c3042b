#include "nuq/graph/ops/convolution.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "rule_cases.hpp"

using nuq::ConvolutionGeometry;
using nuq::DeconvolutionGeometry;
using nuq::Shape;
using nuq::Tensor;

namespace graph_ops_convolution_test {

ConvolutionGeometry geometry(const std::string& parameters, const Shape& input, std::vector<Tensor> blobs = {}) {
  const nuq::Node node = rule_node("Convolution", "convolution_param { " + parameters + " }", std::move(blobs));
  const nuq::LayerRef layer(node, "net.prototxt");
  return nuq::convolution_geometry(layer.operation<nuq::ops::Convolution>(), layer, input);
}

std::string refusal(const std::string& parameters, const Shape& input, std::vector<Tensor> blobs = {}) {
  return complaint([&] { static_cast<void>(geometry(parameters, input, std::move(blobs))); });
}

TEST_CASE("kernel, stride, pad and dilation come as one value, as height and width, or as pairs of fields") {
  const Shape input = {2, 3, 20, 30};
  ConvolutionGeometry g = geometry("num_output: 8 kernel_size: 3 stride: 2 pad: 1 dilation: 2", input);
  CHECK(g.weight_shape() == Shape{8, 3, 3, 3});
  CHECK(g.output_shape() == Shape{2, 8, 9, 14});
  CHECK(g.bias_term);
  CHECK(g.y.dilation == 2);
  CHECK(g.fan_in() == 27);

  g = geometry("num_output: 8 kernel_size: 3 kernel_size: 5 stride: 1 stride: 2 pad: 0 pad: 2 bias_term: false", input);
  CHECK(g.weight_shape() == Shape{8, 3, 3, 5});
  CHECK(g.output_shape() == Shape{2, 8, 18, 15});
  CHECK(!g.bias_term);

  g = geometry("num_output: 8 kernel_h: 1 kernel_w: 7 stride_h: 3 stride_w: 1 pad_h: 0 pad_w: 3", input);
  CHECK(g.weight_shape() == Shape{8, 3, 1, 7});
  CHECK(g.output_shape() == Shape{2, 8, 7, 30});
}

TEST_CASE("groups cut the channels of the weights") {
  const ConvolutionGeometry g = geometry("num_output: 8 kernel_size: 1 group: 4", {1, 12, 5, 5});
  CHECK(g.weight_shape() == Shape{8, 3, 1, 1});
  CHECK(refusal("num_output: 8 kernel_size: 1 group: 4", {1, 10, 5, 5}).rfind("group is 4", 0) == 0);
  CHECK(refusal("num_output: 6 kernel_size: 1 group: 4", {1, 12, 5, 5}).rfind("group is 4", 0) == 0);
  CHECK(refusal("num_output: 6 kernel_size: 1 group: 0", {1, 12, 5, 5}).rfind("group is 0", 0) == 0);
}

TEST_CASE("depthwise types of forks have a group for each input channel unless they say otherwise") {
  for (const std::string type : {"ConvolutionDepthwise", "DepthwiseConvolution", "Depthwise"}) {
    const auto weight_shape = [&](const std::string& parameters) {
      const nuq::Node node = rule_node(type, "convolution_param { num_output: 12 kernel_size: 3 " + parameters + " }");
      return nuq::convolution_geometry(node.operation.get<nuq::ops::Convolution>(), nuq::LayerRef(node), {1, 12, 5, 5})
          .weight_shape();
    };
    CHECK(weight_shape("") == Shape{12, 1, 3, 3});
    CHECK(weight_shape("group: 12") == Shape{12, 1, 3, 3});
    CHECK(weight_shape("group: 4") == Shape{12, 3, 3, 3});
  }
}

TEST_CASE("forks spell dilation as hole, or with a suffix for the axis") {
  const Shape input = {1, 1, 20, 30};
  CHECK(geometry("num_output: 1 kernel_size: 3 hole: 4", input).output_shape() == Shape{1, 1, 12, 22});
  CHECK(geometry("num_output: 1 kernel_size: 3 hole_h: 2 hole_w: 3", input).output_shape() == Shape{1, 1, 16, 24});
  CHECK(geometry("num_output: 1 kernel_size: 3 hole_h: 2", input).output_shape() == Shape{1, 1, 16, 28});
  CHECK(geometry("num_output: 1 kernel_size: 3 dilation_h: 1 dilation_w: 5", input).output_shape() ==
        Shape{1, 1, 18, 20});
  CHECK(geometry("num_output: 1 kernel_size: 3 dilation: 2", input).output_shape() == Shape{1, 1, 16, 26});
}

TEST_CASE("zero and absurd values are refused by name") {
  const Shape input = {1, 3, 20, 20};
  CHECK(refusal("kernel_size: 3", input).rfind("num_output is 0", 0) == 0);
  CHECK(refusal("num_output: 1", input).rfind("kernel size along the height is 0", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_h: 3", input).rfind("kernel size along the width is 0", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_size: 3 stride: 0", input).rfind("stride along the height is 0", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_size: 3 dilation: 0", input).rfind("dilation along the height is 0", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_size: 3 pad: 4000000000", input).rfind("pad along the height is 4000000000", 0) ==
        0);
  CHECK(refusal("num_output: 1 kernel_size: 3 kernel_size: 3 kernel_size: 3", input)
            .rfind("kernel_size has 3 values", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_size: 3 axis: 4", input).rfind("axis is 4", 0) == 0);
  CHECK(refusal("num_output: 1 kernel_h: 3 kernel_w: 3", {1, 3, 20}) == "kernel_size has 2 values, wanted 1");
  CHECK(refusal("num_output: 1 kernel_size: 3 stride: 2 stride: 1", {1, 3, 9, 9, 9}) ==
        "stride has 2 values, wanted 1 or 3");
  CHECK(refusal("num_output: 1", {1, 3, 20}).rfind("kernel size along the spatial axis 0 is 0", 0) == 0);
}

TEST_CASE("the axes before the channels are batch, those behind are spatial, whatever their number") {
  ConvolutionGeometry g = geometry("num_output: 8 kernel_size: 3 pad: 1", {2, 4, 16});
  CHECK(g.weight_shape() == Shape{8, 4, 3});
  CHECK(g.output_shape() == Shape{2, 8, 16});
  CHECK(g.fan_in() == 12);
  CHECK(g.positions() == 16);

  g = geometry("num_output: 5 kernel_size: 2 kernel_size: 3 kernel_size: 1 stride: 2", {1, 4, 5, 6, 4});
  CHECK(g.weight_shape() == Shape{5, 4, 2, 3, 1});
  CHECK(g.output_shape() == Shape{1, 5, 2, 2, 2});
  CHECK(g.fan_in() == 24);
  CHECK(g.positions() == 8);

  g = geometry("num_output: 5 kernel_size: 3 axis: 2", {2, 6, 9, 7});
  CHECK(g.weight_shape() == Shape{5, 9, 3});
  CHECK(g.output_shape() == Shape{2, 6, 5, 5});
  CHECK(g.batch == 12);

  CHECK(geometry("num_output: 5 axis: -1", {2, 6, 9, 7}).output_shape() == Shape{2, 6, 9, 5});
  CHECK(geometry("num_output: 5 axis: 3", {2, 6, 9, 7}).weight_shape() == Shape{5, 7});
  CHECK(geometry("num_output: 5 kernel_size: 3 axis: 0", {3, 6, 7}).output_shape() == Shape{5, 4, 5});
}

TEST_CASE("inputs smaller than the kernel are refused by name") {
  CHECK(refusal("num_output: 1 kernel_size: 5", {1, 3, 4}) ==
        "the kernel reaches over 5 values along the spatial axis 0, the padded input has 4");
  CHECK(refusal("num_output: 1 kernel_size: 5 pad: 1", {1, 3, 2, 9}) ==
        "the kernel reaches over 5 values along the height, the padded input has 4");
  CHECK(geometry("num_output: 1 kernel_size: 5 pad: 1", {1, 3, 3, 9}).output_shape() == Shape{1, 1, 1, 7});
}

TEST_CASE("trained blobs must have the shapes that input and parameters give; surplus ones are masks") {
  const Shape input = {1, 3, 20, 20};
  const std::string parameters = "num_output: 4 kernel_size: 3";
  const Tensor weights(Shape{4, 3, 3, 3});
  const Tensor bias(Shape{4});
  CHECK_NOTHROW(geometry(parameters, input, {weights, bias}));
  CHECK_NOTHROW(geometry(parameters, input, {weights, bias, weights}));
  CHECK_NOTHROW(geometry(parameters + " bias_term: false", input, {weights}));
  CHECK(refusal(parameters, input, {weights}) == "the weights file has 1 blobs, wanted 2");
  CHECK(refusal(parameters, {1, 6, 20, 20}, {weights, bias}) == "blob 0 has shape [4,3,3,3], wanted [4,6,3,3]");
  CHECK(refusal(parameters, input, {weights, Tensor(Shape{3})}) == "blob 1 has shape [3], wanted [4]");
}

}  // namespace graph_ops_convolution_test

namespace graph_ops_deconvolution_test {

DeconvolutionGeometry geometry(const std::string& parameters, const Shape& input, std::vector<Tensor> blobs = {}) {
  const nuq::Node node = rule_node("Deconvolution", "convolution_param { " + parameters + " }", std::move(blobs));
  const nuq::LayerRef layer(node, "net.prototxt");
  return nuq::deconvolution_geometry(layer.operation<nuq::ops::TransposedConvolution>(), layer, input);
}

std::string refusal(const std::string& parameters, const Shape& input, std::vector<Tensor> blobs = {}) {
  return complaint([&] { static_cast<void>(geometry(parameters, input, std::move(blobs))); });
}

TEST_CASE("output extents of a deconvolution are stride·(input − 1) + reach − 2·pad") {
  const DeconvolutionGeometry g = geometry("num_output: 8 kernel_size: 4 stride: 2 pad: 1", {2, 3, 5, 7});
  CHECK(g.output_shape() == Shape{2, 8, 10, 14});
  CHECK(g.weight_shape() == Shape{3, 8, 4, 4});
  CHECK(geometry("num_output: 8 kernel_size: 3 dilation: 2", {1, 3, 5, 7}).output_shape() == Shape{1, 8, 9, 11});
  CHECK(geometry("num_output: 21 kernel_size: 64 stride: 32 bias_term: false", {1, 21, 16, 16}).output_shape() ==
        Shape{1, 21, 544, 544});
}

TEST_CASE("groups of a deconvolution cut the output channels of the weights") {
  CHECK(geometry("num_output: 8 kernel_size: 1 group: 4", {1, 12, 5, 5}).weight_shape() == Shape{12, 2, 1, 1});
  CHECK(refusal("num_output: 8 kernel_size: 1 group: 4", {1, 10, 5, 5}).rfind("group is 4", 0) == 0);
  CHECK(refusal("num_output: 6 kernel_size: 1 group: 4", {1, 12, 5, 5}).rfind("group is 4", 0) == 0);
}

TEST_CASE("a deconvolution whose pads eat the output is refused by name") {
  CHECK(refusal("num_output: 1 kernel_size: 3 pad: 2", {1, 1, 2, 9}) ==
        "the output has 0 values along the height within the pads, wanted at least 1");
  CHECK(refusal("kernel_size: 3", {1, 1, 4, 4}).rfind("num_output is 0", 0) == 0);
  CHECK(refusal("num_output: 1", {1, 1, 4, 4}).rfind("kernel size along the height is 0", 0) == 0);
}

TEST_CASE("trained blobs of a deconvolution must have the shapes that input and parameters give") {
  const Tensor weights(Shape{3, 4, 3, 3});
  const Tensor bias(Shape{4});
  CHECK_NOTHROW(geometry("num_output: 4 kernel_size: 3", {1, 3, 8, 8}, {weights, bias}));
  CHECK(refusal("num_output: 4 kernel_size: 3", {1, 6, 8, 8}, {weights, bias}) ==
        "blob 0 has shape [3,4,3,3], wanted [6,4,3,3]");
  CHECK(refusal("num_output: 4 kernel_size: 3", {1, 3, 8, 8}, {weights, Tensor(Shape{3})}) ==
        "blob 1 has shape [3], wanted [4]");
}

}  // namespace graph_ops_deconvolution_test

namespace graph_ops_im2col_test {

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Im2col", "convolution_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

TEST_CASE("columns have a channel for each channel and tap") {
  CHECK(output_shape("kernel_size: 3 pad: 1", {2, 3, 8, 9}) == Shape{2, 27, 8, 9});
  CHECK(output_shape("kernel_h: 1 kernel_w: 5 stride: 2", {2, 3, 8, 9}) == Shape{2, 15, 4, 3});
  CHECK(output_shape("kernel_size: 3", {2, 3, 5}) == Shape{2, 9, 3});
  CHECK(output_shape("kernel_size: 3 axis: 2", {2, 3, 2, 5}) == Shape{2, 3, 6, 3});
}

TEST_CASE("windows that do not fit are refused by name") {
  const auto refusal = [](const std::string& parameters, const Shape& input) {
    return complaint([&] { static_cast<void>(output_shape(parameters, input)); });
  };
  CHECK(refusal("", {1, 1, 4, 4}).rfind("kernel size along the height is 0", 0) == 0);
  CHECK(refusal("kernel_size: 5", {1, 1, 4, 9}).rfind("the kernel reaches over 5 values along the height", 0) == 0);
  CHECK(refusal("kernel_size: 1 axis: 4", {1, 1, 4, 9}).rfind("axis is 4", 0) == 0);
}

}  // namespace graph_ops_im2col_test
