#include "nuq/graph/ops/detection.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::DetectionOutputGeometry;
using nuq::PriorBoxGeometry;
using nuq::Shape;

namespace graph_ops_prior_box_test {

PriorBoxGeometry geometry(const std::string& parameters) {
  const nuq::Node node = rule_node("PriorBox", "prior_box_param { " + parameters + " }");
  const nuq::LayerRef layer(node, "net.prototxt");
  return nuq::prior_box_geometry(layer.operation<nuq::ops::PriorBox>(), layer, {2, 64, 5, 10}, {2, 3, 100, 300});
}

std::string refusal(const std::string& parameters) {
  return complaint([&] { static_cast<void>(geometry(parameters)); });
}

TEST_CASE("a position has a box for each min_size and max_size, and for each min_size and other aspect ratio") {
  CHECK(geometry("min_size: 10").output_shape() == Shape{1, 2, 5 * 10 * 4});
  CHECK(geometry("min_size: 10 min_size: 20 min_size: 30").sizes.size() == 3);
  CHECK(geometry("min_size: 10 max_size: 20").sizes.size() == 2);
  CHECK(geometry("min_size: 10 max_size: 20 aspect_ratio: 2 aspect_ratio: 3").sizes.size() == 6);
  CHECK(geometry("min_size: 10 max_size: 20 aspect_ratio: 2 aspect_ratio: 3 flip: false").sizes.size() == 4);
  CHECK(geometry("min_size: 10 min_size: 30 max_size: 20 max_size: 40 aspect_ratio: 2").sizes.size() == 8);
}

TEST_CASE("an aspect ratio of 1, a repeated one and the inverse of a flipped one add no box") {
  CHECK(geometry("min_size: 10 aspect_ratio: 1").sizes.size() == 1);
  CHECK(geometry("min_size: 10 aspect_ratio: 2 aspect_ratio: 2").sizes.size() == 3);
  CHECK(geometry("min_size: 10 aspect_ratio: 2 aspect_ratio: 0.5").sizes.size() == 3);
  CHECK(geometry("min_size: 10 aspect_ratio: 2 aspect_ratio: 0.5 flip: false").sizes.size() == 3);
}

TEST_CASE("image and steps come from the parameters, else from the inputs") {
  PriorBoxGeometry g = geometry("min_size: 10");
  CHECK(g.image_height == 100.0F);
  CHECK(g.image_width == 300.0F);
  CHECK(g.step_y == 20.0F);
  CHECK(g.step_x == 30.0F);
  CHECK(g.offset == 0.5F);
  CHECK(g.variances == std::array<float, 4>{0.1F, 0.1F, 0.1F, 0.1F});

  g = geometry("min_size: 10 img_size: 200 step: 8 variance: 0.3 offset: 0");
  CHECK(g.image_height == 200.0F);
  CHECK(g.image_width == 200.0F);
  CHECK(g.step_y == 8.0F);
  CHECK(g.step_x == 8.0F);
  CHECK(g.offset == 0.0F);
  CHECK(g.variances == std::array<float, 4>{0.3F, 0.3F, 0.3F, 0.3F});

  g = geometry("min_size: 10 img_h: 50 img_w: 60 step_h: 4 step_w: 5 variance: 1 variance: 2 variance: 3 variance: 4");
  CHECK(g.image_height == 50.0F);
  CHECK(g.image_width == 60.0F);
  CHECK(g.step_y == 4.0F);
  CHECK(g.step_x == 5.0F);
  CHECK(g.variances == std::array<float, 4>{1.0F, 2.0F, 3.0F, 4.0F});
}

TEST_CASE("missing, odd and absurd parameters of a PriorBox are refused by name") {
  CHECK(refusal("").rfind("has no min_size", 0) == 0);
  CHECK(refusal("min_size: 0").rfind("min_size is 0", 0) == 0);
  CHECK(refusal("min_size: nan").rfind("min_size is nan", 0) == 0);
  CHECK(refusal("min_size: 1e30").rfind("min_size is 1e+30", 0) == 0);
  CHECK(refusal("min_size: 10 min_size: 20 max_size: 30").rfind("has 1 values of max_size", 0) == 0);
  CHECK(refusal("min_size: 10 max_size: 10").rfind("max_size is 10", 0) == 0);
  CHECK(refusal("min_size: 10 aspect_ratio: -1").rfind("aspect_ratio is -1", 0) == 0);
  CHECK(refusal("min_size: 10 variance: 1 variance: 2").rfind("has 2 values of variance", 0) == 0);
  CHECK(refusal("min_size: 10 variance: 0").rfind("variance is 0", 0) == 0);
  CHECK(refusal("min_size: 10 step_h: 8").rfind("step_w is 0", 0) == 0);
  CHECK(refusal("min_size: 10 img_w: 8").rfind("img_h is 0", 0) == 0);
}

}  // namespace graph_ops_prior_box_test

namespace graph_ops_detection_output_test {

DetectionOutputGeometry geometry(const std::string& parameters, const Shape& locations = {2, 24},
                                 const Shape& confidences = {2, 18}, const Shape& priors = {1, 2, 24}) {
  const nuq::Node node = rule_node("DetectionOutput", "detection_output_param { num_classes: 3 " + parameters + " }");
  const nuq::LayerRef layer(node, "net.prototxt");
  return nuq::detection_output_geometry(layer.operation<nuq::ops::DetectionOutput>(), layer, locations, confidences,
                                        priors);
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
  CHECK(g.code == nuq::ops::BoxCode::corner);
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
    return nuq::output_shapes({node, "net.prototxt"}, inputs);
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
          static_cast<void>(nuq::output_shapes({no_classes, "net.prototxt"}, {{2, 24}, {2, 18}, {1, 2, 24}}));
        }).rfind("num_classes is 0", 0) == 0);
  CHECK(refusal("nms_param { nms_threshold: -0.5 }").rfind("nms_threshold is -0.5", 0) == 0);
  CHECK(refusal("nms_param { nms_threshold: nan }").rfind("nms_threshold is nan", 0) == 0);
  CHECK(refusal("nms_param { eta: 0 }").rfind("eta is 0", 0) == 0);
  CHECK(refusal("nms_param { eta: 1.5 }").rfind("eta is 1.5", 0) == 0);
  CHECK(refusal("keep_top_k: 0").rfind("an image has up to 0 detections", 0) == 0);
  CHECK(refusal("keep_top_k: 2000000000").rfind("an image has up to 2000000000 detections", 0) == 0);
}

}  // namespace graph_ops_detection_output_test
