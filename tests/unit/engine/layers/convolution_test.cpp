#include "nuq/engine/layers/convolution.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::ConvolutionGeometry;
using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_convolution_test {

double at(const Tensor& tensor, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
  const Shape& shape = tensor.shape;
  if (y < 0 || y >= shape[2] || x < 0 || x >= shape[3]) return 0.0;  // the pads
  return static_cast<double>(
      tensor.values[static_cast<std::size_t>(((n * shape[1] + c) * shape[2] + y) * shape[3] + x)]);
}

/// The definition of a convolution.
std::vector<double> convolved(const ConvolutionGeometry& g, const Tensor& input, const Tensor& weights,
                              const Tensor* bias) {
  std::vector<double> output;
  const std::int64_t in_per_group = g.in_channels / g.group;
  const std::int64_t out_per_group = g.out_channels / g.group;
  for (std::int64_t n = 0; n < g.batch; ++n) {
    for (std::int64_t out = 0; out < g.out_channels; ++out) {
      const std::int64_t first_in = out / out_per_group * in_per_group;
      for (std::int64_t y = 0; y < g.y.output; ++y) {
        for (std::int64_t x = 0; x < g.x.output; ++x) {
          double sum = bias == nullptr ? 0.0 : static_cast<double>(bias->values[static_cast<std::size_t>(out)]);
          for (std::int64_t in = 0; in < in_per_group; ++in) {
            for (std::int64_t ky = 0; ky < g.y.kernel; ++ky) {
              for (std::int64_t kx = 0; kx < g.x.kernel; ++kx) {
                sum += at(weights, out, in, ky, kx) * at(input, n, first_in + in,
                                                         y * g.y.stride - g.y.pad + ky * g.y.dilation,
                                                         x * g.x.stride - g.x.pad + kx * g.x.dilation);
              }
            }
          }
          output.push_back(sum);
        }
      }
    }
  }
  return output;
}

struct Case {
  Node node;
  Tensor input;

  [[nodiscard]] ConvolutionGeometry geometry() const {
    return nuq::convolution_geometry(node.operation.get<nuq::ops::Convolution>(), nuq::LayerRef(node), input.shape);
  }
  [[nodiscard]] std::vector<double> expected() const {
    return convolved(geometry(), input, node.blobs[0], node.blobs.size() > 1 ? &node.blobs[1] : nullptr);
  }
};

Case case_of(const std::string& parameters, const Shape& input, const Shape& weights, bool bias) {
  std::vector<Tensor> blobs = {random_tensor(weights, 3)};
  if (bias) blobs.push_back(random_tensor({weights[0]}, 4));
  const std::string text = "convolution_param { " + parameters + " bias_term: " + (bias ? "true" : "false") +
                           " num_output: " + std::to_string(weights[0]) + " kernel_h: " + std::to_string(weights[2]) +
                           " kernel_w: " + std::to_string(weights[3]) + " }";
  return {layer_alone("Convolution", text, std::move(blobs)), random_tensor(input, 5)};
}

std::string pair(const std::string& name, std::int64_t y, std::int64_t x) {
  return name + "_h: " + std::to_string(y) + " " + name + "_w: " + std::to_string(x) + " ";
}

TEST_CASE("convolution agrees with its definition for random geometries, on every code path") {
  Dice dice(11);
  nuq::Workspace best(1);
  nuq::Workspace portable(2, nuq::detail::portable_kernels());
  for (int trial = 0; trial < 300; ++trial) {
    const std::int64_t group = dice(1, 3);
    const std::int64_t in_per_group = dice(1, trial % 5 == 0 ? 40 : 4);
    const std::int64_t out = group * dice(1, 9);
    const std::int64_t ky = dice(1, 5);
    const std::int64_t kx = dice(1, 5);
    const std::int64_t dilation = dice(1, 3);
    const std::int64_t pad_y = dice(0, 4);
    const std::int64_t pad_x = dice(0, 4);
    const std::int64_t height = dice(1, 12) + dilation * (ky - 1);
    const std::int64_t width = dice(1, trial % 7 == 0 ? 150 : 20) + dilation * (kx - 1);
    const std::string parameters = pair("stride", dice(1, 4), dice(1, 4)) + pair("pad", pad_y, pad_x) +
                                   "group: " + std::to_string(group) + " dilation: " + std::to_string(dilation);
    const Case test = case_of(parameters, {dice(1, 4), group * in_per_group, height, width},
                              {out, in_per_group, ky, kx}, dice(0, 1) == 1);
    CAPTURE(parameters);
    CAPTURE(nuq::to_string(test.input.shape));
    CAPTURE(nuq::to_string(test.node.blobs[0].shape));
    const std::vector<double> expected = test.expected();
    CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, best).values, expected) <
          2e-6);
    CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, portable).values, expected) <
          2e-6);
  }
}

TEST_CASE("a 1×1 convolution agrees with its definition where images end within a tile") {
  for (const std::int64_t batch : {1, 2, 5}) {
    for (const std::int64_t side : {1, 3, 4, 7, 15}) {
      const Case test = case_of("", {batch, 300, side, side}, {13, 300, 1, 1}, true);
      CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}).values, test.expected()) <
            2e-6);
    }
  }
}

TEST_CASE("convolution agrees with its definition for rows wider than a block of columns") {
  for (const std::string parameters :
       {"pad: 1", "pad: 2 dilation: 2", "stride: 2", "stride: 3 pad: 1", "group: 3 pad: 1"}) {
    const std::int64_t in_per_group = parameters == "group: 3 pad: 1" ? 2 : 6;
    for (const std::int64_t width : {120, 450, 700}) {
      const Case test = case_of(parameters, {2, 6, 8, width}, {9, in_per_group, 3, 3}, true);
      CAPTURE(parameters);
      CAPTURE(width);
      CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, 2).values,
                           test.expected()) < 1e-6);
    }
  }
}

TEST_CASE("strides larger than the kernel skip input") {
  const Case test = case_of("stride: 5 dilation: 2", {2, 3, 23, 19}, {4, 3, 2, 2}, false);
  CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}).values, test.expected()) <
        1e-6);
}

TEST_CASE("depthwise convolution agrees with its definition, with several filters per channel as well") {
  for (const std::int64_t filters : {1, 3}) {
    const Case test = case_of("group: 6 pad: 2 stride: 2", {3, 6, 9, 14}, {6 * filters, 1, 3, 5}, true);
    CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}).values, test.expected()) <
          1e-6);
  }
}

TEST_CASE("a fork's depthwise type computes what a convolution with a group for each channel does") {
  const Case test = case_of("group: 6 pad: 1", {2, 6, 9, 14}, {6, 1, 3, 3}, true);
  Node depthwise = test.node;
  depthwise.type = "ConvolutionDepthwise";
  auto of_each_channel = depthwise.operation.get<nuq::ops::Convolution>();
  of_each_channel.group.reset();
  depthwise.operation = of_each_channel;
  CHECK(computed<nuq::detail::ConvolutionLayer>(depthwise, {test.input}).values ==
        computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}).values);
}

TEST_CASE("convolution gives the same bits for 1, 2 and 3 threads") {
  for (const std::string parameters : {"pad: 1", "pad: 1 stride: 2", "group: 4", "group: 8 pad: 1"}) {
    const std::int64_t in_per_group = parameters == "group: 8 pad: 1" ? 1 : parameters == "group: 4" ? 2 : 8;
    const Case test = case_of(parameters, {3, 8, 17, 30}, {40, in_per_group, 3, 3}, true);
    const Tensor one = computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, 1);
    CHECK(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, 2).values == one.values);
    CHECK(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, 3).values == one.values);
  }
}

TEST_CASE("a convolution without weights, or with weights that do not fit its input, is refused by name") {
  const Case test = case_of("", {1, 3, 8, 8}, {4, 3, 3, 3}, true);
  Node without_weights = test.node;
  without_weights.blobs.clear();
  CaughtError error =
      error_of<nuq::ModelError>([&] { computed<nuq::detail::ConvolutionLayer>(without_weights, {test.input}); });
  CHECK(error.says("layer 'layer1'"));
  CHECK(error.says("weights file"));

  Node without_bias = test.node;
  without_bias.blobs.pop_back();
  error = error_of<nuq::ModelError>([&] { static_cast<void>(nuq::detail::ConvolutionLayer(without_bias)); });
  CHECK(error.says("layer 'layer1'"));

  error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::ConvolutionLayer>(test.node, {Tensor(Shape{1, 5, 8, 8})});
  });
  CHECK(error.says("layer 'layer1'"));
  CHECK(error.says("[4,5,3,3]"));
}

TEST_CASE("pads may differ from side to side, and a ReLU may follow within the layer") {
  const Tensor input({1, 1, 2, 2}, {1.0F, 2.0F, 3.0F, 4.0F});
  const Tensor weights({1, 1, 2, 2}, {1.0F, -1.0F, 2.0F, 0.5F});
  const std::string parameters = "num_output: 1 kernel_size: 2 bias_term: false pad_t: 1 pad_r: 1";
  // rows: pad, input; columns: input, pad. y = a − b + 2c + d/2
  const std::vector<float> plain = {3.0F, 4.0F, 7.0F, 10.0F};
  const Tensor output = computed<nuq::detail::ConvolutionLayer>(
      layer_alone("Convolution", "convolution_param { " + parameters + " }", {weights}), {input});
  CHECK(output.shape == Shape{1, 1, 2, 2});
  CHECK(output.values == plain);
  Tensor negative = weights;
  for (float& value : negative.values) value = -value;
  const Tensor rectified = computed<nuq::detail::ConvolutionLayer>(
      layer_alone("Convolution", "convolution_param { " + parameters + " relu: true negative_slope: 0.5 }", {negative}),
      {input});
  CHECK(rectified.values == std::vector<float>{-1.5F, -2.0F, -3.5F, -5.0F});
}

}  // namespace engine_layers_convolution_test

namespace engine_layers_im2col_test {

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
