#include "nuq/engine/layers/integer_pooling.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

namespace engine_layers_integer_pooling_test {

/// The average of level − offset, pads as 0, divided by the window's size with its pads; Caffe's rule in whole numbers.
double average(const nuq::PoolingGeometry& g, const float* levels, int offset, std::int64_t y, std::int64_t x) {
  std::int64_t sum = 0;
  std::int64_t count = 0;
  for (std::int64_t row = y * g.y.stride - g.y.pad; row < y * g.y.stride - g.y.pad + g.y.kernel; ++row) {
    for (std::int64_t col = x * g.x.stride - g.x.pad; col < x * g.x.stride - g.x.pad + g.x.kernel; ++col) {
      if (row >= g.y.input + g.y.pad || col >= g.x.input + g.x.pad) continue;
      ++count;
      const bool inside = row >= 0 && row < g.y.input && col >= 0 && col < g.x.input;
      if (inside) sum += static_cast<std::int64_t>(levels[row * g.x.input + col]) - offset;
    }
  }
  return static_cast<double>(sum) / static_cast<double>(count);
}

TEST_CASE("integer pooling averages levels relative to the offset, with pads as zeros") {
  Dice dice(5);
  for (int trial = 0; trial < 60; ++trial) {
    const std::int64_t kernel = dice(1, 4);
    nuq::Node node = layer_alone("Pooling", "pooling_param { pool: AVE kernel_size: " + std::to_string(kernel) +
                                                " stride: " + std::to_string(dice(1, kernel)) +
                                                " pad: " + std::to_string(dice(0, kernel - 1)) + " }");
    const int offset = static_cast<int>(dice(-128, 127));
    node.integer.emplace();
    node.integer->input_offset = offset;
    nuq::Tensor levels({2, 3, dice(4, 9), dice(4, 9)});
    for (float& level : levels.values) level = static_cast<float>(dice(-128, 127));
    const nuq::PoolingGeometry geometry =
        nuq::pooling_geometry(std::get<nuq::ops::Pooling>(node.operation), nuq::LayerRef(node), levels.shape);
    std::vector<double> expected;
    for (std::int64_t plane = 0; plane < 6; ++plane) {
      const float* const values = levels.values.data() + plane * geometry.y.input * geometry.x.input;
      for (std::int64_t y = 0; y < geometry.y.output; ++y) {
        for (std::int64_t x = 0; x < geometry.x.output; ++x)
          expected.push_back(average(geometry, values, offset, y, x));
      }
    }
    CAPTURE(trial);
    CHECK(relative_error(computed<nuq::detail::IntegerPoolingLayer>(node, {levels}, 2).values, expected) < 1e-6);
  }
}

}  // namespace engine_layers_integer_pooling_test
