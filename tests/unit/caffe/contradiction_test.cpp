#include "nuq/caffe/contradiction.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <string>

namespace caffe_contradiction_test {

std::string contradiction_of(const std::string& text) {
  nuq::schema::LayerParameter layer;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return nuq::contradiction_of(layer);
}

TEST_CASE("a window is given once, for both axes together or for each") {
  for (const std::string message : {"convolution_param", "pooling_param"}) {
    const auto of = [&message](const std::string& fields) { return contradiction_of(message + " { " + fields + " }"); };
    CHECK(of("kernel_size: 3 stride: 2 pad: 1").empty());
    CHECK(of("kernel_h: 3 kernel_w: 1 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1").empty());
    CHECK(of("kernel_size: 3 stride_h: 2 stride_w: 1 pad: 1").empty());
    CHECK(of("kernel_size: 3 kernel_h: 3 kernel_w: 3") ==
          message + " has both kernel_size and kernel_h, wanted one of them");
    CHECK(of("kernel_size: 3 kernel_w: 3") == message + " has both kernel_size and kernel_w, wanted one of them");
    CHECK(of("kernel_size: 3 stride: 1 stride_w: 1") == message + " has both stride and stride_w, wanted one of them");
    CHECK(of("kernel_size: 3 pad: 0 pad_h: 0 pad_w: 0") == message + " has both pad and pad_h, wanted one of them");
  }
  CHECK(contradiction_of("convolution_param { kernel_size: 3 kernel_size: 5 pad: 1 pad: 0 }").empty());
}

TEST_CASE("a global pooling has no window of its own") {
  const auto of = [](const std::string& fields) { return contradiction_of("pooling_param { " + fields + " }"); };
  CHECK(of("global_pooling: true").empty());
  CHECK(of("global_pooling: true stride: 1 pad: 0").empty());
  CHECK(of("global_pooling: false kernel_size: 7").empty());
  CHECK(of("global_pooling: true kernel_size: 7") ==
        "pooling_param has both global_pooling and kernel_size, wanted one of them");
  CHECK(of("global_pooling: true kernel_h: 7 kernel_w: 7") ==
        "pooling_param has both global_pooling and kernel_h, wanted one of them");
  CHECK(of("global_pooling: true stride: 2") == "pooling_param has both global_pooling and stride, wanted one of them");
  CHECK(of("global_pooling: true pad_w: 1") == "pooling_param has both global_pooling and pad_w, wanted one of them");
}

TEST_CASE("an axis has one name") {
  CHECK(contradiction_of("concat_param { axis: 1 }").empty());
  CHECK(contradiction_of("concat_param { concat_dim: 1 }").empty());
  CHECK(contradiction_of("concat_param { axis: 1 concat_dim: 1 }") ==
        "concat_param has both axis and concat_dim, wanted one of them");
  CHECK(contradiction_of("slice_param { axis: 1 slice_dim: 1 }") ==
        "slice_param has both axis and slice_dim, wanted one of them");
  CHECK(contradiction_of("prior_box_param { img_size: 300 img_w: 300 }") ==
        "prior_box_param has both img_size and img_w, wanted one of them");
  CHECK(contradiction_of("prior_box_param { step: 8 step_h: 8 step_w: 8 }") ==
        "prior_box_param has both step and step_h, wanted one of them");
}

}  // namespace caffe_contradiction_test
