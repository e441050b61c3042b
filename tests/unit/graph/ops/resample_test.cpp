#include "nuq/graph/ops/resample.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_interp_test {

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Interp", "interp_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

std::string refusal(const std::string& parameters, const Shape& input = {1, 3, 9, 17}) {
  return complaint([&] { static_cast<void>(output_shape(parameters, input)); });
}

TEST_CASE("one factor of Interp wins over height and width, and these over both factors") {
  const Shape input = {1, 3, 9, 17};
  CHECK(output_shape("height: 33 width: 65", input) == Shape{1, 3, 33, 65});
  CHECK(output_shape("zoom_factor: 8", input) == Shape{1, 3, 65, 129});
  CHECK(output_shape("shrink_factor: 2", input) == Shape{1, 3, 5, 9});
  CHECK(output_shape("shrink_factor: 2 zoom_factor: 8", input) == Shape{1, 3, 33, 65});
  CHECK(output_shape("zoom_factor: 8 height: 2 width: 2", input) == Shape{1, 3, 65, 129});
  CHECK(output_shape("shrink_factor: 2 zoom_factor: 8 height: 2 width: 3", input) == Shape{1, 3, 2, 3});
  CHECK(output_shape("pad_beg: -2 pad_end: -1 zoom_factor: 2", input) == Shape{1, 3, 11, 27});
}

TEST_CASE("odd parameters of Interp are refused by name") {
  CHECK(refusal("").rfind("has no output size", 0) == 0);
  CHECK(refusal("height: 5").rfind("has no output size", 0) == 0);
  CHECK(refusal("zoom_factor: 0").rfind("shrink_factor is 1 and zoom_factor 0", 0) == 0);
  CHECK(refusal("zoom_factor: 2 pad_beg: 1").rfind("pad_beg is 1", 0) == 0);
  CHECK(refusal("zoom_factor: 2 pad_beg: -9").rfind("pad_beg and pad_end leave 0 values", 0) == 0);
  CHECK(refusal("zoom_factor: 2 interp_type: 'nearest'").rfind("interp_type is 'nearest'", 0) == 0);
  CHECK(refusal("zoom_factor: 2", {1, 3}).find("[1,3]") != std::string::npos);
}

}  // namespace graph_ops_interp_test

namespace graph_ops_upsample_test {

Shape output_shape(const std::string& parameters, const std::vector<Shape>& inputs = {{1, 3, 4, 5}}) {
  std::string bottoms;
  for (std::size_t input = 0; input < inputs.size(); ++input) bottoms += "bottom: 'blob' ";
  const nuq::Node node = rule_node("Upsample", bottoms + "upsample_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, inputs).front();
}

std::string refusal(const std::string& parameters, const std::vector<Shape>& inputs = {{1, 3, 4, 5}}) {
  return complaint([&] { static_cast<void>(output_shape(parameters, inputs)); });
}

TEST_CASE("extents are multiplied by stride where there is one, else by scale") {
  CHECK(output_shape("scale: 3") == Shape{1, 3, 12, 15});
  CHECK(output_shape("scale: 3 stride: 2") == Shape{1, 3, 8, 10});
  CHECK(output_shape("stride: 3 stride_w: 4") == Shape{1, 3, 12, 20});
  CHECK(output_shape("") == Shape{1, 3, 8, 10});
}

TEST_CASE("SegNet's layer, which has places as second input, gives its extents or a factor") {
  const std::vector<Shape> inputs = {{1, 3, 4, 5}, {1, 3, 4, 5}};
  CHECK(output_shape("", inputs) == Shape{1, 3, 8, 10});
  CHECK(output_shape("scale: 3", inputs) == Shape{1, 3, 12, 15});
  CHECK(output_shape("scale: 2 pad_out_h: true", inputs) == Shape{1, 3, 7, 10});
  CHECK(output_shape("scale_h: 2 scale_w: 3 pad_out_w: true", inputs) == Shape{1, 3, 8, 14});
  CHECK(output_shape("scale: 2 upsample_h: 9 upsample_w: 11", inputs) == Shape{1, 3, 9, 11});
  CHECK(refusal("scale: 0", inputs).rfind("scale is 0", 0) == 0);
  CHECK(refusal("", {{1, 3, 4, 5}, {1, 3, 4, 4}}).rfind("the places have shape [1,3,4,4]", 0) == 0);
}

TEST_CASE("odd parameters of Upsample are refused by name") {
  CHECK(refusal("scale: 1.5").rfind("scale is 1.5", 0) == 0);
  CHECK(refusal("scale: nan").rfind("scale is nan", 0) == 0);
  CHECK(refusal("scale: 1e30").rfind("scale is 1e+30", 0) == 0);
  CHECK(refusal("scale_h: 2").rfind("the factor along the width is 0", 0) == 0);
  CHECK(refusal("stride: -1").rfind("the factor along the height is -1", 0) == 0);
  CHECK(refusal("scale: 2", {{1, 3, 4, 5}, {1, 3, 4, 5}, {1}}).rfind("Upsample has 3 inputs", 0) == 0);
}

}  // namespace graph_ops_upsample_test
