#include "nuq/amct/nuq_layer_record.hpp"

#include <doctest/doctest.h>

#include "network.hpp"

TEST_CASE("layers with a codebook are listed in network order on one line") {
  const nuq::Graph graph = network(small_network);
  nuq::NetworkQuantization quantization;
  CHECK(nuq::nuq_layer_record(graph, quantization) == "");
  quantization["conv2"];
  quantization["fc"].codebook = nuq::Codebook::all();
  CHECK(nuq::nuq_layer_record(graph, quantization) == "fc");
  quantization["conv1"].codebook = nuq::Codebook::all();
  CHECK(nuq::nuq_layer_record(graph, quantization) == "conv1;fc");
}

TEST_CASE("a name that the compiler could not read is left out") {
  nuq::Graph graph = network(small_network);
  nuq::NetworkQuantization quantization;
  for (nuq::Node& node : graph.nodes) {
    if (node.name == "conv1") node.name = "conv 1";
    if (node.name == "conv2") node.name = "conv;2";
    quantization[node.name].codebook = nuq::Codebook::all();
  }
  CHECK(nuq::nuq_layer_record(graph, quantization) == "relu;deconv;pool;fc");
}
