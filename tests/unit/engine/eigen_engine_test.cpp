#include "nuq/engine/eigen_engine.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "layer_alone.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/engine/layer_catalogue.hpp"

namespace engine_eigen_engine_test {

using nuq::ArrayView;
using nuq::EigenEngine;
using nuq::ErrorCode;
using nuq::Graph;
using nuq::Node;
using nuq::Shape;
using nuq::Tensor;
using nuq::TensorView;

std::string layer(const std::string& name, const std::string& type, const std::string& bottom, const std::string& top,
                  const std::string& rest = "") {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top + "' " + rest +
         " } ";
}

/// The text's network; `blobs` are the trained blobs by layer.
Graph graph_of(const std::string& text, const std::map<std::string, std::vector<Tensor>>& blobs = {}) {
  Graph graph = nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", "")));
  for (Node& node : graph.nodes) {
    const auto found = blobs.find(node.name);
    if (found != blobs.end()) node.blobs = found->second;
  }
  return graph;
}

const std::string data = "input: 'data' input_dim: 1 input_dim: 2 input_dim: 6 input_dim: 6 ";

/// Convolution, BatchNorm, Scale and ReLU in place, a pooling behind them and a sum with the pooled data.
Graph residual_network() {
  return graph_of(
      data + layer("conv", "Convolution", "data", "conv", "convolution_param { num_output: 2 kernel_size: 3 pad: 1 }") +
          layer("norm", "BatchNorm", "conv", "conv") +
          layer("scale", "Scale", "conv", "conv", "scale_param { bias_term: true }") +
          layer("relu", "ReLU", "conv", "conv", "relu_param { negative_slope: 0.125 }") +
          "layer { name: 'sum' type: 'Eltwise' bottom: 'conv' bottom: 'data' top: 'sum' } " +
          layer("relu2", "ReLU", "sum", "sum") + layer("prob", "Softmax", "sum", "prob"),
      {{"conv", {random_tensor({2, 2, 3, 3}, 1), random_tensor({2}, 2)}},
       {"norm", {random_tensor({2}, 3), Tensor({2}, {0.5F, 2.0F}), Tensor({1}, {1.0F})}},
       {"scale", {random_tensor({2}, 4), random_tensor({2}, 5)}}});
}

std::vector<float> values_of(const TensorView& view) {
  return {view.values.begin(), view.values.end()};
}

/// Inputs and outputs of every layer as an observer gets them.
struct Trace {
  std::map<std::string, std::vector<Tensor>> inputs;
  std::map<std::string, std::vector<Tensor>> outputs;
  std::vector<std::string> order;

  void operator()(const Node& node, ArrayView<const TensorView> read, ArrayView<const TensorView> written) {
    order.push_back(node.name);
    for (const TensorView& view : read) inputs[node.name].emplace_back(view.shape, values_of(view));
    for (const TensorView& view : written) outputs[node.name].emplace_back(view.shape, values_of(view));
  }
};

Trace traced(EigenEngine& engine) {
  Trace trace;
  engine.forward(trace);
  return trace;
}

/// What the layer of a node computes, outside of any network.
Tensor computed_alone(const Node& node, const std::vector<Tensor>& inputs) {
  std::vector<TensorView> views;
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) {
    views.push_back(input.view());
    shapes.push_back(input.shape);
  }
  Tensor output(nuq::output_shapes(node, shapes).front());
  std::vector<nuq::TensorSpan> spans = {{output.shape, output.values}};
  nuq::Workspace workspace(1);
  nuq::detail::load_layer(node).value().forward({node, views, spans, workspace});
  return output;
}

TEST_CASE(
    "every layer gets what the layers before it have computed, and the observer sees it before it is overwritten") {
  const Graph graph = residual_network();
  const Tensor input = random_tensor({1, 2, 6, 6}, 9);
  EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", input.view());
  const Trace trace = traced(engine);
  CHECK(trace.order == std::vector<std::string>{"conv", "norm", "scale", "relu", "sum", "relu2", "prob"});

  Tensor expected = input;  // each layer on its own, from the graph
  for (const Node& node : graph.nodes) {
    CAPTURE(node.name);
    const std::vector<Tensor> inputs =
        node.name == "sum" ? std::vector<Tensor>{expected, input} : std::vector<Tensor>{expected};
    REQUIRE(trace.inputs.at(node.name).size() == inputs.size());
    CHECK(trace.inputs.at(node.name)[0].values == inputs[0].values);
    expected = computed_alone(node, inputs);
    REQUIRE(trace.outputs.at(node.name).size() == 1);
    CHECK(trace.outputs.at(node.name)[0].shape == expected.shape);
    CHECK(trace.outputs.at(node.name)[0].values == expected.values);
  }
  CHECK(values_of(engine.output("prob")) == expected.values);
  CHECK(values_of(engine.output("conv")) == trace.outputs.at("relu")[0].values);
}

TEST_CASE("without an observer the same is computed, whatever is computed together") {
  EigenEngine engine;
  engine.load(residual_network());
  const Tensor input = random_tensor({3, 2, 6, 6}, 9);
  engine.set_input("data", input.view());
  const Trace trace = traced(engine);
  engine.forward();
  for (const auto& [blob, layer_name] :
       std::map<std::string, std::string>{{"conv", "relu"}, {"sum", "relu2"}, {"prob", "prob"}}) {
    const std::vector<float>& expected = trace.outputs.at(layer_name)[0].values;
    CHECK(relative_error(values_of(engine.output(blob)), {expected.begin(), expected.end()}) < 1e-6);
  }
  CHECK(values_of(engine.output("data")) == input.values);
}

TEST_CASE("a forward repeats bit for bit, and gives the same bits for 1, 2 and 3 threads") {
  const Tensor input = random_tensor({5, 2, 160, 160}, 9);  // enough work for every layer to be shared out
  std::vector<std::vector<float>> results;
  for (std::size_t threads = 1; threads <= 3; ++threads) {
    EigenEngine engine(threads);
    engine.load(residual_network());
    engine.set_input("data", input.view());
    for (int repetition = 0; repetition < 2; ++repetition) {
      engine.forward();
      results.push_back(values_of(engine.output("prob")));
    }
  }
  for (const std::vector<float>& result : results) CHECK(result == results[0]);
}

/// Blobs of their own throughout, some of which are read long after they have been written.
Graph branching_network() {
  const auto join = [](const std::string& name, const std::string& left, const std::string& right) {
    return "layer { name: '" + name + "' type: 'Eltwise' bottom: '" + left + "' bottom: '" + right + "' top: '" + name +
           "' eltwise_param { coeff: 0.5 coeff: -2 } } ";
  };
  return graph_of(
      data + layer("relu", "ReLU", "data", "relu", "relu_param { negative_slope: 0.5 }") +
          layer("conv", "Convolution", "relu", "conv", "convolution_param { num_output: 2 kernel_size: 3 pad: 1 }") +
          layer("tanh", "TanH", "conv", "tanh") + layer("abs", "AbsVal", "tanh", "abs") + join("late", "relu", "abs") +
          "layer { name: 'twice' type: 'Eltwise' bottom: 'late' bottom: 'late' top: 'twice' } " +
          layer("sigmoid", "Sigmoid", "late", "sigmoid") + layer("pass", "Split", "sigmoid", "pass") +
          layer("pool", "Pooling", "pass", "pool", "pooling_param { kernel_size: 3 pad: 1 stride: 1 }") +
          join("sum", "pool", "twice") + layer("unread", "AbsVal", "sum", "unread") +
          layer("prob", "Softmax", "sum", "prob"),
      {{"conv", {random_tensor({2, 2, 3, 3}, 1), random_tensor({2}, 2)}}});
}

TEST_CASE("what need not be kept is overwritten, and nothing else changes") {
  const std::vector<std::string> blobs = {"data", "relu",    "conv", "tanh", "abs",    "late", "twice",
                                          "pass", "sigmoid", "pool", "sum",  "unread", "prob"};
  EigenEngine all;
  all.load(branching_network());
  EigenEngine some;
  some.load(branching_network());
  for (const std::string& first : blobs) {
    for (const std::string& second : blobs) {
      CAPTURE(first);
      CAPTURE(second);
      some.keep_only({first, second});
      for (const Shape& shape : {Shape{1, 2, 6, 6}, Shape{2, 2, 3, 4}}) {
        const Tensor input = random_tensor(shape, 9);
        all.set_input("data", input.view());
        all.forward();
        some.set_input("data", input.view());
        for (int repetition = 0; repetition < 2; ++repetition) {  // the input stands as it was set
          some.forward();
          for (const std::string& blob : {first, second})
            CHECK(values_of(some.output(blob)) == values_of(all.output(blob)));
        }
      }
    }
  }
  some.keep_only({"prob", "no such blob"});
  some.forward();
  CHECK(some.output("prob").shape == Shape{2, 2, 3, 4});
  CHECK(error_of<nuq::ConfigError>([&] {
          static_cast<void>(some.output("sum"));
        }).says("blob 'sum' is not one of those to keep"));
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(some.output("no such blob")); }).code ==
        ErrorCode::unknown_name);
  const Trace trace = traced(some);
  CHECK(trace.outputs.at("sum")[0].values == values_of(all.output("sum")));
}

TEST_CASE("memory is kept as long as shapes repeat") {
  EigenEngine engine;
  engine.load(residual_network());
  const Tensor input = random_tensor({1, 2, 6, 6}, 9);
  engine.set_input("data", input.view());
  engine.forward();
  const float* const first = engine.output("prob").values.data();
  engine.set_input("data", input.view());
  engine.forward();
  CHECK(engine.output("prob").values.data() == first);
}

TEST_CASE("in-place layers that read a network input leave it as it was set") {
  EigenEngine engine;
  engine.load(graph_of(data + layer("relu", "ReLU", "data", "data", "relu_param { negative_slope: 0.5 }")));
  engine.set_input("data", Tensor({1, 2, 1, 1}, {-4.0F, 3.0F}).view());
  for (int repetition = 0; repetition < 2; ++repetition) {
    engine.forward();
    CHECK(values_of(engine.output("data")) == std::vector<float>{-2.0F, 3.0F});
  }
}

TEST_CASE("an earlier version of a blob stays for those who read it") {
  // the first ReLU's input has a second reader, which stands between the convolution and the ReLU
  const Graph graph = graph_of(data +
                                   layer("conv", "Convolution", "data", "conv",
                                         "convolution_param { num_output: 1 kernel_size: 1 bias_term: false }") +
                                   layer("copy", "Split", "conv", "copy") + layer("relu", "ReLU", "conv", "conv"),
                               {{"conv", {Tensor({1, 2, 1, 1}, {1.0F, 1.0F})}}});
  EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", Tensor({1, 2, 1, 1}, {-4.0F, 3.0F}).view());
  engine.forward();
  CHECK(values_of(engine.output("copy")) == std::vector<float>{-1.0F});
  CHECK(values_of(engine.output("conv")) == std::vector<float>{0.0F});
}

TEST_CASE("the input's shape wins over the declared one, and may change from forward to forward") {
  EigenEngine engine;
  engine.load(residual_network());
  for (const Shape& shape : {Shape{4, 2, 9, 7}, Shape{1, 2, 1, 1}, Shape{2, 2, 30, 3}}) {
    const Tensor input = random_tensor(shape, 9);
    engine.set_input("data", input.view());
    engine.forward();
    const std::vector<float> changed = values_of(engine.output("prob"));
    CHECK(engine.output("prob").shape == shape);
    EigenEngine fresh;
    fresh.load(residual_network());
    fresh.set_input("data", input.view());
    fresh.forward();
    CHECK(changed == values_of(fresh.output("prob")));
  }
}

TEST_CASE("the engine does not need the graph any more once it has loaded it, and can load another") {
  EigenEngine engine;
  {
    const auto graph = std::make_unique<Graph>(residual_network());
    engine.load(*graph);
  }
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 9).view());
  engine.forward();
  engine.load(graph_of("input: 'other' " + layer("relu", "ReLU", "other", "relu")));
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(engine.output("prob")); }).code == ErrorCode::unknown_name);
  engine.set_input("other", Tensor({2}, {-1.0F, 1.0F}).view());
  engine.forward();
  CHECK(values_of(engine.output("relu")) == std::vector<float>{0.0F, 1.0F});
}

TEST_CASE("IFMR layers are observation points, and inputs nobody reads need not be set") {
  EigenEngine engine;
  engine.load(graph_of("layer { name: 'data' type: 'Data' top: 'data' top: 'label' } " +
                       layer("relu", "ReLU", "data", "relu") +
                       "layer { name: 'watch' type: 'IFMR' bottom: 'relu' bottom: 'data' } "));
  engine.set_input("data", Tensor({2}, {-1.0F, 1.0F}).view());
  const Trace trace = traced(engine);
  REQUIRE(trace.inputs.at("watch").size() == 2);
  CHECK(trace.inputs.at("watch")[0].values == std::vector<float>{0.0F, 1.0F});
  CHECK(trace.inputs.at("watch")[1].values == std::vector<float>{-1.0F, 1.0F});
  CHECK(trace.outputs.count("watch") == 0);
  CHECK(error_of<nuq::ConfigError>([&] {
          static_cast<void>(engine.output("label"));
        }).says("input 'label' has not been set"));
}

TEST_CASE("SearchN layers are observation points too, and hand their first input on where they have an output") {
  EigenEngine engine;
  engine.load(graph_of("layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 } } } " +
                       layer("relu", "ReLU", "data", "relu") +
                       "layer { name: 'watch' type: 'SearchN' bottom: 'relu' bottom: 'data' } " +
                       layer("in_place", "SearchN", "relu", "relu") + layer("pass", "SearchN", "relu", "passed")));
  engine.set_input("data", Tensor({1, 2}, {-1.0F, 1.0F}).view());
  engine.forward();
  CHECK(values_of(engine.output("relu")) == std::vector<float>{0.0F, 1.0F});
  CHECK(values_of(engine.output("passed")) == std::vector<float>{0.0F, 1.0F});
  const Trace trace = traced(engine);
  REQUIRE(trace.inputs.at("watch").size() == 2);
  CHECK(trace.inputs.at("watch")[1].values == std::vector<float>{-1.0F, 1.0F});
}

TEST_CASE("a layer of unknown type and what depends on it are left out, and asking for them names the layer") {
  EigenEngine engine;
  engine.load(graph_of(data + layer("relu", "ReLU", "data", "known") + layer("odd", "Mystery", "known", "odd") +
                       layer("behind", "ReLU", "odd", "behind") + layer("last", "Sigmoid", "known", "last")));
  engine.set_input("data", Tensor({1, 2, 6, 6}, std::vector<float>(72, 0.0F)).view());
  std::vector<std::string> observed;
  engine.forward([&observed](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView>) {
    observed.push_back(node.name);
  });
  CHECK(observed == std::vector<std::string>{"relu", "last"});
  engine.forward();
  CHECK(engine.output("last").values[0] == 0.5F);
  for (const char* const blob : {"odd", "behind"}) {
    const CaughtError error = error_of<nuq::ModelError>([&] { static_cast<void>(engine.output(blob)); });
    CHECK(error.code == ErrorCode::unsupported_layer);
    CHECK(error.says(std::string("net.prototxt: blob '") + blob + "' cannot be computed: layer 'odd'"));
    CHECK(error.says("Mystery"));
  }
}

TEST_CASE("inputs that only a layer of unknown type reads need not be set") {
  EigenEngine engine;
  engine.load(
      graph_of("input: 'data' input: 'label' input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 "
               "input_dim: 1 input_dim: 1 input_dim: 1 " +
               layer("relu", "ReLU", "data", "out") +
               "layer { name: 'loss' type: 'MysteryLoss' bottom: 'out' bottom: 'label' top: 'loss' }"));
  engine.set_input("data", Tensor({1, 1, 1, 1}, {3.0F}).view());
  CHECK_NOTHROW(engine.forward());
  CHECK(engine.output("out").values[0] == 3.0F);
}

/// y = x · factor with a size that the library could not know: every value twice.
struct Twice {
  static constexpr std::string_view type = "Mystery";
  static constexpr bool in_place = false;
  static std::vector<Shape> output_shapes(const nuq::LayerRef&, const std::vector<Shape>& inputs) {
    return {{inputs[0][0], 2 * inputs[0][1]}};
  }
  explicit Twice(const nuq::LayerRef& layer)
      : factor(std::stof(std::string(nuq::text_value(layer.text(), {"power_param", "scale"}).value()))) {
    if (factor == 0.0F) layer.fail(ErrorCode::invalid_argument, "the factor is 0");
  }
  void forward(const nuq::LayerCall& call) const {
    for (std::size_t index = 0; index < call.outputs[0].values.size(); ++index) {
      call.outputs[0].values[index] = factor * call.inputs[0].values[index / 2];
    }
  }
  float factor;
};

TEST_CASE("a Parameter layer brings its trained blob into the network") {
  EigenEngine engine;
  engine.load(
      graph_of("input: 'data' input_dim: 1 input_dim: 3 layer { name: 'constant' type: 'Parameter' top: 'constant' "
               "parameter_param { shape { dim: 1 dim: 3 } } } layer { name: 'sum' type: 'Eltwise' bottom: 'data' "
               "bottom: 'constant' top: 'sum' }",
               {{"constant", {Tensor({1, 3}, {10.0F, 20.0F, 30.0F})}}}));
  engine.set_input("data", Tensor({1, 3}, {1.0F, 2.0F, 3.0F}).view());
  engine.forward();
  const TensorView output = engine.output("sum");
  CHECK(std::vector<float>(output.values.begin(), output.values.end()) == std::vector<float>{11.0F, 22.0F, 33.0F});
}

TEST_CASE("a custom layer is computed between the library's, with its own shapes and errors") {
  EigenEngine engine(1, nuq::custom_layers<Twice>());
  const std::string input = "input: 'data' input_dim: 1 input_dim: 2 ";
  engine.load(graph_of(input + layer("odd", "Mystery", "data", "odd", "power_param { scale: 3 }") +
                       layer("relu", "ReLU", "odd", "odd")));
  engine.set_input("data", Tensor({1, 2}, {-1.0F, 5.0F}).view());
  engine.forward();
  const TensorView output = engine.output("odd");
  CHECK(output.shape == Shape{1, 4});
  CHECK(std::vector<float>(output.values.begin(), output.values.end()) == std::vector<float>{0.0F, 0.0F, 15.0F, 15.0F});
  CHECK(error_of<nuq::ModelError>([&] {
          engine.load(graph_of(input + layer("odd", "Mystery", "data", "odd", "power_param { scale: 0 }")));
        }).says("layer 'odd': the factor is 0"));
}

TEST_CASE("a network that cannot be computed is refused when it is loaded, by file and layer") {
  EigenEngine engine;
  const std::string convolution =
      layer("conv", "Convolution", "data", "conv", "convolution_param { num_output: 1 kernel_size: 3 }");
  CaughtError error = error_of<nuq::ModelError>([&] { engine.load(graph_of(data + convolution)); });
  CHECK(error.says("net.prototxt: layer 'conv'"));

  error = error_of<nuq::ModelError>([&] {
    engine.load(graph_of(data + convolution, {{"conv", {Tensor(Shape{1, 3, 3, 3}), Tensor(Shape{1})}}}));
  });
  CHECK(error.code == ErrorCode::size_mismatch);
  CHECK(error.says("net.prototxt: layer 'conv': blob 0"));
}

TEST_CASE("a network that cannot be loaded leaves the engine as it was") {
  EigenEngine engine;
  engine.load(residual_network());
  CHECK(error_of<nuq::ModelError>([&] {
          engine.load(graph_of(data + layer("odd", "InnerProduct", "data", "odd")));
        }).says("odd"));
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 9).view());
  CHECK_NOTHROW(engine.forward());
}

TEST_CASE("inputs and outputs that do not exist or do not fit are refused") {
  EigenEngine engine;
  engine.load(residual_network());
  const auto set = [&engine](const std::string& blob, const Shape& shape) {
    return error_of<nuq::ConfigError>([&] { engine.set_input(blob, Tensor(shape).view()); });
  };
  CHECK(set("conv", {1, 2, 6, 6}).says("no input is named 'conv'"));
  CHECK(set("data", {1, 3, 6, 6}).says("[1,3,6,6]"));
  CHECK(set("data", {2, 6, 6}).says("[2,6,6]"));
  CHECK(set("data", {0, 2, 6, 6}).says("[0,2,6,6]"));
  const std::vector<float> few(7);
  CHECK(error_of<nuq::ConfigError>([&] { engine.set_input("data", {{1, 2, 6, 6}, few}); }).says("7 values"));

  CHECK(error_of<nuq::ConfigError>([&] { engine.forward(); }).says("input 'data' has not been set"));
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 9).view());
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(engine.output("prob")); }).says("before forward"));
  engine.forward();
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(engine.output("mystery")); }).code ==
        ErrorCode::unknown_name);
}

TEST_CASE("an input size that a layer cannot take is refused by that layer's name, and the engine goes on") {
  EigenEngine engine;
  engine.load(graph_of(
      data + layer("ip", "InnerProduct", "data", "ip", "inner_product_param { num_output: 1 bias_term: false }"),
      {{"ip", {random_tensor({1, 72}, 1)}}}));
  engine.set_input("data", random_tensor({1, 2, 6, 7}, 9).view());
  CHECK(error_of<nuq::ModelError>([&] { engine.forward(); }).says("net.prototxt: layer 'ip'"));
  engine.set_input("data", random_tensor({3, 2, 6, 6}, 9).view());
  engine.forward();
  CHECK(engine.output("ip").shape == Shape{3, 1});
}

TEST_CASE("a BatchNorm behind a convolution along another axis keeps to its own axis") {
  // The convolution has 3 output channels in axis 2, the BatchNorm 3 channels in axis 1.
  const std::vector<Tensor> norm = {random_tensor({3}, 3), Tensor({3}, {0.5F, 2.0F, 1.0F}), Tensor({1}, {1.0F})};
  const Graph graph =
      graph_of("input: 'data' input_shape { dim: 2 dim: 3 dim: 4 dim: 5 } " +
                   layer("conv", "Convolution", "data", "conv",
                         "convolution_param { num_output: 3 kernel_size: 2 axis: 2 bias_term: false }") +
                   layer("norm", "BatchNorm", "conv", "conv"),
               {{"conv", {random_tensor({3, 4, 2}, 1)}}, {"norm", norm}});
  EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", random_tensor({2, 3, 4, 5}, 9).view());
  const Trace trace = traced(engine);
  const std::vector<float>& expected = trace.outputs.at("norm")[0].values;
  engine.forward();
  CHECK(relative_error(values_of(engine.output("conv")), {expected.begin(), expected.end()}) < 1e-6);
}

TEST_CASE("a layer that finds less than its rule allows for shortens its output, for the layers behind it as well") {
  EigenEngine engine;
  engine.load(
      graph_of("input: 'locations' input_shape { dim: 1 dim: 8 } input: 'scores' input_shape { dim: 1 dim: 4 } "
               "input: 'priors' input_shape { dim: 1 dim: 2 dim: 8 } "
               "layer { name: 'found' type: 'DetectionOutput' bottom: 'locations' bottom: 'scores' bottom: 'priors' "
               "top: 'found' detection_output_param { num_classes: 2 confidence_threshold: 0.5 } } " +
               layer("doubled", "Power", "found", "doubled", "power_param { scale: 2 }") +
               layer("rows", "Reshape", "doubled", "rows", "reshape_param { shape { dim: -1 dim: 7 } }")));
  // Two boxes that do not meet.
  const Tensor priors({1, 2, 8}, {0.0F, 0.0F, 0.25F, 0.25F, 0.5F, 0.5F, 1.0F, 1.0F, 1, 1, 1, 1, 1, 1, 1, 1});
  engine.set_input("locations", Tensor(Shape{1, 8}).view());
  engine.set_input("priors", priors.view());
  const auto rows = [&](float first, float second) {
    engine.set_input("scores", Tensor({1, 4}, {0.0F, first, 0.0F, second}).view());
    engine.forward();
    CHECK(engine.output("found").shape[2] == engine.output("rows").shape[0]);
    const std::vector<float> plain = values_of(engine.output("rows"));
    const Trace trace = traced(engine);
    CHECK(trace.inputs.at("rows")[0].shape == engine.output("found").shape);
    std::vector<float> whole = values_of(engine.output("found"));
    whole.resize(14);
    CHECK(trace.outputs.at("found")[0].shape == Shape{1, 1, 2, 7});
    CHECK(trace.outputs.at("found")[0].values == whole);
    CHECK(trace.outputs.at("rows")[0].values == plain);
    return plain;
  };
  const std::vector<float> both = {0, 2, 1.8F, 0, 0, 0.5F, 0.5F, 0, 2, 1.2F, 1, 1, 2, 2};
  CHECK(rows(0.9F, 0.6F) == both);
  CHECK(rows(0.3F, 0.6F) == std::vector<float>{0, 2, 1.2F, 1, 1, 2, 2});
  CHECK(rows(0.3F, 0.2F) == std::vector<float>{0, -2, -2, -2, -2, -2, -2});
  CHECK(rows(0.9F, 0.6F) == both);
}

TEST_CASE("memory beyond the limits is refused with the blob that needs it, before it is asked for") {
  Graph graph = graph_of(data + layer("wide", "Tile", "data", "zz", "tile_param { axis: 1 tiles: 1000 }"));
  EigenEngine engine;
  graph.limits.memory = 4 * 72 * 1000 - 1;
  engine.load(graph);
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 1).view());
  const auto forward = [&engine] { engine.forward(); };
  CHECK(error_of<nuq::FormatError>(forward).says("net.prototxt: blob 'zz' needs 0.288 MB"));
  graph.limits.memory += 1;
  engine.load(graph);
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 1).view());
  CHECK(error_of<nuq::FormatError>(forward).says("net.prototxt: the network at work needs"));
  graph.limits.memory += 4 * 72;
  engine.load(graph);
  engine.set_input("data", random_tensor({1, 2, 6, 6}, 1).view());
  engine.forward();
  CHECK(engine.output("zz").shape == Shape{1, 2000, 6, 6});
}

}  // namespace engine_eigen_engine_test
