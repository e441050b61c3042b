#include "nuq/graph/ops/reshape.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_permute_test {

Shape permuted(const std::string& order, const Shape& input) {
  const nuq::Node node = rule_node("Permute", "permute_param { " + order + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

TEST_CASE("axes come in the given order, then those that it leaves out") {
  CHECK(permuted("order: 0 order: 2 order: 3 order: 1", {2, 3, 4, 5}) == Shape{2, 4, 5, 3});
  CHECK(permuted("order: 2", {2, 3, 4, 5}) == Shape{4, 2, 3, 5});
  CHECK(permuted("", {2, 3}) == Shape{2, 3});
}

TEST_CASE("an axis given twice or beyond the last is refused by name") {
  const auto refusal = [](const std::string& order) {
    return complaint([&] { static_cast<void>(permuted(order, {2, 3, 4})); });
  };
  CHECK(refusal("order: 1 order: 1").rfind("order has the axis 1", 0) == 0);
  CHECK(refusal("order: 3").rfind("order has the axis 3", 0) == 0);
}

}  // namespace graph_ops_permute_test

namespace graph_ops_reshape_test {

Shape reshaped(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Reshape", "reshape_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

std::string refusal(const std::string& parameters, const Shape& input) {
  return complaint([&] { static_cast<void>(reshaped(parameters, input)); });
}

TEST_CASE("0 keeps the input's extent, -1 takes what is left") {
  CHECK(reshaped("shape { dim: 0 dim: -1 }", {2, 3, 4, 5}) == Shape{2, 60});
  CHECK(reshaped("shape { dim: 0 dim: -1 dim: 21 }", {2, 84}) == Shape{2, 4, 21});
  CHECK(reshaped("shape { dim: -1 dim: 0 dim: 2 }", {2, 3, 4}) == Shape{4, 3, 2});
  CHECK(reshaped("shape { dim: 6 dim: 4 }", {2, 3, 4}) == Shape{6, 4});
}

TEST_CASE("axis and num_axes limit what is replaced, or insert axes") {
  CHECK(reshaped("shape { dim: 2 dim: -1 } axis: 1 num_axes: 1", {2, 6, 5}) == Shape{2, 2, 3, 5});
  CHECK(reshaped("shape { dim: 30 } axis: 1", {2, 6, 5}) == Shape{2, 30});
  CHECK(reshaped("shape { dim: 1 } axis: -1 num_axes: 0", {2, 6}) == Shape{2, 6, 1});
  CHECK(reshaped("shape { dim: 1 } axis: 0 num_axes: 0", {2, 6}) == Shape{1, 2, 6});
  CHECK(reshaped("shape { dim: 1 dim: 1 } axis: -2 num_axes: 1", {2, 1}) == Shape{2, 1, 1});
  CHECK(reshaped("shape { dim: 3 dim: 0 dim: -1 } axis: 1", {2, 6, 5}) == Shape{2, 3, 5, 2});
}

TEST_CASE("a scalar, which has no axes in Caffe, is one value on one axis") {
  CHECK(reshaped("", {1, 1}) == Shape{1});
}

TEST_CASE("shapes that do not fit are refused by name") {
  const Shape input = {2, 3, 4};
  CHECK(refusal("shape { dim: 5 dim: 5 }", input).rfind("the input [2,3,4] does not fit the shape [5,5]", 0) == 0);
  CHECK(refusal("shape { dim: 5 dim: -1 }", input).rfind("the shape's other extents [5,1] do not divide the 24", 0) ==
        0);
  CHECK(refusal("shape { dim: -1 dim: -1 }", input).rfind("the shape's other extents [1,-1]", 0) == 0);
  CHECK(refusal("shape { dim: 9223372036854775807 dim: 4 dim: -1 }", input).rfind("the shape's other", 0) == 0);
  CHECK(refusal("shape { dim: -24 }", input).rfind("the input [2,3,4] does not fit the shape [-24]", 0) == 0);
  CHECK(refusal("shape { dim: 1 dim: 1 dim: 1 dim: 0 }", input).rfind("extent 3 of the shape is 0", 0) == 0);
  CHECK(refusal("axis: 4", input).rfind("axis is 4", 0) == 0);
  CHECK(refusal("axis: -5", input).rfind("axis is -5", 0) == 0);
  CHECK(refusal("axis: 1 num_axes: 3", input).rfind("num_axes is 3", 0) == 0);
  CHECK(refusal("num_axes: -2", input).rfind("num_axes is -2", 0) == 0);
}

}  // namespace graph_ops_reshape_test
