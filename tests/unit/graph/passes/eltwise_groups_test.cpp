#include "nuq/graph/passes/eltwise_groups.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../caffe/small_network.hpp"

namespace graph_passes_eltwise_groups_test {

using Groups = std::vector<std::vector<std::string>>;

std::string conv(const std::string& name, const std::string& bottom = "data") {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + name +
         "' convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }\n";
}
std::string sum(const std::string& name, const std::vector<std::string>& bottoms,
                const std::string& operation = "SUM") {
  std::string text = "layer { name: '" + name + "' type: 'Eltwise' top: '" + name + "'";
  for (const std::string& bottom : bottoms) text += " bottom: '" + bottom + "'";
  return text + " eltwise_param { operation: " + operation + " } }\n";
}

/// The groups of a network with the convolutions `a`, `b`, … of `names`, each with two scales, and these layers behind.
Groups groups_of(const std::vector<std::string>& names, const std::string& behind, const std::string& one_scale = "",
                 const std::string& in_float = "") {
  std::string text = "input: 'data' input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n";
  SmallWeights weights;
  for (const std::string& name : names) {
    text += conv(name);
    weights.layer(name, "Convolution", {counting({2, 2, 1, 1}, 1.0F)});
  }
  nuq::NetworkQuantization quantization;
  for (const std::string& name : names) {
    if (name == in_float) continue;
    const std::size_t scales = name == one_scale ? 1 : 2;
    quantization[name].weights = {2, 2, std::vector<float>(scales, 1.0F), std::vector<std::int8_t>(4, 1)};
  }
  return nuq::jointly_added_layers(graph_of(text + behind, weights), quantization);
}

TEST_CASE("layers that one Eltwise adds up are a group, layers that several connect as well") {
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "b"})) == Groups{{"a", "b"}});
  CHECK(groups_of({"a", "b", "c", "d"}, sum("s", {"a", "b"}) + sum("t", {"c", "d"})) == Groups{{"a", "b"}, {"c", "d"}});
  CHECK(groups_of({"a", "b", "c", "d"}, sum("s", {"a", "b"}) + sum("t", {"c", "d"}) + sum("u", {"b", "c"})) ==
        Groups{{"a", "b", "c", "d"}});
}

TEST_CASE("what is not added up, not quantized, or changed on the way is in no group") {
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "b"}, "MAX")).empty());
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "data"})).empty());
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "b"}), "", "b").empty());
  CHECK(groups_of({"a", "b"}, "layer { name: 'r' type: 'ReLU' bottom: 'b' top: 'b' }" + sum("s", {"a", "b"})).empty());
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "b"}), "b").empty());
  CHECK(groups_of({"a", "b", "c"}, sum("s", {"a", "b", "c"}), "b") == Groups{{"a", "c"}});
  CHECK(groups_of({"a", "b"}, sum("s", {"a", "a"})).empty());
}

TEST_CASE("a layer whose input cannot be quantized connects no others") {
  nuq::Graph graph;
  nuq::NetworkQuantization quantization;
  const auto groups = [&](std::size_t axes_of_b) {
    const std::string text = "input: 'data' input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n" + conv("a") + conv("b") +
                             conv("c") + sum("s", {"a", "b"}) + sum("t", {"b", "c"});
    SmallWeights weights;
    for (const char* const name : {"a", "b", "c"}) {
      weights.layer(name, "Convolution", {counting({2, 2, 1, 1}, 1.0F)});
      quantization[name].weights = {2, 2, {1.0F, 1.0F}, std::vector<std::int8_t>(4, 1)};
    }
    graph = graph_of(text, weights);
    graph.nodes[1].blobs.front().shape.resize(axes_of_b, 1);
    return nuq::jointly_added_layers(graph, quantization);
  };
  CHECK(groups(4) == Groups{{"a", "b", "c"}});
  CHECK(groups(5).empty());
}

}  // namespace graph_passes_eltwise_groups_test
