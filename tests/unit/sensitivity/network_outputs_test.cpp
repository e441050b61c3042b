#include "nuq/sensitivity/network_outputs.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "../caffe/small_network.hpp"
#include "../random_values.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/engine/eigen_engine.hpp"

namespace sensitivity_network_outputs_test {

using Blob = nuq::NetworkOutputs::Blob;

/// 'fc' into an in-place 'relu' and then 'prob'; a slice of the input whose first part 'scores' reads.
nuq::Graph network() {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {nuq::Tensor({3, 4}, random_values(12, 1))})
      .layer("scores", "InnerProduct", {nuq::Tensor({2, 1}, random_values(2, 2))});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 4 } "
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' inner_product_param { num_output: 3 bias_term: "
      "false } } "
      "layer { name: 'relu' type: 'ReLU' bottom: 'fc' top: 'fc' } "
      "layer { name: 'prob' type: 'Softmax' bottom: 'fc' top: 'prob' } "
      "layer { name: 'parts' type: 'Slice' bottom: 'data' top: 'first' top: 'rest' slice_param { axis: 1 slice_point: "
      "1 "
      "} } "
      "layer { name: 'scores' type: 'InnerProduct' bottom: 'first' top: 'scores' inner_product_param { num_output: 2 "
      "bias_term: false } }",
      weights);
}

nuq::Tensor batch_of(int batch) {
  return {{2, 4}, random_values(8, static_cast<std::uint32_t>(10 + batch))};
}

nuq::NetworkOutputs outputs_of(const nuq::Graph& graph, int batches) {
  nuq::EigenEngine engine;
  engine.load(graph);
  return nuq::network_outputs(graph, engine, batches, [](nuq::EigenEngine& target, int batch) {
    target.set_input("data", batch_of(batch).view());
  });
}

nuq::NetworkOutputs outputs(bool is_probability, const std::vector<std::vector<float>>& blobs) {
  nuq::NetworkOutputs made;
  for (const std::vector<float>& values : blobs) made.blobs.push_back({"layer", 0, is_probability, values});
  return made;
}

/// Computes nothing.
struct IdleEngine {
  void load(const nuq::Graph&) {}
  void set_input(const std::string&, const nuq::TensorView&) {}
  template <class Observer>
  void forward(Observer&&) {}
};

TEST_CASE("the outputs are the values that no layer reads, of all batches") {
  const nuq::Graph graph = network();
  const nuq::NetworkOutputs found = outputs_of(graph, 3);
  REQUIRE(found.blobs.size() == 3);
  const std::vector<std::string> names = {"prob", "rest", "scores"};
  std::vector<std::vector<float>> expected(3);
  nuq::EigenEngine engine;
  engine.load(graph);
  for (int batch = 0; batch < 3; ++batch) {
    engine.set_input("data", batch_of(batch).view());
    engine.forward();
    for (std::size_t blob = 0; blob < 3; ++blob) {
      const nuq::ArrayView<const float> values = engine.output(names[blob]).values;
      expected[blob].insert(expected[blob].end(), values.begin(), values.end());
    }
  }
  const std::vector<std::string> layers = {"prob", "parts", "scores"};
  for (std::size_t blob = 0; blob < 3; ++blob) {
    CHECK(found.blobs[blob].layer == layers[blob]);
    CHECK(found.blobs[blob].output == (blob == 1 ? 1 : 0));
    CHECK(found.blobs[blob].is_probability == (blob == 0));
    CHECK(found.blobs[blob].values == expected[blob]);
  }
}

TEST_CASE("detections stand for what they are made of") {
  const std::string text =
      "input: 'locations' input_shape { dim: 1 dim: 8 } input: 'scores' input_shape { dim: 1 dim: 4 } "
      "input: 'priors' input_shape { dim: 1 dim: 2 dim: 8 } "
      "layer { name: 'moved' type: 'Power' bottom: 'locations' top: 'moved' power_param { shift: 1 } } "
      "layer { name: 'found' type: 'DetectionOutput' bottom: 'moved' bottom: 'scores' bottom: 'priors' top: 'found' "
      "detection_output_param { num_classes: 2 } }";
  const nuq::Graph graph =
      nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", "")));
  nuq::EigenEngine engine;
  engine.load(graph);
  const nuq::NetworkOutputs found = nuq::network_outputs(graph, engine, 1, [](nuq::EigenEngine& target, int) {
    target.set_input("locations", nuq::Tensor(nuq::Shape{1, 8}).view());
    target.set_input("scores", nuq::Tensor(nuq::Shape{1, 4}).view());
    target.set_input("priors", nuq::Tensor(nuq::Shape{1, 2, 8}).view());
  });
  REQUIRE(found.blobs.size() == 1);
  CHECK(found.blobs[0].layer == "moved");
  CHECK(found.blobs[0].values == std::vector<float>(8, 1.0F));
}

TEST_CASE("outputs that the engine does not compute are empty and cannot be damaged") {
  IdleEngine engine;
  const nuq::NetworkOutputs none = nuq::network_outputs(network(), engine, 2, [](IdleEngine&, int) {});
  REQUIRE(none.blobs.size() == 3);
  for (const Blob& blob : none.blobs) CHECK(blob.values.empty());
  CHECK(nuq::output_damage(none, none) == 0.0);
}

TEST_CASE("damage of plain outputs is the squared difference relative to their energy") {
  const nuq::NetworkOutputs original = outputs(false, {{3.0F, 4.0F}, {0.0F, 2.0F}});
  CHECK(nuq::output_damage(original, original) == 0.0);
  const nuq::NetworkOutputs changed = outputs(false, {{3.0F, 5.0F}, {1.0F, 0.0F}});
  CHECK(nuq::output_damage(original, changed) == doctest::Approx(1.0 / 25.0 + 5.0 / 4.0));
}

TEST_CASE("an output that was always zero has no damage to relate to") {
  CHECK(nuq::output_damage(outputs(false, {{0.0F}, {1.0F}}), outputs(false, {{7.0F}, {1.5F}})) == 0.25);
}

TEST_CASE("damage of probabilities is the divergence from the original, summed over the samples") {
  const nuq::NetworkOutputs original = outputs(true, {{0.5F, 0.5F, 1.0F, 0.0F}});
  CHECK(nuq::output_damage(original, original) == 0.0);
  const nuq::NetworkOutputs changed = outputs(true, {{0.25F, 0.75F, 0.5F, 0.5F}});
  CHECK(nuq::output_damage(original, changed) ==
        doctest::Approx(0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3.0) + std::log(2.0)));
}

TEST_CASE("a probability that has vanished does finite damage") {
  const double damage = nuq::output_damage(outputs(true, {{0.5F, 0.5F}}), outputs(true, {{0.0F, 1.0F}}));
  CHECK(damage > 10.0);
  CHECK(damage < 20.0);
}

}  // namespace sensitivity_network_outputs_test
