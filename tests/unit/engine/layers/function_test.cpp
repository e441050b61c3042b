#include "nuq/engine/layers/function.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/engine/net.hpp"
#include "nuq/graph/graph.hpp"

TEST_CASE("an operation that brings its own computation along") {
  nuq::ops::Function halves;  // of a vector, and how many values each has
  halves.shapes = [](const nuq::LayerContext& layer, const std::vector<nuq::Shape>& inputs) {
    if (inputs.front().front() % 2 != 0) layer.fail(nuq::ErrorCode::size_mismatch, "wanted an even number");
    return std::vector<nuq::Shape>{{2, inputs.front().front() / 2}, {1}};
  };
  halves.compute = [](const nuq::LayerContext&, nuq::ArrayView<const nuq::TensorView> inputs,
                      std::vector<nuq::Tensor>& outputs) {
    for (std::size_t at = 0; at < inputs[0].values.size(); ++at) outputs[0].values[at] = -inputs[0].values[at];
    outputs[1].values[0] += static_cast<float>(inputs[0].values.size() / 2);
  };
  nuq::Graph graph;
  graph.values = {{"x", nuq::Value::network_input, {4}}, {"y", 1, {}}, {"count", 1, {}}};
  graph.inputs = {0};
  graph.nodes.resize(2);
  graph.nodes[0].name = "x";
  graph.nodes[0].operation = nuq::ops::Input{};
  graph.nodes[0].outputs = {0};
  graph.nodes[1].name = "halves";
  graph.nodes[1].operation = halves;
  graph.nodes[1].inputs = {0};
  graph.nodes[1].outputs = {1, 2};
  nuq::Net net(graph);
  const nuq::Tensor x({4}, {1, 2, 3, 4});
  net.set_input("x", x.view());
  for (int repetition = 0; repetition < 2; ++repetition) {
    net.forward();
    CHECK(net.output("y").shape == nuq::Shape{2, 2});
    CHECK(net.output("y").values[3] == -4.0F);
    CHECK(net.output("count").values[0] == 2.0F);
  }
}
