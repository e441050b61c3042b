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

TEST_CASE("bases that have no logarithm are refused by name") {
  const auto exp = [](const std::string& base) {
    const nuq::Node node = rule_node("Exp", "exp_param { base: " + base + " }");
    return complaint([&] { static_cast<void>(nuq::output_shapes({node, "net.prototxt"}, {{2, 3}})); });
  };
  const auto log = [](const std::string& base) {
    const nuq::Node node = rule_node("Log", "log_param { base: " + base + " }");
    return complaint([&] { static_cast<void>(nuq::output_shapes({node, "net.prototxt"}, {{2, 3}})); });
  };
  for (const std::string base : {"0", "-2", "inf", "nan"}) {
    CHECK(exp(base).rfind("base is " + base, 0) == 0);
    CHECK(log(base).rfind("base is " + base, 0) == 0);
  }
  CHECK(log("1").rfind("base is 1", 0) == 0);
  CHECK(exp("1") == "(not named) (no error)");
}
