#include "nuq/graph/passes/multiplications.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "../../caffe/small_network.hpp"

namespace graph_passes_multiplications_test {

nuq::Graph network(const std::string& layers, const SmallWeights& weights) {
  return graph_of("input: 'data' input_shape { dim: 1 dim: 2 dim: 3 dim: 5 } " + layers, weights);
}

double multiplications_of(const std::string& type, const std::string& parameters, const nuq::Shape& weights,
                          std::int64_t samples) {
  SmallWeights blobs;
  blobs.layer("layer", type, {nuq::Tensor(weights)});
  const nuq::Graph graph =
      network("layer { name: 'layer' type: '" + type + "' bottom: 'data' top: 'layer' " + parameters + " } ", blobs);
  return nuq::multiplications(graph, {{"data", {samples, 2, 3, 5}}});
}

TEST_CASE("a forward pass multiplies each weight as often as a layer has positions") {
  CHECK(multiplications_of("Convolution", "convolution_param { num_output: 4 kernel_size: 3 bias_term: false }",
                           {4, 2, 3, 3}, 2) == 2.0 * (4 * 2 * 3 * 3) * (1 * 3));
  CHECK(multiplications_of("Deconvolution",
                           "convolution_param { num_output: 4 kernel_size: 2 stride: 2 bias_term: false }",
                           {2, 4, 2, 2}, 3) == 3.0 * (2 * 4 * 2 * 2) * (3 * 5));
  CHECK(multiplications_of("InnerProduct", "inner_product_param { num_output: 7 bias_term: false }", {7, 30}, 2) ==
        2.0 * 7 * 30);
  CHECK(multiplications_of("InnerProduct", "inner_product_param { num_output: 7 bias_term: false transpose: true }",
                           {30, 7}, 2) == 2.0 * 7 * 30);
}

TEST_CASE("layers without weights count as nothing, and so do those behind what is not known") {
  SmallWeights weights;
  weights.layer("behind", "Convolution", {nuq::Tensor({1, 2, 1, 1})});
  CHECK(nuq::multiplications(network("layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'relu' } "
                                     "layer { name: 'unknown' type: 'NobodyKnowsThis' bottom: 'data' top: 'unknown' } "
                                     "layer { name: 'behind' type: 'Convolution' bottom: 'unknown' top: 'behind' "
                                     "convolution_param { num_output: 1 kernel_size: 1 bias_term: false } } ",
                                     weights),
                             {}) == 0.0);
}

}  // namespace graph_passes_multiplications_test
