#include "nuq/sensitivity/predicted_harm.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include "../caffe/small_network.hpp"
#include "../eigen_values.hpp"

namespace sensitivity_predicted_harm_test {

nuq::Graph one_product() {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {nuq::Tensor({2, 2}, {1.0F, -2.0F, 0.5F, 3.0F})});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 2 } layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
      "inner_product_param { num_output: 2 bias_term: false } }",
      weights);
}

TEST_CASE("the harm is the squared error of the layer's output over the data, times the sensitivity") {
  const nuq::Graph graph = one_product();
  nuq::LayerStatistics statistics;
  statistics.second_moments = (Eigen::Matrix2d() << 2.0, 0.5, 0.5, 1.0).finished();
  statistics.mean_squares = statistics.second_moments.diagonal();
  const nuq::QuantizedWeights quantized{2, 2, {0.5F}, {3, -4, 1, 5}};  // differences (−0.5, 0) and (0, 0.5)
  nuq::Parallel serial;
  const double harm = nuq::predicted_harm(*graph.find("fc"), quantized, statistics, serial);
  CHECK(harm == doctest::Approx(0.25 * 2.0 + 0.25 * 1.0));
  statistics.weigh(3.0);
  CHECK(nuq::predicted_harm(*graph.find("fc"), quantized, statistics, serial) == doctest::Approx(3.0 * harm));
}

TEST_CASE("the energy of a layer's output is the harm of leaving the layer out") {
  const nuq::Graph graph = one_product();
  nuq::LayerStatistics statistics;
  statistics.mean_squares = Eigen::Vector2d(2.0, 1.0);
  nuq::Parallel serial;
  CHECK(nuq::output_energy(*graph.find("fc"), statistics, serial) ==
        doctest::Approx(2.0 * 1.0 + 1.0 * 4.0 + 2.0 * 0.25 + 1.0 * 9.0));
}

TEST_CASE("the energy of a layer's output has its mean, whether the moments are centred or not") {
  const nuq::Graph graph = one_product();
  nuq::LayerStatistics statistics;
  statistics.second_moments = (Eigen::Matrix2d() << 2.0, 0.5, 0.5, 1.0).finished();
  statistics.mean_squares = statistics.second_moments.diagonal();
  statistics.input_mean = Eigen::Vector2d(0.7, -0.2);
  nuq::Parallel serial;
  const double energy = nuq::output_energy(*graph.find("fc"), statistics, serial);
  nuq::LayerStatistics centred = statistics;
  const Eigen::VectorXd mean = statistics.input_mean;
  centred.second_moments = eigen(statistics.second_moments) - mean * mean.transpose();
  centred.mean_squares = centred.second_moments.diagonal();
  centred.is_centred = true;
  CHECK(nuq::output_energy(*graph.find("fc"), centred, serial) == doctest::Approx(energy));
  centred.weigh(3.0);
  CHECK(nuq::output_energy(*graph.find("fc"), centred, serial) == doctest::Approx(3.0 * energy));
}

}  // namespace sensitivity_predicted_harm_test
