#include "nuq/engine/layers/pooling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::PoolingGeometry;
using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_pooling_test {

Node pooling(const std::string& parameters) {
  return layer_alone("Pooling", "pooling_param { " + parameters + " }");
}

/// Caffe's own loops, in double.
std::vector<double> pooled(const PoolingGeometry& g, const Tensor& input) {
  std::vector<double> output;
  for (std::int64_t plane = 0; plane < g.batch * g.channels; ++plane) {
    const float* const values = input.values.data() + plane * g.y.input * g.x.input;
    for (std::int64_t py = 0; py < g.y.output; ++py) {
      for (std::int64_t px = 0; px < g.x.output; ++px) {
        std::int64_t y_begin = py * g.y.stride - g.y.pad;
        std::int64_t x_begin = px * g.x.stride - g.x.pad;
        std::int64_t y_end = (std::min)(y_begin + g.y.kernel, g.y.input + g.y.pad);
        std::int64_t x_end = (std::min)(x_begin + g.x.kernel, g.x.input + g.x.pad);
        const std::int64_t pool_size = (y_end - y_begin) * (x_end - x_begin);
        y_begin = (std::max)(y_begin, std::int64_t{0});
        x_begin = (std::max)(x_begin, std::int64_t{0});
        y_end = (std::min)(y_end, g.y.input);
        x_end = (std::min)(x_end, g.x.input);
        double largest = -static_cast<double>(FLT_MAX);
        double sum = 0.0;
        for (std::int64_t y = y_begin; y < y_end; ++y) {
          for (std::int64_t x = x_begin; x < x_end; ++x) {
            const double value = static_cast<double>(values[y * g.x.input + x]);
            largest = (std::max)(largest, value);
            sum += value;
          }
        }
        const bool is_average = g.method == nuq::ops::PoolMethod::average;
        output.push_back(is_average ? sum / static_cast<double>(pool_size) : largest);
      }
    }
  }
  return output;
}

std::string number(const std::string& name, std::int64_t value) {
  return name + ": " + std::to_string(value) + " ";
}

TEST_CASE("pooling agrees with Caffe's loops for random geometries with pads") {
  Dice dice(21);
  for (int trial = 0; trial < 300; ++trial) {
    const std::int64_t kernel_y = dice(1, 5);
    const std::int64_t kernel_x = dice(1, 5);
    const std::string parameters = number("kernel_h", kernel_y) + number("kernel_w", kernel_x) +
                                   number("stride_h", dice(1, kernel_y)) + number("stride_w", dice(1, kernel_x)) +
                                   number("pad_h", dice(0, kernel_y - 1)) + number("pad_w", dice(0, kernel_x - 1)) +
                                   (dice(0, 1) == 0 ? "round_mode: FLOOR " : "");
    const Tensor input = random_tensor({2, 3, dice(5, 12), dice(5, 12)}, static_cast<std::uint32_t>(trial));
    for (const std::string method : {"MAX", "AVE"}) {
      const Node node = pooling(parameters + "pool: " + method);
      const PoolingGeometry geometry =
          nuq::pooling_geometry(node.operation.get<nuq::ops::Pooling>(), nuq::LayerRef(node), input.shape);
      CAPTURE(parameters);
      CAPTURE(method);
      CAPTURE(nuq::to_string(input.shape));
      CHECK(relative_error(computed<nuq::detail::PoolingLayer>(node, {input}).values, pooled(geometry, input)) < 1e-6);
    }
  }
}

TEST_CASE("the divisor of an average counts the pads, but not what lies behind them") {
  const Tensor ones({1, 1, 4, 4}, std::vector<float>(16, 1.0F));
  const Tensor average =
      computed<nuq::detail::PoolingLayer>(pooling("pool: AVE kernel_size: 3 stride: 2 pad: 1"), {ones});
  REQUIRE(average.shape == nuq::Shape{1, 1, 3, 3});
  CHECK(average.values[0] == doctest::Approx(4.0 / 9.0));  // 2×2 values, 3×3 with pads
  CHECK(average.values[4] == doctest::Approx(1.0));
  CHECK(average.values[8] == doctest::Approx(1.0 / 4.0));  // 1×1 value, clipped to 2×2 with pads
}

TEST_CASE("global pooling takes whole planes of any size") {
  const Tensor input = random_tensor({2, 3, 5, 7}, 4);
  const Node node = pooling("pool: AVE global_pooling: true");
  const Tensor average = computed<nuq::detail::PoolingLayer>(node, {input});
  REQUIRE(average.shape == nuq::Shape{2, 3, 1, 1});
  CHECK(relative_error(average.values, pooled(nuq::pooling_geometry(node.operation.get<nuq::ops::Pooling>(),
                                                                    nuq::LayerRef(node), input.shape),
                                              input)) < 1e-6);
}

TEST_CASE("windows without values, which strides larger than the kernel can leave, give −FLT_MAX or 0") {
  const Tensor input({1, 1, 4, 1}, {1.0F, 2.0F, 3.0F, 4.0F});
  const std::string parameters = "kernel_h: 1 kernel_w: 1 stride_h: 2 stride_w: 1 ";
  CHECK(computed<nuq::detail::PoolingLayer>(pooling(parameters), {input}).values ==
        std::vector<float>{1.0F, 3.0F, -FLT_MAX});
  CHECK(computed<nuq::detail::PoolingLayer>(pooling(parameters + "pool: AVE"), {input}).values ==
        std::vector<float>{1.0F, 3.0F, 0.0F});
}

TEST_CASE("stochastic pooling gives the expectation of what training draws") {
  const Tensor input({1, 1, 2, 3}, {1.0F, 3.0F, 0.0F, 2.0F, 2.0F, 0.0F});
  CHECK(computed<nuq::detail::PoolingLayer>(pooling("kernel_size: 2 pool: STOCHASTIC"), {input}).values ==
        std::vector<float>{(1.0F + 9.0F + 4.0F + 4.0F) / 8.0F, (9.0F + 4.0F) / 5.0F});
  const Tensor none({1, 1, 2, 2}, {0.0F, -1.0F, 0.0F, 1.0F});
  CHECK(computed<nuq::detail::PoolingLayer>(pooling("kernel_size: 2 pool: STOCHASTIC"), {none}).values ==
        std::vector<float>{0.0F});
  const CaughtError error = error_of<nuq::ModelError>(
      [&] { computed<nuq::detail::PoolingLayer>(pooling("kernel_size: 2 pad: 1 pool: STOCHASTIC"), {input}); });
  CHECK(error.says("layer 'layer1': pool is STOCHASTIC and padded"));
}

TEST_CASE("a second output says where the first of the largest values stands") {
  Node node = pooling("kernel_size: 2 stride: 1 pad: 1");
  node.outputs = {1, 2};
  const Tensor input({1, 2, 2, 2}, {1.0F, 4.0F, 4.0F, 2.0F, -3.0F, -2.0F, -5.0F, -7.0F});
  nuq::Workspace workspace(1);
  const std::vector<Tensor> outputs = all_computed<nuq::detail::PoolingLayer>(node, {input}, workspace);
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[1].shape == nuq::Shape{1, 2, 3, 3});
  CHECK(outputs[1].values == std::vector<float>{0, 1, 1, 2, 1, 1, 2, 2, 3, 0, 1, 1, 0, 1, 1, 2, 2, 3});
  for (std::size_t index = 0; index < 9; ++index) {
    CHECK(outputs[0].values[index] == input.values[static_cast<std::size_t>(outputs[1].values[index])]);
  }
  Node average = pooling("kernel_size: 2 pool: AVE");
  average.outputs = {1, 2};
  CHECK(error_of<nuq::ModelError>([&] {
          all_computed<nuq::detail::PoolingLayer>(average, {input}, workspace);
        }).says("Pooling has 2 outputs, wanted 1"));
}

TEST_CASE("pooling gives the same bits for any number of threads") {
  const Tensor input = random_tensor({3, 7, 20, 20}, 5);
  for (const std::string method : {"MAX", "AVE"}) {
    const Node node = pooling("kernel_size: 3 stride: 2 pool: " + method);
    CHECK(computed<nuq::detail::PoolingLayer>(node, {input}, 3).values ==
          computed<nuq::detail::PoolingLayer>(node, {input}, 1).values);
  }
}

TEST_CASE("an average that leaves pads out divides by the values that it sees") {
  const Tensor input({1, 1, 2, 2}, {1.0F, 2.0F, 3.0F, 6.0F});
  const std::vector<float> wanted = {1.0F, 1.5F, 2.0F, 2.0F, 3.0F, 4.0F, 3.0F, 4.5F, 6.0F};
  for (const std::string pool : {"AVE_EXC_PAD", "AVE_TF"}) {
    CHECK(computed<nuq::detail::PoolingLayer>(pooling("pool: " + pool + " kernel_size: 2 pad: 1"), {input}).values ==
          wanted);
  }
}

TEST_CASE("pads may differ from side to side") {
  const Tensor input({1, 1, 2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F});
  const Tensor below = computed<nuq::detail::PoolingLayer>(pooling("pool: AVE kernel_size: 2 pad_b: 1"), {input});
  CHECK(below.shape == Shape{1, 1, 2, 2});
  CHECK(below.values == std::vector<float>{3.0F, 4.0F, 2.25F, 2.75F});
  const Tensor left = computed<nuq::detail::PoolingLayer>(pooling("pool: MAX kernel_size: 2 pad_l: 1"), {input});
  CHECK(left.shape == Shape{1, 1, 1, 3});
  CHECK(left.values == std::vector<float>{4.0F, 5.0F, 6.0F});
}

TEST_CASE("averages of whole planes add up columns, then their sums, however many planes there are") {
  Dice dice(3);
  for (std::int64_t planes = 1; planes < 20; ++planes) {
    const Tensor input = random_tensor({1, planes, dice(1, 9), dice(1, 40)}, static_cast<std::uint32_t>(planes));
    const std::int64_t height = input.shape[2];
    const std::int64_t width = input.shape[3];
    std::vector<float> expected;
    for (std::int64_t plane = 0; plane < planes; ++plane) {
      float sum = 0.0F;
      for (std::int64_t x = 0; x < width; ++x) {
        float column = 0.0F;
        for (std::int64_t y = 0; y < height; ++y)
          column += input.values[static_cast<std::size_t>((plane * height + y) * width + x)];
        sum += column;
      }
      expected.push_back(sum / static_cast<float>(height * width));
    }
    const Node node = pooling("pool: AVE global_pooling: true");
    CHECK(computed<nuq::detail::PoolingLayer>(node, {input}, 1).values == expected);
    CHECK(computed<nuq::detail::PoolingLayer>(node, {input}, 3).values == expected);
  }
}

}  // namespace engine_layers_pooling_test

namespace engine_layers_spp_test {

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
        nuq::pooling_geometry(node.operation.get<nuq::ops::Pooling>(), nuq::LayerRef(node), levels.shape);
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
