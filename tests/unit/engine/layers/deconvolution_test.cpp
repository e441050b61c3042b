#include "nuq/engine/layers/deconvolution.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"
#include "../window_sums.hpp"

namespace engine_layers_deconvolution_test {

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

/// What the prototxt says of a case.
struct Parameters {
  std::int64_t out = 1, group = 1, ky = 1, kx = 1, stride_y = 1, stride_x = 1, pad_y = 0, pad_x = 0, dilation = 1;
  bool bias = true;

  [[nodiscard]] std::string text() const {
    const auto field = [](const std::string& name, std::int64_t value) {
      return name + ": " + std::to_string(value) + " ";
    };
    return "convolution_param { " + field("num_output", out) + field("group", group) + field("kernel_h", ky) +
           field("kernel_w", kx) + field("stride_h", stride_y) + field("stride_w", stride_x) + field("pad_h", pad_y) +
           field("pad_w", pad_x) + field("dilation", dilation) + (bias ? "}" : "bias_term: false }");
  }
  [[nodiscard]] Node node(std::int64_t in) const {
    std::vector<Tensor> blobs = {random_tensor({in, out / group, ky, kx}, 3)};
    if (bias) blobs.push_back(random_tensor({out}, 4));
    return layer_alone("Deconvolution", text(), std::move(blobs));
  }
};

/// The definition: every input value adds its filter, scaled, to the output.
std::vector<double> deconvolved(const Parameters& p, const Node& node, const Tensor& input, const Shape& output) {
  std::vector<double> result(nuq::element_count(output));
  const std::int64_t plane = output[2] * output[3];
  for (std::size_t at = 0; p.bias && at < result.size(); ++at) {
    const std::size_t channel = at / static_cast<std::size_t>(plane) % static_cast<std::size_t>(p.out);
    result[at] = static_cast<double>(node.blobs[1].values[channel]);
  }
  const std::int64_t in = input.shape[1];
  const float* weights = nullptr;
  const float* value = input.values.data();
  for (std::int64_t n = 0; n < input.shape[0]; ++n) {
    for (std::int64_t i = 0; i < in; ++i) {
      const std::int64_t first_out = i / (in / p.group) * (p.out / p.group);
      for (std::int64_t y = 0; y < input.shape[2]; ++y) {
        for (std::int64_t x = 0; x < input.shape[3]; ++x, ++value) {
          weights = node.blobs[0].values.data() + i * (p.out / p.group) * p.ky * p.kx;
          for (std::int64_t o = first_out; o < first_out + p.out / p.group; ++o) {
            for (std::int64_t ky = 0; ky < p.ky; ++ky) {
              for (std::int64_t kx = 0; kx < p.kx; ++kx, ++weights) {
                const std::int64_t row = y * p.stride_y + ky * p.dilation - p.pad_y;
                const std::int64_t col = x * p.stride_x + kx * p.dilation - p.pad_x;
                if (row < 0 || row >= output[2] || col < 0 || col >= output[3]) continue;
                result[static_cast<std::size_t>((n * p.out + o) * plane + row * output[3] + col)] +=
                    static_cast<double>(*weights) * static_cast<double>(*value);
              }
            }
          }
        }
      }
    }
  }
  return result;
}

double error_for(const Parameters& p, const Shape& input_shape, nuq::Workspace& workspace) {
  const Node node = p.node(input_shape[1]);
  const Tensor input = random_tensor(input_shape, 5);
  const Tensor output = computed<nuq::detail::DeconvolutionLayer>(node, {input}, workspace);
  return relative_error(output.values, deconvolved(p, node, input, output.shape));
}

TEST_CASE("deconvolution agrees with its definition for random geometries, on every code path") {
  Dice dice(31);
  nuq::Workspace best(1);
  nuq::Workspace portable(2, nuq::detail::portable_kernels());
  int computable = 0;
  for (int trial = 0; trial < 300; ++trial) {
    Parameters p;
    p.group = dice(1, 3);
    p.out = p.group * dice(1, 9);
    p.ky = dice(1, 5);
    p.kx = dice(1, 5);
    p.stride_y = dice(1, 4);
    p.stride_x = dice(1, 4);
    p.dilation = dice(1, 3);
    p.pad_y = dice(0, 4);
    p.pad_x = dice(0, 4);
    p.bias = dice(0, 1) == 1;
    const std::int64_t in = p.group * dice(1, trial % 5 == 0 ? 40 : 4);
    const Shape input = {dice(1, 3), in, dice(1, 14), dice(1, trial % 7 == 0 ? 90 : 14)};
    const auto extent = [&](std::int64_t count, std::int64_t stride, std::int64_t kernel, std::int64_t pad) {
      return stride * (count - 1) + p.dilation * (kernel - 1) + 1 - 2 * pad;
    };
    if (extent(input[2], p.stride_y, p.ky, p.pad_y) < 1 || extent(input[3], p.stride_x, p.kx, p.pad_x) < 1) continue;
    ++computable;
    CAPTURE(p.text());
    CAPTURE(nuq::to_string(input));
    CHECK(error_for(p, input, best) < 2e-6);
    CHECK(error_for(p, input, portable) < 2e-6);
  }
  CHECK(computable > 200);
}

TEST_CASE("deconvolution agrees with its definition over several blocks of depth, of channels and of rows") {
  nuq::Workspace workspace(2);
  Parameters p;
  p.out = 60;
  p.ky = p.kx = 4;
  p.stride_y = p.stride_x = 2;
  p.pad_y = p.pad_x = 1;
  CHECK(error_for(p, {1, 300, 9, 20}, workspace) < 2e-6);
  p.out = 3;
  CHECK(error_for(p, {2, 20, 70, 40}, workspace) < 2e-6);
}

TEST_CASE("deconvolution adds windows up plane by plane where a channel reads one channel") {
  nuq::Workspace workspace(2);
  Parameters p;
  p.group = 6;
  p.ky = p.kx = 4;
  p.stride_y = p.stride_x = 2;
  p.pad_y = p.pad_x = 1;
  for (const std::int64_t filters : {1, 3}) {
    p.out = 6 * filters;
    CHECK(error_for(p, {3, 6, 9, 14}, workspace) < 1e-6);
  }
}

TEST_CASE("bilinear filters upsample a constant plane to a constant one, borders apart") {
  Parameters p;
  p.group = p.out = 2;
  p.ky = p.kx = 4;
  p.stride_y = p.stride_x = 2;
  p.pad_y = p.pad_x = 1;
  p.bias = false;
  Node node = p.node(2);
  const float line[] = {0.25F, 0.75F, 0.75F, 0.25F};
  for (std::size_t at = 0; at < 32; ++at) node.blobs[0].values[at] = line[at / 4 % 4] * line[at % 4];
  const Tensor output =
      computed<nuq::detail::DeconvolutionLayer>(node, {Tensor({1, 2, 5, 5}, std::vector<float>(50, 3.0F))});
  REQUIRE(output.shape == Shape{1, 2, 10, 10});
  for (std::size_t row = 1; row < 9; ++row) {
    for (std::size_t col = 1; col < 9; ++col) CHECK(output.values[row * 10 + col] == 3.0F);
  }
}

/// What a case with any number of spatial axes is made of: `batch` holds the axes before the channels, `outputs` the
/// output's spatial extents.
struct VolumeCase {
  Shape batch;
  std::int64_t in, out, group;
  Shape extents, outputs;
  Windows windows;

  [[nodiscard]] Node node() const {
    Shape weights = {in, out / group};
    weights.insert(weights.end(), windows.kernel.begin(), windows.kernel.end());
    return layer_alone("Deconvolution",
                       "convolution_param { num_output: " + std::to_string(out) + " group: " + std::to_string(group) +
                           " axis: " + std::to_string(batch.size()) + " " + windows.text() + "}",
                       {random_tensor(weights, 3), random_tensor({out}, 4)});
  }
  [[nodiscard]] Shape shape(std::int64_t channels, const Shape& spatial) const {
    Shape result = batch;
    result.push_back(channels);
    result.insert(result.end(), spatial.begin(), spatial.end());
    return result;
  }
  [[nodiscard]] std::vector<double> expected(const Tensor& input) const {
    const Node layer = node();
    const std::size_t in_size = nuq::element_count(extents);
    const std::size_t out_size = nuq::element_count(outputs);
    const std::size_t taps = nuq::element_count(windows.kernel);
    const auto ins = static_cast<std::size_t>(in / group);
    const auto outs = static_cast<std::size_t>(out / group);
    std::vector<double> result;
    for (std::size_t n = 0; n < nuq::element_count(batch); ++n) {
      for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
        std::vector<double> sums(out_size, static_cast<double>(layer.blobs[1].values[o]));
        for (std::size_t i = o / outs * ins; i < (o / outs + 1) * ins; ++i) {
          const std::size_t channel = n * static_cast<std::size_t>(in) + i;
          for_each_tap(windows, outputs, extents, [&](std::size_t position, std::size_t tap, std::size_t index) {
            sums[index] += static_cast<double>(layer.blobs[0].values[(i * outs + o % outs) * taps + tap]) *
                           static_cast<double>(input.values[channel * in_size + position]);
          });
        }
        result.insert(result.end(), sums.begin(), sums.end());
      }
    }
    return result;
  }
};

TEST_CASE("deconvolution over any number of axes, with any of them as channels, agrees with its definition") {
  const std::vector<VolumeCase> cases = {
      {{2}, 4, 5, 1, {11}, {11}, {{1}, {1}, {0}, {1}}},
      {{3}, 6, 4, 2, {9}, {19}, {{5}, {2}, {1}, {1}}},
      {{5}, 7, 3, 1, {}, {}, {{}, {}, {}, {}}},
      {{2, 6}, 9, 5, 1, {7}, {9}, {{3}, {1}, {0}, {1}}},
      {{}, 6, 5, 1, {7, 5}, {9, 11}, {{3, 3}, {1, 2}, {0, 0}, {1, 1}}},
      {{1}, 4, 4, 2, {5, 6, 4}, {7, 8, 4}, {{2, 3, 1}, {1, 1, 1}, {0, 0, 0}, {2, 1, 1}}},
      {{2}, 3, 4, 1, {3, 4, 5}, {5, 9, 11}, {{3, 3, 3}, {2, 2, 2}, {1, 0, 0}, {1, 1, 1}}},
      {{2}, 4, 4, 4, {3, 4, 5}, {5, 9, 11}, {{3, 3, 3}, {2, 2, 2}, {1, 0, 0}, {1, 1, 1}}},
      {{2}, 2, 3, 1, {2, 3, 2, 4}, {3, 6, 2, 6}, {{2, 2, 1, 3}, {1, 2, 1, 1}, {0, 0, 0, 0}, {1, 1, 1, 1}}},
  };
  nuq::Workspace best(2);
  nuq::Workspace portable(1, nuq::detail::portable_kernels());
  for (const VolumeCase& test : cases) {
    CAPTURE(test.windows.text());
    const Tensor input = random_tensor(test.shape(test.in, test.extents), 5);
    const Tensor output = computed<nuq::detail::DeconvolutionLayer>(test.node(), {input}, best);
    REQUIRE(output.shape == test.shape(test.out, test.outputs));
    CHECK(relative_error(output.values, test.expected(input)) < 1e-6);
    CHECK(relative_error(computed<nuq::detail::DeconvolutionLayer>(test.node(), {input}, portable).values,
                         test.expected(input)) < 1e-6);
  }
}

TEST_CASE("several inputs go through the same filters, each to its own output") {
  Parameters p;
  p.out = 4;
  p.ky = p.kx = 3;
  const Node alone = p.node(3);
  Node node = layer_alone("Deconvolution", p.text(), alone.blobs, 2);
  node.outputs = {2, 3};
  const std::vector<Tensor> inputs = {random_tensor({2, 3, 5, 6}, 6), random_tensor({2, 3, 5, 6}, 7)};
  nuq::Workspace workspace(1);
  const std::vector<Tensor> outputs = all_computed<nuq::detail::DeconvolutionLayer>(node, inputs, workspace);
  REQUIRE(outputs.size() == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    CHECK(outputs[index].values == computed<nuq::detail::DeconvolutionLayer>(alone, {inputs[index]}).values);
  }
}

TEST_CASE("rounding errors of long sums stay near those of short ones") {
  nuq::Workspace best(1);
  nuq::Workspace portable(1, nuq::detail::portable_kernels());
  Parameters p;
  p.out = 3;
  p.ky = p.kx = 2;
  p.stride_y = p.stride_x = 2;
  for (nuq::Workspace* const workspace : {&best, &portable}) CHECK(error_for(p, {1, 6000, 3, 4}, *workspace) < 4e-7);
}

TEST_CASE("deconvolution gives the same bits for 1, 2 and 3 threads") {
  Parameters p;
  p.out = 40;
  p.ky = p.kx = 3;
  p.stride_y = p.stride_x = 2;
  for (const std::int64_t group : {1, 4, 8}) {
    p.group = group;
    const Node node = p.node(8);
    const Tensor input = random_tensor({3, 8, 40, 30}, 5);
    const Tensor one = computed<nuq::detail::DeconvolutionLayer>(node, {input}, 1);
    CHECK(computed<nuq::detail::DeconvolutionLayer>(node, {input}, 2).values == one.values);
    CHECK(computed<nuq::detail::DeconvolutionLayer>(node, {input}, 3).values == one.values);
  }
}

TEST_CASE("a deconvolution without weights, or with weights that do not fit its input, is refused by name") {
  Parameters p;
  p.out = 4;
  p.ky = p.kx = 3;
  const Node node = p.node(3);
  Node without_weights = node;
  without_weights.blobs.clear();
  CaughtError error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::DeconvolutionLayer>(without_weights, {Tensor(Shape{1, 3, 8, 8})});
  });
  CHECK(error.says("layer 'layer1'"));
  CHECK(error.says("weights file"));

  error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::DeconvolutionLayer>(node, {Tensor(Shape{1, 5, 8, 8})});
  });
  CHECK(error.says("layer 'layer1'"));
  CHECK(error.says("[5,4,3,3]"));
}

}  // namespace engine_layers_deconvolution_test
