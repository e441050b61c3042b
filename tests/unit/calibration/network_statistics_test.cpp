#include "nuq/calibration/network_statistics.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "../caffe/small_network.hpp"
#include "../eigen_values.hpp"
#include "../random_values.hpp"
#include "nuq/engine/eigen_engine.hpp"

namespace calibration_network_statistics_test {

/// 'known' and 'opaque' take NUQ; nobody computes the layer in front of 'opaque'.
nuq::Graph network() {
  SmallWeights weights;
  weights.layer("known", "Convolution", {nuq::Tensor({3, 2, 2, 2}, random_values(24, 1))})
      .layer("opaque", "Convolution", {nuq::Tensor({3, 3, 1, 1}, random_values(9, 2))});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 2 dim: 5 dim: 5 } "
      "layer { name: 'known' type: 'Convolution' bottom: 'data' top: 'known' "
      "convolution_param { num_output: 3 kernel_size: 2 bias_term: false } } "
      "layer { name: 'own' type: 'OfNobody' bottom: 'known' top: 'own' } "
      "layer { name: 'opaque' type: 'Convolution' bottom: 'own' top: 'opaque' "
      "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } } ",
      weights);
}

nuq::NetworkStatistics collected(const nuq::StatisticsOptions& options) {
  const nuq::Graph graph = network();
  nuq::EigenEngine engine;
  engine.load(graph);
  const auto feed = [](nuq::EigenEngine& target, int batch) {
    const nuq::Tensor images({4, 2, 5, 5}, random_values(200, static_cast<std::uint32_t>(batch + 1)));
    target.set_input("data", images.view());
  };
  nuq::LayerPlan layer;
  layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  nuq::Parallel serial;
  return nuq::network_statistics(graph, {{"known", layer}, {"opaque", layer}}, engine, 3, feed, options, serial);
}

TEST_CASE("layers that the engine computes get the factor of their second moments, others are left out") {
  const nuq::NetworkStatistics statistics = collected({});
  REQUIRE(statistics.size() == 1);
  const nuq::LayerStatistics& known = statistics.at("known");
  CHECK(known.samples == 12 * 16);
  CHECK(known.second_moments.empty());
  CHECK(known.has_second_moments());
  REQUIRE(known.factor);
  CHECK(known.factor->order.size() == 8);
  CHECK_FALSE(known.prior);
}

TEST_CASE("a layer with more inputs than a second-moment matrix is allowed for has its second moments and a prior") {
  nuq::StatisticsOptions options;
  options.max_inputs = 7;
  const nuq::LayerStatistics known = collected(options).at("known");
  CHECK(known.second_moments.size() == 0);
  CHECK_FALSE(known.factor);
  REQUIRE(known.prior);
  CHECK(known.prior->taps() == 4);
  CHECK((eigen(known.mean_squares) - eigen(collected({}).at("known").mean_squares)).norm() < 1e-12);
}

TEST_CASE("statistics do not depend on the memory for them, which decides how often the network is run") {
  SmallWeights weights;
  weights.layer("one", "Convolution", {nuq::Tensor({3, 2, 2, 2}, random_values(24, 1))})
      .layer("two", "Convolution", {nuq::Tensor({3, 3, 1, 1}, random_values(9, 2))})
      .layer("three", "Convolution", {nuq::Tensor({2, 3, 2, 1}, random_values(12, 3))});
  const auto layer = [](const std::string& name, const std::string& bottom, const std::string& parameters) {
    return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + name +
           "' convolution_param { " + parameters + " bias_term: false } } ";
  };
  const nuq::Graph graph = graph_of("input: 'data' input_shape { dim: 1 dim: 2 dim: 5 dim: 5 } " +
                                        layer("one", "data", "num_output: 3 kernel_size: 2") +
                                        layer("two", "one", "num_output: 3 kernel_size: 1") +
                                        layer("three", "two", "num_output: 2 kernel_h: 2 kernel_w: 1"),
                                    weights);
  nuq::LayerPlan plan;
  plan.weight_algorithm = nuq::WeightAlgorithm::nuq;
  nuq::Parallel serial;
  int fed = 0;
  const auto statistics = [&](std::size_t memory) {
    nuq::EigenEngine engine;
    engine.load(graph);
    nuq::StatisticsOptions options;
    options.memory = memory;
    fed = 0;
    const auto feed = [&fed](nuq::EigenEngine& target, int batch) {
      ++fed;
      const nuq::Tensor images({4, 2, 5, 5}, random_values(200, static_cast<std::uint32_t>(batch + 1)));
      target.set_input("data", images.view());
    };
    return nuq::network_statistics(graph, {{"one", plan}, {"two", plan}, {"three", plan}}, engine, 3, feed, options,
                                   serial);
  };
  const nuq::NetworkStatistics at_once = statistics(nuq::StatisticsOptions{}.memory);
  CHECK(fed == 3);
  const nuq::NetworkStatistics one_by_one = statistics(1);
  CHECK(fed == 9);
  REQUIRE(at_once.size() == 3);
  REQUIRE(one_by_one.size() == 3);
  for (const auto& [name, known] : at_once) {
    const nuq::LayerStatistics& other = one_by_one.at(name);
    CHECK(other.samples == known.samples);
    CHECK(other.input_mean == known.input_mean);
    CHECK(other.mean_squares == known.mean_squares);
    CHECK(other.factor->order == known.factor->order);
    CHECK(other.factor->upper == known.factor->upper);
    CHECK(other.factor->damping == known.factor->damping);
  }
}

}  // namespace calibration_network_statistics_test
