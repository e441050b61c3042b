#include "nuq/engine/layers/slice.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_slice_test {

std::vector<Tensor> sliced(const std::string& parameters, std::size_t outputs, const Tensor& input) {
  Node node = layer_alone("Slice", "slice_param { " + parameters + " }");
  node.outputs.assign(outputs, 1);
  nuq::Workspace workspace(1);
  return all_computed<nuq::detail::SliceLayer>(node, {input}, workspace);
}

TEST_CASE("slice cuts its axis at the slice points or into equal pieces") {
  const Tensor input({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  std::vector<Tensor> pieces = sliced("slice_point: 1", 2, input);
  CHECK(pieces[0].shape == Shape{2, 1, 2});
  CHECK(pieces[0].values == std::vector<float>{1, 2, 7, 8});
  CHECK(pieces[1].shape == Shape{2, 2, 2});
  CHECK(pieces[1].values == std::vector<float>{3, 4, 5, 6, 9, 10, 11, 12});

  pieces = sliced("axis: -1", 2, input);
  CHECK(pieces[0].values == std::vector<float>{1, 3, 5, 7, 9, 11});
  CHECK(pieces[1].values == std::vector<float>{2, 4, 6, 8, 10, 12});

  pieces = sliced("slice_dim: 0", 2, input);
  CHECK(pieces[1].values == std::vector<float>{7, 8, 9, 10, 11, 12});
}

TEST_CASE("one piece is the whole input") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  CHECK(sliced("", 1, input)[0].values == input.values);
}

}  // namespace engine_layers_slice_test
