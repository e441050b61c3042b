#include "nuq/graph/ops/activations.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

TEST_CASE("Clip needs both ends of its range") {
  const auto clip = [](const std::string& parameters) {
    const nuq::Node node = rule_node("Clip", "clip_param { " + parameters + " }");
    return nuq::output_shapes({node, "net.prototxt"}, {{2, 3}});
  };
  CHECK(clip("min: 0 max: 6") == std::vector<nuq::Shape>{{2, 3}});
  CHECK(complaint([&] { static_cast<void>(clip("min: 0")); }).rfind("clip_param lacks min or max", 0) == 0);
  CHECK(complaint([&] { static_cast<void>(clip("max: 0")); }).rfind("clip_param lacks min or max", 0) == 0);
}
