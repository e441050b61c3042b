#include "nuq/engine/detail/layer_work.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "../layer_alone.hpp"

namespace engine_detail_layer_work_test {

std::int64_t work_of(const nuq::Node& node, const nuq::Shape& input, const nuq::Shape& output,
                     const nuq::CustomLayers& custom = {}) {
  const nuq::Tensor read(input);
  const nuq::Tensor written(output);
  const nuq::TensorView inputs[] = {read.view()};
  const nuq::TensorView outputs[] = {written.view()};
  return nuq::detail::LayerWork(node, custom)({inputs, 1}, {outputs, 1});
}

TEST_CASE("the work of a layer with weights is its number of multiply-adds") {
  const nuq::Node convolution = layer_alone(
      "Convolution", "convolution_param { num_output: 4 kernel_size: 3 group: 2 }", {nuq::Tensor({4, 3, 3, 3})});
  CHECK(work_of(convolution, {1, 6, 7, 7}, {1, 4, 5, 5}) == 4 * 5 * 5 * (3 * 3 * 3));
  const nuq::Node deconvolution = layer_alone(
      "Deconvolution", "convolution_param { num_output: 4 kernel_size: 2 stride: 2 }", {nuq::Tensor({6, 4, 2, 2})});
  CHECK(work_of(deconvolution, {1, 6, 7, 7}, {1, 4, 14, 14}) == 6 * 7 * 7 * (4 * 2 * 2));
  const nuq::Node product =
      layer_alone("InnerProduct", "inner_product_param { num_output: 5 }", {nuq::Tensor({5, 30})});
  CHECK(work_of(product, {2, 30}, {2, 5}) == 2 * 5 * 30);
  const nuq::Node transposed =
      layer_alone("InnerProduct", "inner_product_param { num_output: 5 transpose: true }", {nuq::Tensor({30, 5})});
  CHECK(work_of(transposed, {2, 30}, {2, 5}) == 2 * 5 * 30);
}

TEST_CASE("the work of a layer without weights grows with what it reads and writes") {
  const nuq::Node pooling = layer_alone("Pooling", "pooling_param { global_pooling: true }");
  const std::int64_t small = work_of(pooling, {1, 4, 5, 5}, {1, 4, 1, 1});
  CHECK(small > 0);
  CHECK(work_of(pooling, {2, 4, 5, 5}, {2, 4, 1, 1}) == 2 * small);
  CHECK(work_of(pooling, {1, 4, 50, 50}, {1, 4, 1, 1}) > 50 * small);
}

TEST_CASE("a layer of the user's own counts as large") {
  nuq::CustomLayers custom;
  custom.loaders.push_back({"Mystery", nullptr});
  CHECK(work_of(layer_alone("Mystery", ""), {1}, {1}, custom) == (std::numeric_limits<std::int64_t>::max)());
}

}  // namespace engine_detail_layer_work_test
