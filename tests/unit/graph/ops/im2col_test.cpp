#include "nuq/graph/ops/convolution.hpp"

#include <doctest/doctest.h>

#include <string>

#include "rule_cases.hpp"

namespace graph_ops_im2col_test {

using nuq::Shape;

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Im2col", "convolution_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

TEST_CASE("columns have a channel for each channel and tap") {
  CHECK(output_shape("kernel_size: 3 pad: 1", {2, 3, 8, 9}) == Shape{2, 27, 8, 9});
  CHECK(output_shape("kernel_h: 1 kernel_w: 5 stride: 2", {2, 3, 8, 9}) == Shape{2, 15, 4, 3});
}

TEST_CASE("windows that do not fit are refused by name") {
  const auto refusal = [](const std::string& parameters, const Shape& input) {
    return complaint([&] { static_cast<void>(output_shape(parameters, input)); });
  };
  CHECK(refusal("", {1, 1, 4, 4}).rfind("kernel size along the height is 0", 0) == 0);
  CHECK(refusal("kernel_size: 5", {1, 1, 4, 9}).rfind("the kernel reaches over 5 values along the height", 0) == 0);
  CHECK(refusal("kernel_size: 1 axis: 2", {1, 1, 4, 9}).rfind("axis is 2", 0) == 0);
}

}  // namespace graph_ops_im2col_test
