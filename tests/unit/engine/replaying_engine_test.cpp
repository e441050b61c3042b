#include "nuq/engine/replaying_engine.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/operation.hpp"

using nuq::ArrayView;
using nuq::Node;
using nuq::Tensor;
using nuq::TensorView;

namespace replaying_engine_test {

/// x → unknown → y → relu → z, and a copy of z over itself.
nuq::Graph chain() {
  nuq::Graph graph;
  graph.values = {{"x", nuq::Value::network_input, {}}, {"y", 0, {}}, {"z", 1, {}}, {"z", 2, {}}};
  graph.inputs = {0};
  const auto add = [&graph](const char* name, nuq::Operation operation, std::size_t input, std::size_t output) {
    Node node;
    node.name = name;
    node.operation = std::move(operation);
    node.inputs = {input};
    node.outputs = {output};
    graph.nodes.push_back(std::move(node));
  };
  add("unknown", nuq::ops::Unknown{"unknown", {}}, 0, 1);
  add("relu", nuq::ops::Relu{}, 1, 2);
  add("again", nuq::ops::Relu{}, 2, 3);
  return graph;
}

struct Shown {
  std::string layer;
  std::vector<float> input;
  bool has_output;
};

std::vector<Shown> shown(const nuq::ReplayingEngine& engine) {
  std::vector<Shown> layers;
  engine.forward([&](const Node& node, ArrayView<const TensorView> inputs, ArrayView<const TensorView> outputs) {
    const auto& values = inputs[0].values;
    layers.push_back({node.name, {values.begin(), values.end()}, outputs[0].values.size() > 0});
  });
  return layers;
}

}  // namespace replaying_engine_test
using namespace replaying_engine_test;

TEST_CASE("layers see the values that were set, whatever stands before them") {
  nuq::ReplayingEngine engine;
  engine.load(chain());
  CHECK(shown(engine).empty());
  engine.set_input("y", Tensor({2}, {1, 2}).view());
  REQUIRE(shown(engine).size() == 1);
  CHECK(shown(engine)[0].layer == "relu");
  CHECK(shown(engine)[0].input == std::vector<float>{1, 2});
  CHECK(!shown(engine)[0].has_output);
  engine.set_input("x", Tensor({1}, {5}).view());
  REQUIRE(shown(engine).size() == 2);
  CHECK(shown(engine)[0].layer == "unknown");
  CHECK(shown(engine)[0].has_output);
  engine.load(chain());
  CHECK(shown(engine).empty());
}

TEST_CASE("blobs that the network has not, or that are overwritten, are refused") {
  nuq::ReplayingEngine engine;
  engine.load(chain());
  const Tensor one({1}, {1});
  CHECK(error_of<nuq::ConfigError>([&] { engine.set_input("w", one.view()); }).says("no blob 'w'"));
  CHECK(error_of<nuq::ModelError>([&] { engine.set_input("z", one.view()); }).says("blob 'z' is overwritten"));
}

TEST_CASE("an engine that replays says so through every type") {
  static_assert(nuq::replays<nuq::ReplayingEngine>());
  static_assert(!nuq::replays<nuq::EigenEngine>());
  CHECK(nuq::AnyEngine(nuq::ReplayingEngine()).is_replaying());
  CHECK(!nuq::AnyEngine(nuq::EigenEngine()).is_replaying());
}
