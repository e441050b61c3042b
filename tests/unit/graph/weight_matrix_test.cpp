#include "nuq/graph/weight_matrix.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "../operation_named.hpp"
#include "nuq/core/error.hpp"

namespace graph_weight_matrix_test {

nuq::Node layer(const std::string& type, const nuq::Shape& shape) {
  nuq::Node node;
  node.name = "x";
  node.type = type;
  node.operation = operation_named(type);
  node.blobs = {nuq::Tensor(shape)};
  std::iota(node.blobs.front().values.begin(), node.blobs.front().values.end(), 0.0F);
  return node;
}

TEST_CASE("weights of a convolution and of an inner product are viewed in place") {
  const nuq::Node convolution = layer("Convolution", {2, 3, 1, 2});
  const nuq::WeightMatrix matrix(convolution);
  CHECK(matrix.view().rows() == 2);
  CHECK(matrix.view().cols() == 6);
  CHECK(matrix.view().data() == convolution.blobs.front().values.data());

  const nuq::Node inner_product = layer("InnerProduct", {3, 5});
  const nuq::WeightMatrix product(inner_product);
  CHECK(product.view().rows() == 3);
  CHECK(product.view().cols() == 5);
  CHECK(product.view().data() == inner_product.blobs.front().values.data());
}

TEST_CASE("a deconvolution has one row per output channel, of every input channel's kernel") {
  const nuq::Node node = layer("Deconvolution", {2, 3, 1, 2});  // [in, out, kh, kw]
  const nuq::WeightMatrix matrix(node);
  REQUIRE(matrix.view().rows() == 3);
  REQUIRE(matrix.view().cols() == 4);
  for (std::size_t out = 0; out < 3; ++out) {
    for (std::size_t in = 0; in < 2; ++in) {
      for (std::size_t x = 0; x < 2; ++x)
        CHECK(matrix.view()(out, in * 2 + x) == static_cast<float>((in * 3 + out) * 2 + x));
    }
  }
}

TEST_CASE("a kernel of any number of axes has one column for each position along the last") {
  const auto extents = [](const std::string& type, const nuq::Shape& shape) {
    const nuq::KernelExtents kernel = nuq::kernel_of(layer(type, shape));
    return std::vector<std::size_t>{kernel.rows, kernel.cols};
  };
  CHECK(extents("Convolution", {2, 3, 4, 5}) == std::vector<std::size_t>{4, 5});
  CHECK(extents("Convolution", {2, 3, 5}) == std::vector<std::size_t>{1, 5});
  CHECK(extents("Deconvolution", {2, 3, 2, 4, 5}) == std::vector<std::size_t>{8, 5});
  CHECK(extents("InnerProduct", {2, 3}) == std::vector<std::size_t>{1, 1});
}

TEST_CASE("a copied matrix stays valid when the object is copied") {
  const nuq::Node node = layer("Deconvolution", {2, 1, 1, 1});
  const nuq::WeightMatrix copy = nuq::WeightMatrix(node);
  CHECK(copy.view()(0, 1) == 1.0F);
}

TEST_CASE("blob_layout undoes the matrix's order") {
  for (const char* const type : {"Convolution", "Deconvolution", "InnerProduct"}) {
    const nuq::Node node = layer(type, type == std::string("InnerProduct") ? nuq::Shape{4, 3} : nuq::Shape{4, 3, 2, 5});
    const nuq::WeightMatrix matrix(node);
    const float* const begin = matrix.view().data();
    CHECK(nuq::blob_layout(node, std::vector<float>(begin, begin + matrix.view().size())) == node.blobs.front().values);
    const std::vector<std::int8_t> levels(begin, begin + matrix.view().size());
    const std::vector<float>& values = node.blobs.front().values;
    CHECK(nuq::blob_layout(node, levels) == std::vector<std::int8_t>(values.begin(), values.end()));
  }
}

TEST_CASE("a layer without weights has no matrix") {
  nuq::Node node = layer("Convolution", {4});
  CHECK_THROWS_AS(nuq::WeightMatrix{node}, nuq::ModelError);
  node.blobs.clear();
  CHECK_THROWS_WITH_AS(nuq::WeightMatrix{node}, "nuq: layer 'x': has no weight matrix", nuq::ModelError);
}

TEST_CASE("only convolutions have one scale per output channel, unless the plan refuses") {
  nuq::LayerPlan plan;
  CHECK(nuq::granularity_of(layer("Convolution", {2, 2, 1, 1}), plan) == nuq::Granularity::per_channel);
  CHECK(nuq::granularity_of(layer("Deconvolution", {2, 2, 1, 1}), plan) == nuq::Granularity::per_channel);
  CHECK(nuq::granularity_of(layer("InnerProduct", {2, 2}), plan) == nuq::Granularity::per_tensor);
  plan.channel_wise = false;
  CHECK(nuq::granularity_of(layer("Convolution", {2, 2, 1, 1}), plan) == nuq::Granularity::per_tensor);
}

}  // namespace graph_weight_matrix_test
