#include "nuq/onnx/quantized_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../caffe/small_network.hpp"
#include "../error_of.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/onnx/onnx_source.hpp"
#include "small_model.hpp"

using nuq::OnnxWeightForm;
using nuq::Tensor;
using T = nuq::onnx_schema::TensorProto;

namespace onnx_quantized_activations_test {

/// A convolution with a bias, and a product whose bias an Add gives.
SmallModel biased_network(std::int64_t opset = 13) {
  SmallModel small(opset);
  small.input("x", {1, 1, 1, 2}).floats("w", {2, 1, 1, 1}, {1, -2}).floats("b", {2}, {1, 1});
  small.node("Conv", {"x", "w", "b"}, "c").set_name("conv");
  small.node("Relu", {"c"}, "r").set_name("relu");
  small.node("Flatten", {"r"}, "f").set_name("flat");
  small.floats("m", {4, 1}, {1, 2, 3, 4}).floats("d", {1, 1}, {5});
  small.node("MatMul", {"f", "m"}, "p").set_name("product");
  small.node("Add", {"d", "p"}, "y").set_name("sum");
  small.output("y");
  return small;
}

nuq::NetworkQuantization activation_quantization() {
  nuq::NetworkQuantization quantized;
  quantized["conv"].weights = {2, 1, {2.0F, 1.0F}, {3, -4}};
  quantized["conv"].activation = nuq::ActivationScale{0.75F, 0, false};
  quantized["product"].weights = {1, 4, {0.5F}, {1, 2, 3, 4}};
  quantized["product"].activation = nuq::ActivationScale{4.0F, -128, true};
  return quantized;
}

SmallModel with_form(OnnxWeightForm form, const SmallModel& small = biased_network()) {
  SmallModel result;
  result.proto = nuq::quantized_onnx_model(*small.model(), small.built(), activation_quantization(), form);
  return result;
}

SmallModel deployed(const SmallModel& small = biased_network()) {
  SmallModel result;
  result.proto = nuq::deploy_onnx_model(*small.model(), small.built(), activation_quantization());
  return result;
}

const nuq::onnx_schema::NodeProto& node_of(const SmallModel& small, const std::string& name) {
  for (const nuq::onnx_schema::NodeProto& node : small.proto.graph().node()) {
    if (node.name() == name) return node;
  }
  FAIL("no node " << name);
  return small.proto.graph().node(0);
}

const T& tensor_of(const SmallModel& small, const std::string& name) {
  for (const T& tensor : small.proto.graph().initializer()) {
    if (tensor.name() == name) return tensor;
  }
  FAIL("no tensor " << name);
  return small.proto.graph().initializer(0);
}

template <class Value>
std::vector<Value> values_of(const T& tensor) {
  std::vector<Value> values(tensor.raw_data().size() / sizeof(Value));
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

/// By hand: 1 and 2 are the levels 1 and 3 of 0.75, the bias is 1 · 1.5 and 1 · 0.75, so that the convolution gives 6,
/// 15 and less than 0; 6 and 15 are the levels 2 (half-way, to even) and 4 of 4; 0.5 · 8 + 1 · 16, and a bias of 5 that
/// is level 2 (half-way, away from zero) of 2.
const std::vector<float> by_hand = {4 + 16 + 6};

}  // namespace onnx_quantized_activations_test
using namespace onnx_quantized_activations_test;

TEST_CASE("in every form of weights the inputs of quantized layers are rounded to their grids") {
  for (const OnnxWeightForm form :
       {OnnxWeightForm::floats, OnnxWeightForm::cast, OnnxWeightForm::qdq, OnnxWeightForm::palette}) {
    CAPTURE(static_cast<int>(form));
    const SmallModel result = with_form(form);
    CHECK(result.computed("y", "x", Tensor({1, 1, 1, 2}, {1, 2})).values == by_hand);
    CHECK(node_of(result, "conv").input(0) == node_of(result, "conv.dequant").output(0));
    CHECK(node_of(result, "conv.dequant").input(0) == node_of(result, "conv.quant").output(0));
    CHECK(node_of(result, "conv.quant").input(0) == "x");
    CHECK(node_of(result, "relu").SerializeAsString() == node_of(biased_network(), "relu").SerializeAsString());
    CHECK(values_of<float>(tensor_of(result, "product.scale_d")) == std::vector<float>{4});
    CHECK(values_of<std::int8_t>(tensor_of(result, "product.offset_d")) == std::vector<std::int8_t>{-128});
  }
}

TEST_CASE("a model whose activations are quantized computes what the quantized network does") {
  SmallModel small = biased_network();
  small.graph().mutable_initializer(3)->set_float_data(0, 6.0F);  // a level, which an Add of its own keeps too
  nuq::Net net(nuq::insert_quantization(small.built(), activation_quantization()));
  for (const float first : {1.0F, -2.5F, 40.0F}) {
    CAPTURE(first);
    const Tensor input({1, 1, 1, 2}, {first, -3.0F});
    net.set_input("x", input.view());
    net.forward();
    const nuq::TensorView expected = net.output("y");
    CHECK(with_form(OnnxWeightForm::cast, small).computed("y", "x", input).values ==
          std::vector<float>(expected.values.begin(), expected.values.end()));
  }
}

TEST_CASE("layers that read one value with one grid share its levels") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("v", {1, 1, 1, 1}, {1}).floats("w", {1, 1, 1, 1}, {2});
  small.node("Conv", {"x", "v"}, "a").set_name("a");
  small.node("Conv", {"x", "w"}, "b").set_name("b");
  nuq::NetworkQuantization quantized;
  for (const char* name : {"a", "b"}) {
    quantized[name].weights = {1, 1, {1.0F}, {1}};
    quantized[name].activation = nuq::ActivationScale{0.5F, 0, false};
  }
  SmallModel shared;
  shared.proto = nuq::quantized_onnx_model(*small.model(), small.built(), quantized, OnnxWeightForm::floats);
  CHECK(node_of(shared, "b.dequant").input(0) == node_of(shared, "a.quant").output(0));
  quantized["b"].activation->scale = 0.25F;
  SmallModel apart;
  apart.proto = nuq::quantized_onnx_model(*small.model(), small.built(), quantized, OnnxWeightForm::floats);
  CHECK(node_of(apart, "b.dequant").input(0) == node_of(apart, "b.quant").output(0));
}

TEST_CASE("a deploy model has int8 weights, int32 biases and the vendor's nodes around its layers") {
  const SmallModel result = deployed();
  const nuq::onnx_schema::NodeProto& quant = node_of(result, "conv.quant");
  CHECK(quant.op_type() == "AscendQuant");
  CHECK(quant.domain().empty());
  CHECK(quant.attribute(0).name() == "scale");
  CHECK(quant.attribute(0).f() == 1.0F / 0.75F);
  CHECK(quant.attribute(1).name() == "offset");
  CHECK(quant.attribute(2).s() == "INT8");
  CHECK(node_of(result, "product.quant").attribute(1).f() == -128.0F);
  const nuq::onnx_schema::NodeProto& conv = node_of(result, "conv");
  CHECK(conv.input(0) == quant.output(0));
  CHECK(tensor_of(result, "w").data_type() == T::INT8);
  CHECK(values_of<std::int8_t>(tensor_of(result, "w")) == std::vector<std::int8_t>{3, -4});
  CHECK(values_of<std::int32_t>(tensor_of(result, "b")) == std::vector<std::int32_t>{1, 1});
  const nuq::onnx_schema::NodeProto& dequant = node_of(result, "conv.dequant");
  CHECK(dequant.op_type() == "AscendDequant");
  CHECK(dequant.input(0) == conv.output(0));
  CHECK(dequant.input(1) == "conv.dequant.param");
  CHECK(dequant.output(0) == "c");
  CHECK(dequant.attribute(0).name() == "dtype");
  CHECK(values_of<std::uint64_t>(tensor_of(result, "conv.dequant.param")) ==
        std::vector<std::uint64_t>{0x3FC00000U, 0x3F400000U});  // 1.5 and 0.75

  const nuq::onnx_schema::NodeProto& sum = node_of(result, "sum");
  CHECK(sum.input(1) == node_of(result, "product").output(0));
  CHECK(tensor_of(result, "d").data_type() == T::INT32);
  CHECK(values_of<std::int32_t>(tensor_of(result, "d")) == std::vector<std::int32_t>{3});  // 5 / 2, away from zero
  CHECK(node_of(result, "product.dequant").input(0) == sum.output(0));
  CHECK(node_of(result, "product.dequant").output(0) == "y");
}

TEST_CASE("a deploy model has the numbers of the Caffe model of the same network") {
  const std::string text = R"(input: "x" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 2
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "r" }
layer { name: "product" type: "InnerProduct" bottom: "r" top: "y" inner_product_param { num_output: 1 } })";
  SmallWeights weights;
  weights.layer("conv", "Convolution", {Tensor({2, 1, 1, 1}, {1, -2}), filled({2}, 1)})
      .layer("product", "InnerProduct", {Tensor({1, 4}, {1, 2, 3, 4}), filled({1}, 5)});
  const nuq::Model caffe = nuq::deploy_model(graph_of(text, weights), activation_quantization());
  const SmallModel result = deployed();
  const auto blob = [&caffe](const std::string& layer, int index) -> const nuq::schema::BlobProto& {
    for (const nuq::schema::LayerWeights& given : caffe.weights.layer()) {
      if (given.name() == layer) return given.blobs(index);
    }
    FAIL("no layer " << layer);
    return caffe.weights.layer(0).blobs(0);
  };
  for (const auto& [name, matrix, bias] : {std::array{"conv", "w", "b"}, {"product", "m", "d"}}) {
    const std::string layer = name;
    CAPTURE(layer);
    CHECK(blob(layer, 0).int8_data() == tensor_of(result, matrix).raw_data());
    const auto& integers = blob(layer, 1).int32_data();
    CHECK(std::vector<std::int32_t>(integers.begin(), integers.end()) ==
          values_of<std::int32_t>(tensor_of(result, bias)));
    std::vector<float> scales;
    for (const std::uint64_t bits : values_of<std::uint64_t>(tensor_of(result, layer + ".dequant.param"))) {
      const auto low = static_cast<std::uint32_t>(bits);
      CHECK(bits == low);
      scales.emplace_back();
      std::memcpy(&scales.back(), &low, sizeof low);
    }
    CHECK(blob(layer + "_dequant_layer", 0).raw_data() ==
          nuq::packed_dequantization(scales, std::vector<int>(scales.size())));
  }
}

TEST_CASE("what cannot be said of activations is refused") {
  const auto refused = [](const SmallModel& small, const nuq::NetworkQuantization& quantized) {
    return error_of<nuq::Error>([&] {
      static_cast<void>(nuq::quantized_onnx_model(*small.model(), small.built(), quantized, OnnxWeightForm::floats));
    });
  };
  CHECK(refused(biased_network(9), activation_quantization())
            .says("need version 10 of ONNX's operations, the model asks for 9"));
  nuq::NetworkQuantization some = activation_quantization();
  some["product"].activation.reset();
  CHECK(refused(biased_network(), some).says("layer 'product': no scale_d is recorded"));
  nuq::NetworkQuantization shifted = activation_quantization();
  shifted["conv"].shift_bit = {1, 1};
  CHECK(refused(biased_network(), shifted).says("small.onnx: layer 'conv': shift_bit is not written"));
  nuq::NetworkQuantization fine = activation_quantization();
  fine["conv"].activation->scale = 1e-15F;
  CHECK(refused(biased_network(), fine).says("layer 'conv': bias 1 of channel 0"));
}

TEST_CASE("an Add that is folded into a product stays the one of its bias") {
  const SmallModel small = biased_network();
  nuq::Graph folded = small.built();
  nuq::fuse(folded);
  CHECK(folded.find("product")->fused == std::vector<std::string>{"sum"});
  const auto bytes = [](const nuq::onnx_schema::ModelProto& proto) { return proto.SerializeAsString(); };
  CHECK(bytes(nuq::deploy_onnx_model(*small.model(), folded, activation_quantization())) == bytes(deployed().proto));
  CHECK(bytes(nuq::quantized_onnx_model(*small.model(), folded, activation_quantization(), OnnxWeightForm::floats)) ==
        bytes(with_form(OnnxWeightForm::floats).proto));
}

TEST_CASE("folded layers leave nothing behind") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {1});
  small.floats("gamma", {1}, {2}).floats("zero", {1}, {0}).floats("one", {1}, {1});
  small.node("Conv", {"x", "w"}, "c").set_name("conv");
  set_real(small.node("BatchNormalization", {"c", "gamma", "one", "zero", "one"}, "y"), "epsilon", 0.0F);
  small.output("y");
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  nuq::NetworkQuantization quantized;
  quantized["conv"].weights = {1, 1, {1.0F}, {2}};
  quantized["conv"].activation = nuq::ActivationScale{0.5F, 0, false};
  SmallModel result;
  result.proto = nuq::deploy_onnx_model(*small.model(), graph, quantized);
  std::vector<std::string> names;
  for (const T& tensor : result.proto.graph().initializer()) names.push_back(tensor.name());
  CHECK(names == std::vector<std::string>{"w", "conv.bias", "conv.dequant.param"});
  CHECK(node_of(result, "conv.dequant").output(0) == "y");
}

TEST_CASE("the nodes around quantized layers are told from the model's own") {
  nuq::Parallel serial;
  const auto layers = nuq::onnx_source(biased_network().model())
                          ->fake_quant(biased_network().built(), activation_quantization(), serial)
                          ->layers();
  std::vector<std::string> inserted;
  for (const auto& layer : layers) {
    if (layer.inserted) inserted.push_back(layer.type + " " + layer.name);
  }
  CHECK(inserted == std::vector<std::string>{"Quant conv.quant", "DeQuant conv.dequant", "Quant product.quant",
                                             "DeQuant product.dequant"});
}
