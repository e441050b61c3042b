#include "nuq/graph/ops/prior_box.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_prior_box_test {

using nuq::PriorBoxGeometry;
using nuq::Shape;

PriorBoxGeometry geometry(const std::string& parameters) {
  const nuq::Node node = rule_node("PriorBox", "prior_box_param { " + parameters + " }");
  return nuq::prior_box_geometry({node, "net.prototxt"}, {2, 64, 5, 10}, {2, 3, 100, 300});
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
