#include "nuq/graph/ops/slicing.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_crop_test {

Shape cropped(const std::string& parameters, const Shape& input, const Shape& like) {
  const nuq::Node node = rule_node("Crop", "crop_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input, like}).front();
}

std::string refusal(const std::string& parameters, const Shape& input, const Shape& like) {
  return complaint([&] { static_cast<void>(cropped(parameters, input, like)); });
}

TEST_CASE("extents come from the second input from the axis on") {
  CHECK(cropped("", {2, 3, 5, 6}, {9, 9, 4, 3}) == Shape{2, 3, 4, 3});
  CHECK(cropped("axis: 1 offset: 1", {2, 3, 5, 6}, {9, 1, 4, 3}) == Shape{2, 1, 4, 3});
  CHECK(cropped("axis: -1 offset: 3", {2, 6}, {9, 3}) == Shape{2, 3});
}

TEST_CASE("parts that do not lie within the first input are refused by name") {
  const Shape input = {2, 3, 5, 6};
  CHECK(refusal("offset: 2", input, {2, 3, 4, 4}).rfind("along axis 2 ", 0) == 0);
  CHECK(refusal("offset: 0 offset: 3", input, {2, 3, 4, 4}).rfind("along axis 3 ", 0) == 0);
  CHECK(refusal("", input, {2, 3, 5}).rfind("along axis 3 ", 0) == 0);
  CHECK(refusal("offset: 4294967295", input, {1, 1, 1, 1}).rfind("along axis 2 ", 0) == 0);
  CHECK(refusal("axis: 1 offset: 0 offset: 0", input, input).rfind("offset has 2 values, wanted 1 or 3", 0) == 0);
  CHECK(refusal("axis: 4", input, input).rfind("axis is 4", 0) == 0);
}

}  // namespace graph_ops_crop_test

namespace graph_ops_slice_test {

using Shapes = std::vector<Shape>;

Shapes sliced(const std::string& parameters, std::size_t outputs, const Shape& input) {
  nuq::Node node = rule_node("Slice", "slice_param { " + parameters + " }");
  node.outputs.assign(outputs, 1);
  return nuq::output_shapes({node, "net.prototxt"}, {input});
}

std::string refusal(const std::string& parameters, std::size_t outputs, const Shape& input) {
  return complaint([&] { static_cast<void>(sliced(parameters, outputs, input)); });
}

TEST_CASE("an axis is cut into equal pieces, or where the slice points say") {
  CHECK(sliced("", 3, {2, 6, 5}) == Shapes(3, Shape{2, 2, 5}));
  CHECK(sliced("axis: -1", 5, {2, 6, 5}) == Shapes(5, Shape{2, 6, 1}));
  CHECK(sliced("slice_dim: 0", 2, {2, 6, 5}) == Shapes(2, Shape{1, 6, 5}));
  CHECK(sliced("slice_point: 1 slice_point: 4", 3, {2, 6, 5}) == Shapes{{2, 1, 5}, {2, 3, 5}, {2, 2, 5}});
  CHECK(sliced("", 1, {2, 6}) == Shapes{{2, 6}});
}

TEST_CASE("pieces that do not fit the axis or the outputs are refused by name") {
  const Shape input = {2, 6, 5};
  CHECK(refusal("", 4, input).rfind("an axis of 6 values is to be cut into 4 equal outputs", 0) == 0);
  CHECK(refusal("slice_point: 3", 3, input).rfind("slice_point has 1 values for 3 outputs", 0) == 0);
  CHECK(refusal("slice_point: 3 slice_point: 3", 3, input).rfind("slice_point is 3", 0) == 0);
  CHECK(refusal("slice_point: 6", 2, input).rfind("slice_point is 6", 0) == 0);
  CHECK(refusal("slice_point: 0", 2, input).rfind("slice_point is 0", 0) == 0);
  CHECK(refusal("axis: 3", 2, input).rfind("axis is 3", 0) == 0);
}

}  // namespace graph_ops_slice_test
