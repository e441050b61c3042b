#include "nuq/engine/layers/lookup.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("items come in the order of the second input") {
  const auto node = layer_alone("BatchReindex", "", {}, 2);
  const Tensor items({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor output = computed<nuq::detail::BatchReindexLayer>(node, {items, Tensor({4}, {2, 0, 0, 1})});
  CHECK(output.shape == nuq::Shape{4, 2});
  CHECK(output.values == std::vector<float>{5, 6, 1, 2, 1, 2, 3, 4});
}

TEST_CASE("places that no item has, and places that are no vector, are refused by name") {
  const auto node = layer_alone("BatchReindex", "", {}, 2);
  const Tensor items(nuq::Shape{3, 2});
  const auto problem = [&](const Tensor& places) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::BatchReindexLayer>(node, {items, places}); });
  };
  CHECK(problem(Tensor({1}, {3.0F})).says("layer 'layer1': an input holds 3 as an index"));
  CHECK(problem(Tensor({1}, {-1.0F})).says("layer 'layer1': an input holds -1 as an index"));
  CHECK(problem(Tensor(nuq::Shape{1, 1})).says("layer 'layer1': the second input is [1,1], wanted one axis"));
}

TEST_CASE("a filter keeps the selected items of every input, in their order") {
  nuq::Node node = layer_alone("Filter", "", {}, 3);
  node.outputs = {3, 4};
  const Tensor pairs({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor single({4}, {10, 20, 30, 40});
  nuq::Workspace workspace(1);
  const auto selected = [&](std::vector<float> marks) {
    return all_computed<nuq::detail::FilterLayer>(node, {pairs, single, Tensor({4, 1}, std::move(marks))}, workspace);
  };
  const std::vector<Tensor> outputs = selected({0, 1, -2, 0});
  CHECK(outputs[0].shape == nuq::Shape{2, 2});
  CHECK(outputs[0].values == std::vector<float>{3, 4, 5, 6});
  CHECK(outputs[1].shape == nuq::Shape{2});
  CHECK(outputs[1].values == std::vector<float>{20, 30});
  CHECK(error_of<nuq::ModelError>([&] {
          selected({0, 0, 0, 0});
        }).says("layer 'layer1': the selector selects no item"));
  CHECK(error_of<nuq::ModelError>([&] {
          all_computed<nuq::detail::FilterLayer>(node, {pairs, single, Tensor(nuq::Shape{3, 1})}, workspace);
        }).says("layer 'layer1': Filter has the input [4,2] and the selector [3,1]"));
}

namespace engine_layers_embed_test {

const std::string parameters = "num_output: 2 input_dim: 3";

nuq::Node embed(const std::string& more, std::vector<Tensor> blobs) {
  return layer_alone("Embed", "embed_param { " + parameters + " " + more + " }", std::move(blobs));
}

const Tensor rows({3, 2}, {1, 2, 3, 4, 5, 6});
const Tensor bias({2}, {10, 20});

TEST_CASE("embed puts a trained row in place of every value") {
  const Tensor input({2, 2}, {2, 0, 1, 1});
  const Tensor output = computed<nuq::detail::EmbedLayer>(embed("", {rows, bias}), {input});
  CHECK(output.shape == nuq::Shape{2, 2, 2});
  CHECK(output.values == std::vector<float>{15, 26, 11, 22, 13, 24, 13, 24});
  CHECK(computed<nuq::detail::EmbedLayer>(embed("bias_term: false", {rows}), {input}).values ==
        std::vector<float>{5, 6, 1, 2, 3, 4, 3, 4});
  const Tensor fractions({4}, {2.9F, -0.5F, 1.0F, 0.75F});
  CHECK(computed<nuq::detail::EmbedLayer>(embed("bias_term: false", {rows}), {fractions}).values ==
        std::vector<float>{5, 6, 1, 2, 3, 4, 1, 2});
}

TEST_CASE("values that are no row's number are refused by name") {
  for (const float value : {-1.0F, 3.0F, 1e30F, (std::numeric_limits<float>::quiet_NaN)()}) {
    CAPTURE(value);
    const CaughtError error = error_of<nuq::ModelError>([&] {
      computed<nuq::detail::EmbedLayer>(embed("", {rows, bias}), {Tensor({1}, {value})});
    });
    CHECK(error.says("layer 'layer1': an input holds "));
    CHECK(error.says("wanted a number from 0 to 2"));
  }
}

TEST_CASE("parameters and blobs that do not fit are refused by name") {
  const auto problem = [](const nuq::Node& node) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::EmbedLayer>(node, {Tensor({1}, {0.0F})}); });
  };
  CHECK(problem(embed("", {Tensor(nuq::Shape{2, 3}), bias}))
            .says("layer 'layer1': blob 0 has shape [2,3], wanted [3,2]"));
  CHECK(problem(embed("", {})).says("layer 'layer1': Embed has 0 trained blobs"));
  CHECK(problem(layer_alone("Embed", "")).says("layer 'layer1': num_output is 0"));
}

}  // namespace engine_layers_embed_test
