#include "nuq/engine/layers/im2col.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

namespace engine_layers_im2col_test {

using nuq::Tensor;

/// Asks for the value that each tap reads.
std::vector<float> columns(const Tensor& input, const nuq::Shape& output, std::int64_t kernel, std::int64_t stride,
                           std::int64_t pad, std::int64_t dilation) {
  std::vector<float> result;
  const std::int64_t height = input.shape[2];
  const std::int64_t width = input.shape[3];
  for (std::int64_t plane = 0; plane < input.shape[0] * input.shape[1]; ++plane) {
    for (std::int64_t tap = 0; tap < kernel * kernel; ++tap) {
      for (std::int64_t y = 0; y < output[2]; ++y) {
        for (std::int64_t x = 0; x < output[3]; ++x) {
          const std::int64_t row = y * stride - pad + tap / kernel * dilation;
          const std::int64_t col = x * stride - pad + tap % kernel * dilation;
          const bool inside = row >= 0 && row < height && col >= 0 && col < width;
          const std::int64_t at = (plane * height + row) * width + col;
          result.push_back(inside ? input.values[static_cast<std::size_t>(at)] : 0.0F);
        }
      }
    }
  }
  return result;
}

TEST_CASE("columns hold what every tap of the window reads, pads as zeros") {
  Dice dice(7);
  for (int trial = 0; trial < 50; ++trial) {
    const std::int64_t kernel = dice(1, 4);
    const std::int64_t stride = dice(1, 3);
    const std::int64_t pad = dice(0, 5);
    const std::int64_t dilation = dice(1, 3);
    const std::int64_t least = dilation * (kernel - 1) + 1;
    const Tensor input = random_tensor({2, 3, least + dice(0, 6), least + dice(0, 6)}, 1);
    const std::string parameters = "kernel_size: " + std::to_string(kernel) + " stride: " + std::to_string(stride) +
                                   " pad: " + std::to_string(pad) + " dilation: " + std::to_string(dilation);
    CAPTURE(parameters);
    const Tensor output = computed<nuq::detail::Im2colLayer>(
        layer_alone("Im2col", "convolution_param { " + parameters + " }"), {input}, 2);
    REQUIRE(output.shape[1] == 3 * kernel * kernel);
    CHECK(output.values == columns(input, output.shape, kernel, stride, pad, dilation));
  }
}

}  // namespace engine_layers_im2col_test
