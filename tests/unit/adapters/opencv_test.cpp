#include "nuq/adapters/opencv.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "../workflow/tiny_network.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "nuq/workflow/static_nuq.hpp"

namespace adapters_opencv_test {

using nuq::ErrorCode;
using nuq::Shape;
using nuq::Tensor;

static_assert(nuq::check_engine<nuq::OpenCvEngine>());

using Blobs = std::map<std::string, std::vector<Tensor>>;  // trained, by layer
using Inputs = std::map<std::string, Tensor>;

nuq::Graph graph_of(const std::string& text, const Blobs& blobs = {}) {
  auto model = std::make_shared<nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", ""));
  model->weights_file = "net.caffemodel";
  model->options.ignored_fields = {"InnerProduct.blobs"};
  for (const auto& [name, tensors] : blobs) {
    auto& layer = *model->weights.add_layer();
    layer.set_name(name);
    for (const Tensor& tensor : tensors) {
      auto& blob = *layer.add_blobs();
      for (const std::int64_t extent : tensor.shape) blob.mutable_shape()->add_dim(extent);
      blob.mutable_data()->Add(tensor.values.begin(), tensor.values.end());
    }
  }
  return nuq::build_graph(model);
}

std::string layer(const std::string& name, const std::string& type, const std::string& bottom, const std::string& top,
                  const std::string& rest = "") {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top + "' " + rest +
         " } ";
}

Tensor random_tensor(const Shape& shape, std::uint32_t seed) {
  return {shape, random_values(nuq::element_count(shape), seed)};
}

const std::string data = "input: 'data' input_shape { dim: 2 dim: 4 dim: 7 dim: 6 } ";

/// In-place layers over a convolution, a slice of which one half is overwritten and both are read again, a sum.
nuq::Graph branched_network() {
  return graph_of(
      data + layer("before", "BatchNorm", "data", "before") +
          layer("conv", "Convolution", "before", "conv",
                "convolution_param { num_output: 4 kernel_size: 3 pad: 1 bias_term: false }") +
          layer("norm", "BatchNorm", "conv", "conv") +
          layer("scale", "Scale", "conv", "conv", "scale_param { bias_term: true }") +
          layer("relu", "ReLU", "conv", "conv", "relu_param { negative_slope: 0.125 }") +
          "layer { name: 'halves' type: 'Slice' bottom: 'conv' top: 'a' top: 'b' } " +
          layer("relu_b", "ReLU", "b", "b") +
          layer("pool", "Pooling", "b", "pool", "pooling_param { pool: AVE kernel_size: 3 stride: 1 pad: 1 }") +
          "layer { name: 'joined' type: 'Concat' bottom: 'a' bottom: 'pool' top: 'joined' } "
          "layer { name: 'sum' type: 'Eltwise' bottom: 'joined' bottom: 'data' top: 'sum' } " +
          layer("relu_sum", "ReLU", "sum", "sum") +
          layer("fc", "InnerProduct", "sum", "fc", "inner_product_param { num_output: 5 }") +
          layer("prob", "Softmax", "fc", "prob"),
      {{"before", {random_tensor({4}, 7), Tensor({4}, {0.5F, 1.5F, 1.0F, 2.0F}), Tensor({1}, {1.0F})}},
       {"conv", {random_tensor({4, 4, 3, 3}, 1)}},
       {"norm", {random_tensor({4}, 2), Tensor({4}, {0.5F, 2.0F, 1.0F, 0.25F}), Tensor({1}, {2.0F})}},
       {"scale", {random_tensor({4}, 3), random_tensor({4}, 4)}},
       {"fc", {random_tensor({5, 4 * 7 * 6}, 5), random_tensor({5}, 6)}}});
}

/// What an observer sees: the layers in order, with their inputs and outputs.
struct Observed {
  std::string layer;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

std::vector<Tensor> copied(nuq::ArrayView<const nuq::TensorView> views) {
  std::vector<Tensor> tensors;
  for (const nuq::TensorView& view : views)
    tensors.emplace_back(view.shape, std::vector<float>(view.values.begin(), view.values.end()));
  return tensors;
}

template <class Engine>
std::vector<Observed> observed(Engine& engine, const Inputs& inputs) {
  std::vector<Observed> all;
  for (const auto& [blob, tensor] : inputs) engine.set_input(blob, tensor.view());
  engine.forward([&all](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView> read,
                        nuq::ArrayView<const nuq::TensorView> written) {
    all.push_back({node.name, copied(read), copied(written)});
  });
  return all;
}

void check_same(const Tensor& got, const Tensor& wanted) {
  CHECK(got.shape == wanted.shape);
  REQUIRE(got.values.size() == wanted.values.size());
  float difference = 0.0F;
  float magnitude = 0.0F;
  for (std::size_t index = 0; index < got.values.size(); ++index) {
    difference = (std::max)(difference, std::fabs(got.values[index] - wanted.values[index]));
    magnitude = (std::max)(magnitude, std::fabs(wanted.values[index]));
  }
  CHECK(difference <= 1e-5F * magnitude);
}

template <class Reference>
void check_same_as(Reference& reference, nuq::OpenCvEngine& engine, const Inputs& inputs) {
  const std::vector<Observed> wanted = observed(reference, inputs);
  const std::vector<Observed> got = observed(engine, inputs);
  REQUIRE(got.size() == wanted.size());
  for (std::size_t index = 0; index < got.size(); ++index) {
    CAPTURE(wanted[index].layer);
    CHECK(got[index].layer == wanted[index].layer);
    REQUIRE(got[index].inputs.size() == wanted[index].inputs.size());
    REQUIRE(got[index].outputs.size() == wanted[index].outputs.size());
    for (std::size_t input = 0; input < got[index].inputs.size(); ++input)
      check_same(got[index].inputs[input], wanted[index].inputs[input]);
    for (std::size_t output = 0; output < got[index].outputs.size(); ++output)
      check_same(got[index].outputs[output], wanted[index].outputs[output]);
  }
}

/// Both engines show the same network to an observer.
void check_agreement(const nuq::Graph& graph, const Inputs& inputs) {
  nuq::EigenEngine eigen;
  nuq::OpenCvEngine opencv;
  eigen.load(graph);
  opencv.load(graph);
  check_same_as(eigen, opencv, inputs);
}

nuq::QuantizationSession quantized_session(const TemporaryFolder& folder, const TinyNetwork& network,
                                           const std::string& record) {
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  nuq::QuantizationSession session = nuq::init(folder / "config.json", network.model, network.weights, folder / record);
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  return session;
}

nuq::InputBatch tiny_batch(int index) {
  return {{"data", TinyNetwork::batch(index)}};
}

/// A Quant layer with the given parameters.
std::string quant_layer(const std::string& name, const std::string& bottom, const std::string& top,
                        const std::string& parameters) {
  return layer(name, "Quant", bottom, top, "quant_param { " + parameters + " }");
}

TEST_CASE("an observer sees every layer's own values, before in-place layers overwrite them") {
  check_agreement(branched_network(), {{"data", random_tensor({2, 4, 7, 6}, 11)}});
}

TEST_CASE("a folded layer writes what the last of the layers folded into it writes") {
  nuq::Graph graph = branched_network();
  const std::size_t layers = graph.nodes.size();
  nuq::fuse(graph);
  REQUIRE(graph.nodes.size() == layers - 2);
  check_agreement(graph, {{"data", random_tensor({2, 4, 7, 6}, 12)}});
}

TEST_CASE("OpenCV computes with the weights of the graph, not with those of the file behind it") {
  nuq::Graph graph = branched_network();
  for (nuq::Node& node : graph.nodes) {
    for (Tensor& blob : node.blobs) {
      for (float& value : blob.values) value *= 1.5F;
    }
  }
  check_agreement(graph, {{"data", random_tensor({2, 4, 7, 6}, 13)}});
  nuq::fuse(graph);
  for (nuq::Node& node : graph.nodes) {
    for (Tensor& blob : node.blobs) {
      for (float& value : blob.values) value *= 0.75F;
    }
  }
  check_agreement(graph, {{"data", random_tensor({2, 4, 7, 6}, 14)}});
}

TEST_CASE("a layer that the prototxt does not have is refused") {
  nuq::Graph graph = branched_network();
  graph.nodes.front().name = "another";
  nuq::OpenCvEngine engine;
  const CaughtError error = error_of<nuq::ModelError>([&] { engine.load(graph); });
  CHECK(error.code == ErrorCode::unsupported_layer);
  CHECK(error.says("net.prototxt: layer 'another': is no BatchNorm in the file"));
}

TEST_CASE("layers folded into the convolution behind them leave its output alone") {
  nuq::Graph graph =
      graph_of(data + layer("norm", "BatchNorm", "data", "norm") +
                   layer("conv", "Convolution", "norm", "conv", "convolution_param { num_output: 2 kernel_size: 3 }") +
                   layer("relu", "ReLU", "conv", "conv"),
               {{"norm", {random_tensor({4}, 1), Tensor({4}, {0.5F, 1.5F, 1.0F, 2.0F}), Tensor({1}, {1.0F})}},
                {"conv", {random_tensor({2, 4, 3, 3}, 2), random_tensor({2}, 3)}}});
  nuq::fuse(graph);
  REQUIRE(graph.nodes.size() == 2);
  check_agreement(graph, {{"data", random_tensor({2, 4, 7, 6}, 4)}});
}

TEST_CASE("several inputs are set by name, and their shapes win over the declared ones") {
  const nuq::Graph graph = graph_of(
      "input: 'left' input: 'right' input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4 input_dim: 1 input_dim: 2 "
      "input_dim: 4 input_dim: 4 "
      "layer { name: 'minus' type: 'Eltwise' bottom: 'left' bottom: 'right' top: 'minus' eltwise_param { operation: "
      "SUM coeff: 1 coeff: -1 } } " +
      layer("relu", "ReLU", "left", "left"));
  check_agreement(graph, {{"left", random_tensor({1, 2, 4, 4}, 1)}, {"right", random_tensor({1, 2, 4, 4}, 2)}});
  nuq::EigenEngine eigen;
  nuq::OpenCvEngine opencv;
  eigen.load(graph);
  opencv.load(graph);
  for (const Shape& shape : {Shape{1, 2, 4, 4}, Shape{3, 2, 5, 6}, Shape{1, 2, 1, 1}}) {
    check_same_as(eigen, opencv, {{"left", random_tensor(shape, 3)}, {"right", random_tensor(shape, 4)}});
  }
}

TEST_CASE("an output is a blob's final value, and a second pass with the same input gives it again") {
  const nuq::Graph graph = graph_of(data + layer("shift", "Power", "data", "data", "power_param { shift: 1 }") +
                                    layer("double", "Power", "data", "twice", "power_param { scale: 2 }") +
                                    layer("relu", "ReLU", "twice", "twice"));
  nuq::OpenCvEngine engine;
  engine.load(graph);
  const Tensor input = random_tensor({2, 4, 7, 6}, 1);
  engine.set_input("data", input.view());
  Tensor shifted = input;
  Tensor twice = input;
  for (float& value : shifted.values) value += 1.0F;
  for (float& value : twice.values) value = (std::max)(0.0F, 2.0F * (value + 1.0F));
  for (int pass = 0; pass < 2; ++pass) {
    engine.forward();
    check_same(copied(std::vector<nuq::TensorView>{engine.output("data")}).front(), shifted);
    check_same(copied(std::vector<nuq::TensorView>{engine.output("twice")}).front(), twice);
  }
}

TEST_CASE("Quant, DeQuant and AntiQuant compute bit for bit what the library's engine computes") {
  const nuq::Graph graph = graph_of(
      data + quant_layer("symmetric", "data", "q", "scale: 90") +
          quant_layer("asymmetric", "data", "qa", "scale: 50 offset: '\\203' with_offset: true") +
          layer("shifted", "DeQuant", "q", "q") + layer("plain", "DeQuant", "qa", "qa") +
          layer("anti", "AntiQuant", "qa", "anti"),
      {{"shifted", {Tensor({4}, {0.01F, 0.02F, 0.005F, 0.03F}), Tensor({4}, {1.0F, 3.0F, 2.0F, 16.0F}), Tensor({4})}},
       {"plain", {Tensor({1}, {0.5F}), Tensor({1}), Tensor({1})}}});
  const Inputs inputs{{"data", random_tensor({2, 4, 7, 6}, 9)}};
  nuq::EigenEngine eigen;
  nuq::OpenCvEngine opencv;
  eigen.load(graph);
  opencv.load(graph);
  const std::vector<Observed> wanted = observed(eigen, inputs);
  const std::vector<Observed> got = observed(opencv, inputs);
  REQUIRE(got.size() == 5);
  for (std::size_t index = 0; index < got.size(); ++index) {
    CAPTURE(wanted[index].layer);
    CHECK(got[index].outputs.front().values == wanted[index].outputs.front().values);
  }
  CHECK(got.front().outputs.front().values != inputs.at("data").values);
}

TEST_CASE("calibration through OpenCV gives the factors of calibration with the library's engine") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession with_eigen = quantized_session(folder, network, "eigen.txt");
  nuq::QuantizationSession with_opencv = quantized_session(folder, network, "opencv.txt");
  nuq::calibrate(with_eigen, tiny_batch);
  nuq::calibrate(with_opencv, tiny_batch, nuq::OpenCvEngine{});
  CHECK(folder.read("opencv.txt").find("scale_d") != std::string::npos);
  REQUIRE(with_opencv.quantization.size() == 3);
  for (const auto& layer_of_eigen : with_eigen.quantization) {
    CAPTURE(layer_of_eigen.first);
    const nuq::LayerQuantization& wanted = layer_of_eigen.second;
    const nuq::LayerQuantization& got = with_opencv.quantization.at(layer_of_eigen.first);
    CHECK(std::fabs(got.activation->scale - wanted.activation->scale) <= 1e-4F * wanted.activation->scale);
    CHECK(got.activation->offset == wanted.activation->offset);
    CHECK(got.activation->with_offset == wanted.activation->with_offset);
    CHECK(got.input_shape == wanted.input_shape);
  }
}

TEST_CASE("a fake-quant model runs in OpenCV, a deploy model is refused") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network, "record.txt");
  nuq::calibrate(session, tiny_batch);
  nuq::save_model(session, nuq::SaveType::both, folder / "net");
  const nuq::Graph fake_quant =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  nuq::EigenEngine eigen;
  nuq::OpenCvEngine opencv;
  eigen.load(fake_quant);
  opencv.load(fake_quant);
  const std::vector<Observed> wanted = observed(eigen, tiny_batch(0));
  const std::vector<Observed> got = observed(opencv, tiny_batch(0));
  REQUIRE(got.size() == wanted.size());
  for (std::size_t index = 0; index < got.size(); ++index) {
    CAPTURE(wanted[index].layer);
    CHECK(got[index].layer == wanted[index].layer);
    for (std::size_t at = 0; at < got[index].outputs.front().values.size();
         ++at) {  // a value between two levels may fall on either side
      CHECK(std::fabs(got[index].outputs.front().values[at] - wanted[index].outputs.front().values[at]) <= 0.05F);
    }
  }

  const CaughtError refusal = error_of<nuq::ModelError>([&] {
    opencv.load(nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel"));
  });
  CHECK(refusal.code == ErrorCode::unsupported_format);
  CHECK(refusal.says("net_deploy_model.prototxt: layer 'conv1_0_quant_layer': computes with integers"));
}

TEST_CASE("OpenCV reads a packed file as it reads the model's own files") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                  folder / "net");
  const auto outputs_of = [](cv::dnn::Net net) {
    const std::vector<int> shape = {1, 2, 6, 6};
    cv::Mat input(shape, CV_32F);
    const std::vector<float> values = random_values(input.total(), 3);
    std::copy(values.begin(), values.end(), input.ptr<float>());
    net.setInput(input);
    const cv::Mat output = net.forward();
    return std::vector<float>(output.begin<float>(), output.end<float>());
  };
  const std::vector<float> of_files = outputs_of(cv::dnn::readNetFromCaffe(
      folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel"));
  CHECK(of_files.size() > 1);
  CHECK(outputs_of(nuq::read_opencv_net(folder / "net.nuq")) == of_files);
  CHECK(outputs_of(nuq::read_opencv_net(network.model, network.weights)) != of_files);
  CHECK(error_of<nuq::FormatError>([&] {
          static_cast<void>(nuq::read_opencv_net(folder / "none.nuq"));
        }).says("none.nuq"));
}

TEST_CASE("layers that OpenCV does not know are left out with all that depends on them") {
  const nuq::Graph graph = graph_of(
      "layer { name: 'source' type: 'Data' top: 'data' top: 'label' include { phase: TEST } } "
      "layer { name: 'source' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } } " +
      layer("relu", "ReLU", "data", "relu") +
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'relu' bottom: 'label' top: 'loss' } " +
      layer("behind", "ReLU", "loss", "loss"));
  nuq::OpenCvEngine engine;
  engine.load(graph);
  const std::vector<Observed> seen = observed(engine, {{"data", random_tensor({1, 2, 3, 3}, 1)}});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].layer == "source");
  CHECK(seen[1].layer == "relu");
  const CaughtError error = error_of<nuq::ModelError>([&] { static_cast<void>(engine.output("loss")); });
  CHECK(error.code == ErrorCode::unsupported_layer);
  CHECK(error.says("net.prototxt: blob 'loss' cannot be computed: layer 'loss' is of type 'SoftmaxWithLoss'"));
}

TEST_CASE("pruning masks behind a layer's blobs, and fields without effect, do not matter to OpenCV") {
  const Tensor weights = random_tensor({5, 168}, 1);
  check_agreement(graph_of(data + layer("fc", "InnerProduct", "data", "fc",
                                        "inner_product_param { num_output: 5 weight_filler { unheard_of: 3 } } engine: "
                                        "'MKL2017' phase: TEST param { lr_mult: 1 }"),
                           {{"fc", {weights, random_tensor({5}, 2), weights, random_tensor({5}, 3)}}}),
                  {{"data", random_tensor({2, 4, 7, 6}, 4)}});
}

TEST_CASE("what OpenCV refuses, or would compute otherwise, is an error that names the file and the layer") {
  nuq::OpenCvEngine engine;
  const auto load_error = [&engine](const nuq::Graph& graph) {
    return error_of<nuq::ModelError>([&] { engine.load(graph); });
  };
  CHECK(load_error(graph_of(data + layer("norm", "BatchNorm", "data", "norm")))
            .says("net.prototxt: layer 'norm': OpenCV: "));
  if (nuq::detail::opencv_layer_schema() != nullptr) {
    const CaughtError error =
        load_error(graph_of(data + layer("conv", "Convolution", "data", "conv",
                                         "convolution_param { num_output: 1 kernel_size: 3 hole: 2 }"),
                            {{"conv", {random_tensor({1, 4, 3, 3}, 1), Tensor({1})}}}));
    CHECK(error.says("net.prototxt: layer 'conv': has the field 'convolution_param.hole', which OpenCV does not know"));
  }
  engine.load(graph_of(data + "input: 'other' input_shape { dim: 2 dim: 4 dim: 7 dim: 6 } layer { name: 'sum' type: "
                              "'Eltwise' bottom: 'data' bottom: 'other' top: 'sum' }"));
  engine.set_input("data", random_tensor({2, 4, 7, 6}, 1).view());
  engine.set_input("other", random_tensor({2, 3, 7, 6}, 1).view());
  CHECK(error_of<nuq::ModelError>([&] { engine.forward(); }).says("net.prototxt: OpenCV: "));
}

TEST_CASE("inputs and outputs that do not exist or are not there yet are errors of the call") {
  nuq::OpenCvEngine engine;
  engine.load(graph_of(data + layer("relu", "ReLU", "data", "relu")));
  const auto call_error = [](auto&& action) { return error_of<nuq::ConfigError>(action); };
  CHECK(call_error([&] { engine.forward(); }).says("net.prototxt: input 'data' has not been set"));
  CHECK(call_error([&] { engine.set_input("image", Tensor({1}, {1.0F}).view()); }).code == ErrorCode::unknown_name);
  const std::vector<float> one{1.0F};
  for (const Shape& shape : {Shape{}, Shape{2}, Shape{0, 1}, Shape{-1, -1}, Shape(33, 1)}) {
    CHECK(call_error([&] { engine.set_input("data", {shape, one}); }).code == ErrorCode::size_mismatch);
  }
  CHECK(call_error([&] { static_cast<void>(engine.output("nothing")); }).code == ErrorCode::unknown_name);
  CHECK(call_error([&] { static_cast<void>(engine.output("relu")); }).code == ErrorCode::invalid_argument);
}

}  // namespace adapters_opencv_test
