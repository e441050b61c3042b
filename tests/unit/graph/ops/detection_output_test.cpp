#include "nuq/graph/ops/detection_output.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_detection_output_test {

using nuq::DetectionOutputGeometry;
using nuq::Shape;

DetectionOutputGeometry geometry(const std::string& parameters, const Shape& locations = {2, 24},
                                 const Shape& confidences = {2, 18}, const Shape& priors = {1, 2, 24}) {
  const nuq::Node node = rule_node("DetectionOutput", "detection_output_param { num_classes: 3 " + parameters + " }");
  return nuq::detection_output_geometry({node, "net.prototxt"}, locations, confidences, priors);
}

std::string refusal(const std::string& parameters, const Shape& locations = {2, 24}, const Shape& confidences = {2, 18},
                    const Shape& priors = {1, 2, 24}) {
  return complaint([&] { static_cast<void>(geometry(parameters, locations, confidences, priors)); });
}

TEST_CASE("the output has a row for as many detections as an image can have") {
  CHECK(geometry("keep_top_k: 5").output_shape() == Shape{1, 1, 10, 7});
  CHECK(geometry("").output_shape() == Shape{1, 1, 2 * 2 * 6, 7});
  CHECK(geometry("nms_param { top_k: 4 }").output_shape() == Shape{1, 1, 2 * 2 * 4, 7});
  CHECK(geometry("nms_param { top_k: 4 } background_label_id: -1").output_shape() == Shape{1, 1, 2 * 3 * 4, 7});
  CHECK(geometry("nms_param { top_k: 400 }").candidates == 6);
}

TEST_CASE("parameters of DetectionOutput have SSD's defaults") {
  const DetectionOutputGeometry g = geometry("");
  CHECK(g.location_classes == 1);
  CHECK(g.background == 0);
  CHECK(g.overlap_threshold == 0.3F);
  CHECK(g.overlap_decay == 1.0F);
  CHECK(g.code_type == nuq::schema::PriorBoxParameter::CORNER);
  CHECK(!g.variance_encoded);
  CHECK(g.confidence_threshold < -1e38F);
}

TEST_CASE("inputs of DetectionOutput that do not fit the prior boxes are refused by name") {
  CHECK_NOTHROW(geometry("share_location: false", {2, 72}));
  CHECK_NOTHROW(geometry("", {2, 24, 1, 1}, {2, 18, 1, 1}, {1, 2, 24, 1}));
  CHECK(refusal("share_location: false").rfind("the locations have shape [2,24], wanted [2,72]", 0) == 0);
  CHECK(refusal("", {2, 24}, {2, 19}).rfind("the confidences have shape [2,19], wanted [2,18]", 0) == 0);
  CHECK(refusal("", {2, 24}, {1, 18}).rfind("the confidences have shape [1,18]", 0) == 0);
  CHECK(refusal("", {2, 24}, {2, 18}, {1, 2, 26}).rfind("the prior boxes have shape [1,2,26]", 0) == 0);
  CHECK(refusal("", {2, 24}, {2, 18}, {1, 1, 24}).rfind("the prior boxes have shape [1,1,24]", 0) == 0);
  CHECK_NOTHROW(geometry("variance_encoded_in_target: true", {2, 24}, {2, 18}, {1, 1, 24}));
}

TEST_CASE("DetectionOutput takes three inputs, an image besides, or those of a first stage") {
  const auto shapes = [](std::vector<Shape> more) {
    const nuq::Node node = rule_node("DetectionOutput", "detection_output_param { num_classes: 3 }");
    std::vector<Shape> inputs = {{2, 24}, {2, 18}, {1, 2, 24}};
    inputs.insert(inputs.end(), more.begin(), more.end());
    return nuq::detection_output_shapes({node, "net.prototxt"}, inputs);
  };
  CHECK(shapes({}) == shapes({{2, 3, 8, 8}}));
  CHECK(shapes({}) == shapes({{2, 12}, {2, 24}}));
  CHECK(complaint([&] {
          shapes({{2, 18}, {2, 24}});
        }).rfind("the objectness values have shape [2,18], wanted [2,12]", 0) == 0);
  CHECK(complaint([&] { shapes({{2, 12}, {1, 24}}); }).rfind("the first locations have shape [1,24]", 0) == 0);
  CHECK(complaint([&] { shapes({{2, 12}, {2, 24}, {1}}); }).rfind("DetectionOutput has 6 inputs", 0) == 0);
}

TEST_CASE("odd parameters of DetectionOutput are refused by name") {
  const nuq::Node no_classes = rule_node("DetectionOutput", "");
  CHECK(complaint([&] {
          static_cast<void>(nuq::detection_output_geometry({no_classes, "net.prototxt"}, {2, 24}, {2, 18}, {1, 2, 24}));
        }).rfind("num_classes is 0", 0) == 0);
  CHECK(refusal("nms_param { nms_threshold: -0.5 }").rfind("nms_threshold is -0.5", 0) == 0);
  CHECK(refusal("nms_param { nms_threshold: nan }").rfind("nms_threshold is nan", 0) == 0);
  CHECK(refusal("nms_param { eta: 0 }").rfind("eta is 0", 0) == 0);
  CHECK(refusal("nms_param { eta: 1.5 }").rfind("eta is 1.5", 0) == 0);
  CHECK(refusal("keep_top_k: 0").rfind("an image has up to 0 detections", 0) == 0);
  CHECK(refusal("keep_top_k: 2000000000").rfind("an image has up to 2000000000 detections", 0) == 0);
}

}  // namespace graph_ops_detection_output_test
