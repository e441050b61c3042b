#include "nuq/graph/ops/roi_pooling.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_roi_pooling_test {

Shape roi_shape(const std::string& parameters, const std::vector<Shape>& inputs) {
  const nuq::Node node = rule_node("ROIPooling", "roi_pooling_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, inputs).front();
}

Shape psroi_shape(const std::string& parameters, const std::vector<Shape>& inputs) {
  const nuq::Node node = rule_node("PSROIPooling", "psroi_pooling_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, inputs).front();
}

TEST_CASE("region pooling has an output for every region") {
  const std::string parameters = "pooled_h: 6 pooled_w: 7 spatial_scale: 0.0625";
  CHECK(roi_shape(parameters, {{1, 512, 38, 50}, {300, 5}}) == Shape{300, 512, 6, 7});
  CHECK(roi_shape(parameters, {{1, 512, 38, 50}, {300, 5, 1, 1}}) == Shape{300, 512, 6, 7});
  CHECK(psroi_shape("output_dim: 21 group_size: 7 spatial_scale: 0.0625", {{1, 1029, 38, 50}, {300, 5}}) ==
        Shape{300, 21, 7, 7});
}

TEST_CASE("scales of region pooling may differ by axis") {
  const nuq::Node node =
      rule_node("ROIPooling", "roi_pooling_param { pooled_h: 1 pooled_w: 1 spatial_scale: 0.5 spatial_scale_h: 0.25 }");
  const nuq::RoiPoolingGeometry geometry =
      nuq::roi_pooling_geometry(node.operation.get<nuq::ops::RoiPooling>(), nuq::LayerRef(node), {1, 1, 4, 4}, {2, 5});
  CHECK(geometry.scale_y == 0.25F);
  CHECK(geometry.scale_x == 0.5F);
}

TEST_CASE("inputs and parameters of region pooling that do not fit are refused by name") {
  const auto roi_refusal = [](const std::string& parameters, const std::vector<Shape>& inputs) {
    return complaint([&] { static_cast<void>(roi_shape(parameters, inputs)); });
  };
  const auto psroi_refusal = [](const std::string& parameters, const std::vector<Shape>& inputs) {
    return complaint([&] { static_cast<void>(psroi_shape(parameters, inputs)); });
  };
  const std::vector<Shape> inputs = {{1, 8, 9, 9}, {2, 5}};
  CHECK(roi_refusal("pooled_h: 2 pooled_w: 2", {{1, 8, 9, 9}}).rfind("ROIPooling has 1 inputs", 0) == 0);
  CHECK(roi_refusal("pooled_h: 2 pooled_w: 2", {{1, 8, 9, 9}, {2, 4}}).rfind("the regions have shape [2,4]", 0) == 0);
  CHECK(roi_refusal("pooled_w: 2", inputs).rfind("pooled_h is 0", 0) == 0);
  CHECK(roi_refusal("pooled_h: 2", inputs).rfind("pooled_w is 0", 0) == 0);
  CHECK(roi_refusal("pooled_h: 2 pooled_w: 2 spatial_scale: nan", inputs).rfind("spatial_scale is nan", 0) == 0);
  CHECK(psroi_refusal("output_dim: 2 group_size: 2", inputs).rfind("spatial_scale is 0", 0) == 0);
  CHECK(psroi_refusal("output_dim: 3 group_size: 2 spatial_scale: 1", inputs)
            .rfind("the feature map has 8 channels", 0) == 0);
  CHECK(psroi_refusal("output_dim: 3 group_size: -1 spatial_scale: 1", inputs).rfind("group_size is -1", 0) == 0);
}

}  // namespace graph_ops_roi_pooling_test
