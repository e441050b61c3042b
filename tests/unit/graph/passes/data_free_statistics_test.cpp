#include "nuq/graph/passes/data_free_statistics.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <cstdint>
#include <string>

#include "../../caffe/small_network.hpp"

namespace graph_passes_data_free_statistics_test {

nuq::Graph network() {
  SmallWeights weights;
  weights.layer("first", "Convolution", {filled({4, 2, 3, 5}, 1.0F)})
      .layer("up", "Deconvolution", {filled({4, 3, 2, 2}, 1.0F)})
      .layer("depthwise", "Convolution", {filled({3, 1, 2, 2}, 1.0F)})
      .layer("fc", "InnerProduct", {filled({5, 3}, 1.0F)});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 2 dim: 3 dim: 5 } "
      "layer { name: 'first' type: 'Convolution' bottom: 'data' top: 'first' "
      "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 5 bias_term: false } } "
      "layer { name: 'up' type: 'Deconvolution' bottom: 'first' top: 'up' "
      "convolution_param { num_output: 3 kernel_size: 2 bias_term: false } } "
      "layer { name: 'depthwise' type: 'Convolution' bottom: 'up' top: 'depthwise' "
      "convolution_param { num_output: 3 group: 3 kernel_size: 2 bias_term: false } } "
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'depthwise' top: 'fc' "
      "inner_product_param { num_output: 5 bias_term: false } } ",
      weights);
}

TEST_CASE("a layer's statistics without data are of its columns, with the taps of its kernel") {
  const nuq::Graph graph = network();
  const nuq::LayerStatistics first = nuq::data_free_statistics(graph, *graph.find("first"));
  CHECK(first.mean_squares == Eigen::VectorXd::Ones(2 * 3 * 5));
  CHECK(first.second_moments.size() == 0);
  CHECK(first.samples == 0);
  REQUIRE(first.prior);
  CHECK(first.prior->tap_rows == 3);
  CHECK(first.prior->tap_cols == 5);
  const nuq::LayerStatistics depthwise = nuq::data_free_statistics(graph, *graph.find("depthwise"));
  CHECK(depthwise.mean_squares.size() == 4);
  CHECK(depthwise.prior->taps() == 4);
  const nuq::LayerStatistics fc = nuq::data_free_statistics(graph, *graph.find("fc"));
  CHECK(fc.mean_squares.size() == 3);
  CHECK(fc.prior->taps() == 1);
}

TEST_CASE("pixels of the network's input are taken to be more alike than activations") {
  const nuq::Graph graph = network();
  CHECK(nuq::input_prior(graph, *graph.find("first"))->correlation >
        nuq::input_prior(graph, *graph.find("depthwise"))->correlation);
}

TEST_CASE("nothing is expected of how a Deconvolution's inputs correlate") {
  const nuq::Graph graph = network();
  const nuq::LayerStatistics up = nuq::data_free_statistics(graph, *graph.find("up"));
  CHECK_FALSE(up.prior);
  CHECK(up.mean_squares == Eigen::VectorXd::Ones(4 * 2 * 2));
}

/// What is expected of the inputs of a fully connected layer behind a 1×1 convolution of one channel, [3, 1, 1, 1], and
/// a ReLU.
Eigen::VectorXd moments_behind(const nuq::Tensor& convolution, std::int64_t pixels) {
  SmallWeights weights;
  weights.layer("conv", "Convolution", {convolution}).layer("fc", "InnerProduct", {filled({2, 3 * pixels}, 1.0F)});
  const nuq::Graph graph = graph_of("input: 'data' input_shape { dim: 1 dim: 1 dim: 1 dim: " + std::to_string(pixels) +
                                        " } layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' "
                                        "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } } "
                                        "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' } "
                                        "layer { name: 'fc' type: 'InnerProduct' bottom: 'conv' top: 'fc' "
                                        "inner_product_param { num_output: 2 bias_term: false } } ",
                                    weights);
  return nuq::data_free_statistics(graph, *graph.find("fc")).mean_squares;
}

TEST_CASE("inputs are as strong as the rows that compute them, with a tenth for what these do not tell") {
  const Eigen::VectorXd moment = moments_behind(counting({3, 1, 1, 1}, 0.0F), 4);
  REQUIRE(moment.size() == 12);
  const double energies[] = {0.0, 1.0, 4.0};  // 5/3 on average
  for (Eigen::Index entry = 0; entry < 12; ++entry)
    CHECK(moment[entry] == doctest::Approx((energies[entry / 4] / (5.0 / 3.0) + 0.1) / 1.1));
}

TEST_CASE("rows without any weight tell nothing") {
  CHECK(moments_behind(filled({3, 1, 1, 1}, 0.0F), 1) == Eigen::VectorXd::Ones(3));
}

}  // namespace graph_passes_data_free_statistics_test
