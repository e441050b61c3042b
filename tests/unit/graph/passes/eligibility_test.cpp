#include "nuq/graph/passes/eligibility.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "../../amct/network.hpp"
#include "nuq/caffe/caffe_format.hpp"
#include "nuq/caffe/caffe_source.hpp"

namespace graph_passes_eligibility_test {

nuq::Graph network_with(const std::string& layer, const std::string& input = "dim: 1 dim: 4 dim: 8 dim: 8") {
  return network("input: 'data' input_shape { " + input + " } layer { name: 'x' bottom: 'data' top: 'y' " + layer +
                 " }");
}

nuq::Eligibility judged(const std::string& layer, const std::string& input = "dim: 1 dim: 4 dim: 8 dim: 8") {
  const nuq::Graph graph = network_with(layer, input);
  return nuq::eligibility_of(graph, *graph.find("x"));
}

nuq::Eligibility judged_in_extended_scope(const std::string& layer) {
  const nuq::Graph graph = network_with(layer);
  return nuq::eligibility_of(graph, *graph.find("x"), nuq::NuqScope::extended);
}

void check_nuq(const nuq::Eligibility& eligibility) {
  CHECK(eligibility.quantizable);
  CHECK(eligibility.nuq);
  CHECK(eligibility.reason == "");
}

void check_uniform_only(const nuq::Eligibility& eligibility, const std::string& reason) {
  CHECK(eligibility.quantizable);
  CHECK_FALSE(eligibility.nuq);
  CHECK(eligibility.reason == reason);
}

void check_float(const nuq::Eligibility& eligibility, const std::string& reason) {
  CHECK_FALSE(eligibility.quantizable);
  CHECK_FALSE(eligibility.nuq);
  CHECK(eligibility.reason == reason);
}

TEST_CASE("plain convolutions and inner products are eligible for NUQ") {
  check_nuq(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 }"));
  check_nuq(
      judged("type: 'Convolution' convolution_param { num_output: 8 kernel_h: 1 kernel_w: 3 dilation: 1 group: 1 }"));
  check_nuq(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 1 kernel_size: 3 }"));
  check_nuq(judged("type: 'InnerProduct' inner_product_param { num_output: 8 }"));
  check_nuq(
      judged("type: 'InnerProduct' inner_product_param { num_output: 8 axis: 1 transpose: false }", "dim: 1 dim: 4"));
}

TEST_CASE("grouped, dilated and transposed convolutions are quantized uniformly, with the reason") {
  check_uniform_only(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 group: 2 }"),
                     "group 2: only group 1 is supported by NUQ");
  check_uniform_only(
      judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 dilation: 1 dilation: 2 }"),
      "dilation 2: only dilation 1 is supported by NUQ");
  check_uniform_only(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 hole: 4 }"),
                     "dilation 4: only dilation 1 is supported by NUQ");
  check_uniform_only(
      judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 dilation_h: 1 dilation_w: 2 }"),
      "dilation 2: only dilation 1 is supported by NUQ");
  check_uniform_only(judged("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 stride: 2 }"),
                     "Deconvolution: only Convolution and InnerProduct are supported by NUQ");
}

TEST_CASE("the extended scope takes grouped, dilated, depthwise and transposed convolutions for NUQ") {
  check_nuq(judged_in_extended_scope("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 }"));
  check_nuq(
      judged_in_extended_scope("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 group: 2 }"));
  check_nuq(
      judged_in_extended_scope("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 dilation: 2 }"));
  check_nuq(judged_in_extended_scope("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 }"));
  for (const char* const type : {"ConvolutionDepthwise", "Depthwise", "DepthwiseConvolution"}) {
    const std::string layer = std::string("type: '") + type + "' convolution_param { num_output: 4 kernel_size: 3 }";
    check_nuq(judged_in_extended_scope(layer));
    check_float(judged(layer), std::string("layer type '") + type + "' is quantized in the extended scope alone");
  }
}

TEST_CASE("the extended scope keeps what int8 does not support in float") {
  check_float(
      judged_in_extended_scope("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 group: 4 }"),
      "group 4: only group 1 is supported by the quantization of Deconvolution");
  check_float(
      judged_in_extended_scope("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 dilation: 3 }"),
      "dilation 3: only dilation 1 is supported by the quantization of Deconvolution");
  check_float(judged_in_extended_scope("type: 'InnerProduct' inner_product_param { num_output: 8 axis: 2 }"),
              "axis 2: only axis 1 is supported");
  check_float(judged_in_extended_scope("type: 'ReLU'"), "layer type 'ReLU' has no weights to quantize");
}

TEST_CASE("what int8 does not support stays float, with the reason") {
  check_float(judged("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 group: 4 }"),
              "group 4: only group 1 is supported by the quantization of Deconvolution");
  check_float(judged("type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 dilation: 3 }"),
              "dilation 3: only dilation 1 is supported by the quantization of Deconvolution");
  check_float(judged("type: 'InnerProduct' inner_product_param { num_output: 8 transpose: true }"),
              "transposed weights: only transpose: false is supported");
  check_float(judged("type: 'InnerProduct' inner_product_param { num_output: 8 axis: 2 }"),
              "axis 2: only axis 1 is supported");
}

TEST_CASE("a filter that is not 4-D keeps the input in float alone, whether the parameters or the input show it") {
  const auto input_obstacle = [](const std::string& layer, const std::string& input) {
    const nuq::Graph graph = network_with(layer, input);
    return nuq::input_quantization_obstacle(graph, *graph.find("x"));
  };
  const std::string image = "dim: 1 dim: 4 dim: 8 dim: 8";
  const std::string volume = "dim: 1 dim: 4 dim: 8 dim: 8 dim: 8";
  const std::string line = "dim: 1 dim: 4 dim: 8";
  const std::string conv = "type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 }";
  const std::string conv_3d =
      "type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 kernel_size: 3 kernel_size: 3 }";
  check_nuq(judged(conv_3d));
  CHECK(input_obstacle(conv_3d, image) ==
        "its input cannot be quantized: its filter has 5 dimensions: only 4 are supported");
  check_nuq(judged(conv, volume));
  CHECK(input_obstacle(conv, volume) ==
        "its input cannot be quantized: its filter has 5 dimensions: only 4 are supported");
  check_nuq(judged(conv, line));
  CHECK(input_obstacle(conv, line) ==
        "its input cannot be quantized: its filter has 3 dimensions: only 4 are supported");
  CHECK(input_obstacle(conv, image) == "");

  const std::string deconvolution = "type: 'Deconvolution' convolution_param { num_output: 8 kernel_size: 2 }";
  check_uniform_only(judged(deconvolution, volume),
                     "Deconvolution: only Convolution and InnerProduct are supported by NUQ");
  CHECK(input_obstacle(deconvolution, volume) ==
        "its input cannot be quantized: its filter has 5 dimensions: only 4 are supported");
  CHECK(input_obstacle("type: 'InnerProduct' inner_product_param { num_output: 8 }", line) == "");
  CHECK(input_obstacle("type: 'Pooling' pooling_param { pool: AVE kernel_size: 2 }", image) == "");

  check_float(judged("type: 'Convolution' convolution_param { num_output: 8 }", "dim: 1 dim: 4"),
              "its filter has 2 dimensions: at least 3 are supported");
}

TEST_CASE("a convolution whose channels stand elsewhere stays float") {
  check_float(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 axis: 2 }"),
              "axis 2: only axis 1 is supported");
  check_float(
      judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 axis: 0 }", "dim: 4 dim: 8 dim: 8"),
      "axis 0: only axis 1 is supported");
  check_nuq(judged("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 axis: -3 }"));
}

TEST_CASE("other layers have nothing to quantize") {
  check_float(judged("type: 'Pooling' pooling_param { kernel_size: 2 }"),
              "layer type 'Pooling' has no weights and is computed as it stands");
  check_float(judged("type: 'ReLU'"), "layer type 'ReLU' has no weights to quantize");
  check_float(judged("type: 'PSROIPooling'"), "layer type 'PSROIPooling' has no weights to quantize");
}

TEST_CASE("a Pooling layer that is named is quantized where it averages windows, without NUQ") {
  const auto named = [](const std::string& layer) {
    const nuq::Graph graph = network_with(layer);
    return nuq::eligibility_if_named(graph, *graph.find("x"), nuq::NuqScope::extended);
  };
  check_uniform_only(named("type: 'Pooling' pooling_param { pool: AVE kernel_size: 2 }"), "Pooling has no weights");
  check_float(named("type: 'Pooling' pooling_param { kernel_size: 2 }"), "Pooling: only pool AVE is supported");
  check_float(named("type: 'Pooling' pooling_param { pool: AVE global_pooling: true }"),
              "global_pooling: only Pooling with a kernel is supported");
  check_nuq(named("type: 'Convolution' convolution_param { num_output: 8 kernel_size: 3 group: 2 }"));
  check_float(named("type: 'ReLU'"), "layer type 'ReLU' has no weights to quantize");
}

TEST_CASE("several inputs through one set of weights are not quantized") {
  const nuq::Graph graph = network(R"(input: "a" input_shape { dim: 1 dim: 2 } input: "b" input_shape { dim: 1 dim: 2 }
    layer { name: "x" type: "InnerProduct" bottom: "a" bottom: "b" top: "c" top: "d" inner_product_param { num_output: 2 } })");
  check_float(nuq::eligibility_of(graph, *graph.find("x")), "it has 2 inputs: only one is supported");
}

TEST_CASE("with a weights file the blobs decide") {
  nuq::Graph graph = network(small_network);
  auto model = std::make_shared<nuq::Model>(*nuq::caffe_model(graph));
  model->weights_file = "net.caffemodel";
  graph.source = nuq::caffe_source(model);
  nuq::Node& conv = graph.nodes.front();
  check_float(nuq::eligibility_of(graph, conv), "the weights file has no blobs for it");

  conv.blobs = {nuq::Tensor({6, 4, 3, 3}), nuq::Tensor(nuq::Shape{6})};
  check_nuq(nuq::eligibility_of(graph, conv));
  conv.blobs.front() = nuq::Tensor({6, 4, 3});
  check_nuq(nuq::eligibility_of(graph, conv));
  CHECK(nuq::input_quantization_obstacle(graph, conv) ==
        "its input cannot be quantized: its filter has 3 dimensions: only 4 are supported");

  nuq::Node& relu = graph.nodes[1];
  relu.type = "PReLU";
  relu.blobs = {nuq::Tensor(nuq::Shape{6})};
  check_float(nuq::eligibility_of(graph, relu), "the weights of layer type 'PReLU' are not quantized");
}

/// Two layers that share `weights`, and perhaps a bias; the second as `second` says.
nuq::Eligibility judged_with(const std::string& second, const std::string& judged_layer = "a") {
  const nuq::Graph graph = network(
      "input: 'data' input_shape { dim: 1 dim: 4 dim: 8 dim: 8 }"
      "layer { name: 'a' type: 'Convolution' bottom: 'data' top: 'a' param { name: 'w' } param { name: 'v' }"
      "        convolution_param { num_output: 4 kernel_size: 3 } }"
      "layer { name: 'b' bottom: 'data' top: 'b' " +
      second + " }");
  return nuq::eligibility_of(graph, *graph.find(judged_layer));
}

TEST_CASE("weights that layers share are quantized as all of the layers can be") {
  const std::string same = "type: 'Convolution' param { name: 'w' } convolution_param { num_output: 4 kernel_size: 3 ";
  check_nuq(judged_with(same + "}"));
  check_nuq(judged_with(same + "}", "b"));
  check_nuq(judged_with("type: 'InnerProduct' param { lr_mult: 1 } inner_product_param { num_output: 4 }"));
  for (const std::string layer : {"a", "b"}) {
    const std::string of_b = "dilation 2: only dilation 1 is supported by NUQ";
    check_uniform_only(judged_with(same + "dilation: 2 }", layer),
                       layer == "a" ? "it shares its weights with layer 'b': " + of_b : of_b);
  }
  CHECK(judged_with("type: 'InnerProduct' param { name: 'w' } inner_product_param { num_output: 4 }").reason ==
        "it shares its weights with layer 'b', which is of type InnerProduct");
  CHECK(judged_with("type: 'Bias' param { name: 'w' }").reason ==
        "it shares its weights with layer 'b', which is of type Bias");
  CHECK(judged_with(
            "type: 'Convolution' param { } param { name: 'w' } convolution_param { num_output: 4 kernel_size: 3 }")
            .reason == "it shares its weights with layer 'b', where they are blob 1");
  CHECK(judged_with(
            "type: 'Convolution' param { } param { name: 'v' } convolution_param { num_output: 4 kernel_size: 3 }")
            .reason == "it shares its bias, but not its weights, with layer 'b'");
  CHECK_FALSE(judged_with("type: 'Bias' param { name: 'w' }").quantizable);
}

}  // namespace graph_passes_eligibility_test
