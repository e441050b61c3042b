#include "nuq/caffe/net_state.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <string>

namespace caffe_net_state_test {

bool included(const std::string& layer_text, const std::string& state_text = "") {
  nuq::schema::LayerParameter layer;
  nuq::schema::NetParameter net;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(layer_text, &layer));
  REQUIRE(google::protobuf::TextFormat::ParseFromString("state { " + state_text + " }", &net));
  return nuq::is_included(layer, nuq::inference_state(net));
}

TEST_CASE("a layer without rules belongs to the network") {
  CHECK(included(""));
  CHECK(included("phase: TRAIN"));
}

TEST_CASE("the phase is TEST, whatever the file says") {
  CHECK(included("include { phase: TEST }", "phase: TRAIN"));
  CHECK_FALSE(included("include { phase: TRAIN }", "phase: TRAIN"));
  CHECK_FALSE(included("exclude { phase: TEST }"));
  CHECK(included("exclude { phase: TRAIN }"));
}

TEST_CASE("any include rule suffices, any exclude rule excludes") {
  CHECK(included("include { phase: TRAIN } include { phase: TEST }"));
  CHECK_FALSE(included("exclude { phase: TRAIN } exclude { phase: TEST }"));
}

TEST_CASE("an empty rule is always met") {
  CHECK(included("include { }"));
  CHECK_FALSE(included("exclude { }"));
}

TEST_CASE("levels are bounds, the file's own level counts") {
  CHECK(included("include { min_level: 0 max_level: 0 }"));
  CHECK_FALSE(included("include { min_level: 1 }"));
  CHECK(included("include { min_level: 1 }", "level: 1"));
  CHECK_FALSE(included("include { max_level: 1 }", "level: 2"));
  CHECK_FALSE(included("include { max_level: -1 }"));
}

TEST_CASE("all stages of a rule must be set, none of its not_stages") {
  CHECK_FALSE(included("include { stage: 'a' }"));
  CHECK(included("include { stage: 'a' }", "stage: 'a' stage: 'b'"));
  CHECK(included("include { stage: 'a' stage: 'b' }", "stage: 'b' stage: 'a'"));
  CHECK_FALSE(included("include { stage: 'a' stage: 'b' }", "stage: 'a'"));
  CHECK(included("include { not_stage: 'a' }"));
  CHECK_FALSE(included("include { not_stage: 'a' not_stage: 'b' }", "stage: 'b'"));
}

TEST_CASE("all conditions of one rule must hold together") {
  CHECK_FALSE(included("include { phase: TEST stage: 'a' }"));
  CHECK(included("exclude { phase: TEST stage: 'a' }"));
}

}  // namespace caffe_net_state_test
