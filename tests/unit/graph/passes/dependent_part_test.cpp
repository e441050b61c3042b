#include "nuq/graph/passes/dependent_part.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../../caffe/small_network.hpp"

namespace graph_passes_dependent_part_test {

using Indices = std::vector<std::size_t>;

std::string convolution(const std::string& name, const std::string& bottom) {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + name +
         "' convolution_param { num_output: 2 kernel_size: 1 bias_term: false } } ";
}

/// a → b → sum of a and b, in place; c on its own.
nuq::Graph network() {
  SmallWeights weights;
  for (const char* name : {"a", "b", "c"})
    weights.layer(name, "Convolution", {nuq::Tensor({2, 2, 1, 1}, {1.0F, 2.0F, 3.0F, 4.0F})});
  return graph_of("input: 'data' input_shape { dim: 1 dim: 2 dim: 3 dim: 5 } " + convolution("a", "data") +
                      convolution("b", "a") + convolution("c", "data") +
                      "layer { name: 'relu' type: 'ReLU' bottom: 'b' top: 'b' } "
                      "layer { name: 'sum' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'sum' } ",
                  weights);
}

TEST_CASE("what depends on a layer is the layer and all behind it; it reads what others write") {
  const nuq::Graph graph = network();
  const std::vector<bool> all(graph.nodes.size(), true);
  const nuq::NetworkPart part = nuq::dependent_part(graph, 1, all);
  CHECK(part.nodes == Indices{1, 3, 4});
  CHECK(part.inputs == graph.nodes[0].outputs);
  CHECK(nuq::dependent_part(graph, 0, all).nodes == Indices{0, 1, 3, 4});
  CHECK(nuq::dependent_part(graph, 2, all).nodes == Indices{2});
}

TEST_CASE("layers that are not computed are no part, nor what depends on them alone") {
  const nuq::Graph graph = network();
  std::vector<bool> computed(graph.nodes.size(), true);
  computed[3] = computed[4] = false;
  CHECK(nuq::dependent_part(graph, 1, computed).nodes == Indices{1});
}

TEST_CASE("a part is a network whose inputs have names of their own") {
  const nuq::Graph graph = network();
  const nuq::NetworkPart part = nuq::dependent_part(graph, 1, std::vector<bool>(graph.nodes.size(), true));
  const nuq::Graph inner = nuq::graph_of_part(graph, part);
  REQUIRE(inner.nodes.size() == 3);
  CHECK(inner.nodes[0].name == "b");
  CHECK(inner.inputs == part.inputs);
  const std::size_t input = part.inputs.front();
  CHECK(inner.values[input].blob == nuq::part_input_name(input));
  CHECK(inner.values[input].producer == nuq::Value::network_input);
  CHECK(inner.values[inner.nodes[2].outputs.front()].producer == 2);
}

}  // namespace graph_passes_dependent_part_test
