#include "nuq/graph/ops/interp.hpp"

#include <doctest/doctest.h>

#include <string>

#include "rule_cases.hpp"

namespace graph_ops_interp_test {

using nuq::Shape;

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("Interp", "interp_param { " + parameters + " }");
  return nuq::interp_shapes({node, "net.prototxt"}, {input}).front();
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
