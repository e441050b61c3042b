#include "nuq/graph/passes/channel_energies.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "../../caffe/small_network.hpp"
#include "nuq/graph/passes/fuse.hpp"

namespace graph_passes_channel_energies_test {

using Energies = nuq::ChannelEnergies::Energies;

/// Of what the last layer writes.
Energies last_energies(const nuq::Graph& graph) {
  return nuq::ChannelEnergies(graph).of(graph.nodes.back().outputs.front());
}

/// The row (a, b) with two inputs of second moment 1 whose product is a fifth of that on average.
double energy(double a, double b) {
  return a * a + b * b + 2.0 * 0.2 * a * b;
}

void check_equal(const Energies& found, const Energies& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t index = 0; index < wanted.size(); ++index) CHECK(found[index] == doctest::Approx(wanted[index]));
}

const std::string input = "input: 'data' input_shape { dim: 1 dim: 2 dim: 2 dim: 3 } ";

std::string convolution(const std::string& name, const std::string& more = "") {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: 'data' top: '" + name +
         "' convolution_param { num_output: 2 kernel_size: 1 bias_term: false " + more + " } } ";
}

/// Rows (1, 2) and (3, 4); rows (5, 6) and (7, 8).
SmallWeights two_convolutions() {
  SmallWeights weights;
  weights.layer("a", "Convolution", {counting({2, 2, 1, 1}, 1.0F)})
      .layer("b", "Convolution", {counting({2, 2, 1, 1}, 5.0F)});
  return weights;
}

TEST_CASE("a channel has the energy of its row, through layers that keep channels") {
  const std::string network = input + convolution("a");
  const Energies rows = {energy(1.0, 2.0), energy(3.0, 4.0)};
  check_equal(last_energies(graph_of(network, two_convolutions())), rows);
  const std::string followers =
      "layer { name: 'relu' type: 'ReLU' bottom: 'a' top: 'a' } "
      "layer { name: 'pool' type: 'Pooling' bottom: 'a' top: 'pool' pooling_param { kernel_size: 2 } } "
      "layer { name: 'flat' type: 'Flatten' bottom: 'pool' top: 'flat' } ";
  check_equal(last_energies(graph_of(network + followers, two_convolutions())), rows);
}

TEST_CASE("a Deconvolution's rows are along its second axis") {
  SmallWeights weights;
  weights.layer("up", "Deconvolution", {counting({2, 3, 1, 1}, 1.0F)});  // in 0: 1, 2, 3; in 1: 4, 5, 6
  const nuq::Graph graph = graph_of(input +
                                        "layer { name: 'up' type: 'Deconvolution' bottom: 'data' top: 'up' "
                                        "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } } ",
                                    weights);
  CHECK(last_energies(graph) == Energies{17.0, 29.0, 45.0});
}

TEST_CASE("a Concat of flattened values has one energy per entry") {
  const std::string network = input + convolution("a") + convolution("b") +
                              "layer { name: 'pool' type: 'Pooling' bottom: 'b' top: 'pool' "
                              "pooling_param { global_pooling: true } } "
                              "layer { name: 'flat_a' type: 'Flatten' bottom: 'a' top: 'flat_a' } "
                              "layer { name: 'flat_b' type: 'Flatten' bottom: 'pool' top: 'flat_b' } "
                              "layer { name: 'all' type: 'Concat' bottom: 'flat_a' bottom: 'flat_b' top: 'all' } ";
  Energies entries(6, energy(1.0, 2.0));
  entries.insert(entries.end(), 6, energy(3.0, 4.0));
  entries.insert(entries.end(), {energy(5.0, 6.0), energy(7.0, 8.0)});
  check_equal(last_energies(graph_of(network, two_convolutions())), entries);
}

TEST_CASE("terms of a sum add up by the squares of their factors") {
  const std::string network = input + convolution("a") + convolution("b") +
                              "layer { name: 'sum' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'sum' eltwise_param { ";
  check_equal(last_energies(graph_of(network + "} } ", two_convolutions())),
              {energy(1.0, 2.0) + energy(5.0, 6.0), energy(3.0, 4.0) + energy(7.0, 8.0)});
  check_equal(last_energies(graph_of(network + "coeff: 2 coeff: -1 } } ", two_convolutions())),
              {4.0 * energy(1.0, 2.0) + energy(5.0, 6.0), 4.0 * energy(3.0, 4.0) + energy(7.0, 8.0)});
  CHECK(last_energies(graph_of(network + "operation: MAX } } ", two_convolutions())).empty());
}

TEST_CASE("nothing is known of the network's input, of layers that mix channels, and of rows a BatchNorm has scaled") {
  const nuq::Graph plain = graph_of(input + convolution("a"), two_convolutions());
  CHECK(nuq::ChannelEnergies(plain).of(plain.inputs.front()).empty());
  CHECK(last_energies(
            graph_of(input + convolution("a") + "layer { name: 'softmax' type: 'Softmax' bottom: 'a' top: 'softmax' } ",
                     two_convolutions()))
            .empty());
  SmallWeights weights = two_convolutions();
  weights.layer("norm", "BatchNorm", {filled({2}, 0.0F), filled({2}, 4.0F), filled({1}, 1.0F)});
  nuq::Graph fused =
      graph_of(input + convolution("a") + "layer { name: 'norm' type: 'BatchNorm' bottom: 'a' top: 'norm' } ", weights);
  nuq::fuse(fused);
  REQUIRE(fused.nodes.size() == 1);
  CHECK(last_energies(fused).empty());
}

TEST_CASE("entries are spread in equal runs or not at all") {
  CHECK(nuq::ChannelEnergies::spread_over({1.0, 2.0}, 6) == Energies{1.0, 1.0, 1.0, 2.0, 2.0, 2.0});
  CHECK(nuq::ChannelEnergies::spread_over({1.0, 2.0}, 5).empty());
  CHECK(nuq::ChannelEnergies::spread_over({}, 4).empty());
}

}  // namespace graph_passes_channel_energies_test
