#include "nuq/engine/layers/convolution.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"
#include "../window_sums.hpp"

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

TEST_CASE("depthwise convolution adds rounded products tap by tap, from zero, and leaves out the pads") {
  Dice dice(11);
  for (int round = 0; round < 300; ++round) {
    const std::int64_t kernel = dice(1, 5), stride = dice(1, 3), pad = dice(0, 2), dilation = dice(1, 2);
    const std::int64_t reach = (kernel - 1) * dilation + 1;
    const Shape shape{dice(1, 2), 2, dice(reach, reach + 9), dice(reach, reach + 24)};
    const Case test = case_of("group: 2 pad: " + std::to_string(pad) + " stride: " + std::to_string(stride) +
                                  " dilation: " + std::to_string(dilation),
                              shape, {4, 1, kernel, kernel}, true);
    const std::vector<float>& weights = test.node.blobs[0].values;
    std::vector<float> expected;
    const auto value = [&](std::int64_t plane, std::int64_t y, std::int64_t x) {
      return test.input.values[static_cast<std::size_t>((plane * shape[2] + y) * shape[3] + x)];
    };
    for (std::int64_t plane = 0; plane < 4 * shape[0]; ++plane) {
      for (std::int64_t y = -pad; y + reach <= shape[2] + pad; y += stride) {
        for (std::int64_t x = -pad; x + reach <= shape[3] + pad; x += stride) {
          float sum = 0.0F;
          for (std::int64_t tap = 0; tap < kernel * kernel; ++tap) {
            const std::int64_t row = y + tap / kernel * dilation, col = x + tap % kernel * dilation;
            if (row < 0 || row >= shape[2] || col < 0 || col >= shape[3]) continue;
            sum += weights[static_cast<std::size_t>(plane % 4 * kernel * kernel + tap)] * value(plane / 2, row, col);
          }
          expected.push_back(sum + test.node.blobs[1].values[static_cast<std::size_t>(plane % 4)]);
        }
      }
    }
    nuq::Workspace best(2);
    nuq::Workspace portable(1, nuq::detail::portable_kernels());
    CHECK(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, best).values == expected);
    CHECK(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, portable).values == expected);
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

/// What a case with any number of spatial axes is made of: `batch` holds the axes before the channels.
struct VolumeCase {
  Shape batch;
  std::int64_t in, out, group;
  Shape extents;
  Windows windows;

  [[nodiscard]] Node node() const {
    Shape weights = {out, in / group};
    weights.insert(weights.end(), windows.kernel.begin(), windows.kernel.end());
    return layer_alone("Convolution",
                       "convolution_param { num_output: " + std::to_string(out) + " group: " + std::to_string(group) +
                           " axis: " + std::to_string(batch.size()) + " " + windows.text() + "}",
                       {random_tensor(weights, 3), random_tensor({out}, 4)});
  }
  [[nodiscard]] Tensor input() const {
    Shape shape = batch;
    shape.push_back(in);
    shape.insert(shape.end(), extents.begin(), extents.end());
    return random_tensor(shape, 5);
  }
  [[nodiscard]] Shape positions() const {
    Shape result;
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
      const std::int64_t reach = windows.dilation[axis] * (windows.kernel[axis] - 1) + 1;
      result.push_back((extents[axis] + 2 * windows.pad[axis] - reach) / windows.stride[axis] + 1);
    }
    return result;
  }
  [[nodiscard]] std::vector<double> expected() const {
    const Node layer = node();
    const Tensor values = input();
    const std::size_t in_size = nuq::element_count(extents);
    const std::size_t out_size = nuq::element_count(positions());
    const std::size_t taps = nuq::element_count(windows.kernel);
    const auto ins = static_cast<std::size_t>(in / group);
    const auto outs = static_cast<std::size_t>(out / group);
    std::vector<double> result;
    for (std::size_t n = 0; n < nuq::element_count(batch); ++n) {
      for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
        std::vector<double> sums(out_size, static_cast<double>(layer.blobs[1].values[o]));
        for (std::size_t i = 0; i < ins; ++i) {
          const std::size_t channel = n * static_cast<std::size_t>(in) + o / outs * ins + i;
          for_each_tap(windows, extents, positions(), [&](std::size_t position, std::size_t tap, std::size_t index) {
            sums[position] += static_cast<double>(layer.blobs[0].values[(o * ins + i) * taps + tap]) *
                              static_cast<double>(values.values[channel * in_size + index]);
          });
        }
        result.insert(result.end(), sums.begin(), sums.end());
      }
    }
    return result;
  }
};

TEST_CASE("convolution over any number of axes, with any of them as channels, agrees with its definition") {
  const std::vector<VolumeCase> cases = {
      {{2}, 4, 8, 1, {16}, {{3}, {1}, {1}, {1}}},
      {{3}, 6, 4, 2, {23}, {{4}, {2}, {3}, {2}}},
      {{5}, 7, 3, 1, {}, {{}, {}, {}, {}}},
      {{2, 3}, 4, 6, 2, {11}, {{3}, {2}, {0}, {1}}},
      {{}, 3, 5, 1, {6, 7}, {{3, 2}, {1, 2}, {1, 0}, {1, 1}}},
      {{2, 3, 2}, 5, 4, 1, {}, {{}, {}, {}, {}}},
      {{2}, 3, 5, 1, {5, 6, 4}, {{3, 2, 3}, {1, 2, 1}, {1, 0, 2}, {1, 1, 1}}},
      {{2}, 4, 6, 2, {7, 9, 8}, {{2, 3, 2}, {2, 1, 3}, {0, 2, 1}, {3, 2, 1}}},
      {{1}, 4, 4, 4, {6, 5, 5}, {{3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
      {{2}, 2, 3, 1, {3, 4, 3, 5}, {{2, 3, 1, 2}, {1, 2, 1, 1}, {1, 0, 0, 1}, {1, 1, 1, 2}}},
      {{2, 2}, 3, 4, 1, {4, 5, 6}, {{1, 1, 1}, {2, 1, 1}, {0, 0, 0}, {1, 1, 1}}},
  };
  nuq::Workspace best(2);
  nuq::Workspace portable(1, nuq::detail::portable_kernels());
  for (const VolumeCase& test : cases) {
    CAPTURE(test.windows.text());
    const Tensor output = computed<nuq::detail::ConvolutionLayer>(test.node(), {test.input()}, best);
    Shape shape = test.batch;
    shape.push_back(test.out);
    for (const std::int64_t extent : test.positions()) shape.push_back(extent);
    CHECK(output.shape == shape);
    CHECK(relative_error(output.values, test.expected()) < 1e-6);
    CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node(), {test.input()}, portable).values,
                         test.expected()) < 1e-6);
  }
}

TEST_CASE("several inputs go through the same filters, each to its own output") {
  const Case test = case_of("pad: 1", {2, 3, 8, 9}, {4, 3, 3, 3}, true);
  Node node =
      layer_alone("Convolution", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }", test.node.blobs, 2);
  node.outputs = {2, 3};
  const Tensor other = random_tensor(test.input.shape, 6);
  nuq::Workspace workspace(1);
  const std::vector<Tensor> outputs = all_computed<nuq::detail::ConvolutionLayer>(node, {test.input, other}, workspace);
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[0].values == computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}).values);
  CHECK(outputs[1].values == computed<nuq::detail::ConvolutionLayer>(test.node, {other}).values);

  const CaughtError error = error_of<nuq::ModelError>([&] {
    all_computed<nuq::detail::ConvolutionLayer>(node, {test.input, random_tensor({2, 3, 8, 8}, 6)}, workspace);
  });
  CHECK(error.says("[2,3,8,9] and [2,3,8,8], wanted equal shapes"));
}

TEST_CASE("a fork's depthwise type is refused over volumes") {
  Node depthwise = layer_alone("ConvolutionDepthwise", "convolution_param { num_output: 2 kernel_size: 1 }",
                               {random_tensor({2, 1, 1, 1, 1}, 3), random_tensor({2}, 4)});
  const CaughtError error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::ConvolutionLayer>(depthwise, {random_tensor({1, 2, 3, 3, 3}, 5)});
  });
  CHECK(error.says("has 3 spatial axes"));
}

TEST_CASE("rounding errors of long sums stay near those of short ones") {
  nuq::Workspace best(1);
  nuq::Workspace portable(1, nuq::detail::portable_kernels());
  // Read from patches; packed; one channel with a large kernel; plane by plane otherwise.
  const Case cases[] = {
      case_of("pad: 3", {1, 512, 9, 9}, {3, 512, 7, 7}, false), case_of("", {1, 4096, 3, 3}, {5, 4096, 1, 1}, false),
      case_of("", {1, 1, 90, 90}, {2, 1, 83, 83}, false), case_of("group: 2", {1, 2, 90, 90}, {2, 1, 83, 83}, false)};
  for (const Case& test : cases) {
    CAPTURE(nuq::to_string(test.node.blobs[0].shape));
    const std::vector<double> expected = test.expected();
    for (nuq::Workspace* const workspace : {&best, &portable}) {
      CHECK(relative_error(computed<nuq::detail::ConvolutionLayer>(test.node, {test.input}, *workspace).values,
                           expected) < 6e-7);
    }
  }
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
std::vector<float> columns(const Tensor& input, const Shape& output, std::int64_t kernel, std::int64_t stride,
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

TEST_CASE("columns of volumes and of lines hold what every tap reads as well") {
  const struct {
    Shape batch, extents, positions;
    Windows windows;
  } cases[] = {{{2}, {5}, {3}, {{3}, {1}, {0}, {1}}},
               {{2, 3}, {9}, {5}, {{2}, {2}, {1}, {2}}},
               {{2}, {4, 3, 5}, {2, 3, 5}, {{3, 1, 2}, {2, 1, 1}, {1, 0, 1}, {1, 1, 2}}}};
  for (const auto& test : cases) {
    Shape shape = test.batch;
    shape.push_back(3);
    shape.insert(shape.end(), test.extents.begin(), test.extents.end());
    const Tensor input = random_tensor(shape, 1);
    const Tensor output = computed<nuq::detail::Im2colLayer>(
        layer_alone("Im2col",
                    "convolution_param { axis: " + std::to_string(test.batch.size()) + " " + test.windows.text() + "}"),
        {input}, 2);
    const std::size_t taps = nuq::element_count(test.windows.kernel);
    shape = test.batch;
    shape.push_back(3 * static_cast<std::int64_t>(taps));
    shape.insert(shape.end(), test.positions.begin(), test.positions.end());
    CHECK(output.shape == shape);
    const std::size_t in_size = nuq::element_count(test.extents);
    const std::size_t out_size = nuq::element_count(test.positions);
    std::vector<float> expected(output.values.size());
    for (std::size_t channel = 0; channel < input.values.size() / in_size; ++channel) {
      for_each_tap(test.windows, test.extents, test.positions,
                   [&](std::size_t position, std::size_t tap, std::size_t index) {
                     expected[(channel * taps + tap) * out_size + position] = input.values[channel * in_size + index];
                   });
    }
    CHECK(output.values == expected);
  }
}

}  // namespace engine_layers_im2col_test
