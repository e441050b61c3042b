#include "nuq/graph/ops/convolution.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_deconvolution_test {

using nuq::DeconvolutionGeometry;
using nuq::Shape;
using nuq::Tensor;

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
