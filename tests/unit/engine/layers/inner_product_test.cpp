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

/// A product of two inputs, which no Caffe layer is.
Node mat_mul(bool transposed_left, bool transposed_right) {
  Node node;
  node.name = "layer1";
  node.type = "MatMul";
  node.operation = nuq::ops::MatMul{transposed_left, transposed_right};
  node.inputs = {0, 1};
  node.outputs = {2};
  return node;
}

TEST_CASE("a product of two inputs agrees with its definition, transposed or not, batches repeated") {
  const auto at = [](const Tensor& matrices, std::int64_t item, std::int64_t row, std::int64_t col, bool transposed) {
    const std::int64_t rows = matrices.shape[matrices.shape.size() - 2];
    const std::int64_t cols = matrices.shape.back();
    const std::int64_t place = item * rows * cols + (transposed ? col * cols + row : row * cols + col);
    return static_cast<double>(matrices.values[static_cast<std::size_t>(place)]);
  };
  for (const bool left : {false, true}) {
    for (const bool right : {false, true}) {
      const Tensor a = random_tensor(left ? Shape{2, 1, 300, 7} : Shape{2, 1, 7, 300}, 1);
      const Tensor b = random_tensor(right ? Shape{3, 20, 300} : Shape{3, 300, 20}, 2);
      std::vector<double> expected;
      for (std::int64_t item = 0; item < 6; ++item) {
        for (std::int64_t row = 0; row < 7; ++row) {
          for (std::int64_t col = 0; col < 20; ++col) {
            double sum = 0.0;
            for (std::int64_t k = 0; k < 300; ++k)
              sum += at(a, item / 3, row, k, left) * at(b, item % 3, k, col, right);
            expected.push_back(sum);
          }
        }
      }
      const Tensor product = computed<nuq::detail::MatMulLayer>(mat_mul(left, right), {a, b}, 2);
      CHECK(product.shape == Shape{2, 3, 7, 20});
      CHECK(relative_error(product.values, expected) < 2e-6);
    }
  }
}

TEST_CASE("matrices that do not fit each other are refused by name") {
  const auto problem = [](const Shape& left, const Shape& right) {
    return error_of<nuq::ModelError>([&] {
      computed<nuq::detail::MatMulLayer>(mat_mul(false, false), {Tensor(left), Tensor(right)});
    });
  };
  CHECK(problem({2, 3}, {4, 2}).says("layer 'layer1': MatMul has the inputs [2,3] and [4,2], wanted 3 values"));
  CHECK(problem({3}, {3, 2}).says("MatMul has the inputs [3] and [3,2], wanted matrices"));
  CHECK(problem({2, 4, 3}, {3, 3, 2}).says("MatMul has the inputs [2] and [3], wanted equal extents, or 1"));
}

}  // namespace engine_layers_inner_product_test
