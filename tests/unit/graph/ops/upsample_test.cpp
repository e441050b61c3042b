#include "nuq/graph/ops/upsample.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_upsample_test {

using nuq::Shape;

Shape output_shape(const std::string& parameters, const std::vector<Shape>& inputs = {{1, 3, 4, 5}}) {
  const nuq::Node node = rule_node("Upsample", "upsample_param { " + parameters + " }");
  return nuq::upsample_shapes({node, "net.prototxt"}, inputs).front();
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
