#include "nuq/engine/layers/spp.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../layer_alone.hpp"
#include "nuq/engine/layers/pooling.hpp"

namespace engine_layers_spp_test {

using nuq::Shape;
using nuq::Tensor;

Tensor pyramid(const std::string& parameters, const Tensor& input, std::size_t threads = 1) {
  return computed<nuq::detail::SppLayer>(layer_alone("SPP", "spp_param { " + parameters + " }"), {input}, threads);
}

Tensor pooling(const std::string& parameters, const Tensor& input) {
  return computed<nuq::detail::PoolingLayer>(layer_alone("Pooling", "pooling_param { " + parameters + " }"), {input});
}

TEST_CASE("a pyramid lines up the poolings of its levels, image by image") {
  const Tensor input = random_tensor({2, 3, 8, 9}, 1);
  for (const std::string method : {"MAX", "AVE"}) {
    const Tensor levels[] = {
        pooling("pool: " + method + " global_pooling: true", input),
        pooling("pool: " + method + " kernel_h: 4 kernel_w: 5 stride_h: 4 stride_w: 5 pad_w: 1", input),
        pooling("pool: " + method + " kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 3 pad_w: 2", input),
    };
    std::vector<float> expected;
    for (std::ptrdiff_t image = 0; image < 2; ++image) {
      for (const Tensor& level : levels) {
        const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(level.values.size() / 2);
        expected.insert(expected.end(), level.values.begin() + image * size, level.values.begin() + (image + 1) * size);
      }
    }
    const Tensor output = pyramid("pyramid_height: 3 pool: " + method, input, 2);
    CHECK(output.shape == Shape{2, 3 * (1 + 4 + 16)});
    CHECK(output.values == expected);
  }
}

TEST_CASE("a pyramid of one level is a global pooling") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 2);
  const Tensor output = pyramid("pyramid_height: 1", input);
  CHECK(output.shape == Shape{2, 3, 1, 1});
  CHECK(output.values == pooling("global_pooling: true", input).values);
}

}  // namespace engine_layers_spp_test
