#include "nuq/engine/net.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"

TEST_CASE("a net runs the graph it was made of and keeps it") {
  const std::string text = "name: 'tiny' input: 'data' layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'out' } ";
  nuq::Net net(nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", ""))), 2);
  CHECK(net.graph().name == "tiny");
  net.set_input("data", nuq::Tensor({2}, {-1.0F, 2.0F}).view());
  net.forward();
  CHECK(net.output("out").values[0] == 0.0F);
  CHECK(net.output("out").values[1] == 2.0F);

  std::vector<std::string> seen;
  net.forward([&seen](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>,
                      nuq::ArrayView<const nuq::TensorView>) { seen.push_back(node.name); });
  CHECK(seen == std::vector<std::string>{"relu"});
}

TEST_CASE("a net of files that do not exist names them") {
  CHECK(error_of<nuq::Error>([] { nuq::Net("missing.prototxt", "missing.caffemodel"); }).says("missing.prototxt"));
}

TEST_CASE("a net computes in the memory of another one, of any size") {
  const auto net_of = [](const std::string& layers, nuq::detail::EngineMemory memory) {
    const std::string text = "input: 'data' " + layers;
    return nuq::Net(
        nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", ""))), 2, {},
        std::move(memory));
  };
  const std::string relu = "layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'out' } ";
  const std::string abs = "layer { name: 'abs' type: 'AbsVal' bottom: 'out' top: 'abs' } ";
  nuq::detail::EngineMemory memory;
  for (const std::string& layers : {relu + abs, relu, relu + abs}) {
    nuq::Net net = net_of(layers, std::move(memory));
    CHECK(error_of<nuq::Error>([&] { static_cast<void>(net.output("out")); }).says("before forward"));
    net.set_input("data", nuq::Tensor({2}, {-1.0F, 2.0F}).view());
    net.forward();
    CHECK(net.output("out").values[0] == 0.0F);
    CHECK(net.output("out").values[1] == 2.0F);
    memory = std::move(net).release_memory();
  }
}
