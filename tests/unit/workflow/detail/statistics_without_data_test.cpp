#include "nuq/workflow/detail/statistics_without_data.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../../caffe/small_network.hpp"
#include "../../random_values.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"

namespace workflow_detail_statistics_without_data_test {

/// A convolution with a ReLU and an inner product over it, on images of so many pixels; all biases of the convolution
/// are `bias`. `between` may hold a layer from 'relu' to 'between'.
nuq::Graph network(float bias = 0.0F, int pixels = 8, const std::string& between = "") {
  const std::string size = std::to_string(pixels);
  SmallWeights weights;
  weights.layer("conv", "Convolution", {nuq::Tensor({2, 1, 3, 3}, random_values(18, 1)), filled({2}, bias)})
      .layer("fc", "InnerProduct",
             {nuq::Tensor({3, 2 * (pixels - 2) * (pixels - 2)},
                          random_values(static_cast<std::size_t>(6 * (pixels - 2) * (pixels - 2)), 2))});
  return graph_of("input: 'data' input_shape { dim: 1 dim: 1 dim: " + size + " dim: " + size +
                      " } layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { "
                      "num_output: 2 kernel_size: 3 } } "
                      "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'relu' } " +
                      between + "layer { name: 'fc' type: 'InnerProduct' bottom: '" +
                      (between.empty() ? "relu" : "between") +
                      "' top: 'fc' inner_product_param { num_output: 3 bias_term: false } }",
                  weights);
}

nuq::QuantizationPlan plan() {
  nuq::LayerPlan layer;
  layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  return {{"conv", layer}, {"fc", layer}};
}

nuq::NetworkStatistics statistics_of(const nuq::Graph& graph) {
  nuq::AnyEngine engine = nuq::EigenEngine();
  nuq::Parallel serial;
  return nuq::detail::statistics_without_data(graph, plan(), engine, serial);
}

/// Whether they are those that need no run of the network.
bool are_expected_alone(const nuq::NetworkStatistics& statistics, const nuq::Graph& graph) {
  nuq::Parallel serial;
  const nuq::NetworkStatistics expected = nuq::detail::weighed_data_free_statistics(graph, plan(), serial);
  REQUIRE(statistics.size() == expected.size());
  for (const auto& [layer, known] : expected) {
    if (statistics.at(layer).mean_squares != known.mean_squares || statistics.at(layer).factor) return false;
  }
  return true;
}

TEST_CASE("300 images of a small network, fewer of a larger one, none where four cost too much") {
  CHECK(nuq::detail::synthetic_image_count(network(), plan()) == 300);
  const nuq::Graph large = graph_of(
      "input: 'data' input_shape { dim: 2 dim: 1 dim: 2002 dim: 2002 } "
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 3 bias_term: false } }",
      SmallWeights().layer("conv", "Convolution", {filled({2, 1, 3, 3}, 1.0F)}));
  CHECK(nuq::detail::synthetic_image_count(large, plan()) == 277);  // of 2000² positions · 18 weights
  nuq::QuantizationPlan many;
  for (int layer = 0; layer < 1000; ++layer) many["layer" + std::to_string(layer)] = {};
  CHECK(nuq::detail::synthetic_image_count(large, many) == 0);
}

TEST_CASE("pixels are small where a network without biases tells them apart, large where biases hide small ones") {
  nuq::AnyEngine engine = nuq::EigenEngine();
  CHECK(nuq::detail::likely_pixel_range(network(), engine).high == 1.0F);
  CHECK(nuq::detail::likely_pixel_range(network(300.0F), engine).high == 128.0F);
}

TEST_CASE("synthetic images tell how the inputs of a layer go together, and no means that would change its bias") {
  const nuq::Graph graph = network();
  const nuq::NetworkStatistics statistics = statistics_of(graph);
  CHECK_FALSE(are_expected_alone(statistics, graph));
  for (const char* const layer : {"conv", "fc"}) {
    CAPTURE(layer);
    CHECK(statistics.at(layer).factor.has_value());
    CHECK(statistics.at(layer).input_mean.empty());
    CHECK_FALSE(statistics.at(layer).is_centred);
  }
  CHECK(statistics_of(graph).at("conv").mean_squares == statistics.at("conv").mean_squares);
}

TEST_CASE("no layer is thought dead that synthetic images do not wake") {
  const nuq::Graph graph = network(-1e6F);
  const nuq::NetworkStatistics statistics = statistics_of(graph);
  for (const double mean_square : statistics.at("conv").mean_squares) CHECK(mean_square > 0.0);
}

TEST_CASE("what is expected alone where inputs are no images, or a layer is not computed or leaves the floats") {
  const nuq::Graph small = network(0.0F, 7);
  CHECK(are_expected_alone(statistics_of(small), small));
  const nuq::Graph unknown =
      network(0.0F, 8, "layer { name: 'between' type: 'Mystery' bottom: 'relu' top: 'between' } ");
  CHECK(are_expected_alone(statistics_of(unknown), unknown));
  const nuq::Graph huge = network(0.0F, 8,
                                  "layer { name: 'between' type: 'Power' bottom: 'relu' top: 'between' power_param { "
                                  "scale: 1e38 power: 3 } } ");
  CHECK(are_expected_alone(statistics_of(huge), huge));
}

}  // namespace workflow_detail_statistics_without_data_test
