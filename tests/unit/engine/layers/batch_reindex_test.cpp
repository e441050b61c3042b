#include "nuq/engine/layers/batch_reindex.hpp"

#include <doctest/doctest.h>

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
