#include "nuq/graph/quantized_node.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../caffe/small_network.hpp"

namespace graph_quantized_node_test {

nuq::Graph network(const std::string& last_type) {
  SmallWeights weights;
  weights.layer("of no layer", "InnerProduct", {filled({1, 1}, 1.0F)});
  return graph_of(
      "input: 'data' input_dim: 1 input_dim: 2 input_dim: 2 input_dim: 2 layer { name: 'first' type: 'ReLU' bottom: "
      "'data' top: 'a' } layer { name: 'last' type: '" +
          last_type + "' bottom: 'a' top: 'b' }",
      weights);
}

TEST_CASE("only a quantized model has an inserted layer or int8 weights") {
  CHECK(nuq::find_quantized_node(network("ReLU")) == nullptr);
  const nuq::Graph fake_quant = network("Quant");
  REQUIRE(nuq::find_quantized_node(fake_quant) != nullptr);
  CHECK(nuq::find_quantized_node(fake_quant)->name == "last");
  nuq::Graph deploy = network("ReLU");
  deploy.nodes[0].integer.emplace();
  REQUIRE(nuq::find_quantized_node(deploy) != nullptr);
  CHECK(nuq::find_quantized_node(deploy)->name == "first");
}

}  // namespace graph_quantized_node_test
