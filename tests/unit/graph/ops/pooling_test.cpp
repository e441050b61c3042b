#include "nuq/graph/ops/pooling.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "rule_cases.hpp"

using nuq::PoolingGeometry;
using nuq::Shape;

namespace graph_ops_pooling_test {

PoolingGeometry geometry(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Pooling", "pooling_param { " + parameters + " }");
  const nuq::LayerRef layer(node, "net.prototxt");
  return nuq::pooling_geometry(layer.operation<nuq::ops::Pooling>(), layer, input);
}

std::string refusal(const std::string& parameters, const Shape& input) {
  return complaint([&] { static_cast<void>(geometry(parameters, input)); });
}

/// Caffe's computation of one output extent.
std::int64_t pooled_extent(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  const double steps = static_cast<double>(input + 2 * pad - kernel) / static_cast<double>(stride);
  std::int64_t pooled = static_cast<std::int64_t>(std::ceil(steps)) + 1;
  if (pad > 0 && (pooled - 1) * stride >= input + pad) --pooled;
  return pooled;
}

TEST_CASE("output extents follow Caffe's rule, the last window of padded inputs included") {
  int clipped = 0;
  for (std::int64_t input = 1; input <= 12; ++input) {
    for (std::int64_t kernel = 1; kernel <= 5; ++kernel) {
      for (std::int64_t stride = 1; stride <= 6; ++stride) {
        for (std::int64_t pad = 0; pad < kernel; ++pad) {
          const std::int64_t expected = pooled_extent(input, kernel, stride, pad);
          const std::string parameters = "kernel_size: " + std::to_string(kernel) +
                                         " stride: " + std::to_string(stride) + " pad: " + std::to_string(pad);
          CAPTURE(parameters);
          CAPTURE(input);
          if (expected < 1) {
            CHECK(refusal(parameters, {1, 2, input, input}).rfind("the kernel has ", 0) == 0);
          } else {
            CHECK(geometry(parameters, {1, 2, input, input}).output_shape() == Shape{1, 2, expected, expected});
          }
          if (pad > 0 && expected != pooled_extent(input + 2 * pad, kernel, stride, 0)) ++clipped;
        }
      }
    }
  }
  CHECK(clipped > 0);
}

TEST_CASE("a pad along one axis clips along both, as in Caffe") {
  CHECK(geometry("kernel_size: 2 stride_h: 4 stride_w: 4 pad_h: 1 pad_w: 0", {1, 1, 7, 7}).output_shape() ==
        Shape{1, 1, 2, 2});
  CHECK(geometry("kernel_size: 1 stride: 2", {1, 1, 4, 4}).output_shape() == Shape{1, 1, 3, 3});
  CHECK(geometry("kernel_h: 2 kernel_w: 1 stride: 2 pad_h: 1", {1, 1, 4, 4}).output_shape() == Shape{1, 1, 3, 2});
}

TEST_CASE("round_mode FLOOR and ceil_mode false round down") {
  CHECK(geometry("kernel_size: 3 stride: 2", {1, 1, 8, 8}).output_shape() == Shape{1, 1, 4, 4});
  CHECK(geometry("kernel_size: 3 stride: 2 round_mode: FLOOR", {1, 1, 8, 8}).output_shape() == Shape{1, 1, 3, 3});
  CHECK(geometry("kernel_size: 3 stride: 2 ceil_mode: false", {1, 1, 8, 8}).output_shape() == Shape{1, 1, 3, 3});
}

TEST_CASE("global pooling covers the input") {
  const PoolingGeometry g = geometry("global_pooling: true pool: AVE", {2, 3, 7, 9});
  CHECK(g.output_shape() == Shape{2, 3, 1, 1});
  CHECK(g.y.kernel == 7);
  CHECK(g.x.kernel == 9);
  CHECK(refusal("global_pooling: true stride: 2", {2, 3, 7, 9}).rfind("global_pooling has a stride", 0) == 0);
}

TEST_CASE("zero and absurd values are refused by name") {
  const Shape input = {1, 1, 8, 8};
  CHECK(refusal("", input).rfind("kernel size along the height is 0", 0) == 0);
  CHECK(refusal("kernel_size: 2 stride: 0", input).rfind("stride along the height is 0", 0) == 0);
  CHECK(refusal("kernel_size: 2 pad: 2", input).rfind("pad along the height is 2", 0) == 0);
  CHECK(refusal("kernel_size: 4000000000", input).rfind("kernel size along the height is 4000000000", 0) == 0);
  CHECK(refusal("kernel_size: 2", {1, 8}).find("[1,8]") != std::string::npos);
}

}  // namespace graph_ops_pooling_test

namespace graph_ops_spp_test {

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("SPP", "spp_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

std::string refusal(const std::string& parameters, const Shape& input) {
  return complaint([&] { static_cast<void>(output_shape(parameters, input)); });
}

TEST_CASE("a pyramid has 1, 4, 16, … bins for each channel") {
  CHECK(output_shape("pyramid_height: 3", {2, 3, 9, 8}) == Shape{2, 63});
  CHECK(output_shape("pyramid_height: 1", {2, 3, 9, 8}) == Shape{2, 3, 1, 1});
  CHECK(output_shape("pyramid_height: 3 pool: AVE", {1, 256, 13, 13}) == Shape{1, 256 * 21});
}

TEST_CASE("a pyramid that the input is too small for, or without height, is refused by name") {
  CHECK(refusal("", {1, 3, 8, 8}).rfind("pyramid_height is 0", 0) == 0);
  CHECK(refusal("pyramid_height: 5", {1, 3, 8, 8}).find("cannot be cut into 16 × 16 bins") != std::string::npos);
  CHECK(refusal("pyramid_height: 4000000000", {1, 3, 8, 8}).find("16 × 16") != std::string::npos);
  CHECK(refusal("pyramid_height: 3", {1, 3, 5, 8}).find("cannot be cut into 4 × 4 bins") != std::string::npos);
  CHECK(refusal("pyramid_height: 2 pool: STOCHASTIC", {1, 3, 8, 8}).rfind("pool is STOCHASTIC", 0) == 0);
}

}  // namespace graph_ops_spp_test
