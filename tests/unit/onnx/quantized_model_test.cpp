#include "nuq/onnx/quantized_model.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/onnx/onnx_source.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#include "small_model.hpp"

using nuq::OnnxWeightForm;
using nuq::Tensor;
using T = nuq::onnx_schema::TensorProto;

namespace onnx_quantized_model_test {

/// A convolution whose BatchNormalization is folded into it, an activation, and a product with weights [in × out]
/// behind an Identity.
SmallModel network() {
  SmallModel small;
  small.input("x", {1, 1, 1, 2}).floats("w", {2, 1, 1, 1}, {1, -2}).floats("unused", {1}, {3});
  small.floats("gamma", {2}, {2, 1}).floats("zero", {2}, {0, 0}).floats("one", {2}, {1, 1});
  set_integers(small.node("Conv", {"x", "w"}, "c"), "kernel_shape", {1, 1});
  set_real(small.node("BatchNormalization", {"c", "gamma", "one", "zero", "one"}, "b"), "epsilon", 0.0F);
  small.node("Relu", {"b"}, "r");
  small.floats("m", {4, 1}, {1, 2, 3, 4});
  small.node("Flatten", {"r"}, "f");
  small.node("Identity", {"m"}, "i");
  small.node("MatMul", {"f", "i"}, "y");
  small.output("y");
  nuq::onnx_schema::StringStringEntryProto& note = *small.proto.add_metadata_props();
  note.set_key("note");
  note.set_value("kept");
  return small;
}

/// Levels 3 and −4 with scales 2 and 1 for the convolution, 1 to 4 with scale ½ for the product.
nuq::NetworkQuantization quantization() {
  nuq::NetworkQuantization quantized;
  quantized["Conv_c"].weights = {2, 1, {2.0F, 1.0F}, {3, -4}};
  quantized["MatMul_y"].weights = {1, 4, {0.5F}, {1, 2, 3, 4}};
  return quantized;
}

SmallModel rewritten(const SmallModel& small, OnnxWeightForm form,
                     const nuq::NetworkQuantization& quantized = quantization()) {
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  SmallModel result;
  result.proto = nuq::quantized_onnx_model(*small.model(), graph, quantized, form);
  return result;
}

const nuq::onnx_schema::NodeProto* find_node(const SmallModel& small, const std::string& name) {
  for (const nuq::onnx_schema::NodeProto& node : small.proto.graph().node()) {
    if (node.name() == name) return &node;
  }
  return nullptr;
}

const T* find_tensor(const SmallModel& small, const std::string& name) {
  for (const T& tensor : small.proto.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

/// What a network of the levels computes, by hand: 6x + 1 and −4x + 1, none below 0, times ½, 1, 1½ and 2.
std::vector<float> expected(float a, float b) {
  const auto relu = [](float value) { return value > 0.0F ? value : 0.0F; };
  return {0.5F * relu(6 * a + 1) + relu(6 * b + 1) + 1.5F * relu(-4 * a + 1) + 2.0F * relu(-4 * b + 1)};
}

}  // namespace onnx_quantized_model_test
using namespace onnx_quantized_model_test;

TEST_CASE("every form of weights computes what the levels say") {
  const SmallModel small = network();
  for (const OnnxWeightForm form :
       {OnnxWeightForm::floats, OnnxWeightForm::cast, OnnxWeightForm::qdq, OnnxWeightForm::palette}) {
    CAPTURE(static_cast<int>(form));
    const SmallModel result = rewritten(small, form);
    CHECK(result.computed("y", "x", Tensor({1, 1, 1, 2}, {1, 2})).values == expected(1, 2));
    CHECK(result.computed("y", "x", Tensor({1, 1, 1, 2}, {-1, 0.125F})).values == expected(-1, 0.125F));
  }
}

TEST_CASE("what is not quantized stays, what was folded vanishes with its constants") {
  const SmallModel small = network();
  const SmallModel result = rewritten(small, OnnxWeightForm::floats);
  CHECK(find_node(result, "BatchNormalization_b") == nullptr);
  CHECK(find_node(result, "Identity_i") == nullptr);
  for (const char* gone : {"gamma", "zero", "m"}) CHECK(find_tensor(result, gone) == nullptr);
  CHECK(find_tensor(result, "unused") != nullptr);  // nobody read it before either
  for (const char* kept : {"Relu_r", "Flatten_f"}) {
    CHECK(find_node(result, kept)->SerializeAsString() == find_node(small, kept)->SerializeAsString());
  }
  const nuq::onnx_schema::NodeProto& convolution = *find_node(result, "Conv_c");
  CHECK(convolution.output(0) == "b");
  CHECK(convolution.input(1) == "w");
  REQUIRE(convolution.input_size() == 3);
  CHECK(convolution.attribute(0).SerializeAsString() == find_node(small, "Conv_c")->attribute(0).SerializeAsString());
  CHECK(result.proto.metadata_props(0).value() == "kept");
  CHECK(result.proto.graph().input(0).SerializeAsString() == small.proto.graph().input(0).SerializeAsString());
}

TEST_CASE("levels stand as int8, with a scale for each channel or one for all") {
  const SmallModel result = rewritten(network(), OnnxWeightForm::cast);
  const T& levels = *find_tensor(result, "w_nuq_levels");
  CHECK(levels.data_type() == T::INT8);
  CHECK(levels.raw_data() == "\x03\xFC");
  CHECK(levels.dims_size() == 4);
  CHECK(find_tensor(result, "w_nuq_scale")->dims_size() == 4);
  CHECK(find_tensor(result, "w_nuq_scale")->dims(0) == 2);
  const T& matrix = *find_tensor(result, "i_nuq_levels");
  CHECK(matrix.dims(0) == 4);
  CHECK(matrix.dims(1) == 1);
  CHECK(find_tensor(result, "i_nuq_scale")->dims_size() == 1);

  const SmallModel qdq = rewritten(network(), OnnxWeightForm::qdq);
  const nuq::onnx_schema::NodeProto& dequantize = *find_node(qdq, "w_nuq_DequantizeLinear");
  CHECK(dequantize.output(0) == find_node(qdq, "Conv_c")->input(1));
  CHECK(dequantize.attribute(0).i() == 0);
}

TEST_CASE("palettes of up to 16 levels stand in 4 bits where the model's versions know them") {
  SmallModel small = network();
  small.proto.set_ir_version(10);
  small.proto.mutable_opset_import(0)->set_version(21);
  const SmallModel result = rewritten(small, OnnxWeightForm::palette);
  const T& places = *find_tensor(result, "i_nuq_places");
  CHECK(places.data_type() == T::UINT4);
  CHECK(places.raw_data() == "\x10\x32");
  CHECK(result.computed("y", "x", Tensor({1, 1, 1, 2}, {1, 2})).values == expected(1, 2));
  small.proto.set_ir_version(9);
  CHECK(find_tensor(rewritten(small, OnnxWeightForm::palette), "i_nuq_places")->data_type() == T::UINT8);
}

TEST_CASE("forms that the model's version does not know are refused") {
  nuq::OnnxModel old = *network().model();
  old.proto.mutable_opset_import(0)->set_version(12);
  CHECK(nuq::onnx_weight_form(old) == OnnxWeightForm::cast);
  const auto refused = [&old](const std::string& form) {
    old.options.weight_form = form;
    return error_of<nuq::ConfigError>([&] { static_cast<void>(nuq::onnx_weight_form(old)); });
  };
  CHECK(refused("qdq").says("weights as qdq need version 13 of ONNX's operations, the model asks for 12"));
  CHECK(refused("tar").says("'tar': wanted cast, qdq or palette"));
}

TEST_CASE("weights that layers share are stored once") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1}).floats("w", {1, 1, 1, 1}, {2});
  small.node("Conv", {"x", "w"}, "a");
  small.node("Conv", {"a", "w"}, "y");
  nuq::NetworkQuantization quantized;
  quantized["Conv_a"].weights = quantized["Conv_y"].weights = {1, 1, {3.0F}, {1}};
  const SmallModel result = rewritten(small, OnnxWeightForm::floats, quantized);
  CHECK(result.proto.graph().initializer_size() == 1);
  CHECK(result.computed("y", "x", Tensor({1, 1, 1, 1}, {1})).values == std::vector<float>{9});
}

TEST_CASE("a packed file holds the same weights") {
  const SmallModel small = network();
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  nuq::Parallel serial;
  const std::vector<std::uint8_t> bytes = nuq::packed_onnx_file(*small.model(), graph, quantization(), serial);
  SmallModel unpacked;
  unpacked.proto = nuq::onnx_model_of_packed_file({bytes.data(), bytes.size()}, "m.nuq").proto;
  const SmallModel floats = rewritten(small, OnnxWeightForm::floats);
  CHECK(unpacked.proto.SerializeAsString() == floats.proto.SerializeAsString());
  std::vector<std::uint8_t> damaged = bytes;
  damaged[damaged.size() - 1] ^= 1U;
  CHECK_THROWS_AS(static_cast<void>(nuq::onnx_model_of_packed_file({damaged.data(), damaged.size()}, "m.nuq")),
                  nuq::FormatError);
}

TEST_CASE("a source writes its models under names of its own") {
  const std::shared_ptr<const nuq::ModelSource> source = nuq::onnx_source(network().model("net.onnx"));
  CHECK(source->files().model_file == "net.onnx");
  CHECK(source->files().weights_file.empty());
  CHECK(source->files("out/p_fake_quant").model_file == "out/p_fake_quant_model.onnx");
  CHECK(source->graph().nodes.size() == network().built().nodes.size());
}

TEST_CASE("levels and scales in the words of old versions") {
  SmallModel old(5);
  old.input("x", {1, 1, 1, 1}).floats("w", {2, 1, 1, 1}, {1, 1});
  old.node("Conv", {"x", "w"}, "y");
  nuq::NetworkQuantization quantized;
  quantized["Conv_y"].weights = {2, 1, {2.0F, 0.5F}, {3, -4}};
  const SmallModel result = rewritten(old, OnnxWeightForm::cast, quantized);
  CHECK(find_node(result, "w_nuq_float_Cast")->attribute(0).s() == "FLOAT");
  CHECK(find_node(result, "w_nuq_Mul")->attribute(1).name() == "axis");
  CHECK(result.computed("y", "x", Tensor({1, 1, 1, 1}, {1})).values == std::vector<float>{6, -2});
}
