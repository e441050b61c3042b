#include "nuq/graph/passes/tiny_weights.hpp"

#include <doctest/doctest.h>

#include <cfloat>
#include <limits>
#include <string>
#include <vector>

#include "../../amct/network.hpp"

namespace graph_passes_tiny_weights_test {

bool vanish(const std::vector<float>& weights, std::size_t rows, nuq::Granularity granularity) {
  return nuq::would_vanish({weights.data(), rows, weights.size() / rows}, granularity);
}

TEST_CASE("weights vanish below 127 times the least scale, negative ones below 128 times") {
  for (const auto granularity : {nuq::Granularity::per_tensor, nuq::Granularity::per_channel}) {
    CHECK(vanish({1e-6F, -3e-8F}, 1, granularity));
    CHECK(vanish({126.9F * FLT_EPSILON, 0.0F}, 1, granularity));
    CHECK_FALSE(vanish({127.1F * FLT_EPSILON, 0.0F}, 1, granularity));
    CHECK(vanish({-127.9F * FLT_EPSILON, 0.0F}, 1, granularity));
    CHECK_FALSE(vanish({-128.1F * FLT_EPSILON, 0.0F}, 1, granularity));
  }
}

TEST_CASE("one row that does not is enough, and nothing but zeros is nothing lost") {
  CHECK(vanish({1e-6F, 1e-9F}, 2, nuq::Granularity::per_channel));
  CHECK_FALSE(vanish({1e-6F, 1.0F}, 2, nuq::Granularity::per_channel));
  CHECK_FALSE(vanish({1e-6F, 1.0F}, 2, nuq::Granularity::per_tensor));
  CHECK_FALSE(vanish({0.0F, 0.0F}, 2, nuq::Granularity::per_channel));
  CHECK_FALSE(vanish({0.0F, -0.0F}, 2, nuq::Granularity::per_tensor));
}

TEST_CASE("weights that are not finite are left to the quantizer's refusal") {
  CHECK_FALSE(vanish({1e-6F, std::numeric_limits<float>::quiet_NaN()}, 1, nuq::Granularity::per_tensor));
  CHECK_FALSE(vanish({1e-6F, std::numeric_limits<float>::infinity()}, 1, nuq::Granularity::per_tensor));
}

/// Two inner products, the weights of the second 1e-7.
nuq::Graph two_products() {
  nuq::Graph graph = network(
      "input: 'data' input_shape { dim: 1 dim: 2 } "
      "layer { name: 'a' type: 'InnerProduct' bottom: 'data' top: 'a' inner_product_param { num_output: 2 bias_term: "
      "false } } "
      "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b' inner_product_param { num_output: 2 bias_term: "
      "false } }");
  for (nuq::Node& node : graph.nodes) {
    if (node.name == "a") node.blobs = {nuq::Tensor({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})};
    if (node.name == "b") node.blobs = {nuq::Tensor({2, 2}, {1e-7F, -1e-7F, 0.0F, 1e-8F})};
  }
  return graph;
}

nuq::QuantizationSettings settings_for(const std::vector<std::string>& layers) {
  nuq::QuantizationSettings settings;
  for (const std::string& layer : layers) settings.plan[layer] = {};
  return settings;
}

TEST_CASE("a layer of tiny weights leaves the plan, with its reason and a note") {
  const nuq::Graph graph = two_products();
  nuq::QuantizationSettings settings = settings_for({"a", "b"});
  nuq::keep_tiny_weights_in_float(graph, settings);
  CHECK(settings.plan.count("a") == 1);
  CHECK(settings.plan.count("b") == 0);
  REQUIRE(settings.kept_in_float.count("b") == 1);
  CHECK(contains_text(settings.kept_in_float["b"], "stays in float: its weights are at most 1e-07 in magnitude"));
  REQUIRE(settings.notes.size() == 1);
  CHECK(contains_text(settings.notes[0], "layer 'b': stays in float"));
}

TEST_CASE("the vendor's rule is kept where the settings ask for it") {
  nuq::QuantizationSettings settings = settings_for({"a", "b"});
  settings.tiny_values = nuq::TinyValues::become_zero;
  nuq::keep_tiny_weights_in_float(two_products(), settings);
  CHECK(settings.plan.size() == 2);
  CHECK(settings.notes.empty());
}

TEST_CASE("a plan that loses its last layer is an error that names it") {
  nuq::QuantizationSettings settings = settings_for({"b"});
  const std::string message = message_of<nuq::ConfigError>(
      [&] { nuq::keep_tiny_weights_in_float(two_products(), settings); }, nuq::ErrorCode::nothing_to_do);
  CHECK(contains_text(message, "layer 'b': stays in float"));
  CHECK(contains_text(message, "no layer is left to quantize"));
}

}  // namespace graph_passes_tiny_weights_test
