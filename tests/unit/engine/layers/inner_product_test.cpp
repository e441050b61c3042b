#include "nuq/engine/layers/inner_product.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_inner_product_test {

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

Node inner_product(std::int64_t in, std::int64_t out, bool transpose, bool bias, int axis = 1) {
  std::vector<Tensor> blobs = {random_tensor(transpose ? Shape{in, out} : Shape{out, in}, 3)};
  if (bias) blobs.push_back(random_tensor({out}, 4));
  return layer_alone("InnerProduct",
                     "inner_product_param { num_output: " + std::to_string(out) + " axis: " + std::to_string(axis) +
                         " transpose: " + (transpose ? "true" : "false") + " bias_term: " + (bias ? "true" : "false") +
                         " }",
                     std::move(blobs));
}

std::vector<double> multiplied(const Node& node, const Tensor& input, std::int64_t rows, std::int64_t in,
                               std::int64_t out) {
  const bool transpose = node.operation.get<nuq::ops::InnerProduct>().transposed_weights;
  std::vector<double> output;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t o = 0; o < out; ++o) {
      double sum = node.blobs.size() > 1 ? static_cast<double>(node.blobs[1].values[static_cast<std::size_t>(o)]) : 0.0;
      for (std::int64_t i = 0; i < in; ++i) {
        const std::int64_t weight = transpose ? i * out + o : o * in + i;
        sum += static_cast<double>(input.values[static_cast<std::size_t>(row * in + i)]) *
               static_cast<double>(node.blobs[0].values[static_cast<std::size_t>(weight)]);
      }
      output.push_back(sum);
    }
  }
  return output;
}

TEST_CASE("an inner product agrees with its definition, transposed and with bias or not") {
  for (const std::int64_t rows : {1, 2, 6, 13}) {
    for (const std::int64_t out : {1, 10, 33}) {
      for (int variant = 0; variant < 4; ++variant) {
        const Node node = inner_product(300, out, variant % 2 == 1, variant / 2 == 1);
        const Tensor input = random_tensor({rows, 3, 10, 10}, 5);
        const Tensor output = computed<nuq::detail::InnerProductLayer>(node, {input});
        CHECK(output.shape == Shape{rows, out});
        CHECK(relative_error(output.values, multiplied(node, input, rows, 300, out)) < 2e-6);
      }
    }
  }
}

TEST_CASE("the axes before `axis` stay") {
  for (const int axis : {2, -1}) {
    const Node node = inner_product(7, 4, false, true, axis);
    const Tensor input = random_tensor({2, 5, 7}, 6);
    const Tensor output = computed<nuq::detail::InnerProductLayer>(node, {input});
    CHECK(output.shape == Shape{2, 5, 4});
    CHECK(relative_error(output.values, multiplied(node, input, 10, 7, 4)) < 1e-6);
  }
}

TEST_CASE("an inner product gives the same bits for 1, 2 and 3 threads") {
  const Node node = inner_product(900, 500, false, true);
  const Tensor input = random_tensor({20, 900}, 7);
  const Tensor one = computed<nuq::detail::InnerProductLayer>(node, {input}, 1);
  CHECK(computed<nuq::detail::InnerProductLayer>(node, {input}, 2).values == one.values);
  CHECK(computed<nuq::detail::InnerProductLayer>(node, {input}, 3).values == one.values);
}

TEST_CASE("an inner product without weights, or for inputs of another length, is refused by name") {
  Node node = inner_product(8, 4, false, true);
  const CaughtError length = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::InnerProductLayer>(node, {Tensor(Shape{2, 9})});
  });
  CHECK(length.says("layer 'layer1'"));
  CHECK(length.says("[4,9]"));
  node.blobs.clear();
  CHECK(error_of<nuq::ModelError>([&] {
          computed<nuq::detail::InnerProductLayer>(node, {Tensor(Shape{2, 8})});
        }).says("layer 'layer1'"));
}

}  // namespace engine_layers_inner_product_test
