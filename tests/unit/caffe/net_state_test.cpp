#include "nuq/caffe/net_state.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <utility>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"

namespace caffe_net_state_test {

bool included(const std::string& layer_text, const std::string& state_text = "") {
  nuq::schema::LayerParameter layer;
  nuq::Model model;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(layer_text, &layer));
  REQUIRE(google::protobuf::TextFormat::ParseFromString("state { " + state_text + " }", &model.net));
  return nuq::is_included(layer, nuq::network_state(model));
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

const std::string rules =
    "input: 'data' input_shape { dim: 1 }\n"
    "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'a' include { phase: TRAIN } }\n"
    "layer { name: 'b' type: 'ReLU' bottom: 'data' top: 'b' include { phase: TEST stage: 'deploy' } }\n"
    "layer { name: 'c' type: 'ReLU' bottom: 'data' top: 'c' exclude { stage: 'deploy' } }\n"
    "layer { name: 'd' type: 'ReLU' bottom: 'data' top: 'd' include { min_level: 2 not_stage: 'val' } }\n";

/// The layers of the network of a state, as read, and as a reader of what is written of it finds them.
std::string layers_of(const nuq::NetworkState& state, const std::string& text = rules) {
  const auto names = [](nuq::Model model) {
    std::string joined;
    for (const nuq::Node& node : nuq::build_graph(std::make_shared<const nuq::Model>(std::move(model))).nodes)
      joined += node.name;
    return joined;
  };
  nuq::Model model = nuq::parse_model(text, {}, "net.prototxt", "");
  model.options.state = state;
  nuq::choose_state(model);
  nuq::Model again = nuq::parse_model(model.text, {}, "net.prototxt", "");
  again.options.state.training = state.training;
  CHECK(names(std::move(again)) == names(model));
  return names(std::move(model));
}

TEST_CASE("phase, stages and level choose among a file's layers") {
  CHECK(layers_of({}) == "c");
  CHECK(layers_of({true, {}, {}}) == "ac");
  CHECK(layers_of({false, {}, {"deploy"}}) == "b");
  CHECK(layers_of({false, 2, {"deploy"}}) == "bd");
  CHECK(layers_of({false, 3, {}}) == "cd");
  CHECK(layers_of({false, 2, {"val"}}) == "c");
}

TEST_CASE("a file's own stages and level hold where nothing is asked for, and join what is") {
  const std::string stated = "# a net\nstate: { level: 2 stage: 'deploy' } " + rules;
  CHECK(layers_of({}, stated) == "bd");
  CHECK(layers_of({false, 0, {"val"}}, stated) == "b");
  CHECK(layers_of({false, {}, {"deploy"}}, "\xEF\xBB\xBF" + rules) == "b");
}

TEST_CASE("all but the state stays verbatim, and without a wish for one everything does") {
  nuq::Model model = nuq::parse_model(rules, {}, "net.prototxt", "");
  model.options.state = {true, {}, {}};
  nuq::choose_state(model);
  CHECK(model.text == rules);
  model.options.state = {false, 1, {"deploy"}};
  nuq::choose_state(model);
  CHECK(model.text == "state { level: 1 stage: \"deploy\" }\n" + rules);
}

TEST_CASE("a stage that no layer has a rule for is refused with those there are") {
  nuq::Model model = nuq::parse_model(rules, {}, "net.prototxt", "");
  model.options.state.stages = {"depoly"};
  CHECK_THROWS_WITH_AS(nuq::choose_state(model),
                       "nuq: net.prototxt: no layer has a rule for stage 'depoly', wanted 'deploy', 'val'",
                       nuq::ConfigError);
}

}  // namespace caffe_net_state_test
