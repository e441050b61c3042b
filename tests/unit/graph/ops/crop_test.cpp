#include "nuq/graph/ops/crop.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_crop_test {

using nuq::Shape;

Shape cropped(const std::string& parameters, const Shape& input, const Shape& like) {
  const nuq::Node node = rule_node("Crop", "crop_param { " + parameters + " }");
  return nuq::crop_shapes({node, "net.prototxt"}, {input, like}).front();
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
