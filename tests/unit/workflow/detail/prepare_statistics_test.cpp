#include "nuq/workflow/detail/prepare_statistics.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../../caffe/small_network.hpp"

namespace workflow_detail_prepare_statistics_test {

TEST_CASE("100 samples are enough, fewer of a large network, 4 of the largest") {
  CHECK(nuq::detail::sensitivity_samples(0.0, 0) == 100);
  CHECK(nuq::detail::sensitivity_samples(1e6, 10) == 100);
  CHECK(nuq::detail::sensitivity_samples(1e9, 20) == 30);  // 1.2e12 / (2 · 20 · 1e9)
  CHECK(nuq::detail::sensitivity_samples(1e15, 1000) == 4);
}

/// A network of two inputs whose numbers of samples may be declared.
nuq::Graph network(const std::string& declared) {
  return graph_of("input: 'a' input: 'b' " + declared +
                      "layer { name: 'relu_a' type: 'ReLU' bottom: 'a' top: 'relu_a' } "
                      "layer { name: 'relu_b' type: 'ReLU' bottom: 'b' top: 'relu_b' } ",
                  SmallWeights().layer("relu_a", "ReLU", {}));
}

nuq::InputBatch first_two(nuq::InputBatch batch, const nuq::Graph& graph) {
  nuq::detail::keep_first_samples(batch, 2, graph);
  return batch;
}

TEST_CASE("the first samples of a batch are kept") {
  const nuq::Graph graph = network("input_shape { dim: 1 dim: 3 } input_shape { dim: 1 dim: 1 } ");
  const nuq::InputBatch kept = first_two({{"a", counting({4, 3}, 1.0F)}, {"b", counting({4, 1}, 5.0F)}}, graph);
  CHECK(kept.at("a").shape == nuq::Shape{2, 3});
  CHECK(kept.at("a").values == counting({2, 3}, 1.0F).values);
  CHECK(kept.at("b").values == counting({2, 1}, 5.0F).values);
  const nuq::InputBatch few = first_two({{"a", counting({2, 3}, 1.0F)}, {"b", counting({2, 1}, 5.0F)}}, graph);
  CHECK(few.at("a").shape == nuq::Shape{2, 3});
}

TEST_CASE("a batch stays whole where its inputs differ in samples, or the network declares their number") {
  const nuq::InputBatch unequal = {{"a", counting({4, 3}, 1.0F)}, {"b", counting({1, 1}, 5.0F)}};
  const nuq::Graph any = network("input_shape { dim: 1 dim: 3 } input_shape { dim: 1 dim: 1 } ");
  CHECK(first_two(unequal, any).at("a").shape == nuq::Shape{4, 3});
  CHECK(nuq::detail::samples_of(unequal) == 4);
  const nuq::InputBatch equal = {{"a", counting({4, 3}, 1.0F)}, {"b", counting({4, 1}, 5.0F)}};
  const nuq::Graph fixed = network("input_shape { dim: 4 dim: 3 } input_shape { dim: 4 dim: 1 } ");
  CHECK(first_two(equal, fixed).at("a").shape == nuq::Shape{4, 3});
}

TEST_CASE("of a batch with a blob that is no input the inputs are cut, the engine is to refuse the rest") {
  const nuq::Graph graph = network("input_shape { dim: 1 dim: 3 } input_shape { dim: 1 dim: 1 } ");
  const nuq::InputBatch kept =
      first_two({{"a", counting({4, 3}, 1.0F)}, {"b", counting({4, 1}, 5.0F)}, {"other", nuq::Tensor()}}, graph);
  CHECK(kept.at("a").shape == nuq::Shape{2, 3});
  CHECK(kept.at("other").shape.empty());
}

}  // namespace workflow_detail_prepare_statistics_test
