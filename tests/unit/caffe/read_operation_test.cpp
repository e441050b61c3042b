#include "nuq/caffe/read_operation.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <vector>

#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"

namespace caffe_read_operation_test {

nuq::Operation operation_of(const std::string& text) {
  nuq::schema::LayerParameter layer;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return nuq::read_operation(layer);
}

/// The attributes of a layer that is known to be such an operation.
template <class Op>
Op read(const std::string& text) {
  const nuq::Operation operation = operation_of(text);
  REQUIRE(operation.is<Op>());
  return operation.get<Op>();
}

TEST_CASE("a layer of unknown type is said to be unknown") {
  CHECK(read<nuq::ops::Unknown>("type: 'Fancy'").type == "Fancy");
}

TEST_CASE("the older name of an axis wins in a Concat and is read in a Slice") {
  using nuq::ops::Concat;
  using nuq::ops::Slice;
  CHECK(read<Concat>("type: 'Concat'").axis == 1);
  CHECK(read<Concat>("type: 'Concat' concat_param { axis: 2 concat_dim: 3 }").axis == 3);
  CHECK(read<Slice>("type: 'Slice'").axis == 1);
  CHECK(read<Slice>("type: 'Slice' slice_param { slice_dim: 2 }").axis == 2);
}

TEST_CASE("an Interp has a size or factors, whichever wins") {
  const auto interp = [](const std::string& parameters) {
    return read<nuq::ops::Interp>("type: 'Interp' interp_param { " + parameters + " }");
  };
  CHECK(interp("height: 3 width: 4").size == nuq::ops::AxisValues{3, 4});
  CHECK(interp("height: 3 width: 4 zoom_factor: 2").size.empty());
  CHECK(interp("height: 3 width: 4 zoom_factor: 2 shrink_factor: 2").size == nuq::ops::AxisValues{3, 4});
  CHECK(!interp("height: 3").factors);
  CHECK(interp("zoom_factor: 2").factors.value().zoom == 2);
  CHECK(interp("zoom_factor: 2").factors.value().shrink == 1);
}

TEST_CASE("an Upsample repeats values by stride or scale; with a second bottom it is SegNet's") {
  const auto upsample = [](const std::string& parameters) {
    return read<nuq::ops::Upsample>("type: 'Upsample' bottom: 'a' upsample_param { " + parameters + " }");
  };
  CHECK(upsample("stride_h: 3 scale: 0.5").factor_y == 3);
  CHECK(upsample("stride_h: 3 scale: 0.5").factor_x == 2);
  CHECK(upsample("stride_h: 3 scale: 0.5").value == 0.5F);
  CHECK(upsample("scale: 3").scale == 3.0F);
  CHECK(upsample("scale: 3").value == 1.0F);
  CHECK(upsample("scale_h: 3 scale_w: 4").factor_x == 4);

  const auto unpool = [](const std::string& parameters) {
    const std::string bottoms = "bottom: 'a' bottom: 'places' ";
    return read<nuq::ops::MaxUnpool>("type: 'Upsample' " + bottoms + "upsample_param { " + parameters + " }");
  };
  CHECK(unpool("").scale == 2.0);
  CHECK(unpool("upsample_h: 3").size.empty());
  CHECK(unpool("upsample_h: 3 upsample_w: 4").size == nuq::ops::AxisValues{3, 4});
  CHECK(unpool("scale_h: 3 pad_out_h: true").factors == nuq::ops::AxisValues{3, 0});
  CHECK(unpool("scale_h: 3 pad_out_h: true").shorter_y);
}

TEST_CASE("the more precise extents and steps of a PriorBox win") {
  const auto prior = [](const std::string& parameters) {
    return read<nuq::ops::PriorBox>("type: 'PriorBox' prior_box_param { " + parameters + " }");
  };
  CHECK(prior("").image.empty());
  CHECK(prior("img_size: 300").image == nuq::ops::AxisValues{300});
  CHECK(prior("img_size: 300 img_h: 100").image == nuq::ops::AxisValues{100, 0});
  CHECK(prior("step: 8").steps == std::vector<float>{8});
  CHECK(prior("step: 8 step_h: 1 step_w: 2").steps == std::vector<float>{1, 2});
}

TEST_CASE("a box code, a reduction and a neighbourhood have names of their own") {
  CHECK(read<nuq::ops::DetectionOutput>("type: 'DetectionOutput' detection_output_param { code_type: CENTER_SIZE }")
            .code == nuq::ops::BoxCode::center_size);
  CHECK(read<nuq::ops::Reduction>("type: 'Reduction' reduction_param { operation: SUMSQ }").method ==
        nuq::ops::ReductionMethod::sum_of_squares);
  CHECK(!read<nuq::ops::Lrn>("type: 'LRN' lrn_param { norm_region: WITHIN_CHANNEL }").across_channels);
}

}  // namespace caffe_read_operation_test
