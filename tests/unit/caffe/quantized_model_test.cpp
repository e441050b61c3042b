#include "nuq/caffe/quantized_model.hpp"
#include "nuq/caffe/blob.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "small_network.hpp"

namespace caffe_quantized_model_test {

using Names = std::vector<std::string>;

/// conv1 with an in-place ReLU, whose result two convolutions and a layer in float read; an InnerProduct without bias.
const std::string network = R"(input: "data" input_dim: 1 input_dim: 2 input_dim: 2 input_dim: 2
# first
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" } # in place
layer { name: "a" type: "Convolution" bottom: "conv1" top: "a" convolution_param { num_output: 1 kernel_size: 1 } }
layer { name: "b" type: "Convolution" bottom: "conv1" top: "b" convolution_param { num_output: 1 kernel_size: 1 bias_term: false } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "side" type: "Pooling" bottom: "conv1" top: "side" pooling_param { global_pooling: true } }
layer { name: "fc" type: "InnerProduct" bottom: "sum" top: "fc" inner_product_param { num_output: 2 bias_term: false } }
)";

SmallWeights network_weights() {
  SmallWeights weights;
  weights.layer("conv1", "Convolution", {counting({2, 2, 1, 1}, -1.0F), counting({2}, 0.5F)})
      .layer("a", "Convolution", {counting({1, 2, 1, 1}, 1.0F), filled({1}, 2.0F)})
      .layer("b", "Convolution", {counting({1, 2, 1, 1}, 3.0F)})
      .layer("fc", "InnerProduct", {counting({2, 4}, -4.0F)});
  return weights;
}

nuq::ActivationScale grid(float scale, int offset) {
  return {scale, offset, offset != 0};
}

/// Every Convolution and InnerProduct with int8 weights of power-of-two scales; activations as given, by layer.
nuq::NetworkQuantization quantized(const nuq::Graph& graph,
                                   const std::vector<std::pair<std::string, nuq::ActivationScale>>& activations) {
  nuq::NetworkQuantization quantization;
  for (const nuq::Node& node : graph.nodes) {
    if (node.blobs.empty()) continue;
    const nuq::MatrixView<const float> weights = nuq::WeightMatrix(node).view();
    const bool channel_wise = node.type == "Convolution";
    nuq::QuantizedWeights& result = quantization[node.name].weights;
    result = {weights.rows(), weights.cols(), std::vector<float>(channel_wise ? weights.rows() : 1, 0.25F), {}};
    for (std::size_t row = 0; row < weights.rows(); ++row) {
      for (const float weight : weights.row(row)) result.levels.push_back(static_cast<std::int8_t>(weight * 4.0F));
    }
  }
  for (const auto& [layer, activation] : activations) quantization.at(layer).activation = activation;
  return quantization;
}

const std::vector<std::pair<std::string, nuq::ActivationScale>> all_activations = {
    {"conv1", grid(0.5F, -14)}, {"a", grid(0.25F, -128)}, {"b", grid(0.25F, -128)}, {"fc", grid(2.0F, 0)}};

std::string quant_text(const std::string& layer, const std::string& source, const std::string& blob,
                       const std::string& parameters) {
  return "layer {\n  name: \"" + layer + "_0_quant_layer\"\n  type: \"Quant\"\n  bottom: \"" + source +
         "\"\n  top: \"" + blob + "\"\n  quant_param {\n" + parameters + "    object_layer: \"" + layer +
         "\"\n  }\n}\n";
}
std::string dequant_text(const std::string& layer, const std::string& blob, const std::string& channel_wise) {
  return "layer {\n  name: \"" + layer + "_dequant_layer\"\n  type: \"DeQuant\"\n  bottom: \"" + blob +
         "\"\n  top: \"" + blob + "\"\n  dequant_param {\n    channel_wise: " + channel_wise + "\n  }\n}\n";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The network above with the Quant and DeQuant layers of `all_activations`.
std::string quantized_network() {
  const std::string q1 =
      quant_text("conv1", "data", "data_conv1_quant", "    with_offset: true\n    scale: 2\n    offset: \"\\362\"\n");
  const std::string qa =
      quant_text("a", "conv1", "conv1_a_quant", "    with_offset: true\n    scale: 4\n    offset: \"\\200\"\n");
  const std::string qf =
      quant_text("fc", "sum", "sum_fc_quant", "    with_offset: false\n    scale: 0.5\n    offset: \"\\000\"\n");
  std::string text = network;
  const auto edit = [&text](const std::string& line_begin, const std::string& line_end, const std::string& before,
                            const std::string& bottom, const std::string& quantized_bottom, const std::string& after) {
    const std::string layer =
        text.substr(text.find(line_begin), text.find(line_end) + line_end.size() - text.find(line_begin));
    text = replaced(
        text, layer,
        before + replaced(layer, "bottom: \"" + bottom + "\"", "bottom: \"" + quantized_bottom + "\"") + after);
  };
  edit("layer { name: \"conv1\"", "kernel_size: 1 } }\n", q1, "data", "data_conv1_quant",
       dequant_text("conv1", "conv1", "true"));
  edit("layer { name: \"a\"", "top: \"a\" convolution_param { num_output: 1 kernel_size: 1 } }\n", qa, "conv1",
       "conv1_a_quant", dequant_text("a", "a", "true"));
  edit("layer { name: \"b\"", "kernel_size: 1 bias_term: false } }\n", "", "conv1", "conv1_a_quant",
       dequant_text("b", "b", "true"));
  edit("layer { name: \"fc\"", "num_output: 2 bias_term: false } }\n", qf, "sum", "sum_fc_quant",
       dequant_text("fc", "fc", "false"));
  return text;
}

const nuq::schema::LayerWeights& weights_of(const nuq::Model& model, const std::string& name) {
  for (const nuq::schema::LayerWeights& layer : model.weights.layer()) {
    if (layer.name() == name) return layer;
  }
  FAIL("no weights for ", name);
  return model.weights.layer(0);
}

std::vector<float> floats(const nuq::schema::BlobProto& blob) {
  return {blob.data().begin(), blob.data().end()};
}

Names node_names(const nuq::Graph& graph) {
  Names names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

TEST_CASE("a weights-only model has the same text, the weights of the int8 levels and everything else as it was") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, {});
  quantization.erase("b");
  quantization.at("a").weights.levels = {-128, 127};
  const nuq::Model model = nuq::fake_quant_model(graph, quantization);
  CHECK(model.text == network);
  SmallWeights wanted = network_weights();
  nuq::schema::BlobProto& a = *wanted.proto().mutable_layer(1)->mutable_blobs(0);
  a.set_data(0, -32.0F);
  a.set_data(1, 31.75F);
  CHECK(model.weights.SerializeAsString() == wanted.bytes());
}

TEST_CASE("a corrected bias takes the place of the bias in every model that is written") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, all_activations);
  quantization.at("conv1").bias_correction = {0.25F, -1.0F};
  const std::vector<float> corrected = {0.75F, 0.5F};
  CHECK(floats(weights_of(nuq::fake_quant_model(graph, quantization), "conv1").blobs(1)) == corrected);
  CHECK(floats(weights_of(nuq::calibration_model(graph, quantization, {}, ""), "conv1").blobs(1)) == corrected);
  const nuq::Model deploy = nuq::deploy_model(graph, quantization);
  const auto& levels = weights_of(deploy, "conv1").blobs(1).int32_data();  // in units of 0.125
  CHECK(std::vector<std::int32_t>(levels.begin(), levels.end()) == std::vector<std::int32_t>{6, 4});
}

TEST_CASE("a fake-quant model has Quant before and DeQuant behind every quantized layer, one Quant per blob version") {
  const nuq::Graph graph = graph_of(network, network_weights());
  const nuq::Model model = nuq::fake_quant_model(graph, quantized(graph, all_activations));
  CHECK(model.text == quantized_network());

  CHECK(model.weights.layer_size() == 8);
  CHECK(floats(weights_of(model, "conv1").blobs(0)) == std::vector<float>{-1.0F, 0.0F, 1.0F, 2.0F});
  CHECK(floats(weights_of(model, "conv1").blobs(1)) == std::vector<float>{0.5F, 1.5F});
  const nuq::schema::LayerWeights& dequant = weights_of(model, "conv1_dequant_layer");
  CHECK(dequant.type() == "DeQuant");
  REQUIRE(dequant.blobs_size() == 3);
  CHECK(floats(dequant.blobs(0)) == std::vector<float>{0.125F, 0.125F});
  CHECK(floats(dequant.blobs(1)) == std::vector<float>{0.0F, 0.0F});
  CHECK(floats(dequant.blobs(2)) == std::vector<float>{0.0F, 0.0F});
  for (const nuq::schema::BlobProto& blob : dequant.blobs()) CHECK(nuq::blob_shape(blob) == nuq::Shape{2});
  CHECK(floats(weights_of(model, "fc_dequant_layer").blobs(0)) == std::vector<float>{0.5F});
  CHECK(nuq::blob_shape(weights_of(model, "fc_dequant_layer").blobs(0)) == nuq::Shape{1});
}

TEST_CASE("a deploy model has the same layers, int8 weights, int32 biases where there are any, and uint64 parameters") {
  const nuq::Graph graph = graph_of(network, network_weights());
  const nuq::Model model = nuq::deploy_model(graph, quantized(graph, all_activations));
  CHECK(model.text == quantized_network());

  const nuq::schema::LayerWeights& conv1 = weights_of(model, "conv1");
  REQUIRE(conv1.blobs_size() == 2);
  nuq::schema::BlobProto weights;
  for (const int extent : {2, 2, 1, 1}) weights.mutable_shape()->add_dim(extent);
  weights.set_int8_data(std::string("\xFC\x00\x04\x08", 4));
  CHECK(conv1.blobs(0).SerializeAsString() == weights.SerializeAsString());
  nuq::schema::BlobProto bias;
  bias.mutable_shape()->add_dim(2);
  bias.add_int32_data(4);   // 0.5 / (0.5 · 0.25)
  bias.add_int32_data(12);  // 1.5 / (0.5 · 0.25)
  CHECK(conv1.blobs(1).SerializeAsString() == bias.SerializeAsString());
  CHECK(weights_of(model, "b").blobs_size() == 1);
  CHECK(weights_of(model, "fc").blobs_size() == 1);
  CHECK(weights_of(model, "fc").blobs(0).int8_data() == std::string("\xF0\xF4\xF8\xFC\x00\x04\x08\x0C", 8));

  nuq::schema::BlobProto parameters;
  parameters.mutable_shape()->add_dim(2);
  parameters.set_raw_data(nuq::packed_dequantization({0.125F, 0.125F}, {0, 0}));
  const nuq::schema::LayerWeights& dequant = weights_of(model, "conv1_dequant_layer");
  REQUIRE(dequant.blobs_size() == 1);
  CHECK(dequant.blobs(0).SerializeAsString() == parameters.SerializeAsString());
  CHECK(nuq::blob_shape(weights_of(model, "fc_dequant_layer").blobs(0)) == nuq::Shape{1});
}

TEST_CASE("the files of a fake-quant model, written and read again, give the quantized network") {
  const TemporaryFolder folder;
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::FileSet files;
  nuq::write_model(nuq::fake_quant_model(graph, quantized(graph, all_activations)), files, folder / "q.prototxt",
                   folder / "q.caffemodel");
  files.commit();
  const nuq::Graph again = nuq::load_graph(folder / "q.prototxt", folder / "q.caffemodel");
  REQUIRE(node_names(again) == Names{"conv1_0_quant_layer", "conv1", "conv1_dequant_layer", "relu1", "a_0_quant_layer",
                                     "a", "a_dequant_layer", "b", "b_dequant_layer", "sum", "side", "fc_0_quant_layer",
                                     "fc", "fc_dequant_layer"});
  for (const char* const layer : {"conv1", "a", "b", "fc"}) {
    CAPTURE(layer);
    const nuq::Node& node = *again.find(layer);
    const nuq::Node& dequant = *again.find(layer + std::string("_dequant_layer"));
    const std::size_t input = node.inputs.front();
    CHECK(again.nodes[again.values[input].producer].type == "Quant");
    CHECK(dequant.inputs == node.outputs);
    CHECK(dequant.sum_scales == dequant.blobs[0].values);
    CHECK(node.sum_scales == dequant.sum_scales);
    CHECK(again.values[dequant.outputs[0]].blob == again.values[dequant.inputs[0]].blob);
    CHECK(node.blobs[0].values == graph.find(layer)->blobs[0].values);
  }
  CHECK(again.find("a")->inputs == again.find("b")->inputs);
  const std::size_t relu = again.find("relu1")->outputs[0];
  CHECK(again.find("a_0_quant_layer")->inputs[0] == relu);
  CHECK(again.find("side")->inputs[0] == relu);
  CHECK(again.find("sum")->inputs[0] == again.find("a_dequant_layer")->outputs[0]);
  CHECK(again.find("sum")->inputs[1] == again.find("b_dequant_layer")->outputs[0]);
}

TEST_CASE("readers of one blob with different grids get a Quant each") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, all_activations);
  quantization.at("b").activation = grid(0.25F, -127);
  const nuq::Graph again = reread(nuq::fake_quant_model(graph, quantization));
  CHECK(again.values[again.find("a")->inputs[0]].blob == "conv1_a_quant");
  CHECK(again.values[again.find("b")->inputs[0]].blob == "conv1_b_quant");
  CHECK(again.find("b_0_quant_layer")->operation.get<nuq::ops::Quant>().offset == std::vector<std::int8_t>{-127});
}

TEST_CASE("versions of a blob before and behind an in-place layer are quantized separately") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 2\n"
      "layer { name: 'early' type: 'InnerProduct' bottom: 'data' top: 'early' inner_product_param { num_output: 1 "
      "bias_term: false } }\n"
      "layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'data' }\n"
      "layer { name: 'late' type: 'InnerProduct' bottom: 'data' top: 'late' inner_product_param { num_output: 1 "
      "bias_term: false } }\n";
  SmallWeights weights;
  weights.layer("early", "InnerProduct", {filled({1, 2}, 1.0F)}).layer("late", "InnerProduct", {filled({1, 2}, 2.0F)});
  const nuq::Graph graph = graph_of(text, weights);
  const nuq::Graph again =
      reread(nuq::fake_quant_model(graph, quantized(graph, {{"early", grid(1.0F, 0)}, {"late", grid(1.0F, 0)}})));
  CHECK(node_names(again) == Names{"early_0_quant_layer", "early", "early_dequant_layer", "relu", "late_0_quant_layer",
                                   "late", "late_dequant_layer"});
  CHECK(again.find("late_0_quant_layer")->inputs == again.find("relu")->outputs);
  CHECK(again.find("early_0_quant_layer")->inputs == again.find("relu")->inputs);
}

TEST_CASE("channel_wise follows the number of scales of a convolution; InnerProduct has one scale") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, all_activations);
  quantization.at("conv1").weights.scales = {0.25F};
  const nuq::Model model = nuq::deploy_model(graph, quantization);
  const auto is_channel_wise = [again = nuq::parse_model(model.text, "", "again", "")](const std::string& layer) {
    for (const nuq::schema::LayerParameter& parameter : again.net.layer()) {
      if (parameter.name() == layer + "_dequant_layer") return parameter.dequant_param().channel_wise();
    }
    FAIL("no DeQuant for ", layer);
    return false;
  };
  CHECK_FALSE(is_channel_wise("conv1"));
  CHECK(is_channel_wise("a"));  // one output channel, one scale
  CHECK_FALSE(is_channel_wise("fc"));
  CHECK(nuq::blob_shape(weights_of(model, "conv1_dequant_layer").blobs(0)) == nuq::Shape{1});
}

TEST_CASE("a folded layer is quantized under the name of the last layer's blob") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2\n"
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 1 bias_term: false } }\n"
      "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn' }\n"
      "layer { name: 'relu' type: 'ReLU' bottom: 'bn' top: 'bn' }\n";
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("bn", "BatchNorm", {filled({2}, 1.0F), filled({2}, 4.0F), filled({1}, 1.0F)});
  nuq::Graph graph = graph_of(text, weights);
  nuq::fuse(graph);
  const nuq::NetworkQuantization quantization = quantized(graph, {{"conv", grid(1.0F, 0)}});
  const nuq::Model fake = nuq::fake_quant_model(graph, quantization);
  const nuq::Graph again = reread(fake);
  CHECK(node_names(again) == Names{"conv_0_quant_layer", "conv", "conv_dequant_layer", "relu"});
  CHECK(again.values[again.find("conv")->outputs[0]].blob == "bn");
  CHECK(again.find("conv_dequant_layer")->inputs == again.find("conv")->outputs);
  CHECK(again.find("relu")->inputs == again.find("conv_dequant_layer")->outputs);
  CHECK(floats(weights_of(fake, "conv").blobs(1)) == graph.find("conv")->blobs[1].values);

  const nuq::Model deploy = nuq::deploy_model(graph, quantization);
  CHECK(weights_of(deploy, "conv").blobs(0).int8_data().size() == 2);
  CHECK(weights_of(deploy, "conv").blobs(0).data_size() == 0);
  CHECK(weights_of(deploy, "conv").blobs(1).int32_data_size() == 2);
  CHECK(weights_of(deploy, "conv").blobs(1).data_size() == 0);
}

TEST_CASE("a V1 network: weights-only keeps its syntax, with activations it is upgraded as a whole") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 2\n"
      "layers { name: 'ip' type: INNER_PRODUCT bottom: 'data' top: 'ip' inner_product_param { num_output: 2 bias_term: "
      "false } }\n"
      "layers { name: 'prob' type: SOFTMAX bottom: 'ip' top: 'prob' } # comment\n";
  SmallWeights weights;
  weights.v1_layer("ip", nuq::schema::V1LayerParameter::INNER_PRODUCT, {counting({2, 2}, 1.0F)});
  const nuq::Graph graph = graph_of(text, weights);
  const nuq::Model weights_only = nuq::fake_quant_model(graph, quantized(graph, {}));
  CHECK(weights_only.text == text);
  CHECK(weights_only.weights.SerializeAsString() == weights.bytes());

  const nuq::NetworkQuantization quantization = quantized(graph, {{"ip", grid(1.0F, 0)}});
  for (const nuq::Model& model : {nuq::fake_quant_model(graph, quantization), nuq::deploy_model(graph, quantization)}) {
    CHECK(model.net.layers_size() == 0);
    CHECK(model.weights.layers_size() == 0);
    Names names;
    for (const nuq::schema::LayerParameter& layer : model.net.layer()) names.push_back(layer.name());
    CHECK(names == Names{"ip_0_quant_layer", "ip", "ip_dequant_layer", "prob"});
    CHECK(model.net.layer(1).bottom(0) == "data_ip_quant");
    CHECK(model.net.layer(3).type() == "Softmax");
  }
  CHECK(reread(nuq::fake_quant_model(graph, quantization)).find("ip")->blobs[0].values ==
        std::vector<float>{1.0F, 2.0F, 3.0F, 4.0F});
}

TEST_CASE("without its activation scale a layer cannot be deployed, nor left out among calibrated ones") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, all_activations);
  CHECK(nuq::has_activation_scales(quantization));
  quantization.at("b").activation.reset();
  CHECK(nuq::has_activation_scales(quantization));
  const char* const message =
      "nuq: layer 'b': no scale_d is recorded, wanted one for every quantized layer: calibrate first";
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::deploy_model(graph, quantization)), message, nuq::RecordError);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::fake_quant_model(graph, quantization)), message, nuq::RecordError);
  CHECK_FALSE(nuq::has_activation_scales(quantized(graph, {})));
  CHECK_THROWS_AS(static_cast<void>(nuq::deploy_model(graph, quantized(graph, {}))), nuq::RecordError);
  CHECK_FALSE(nuq::has_activation_scales({}));
}

TEST_CASE("a bias beyond int32 names file and layer") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::NetworkQuantization quantization = quantized(graph, all_activations);
  quantization.at("a").weights.scales = {1e-7F};
  quantization.at("a").activation = grid(1e-6F, 0);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::deploy_model(graph, quantization)),
                       doctest::Contains("nuq: net.caffemodel: layer 'a': bias 2 of channel 0 is 2e+13"),
                       nuq::ModelError);
}

TEST_CASE("a model that has a layer or blob of a generated name is refused") {
  const auto quantize = [](const std::string& old_name, const std::string& new_name) {
    std::string text = network;
    for (std::size_t at = text.find("\"" + old_name + "\""); at != std::string::npos;
         at = text.find("\"" + old_name + "\"")) {
      text.replace(at, old_name.size() + 2, "\"" + new_name + "\"");
    }
    const nuq::Graph graph = graph_of(text, network_weights());
    static_cast<void>(nuq::fake_quant_model(graph, quantized(graph, {})));  // inserts nothing
    const nuq::NetworkQuantization quantization = quantized(graph, all_activations);
    CHECK_THROWS_AS(static_cast<void>(nuq::deploy_model(graph, quantization)), nuq::ModelError);
    static_cast<void>(nuq::fake_quant_model(graph, quantization));
  };
  CHECK_THROWS_WITH_AS(quantize("relu1", "conv1_0_quant_layer"),
                       "nuq: net.prototxt: layer 'conv1': layer 'conv1_0_quant_layer' for its quantization exists "
                       "already, wanted a model without one",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(quantize("side", "fc_dequant_layer"),
                       "nuq: net.prototxt: layer 'fc': layer 'fc_dequant_layer' for its quantization exists already, "
                       "wanted a model without one",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(quantize("sum", "conv1_a_quant"),
                       "nuq: net.prototxt: layer 'a': blob 'conv1_a_quant' for its quantization exists already, wanted "
                       "a model without one",
                       nuq::ModelError);
}

TEST_CASE("a layer that works in place leaves no room for a Quant layer") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 2\n"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'data' inner_product_param { num_output: 2 "
      "bias_term: "
      "false } }\n";
  SmallWeights weights;
  weights.layer("ip", "InnerProduct", {counting({2, 2}, 1.0F)});
  const nuq::Graph graph = graph_of(text, weights);
  CHECK(nuq::fake_quant_model(graph, quantized(graph, {})).text == text);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::deploy_model(graph, quantized(graph, {{"ip", grid(1.0F, 0)}}))),
                       doctest::Contains("nuq: net.prototxt: layer 'ip': works in place on blob 'data'"),
                       nuq::ModelError);
}

TEST_CASE("two layers whose generated blob names coincide are refused") {
  const std::string text =
      "input: 'x' input: 'x_y' input_shape { dim: 1 dim: 2 } input_shape { dim: 1 dim: 2 }\n"
      "layer { name: 'y_z' type: 'InnerProduct' bottom: 'x' top: 'a' inner_product_param { num_output: 1 bias_term: "
      "false } }\n"
      "layer { name: 'z' type: 'InnerProduct' bottom: 'x_y' top: 'b' inner_product_param { num_output: 1 bias_term: "
      "false } }\n";
  SmallWeights weights;
  weights.layer("y_z", "InnerProduct", {filled({1, 2}, 1.0F)}).layer("z", "InnerProduct", {filled({1, 2}, 2.0F)});
  const nuq::Graph graph = graph_of(text, weights);
  CHECK_THROWS_WITH_AS(
      static_cast<void>(nuq::fake_quant_model(graph, quantized(graph, {{"y_z", grid(1.0F, 0)}, {"z", grid(1.0F, 0)}}))),
      "nuq: net.prototxt: layer 'z': blob 'x_y_z_quant' for its quantization exists already, wanted a model without "
      "one",
      nuq::ModelError);
}

TEST_CASE("a calibration model has fake-quant weights and observes the input of every quantized layer") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::QuantizationSettings settings;
  settings.batch_num = 2;
  settings.plan["conv1"].activation.asymmetric = false;
  settings.plan["conv1"].activation.search_step = 0.02F;
  nuq::NetworkQuantization quantization = quantized(graph, {});
  quantization.erase("a");
  quantization.erase("b");
  quantization.at("conv1").weights.levels = {4, 8, 12, 16};
  const nuq::Model model = nuq::calibration_model(graph, quantization, settings, "out/record.txt");
  const auto observer = [](const std::string& layer, const std::string& bottom, const std::string& with_offset,
                           const std::string& step) {
    return "layer {\n  name: \"" + layer + "_ifmr\"\n  type: \"IFMR\"\n  bottom: \"" + bottom +
           "\"\n  ifmr_param {\n    batch_num: 2\n    with_offset: " + with_offset +
           "\n    search_range_start: 0.7\n    search_range_end: 1.3\n    search_step: " + step +
           "\n    max_percentile: 0.999999\n    min_percentile: 0.999999\n    object_layer: \"" + layer +
           "\"\n    record_file_path: \"out/record.txt\"\n  }\n}\n";
  };
  std::string wanted = replaced(network, "layer { name: \"conv1\"",
                                observer("conv1", "data", "false", "0.02") + "layer { name: \"conv1\"");
  wanted = replaced(wanted, "layer { name: \"fc\"", observer("fc", "sum", "true", "0.01") + "layer { name: \"fc\"");
  CHECK(model.text == wanted);
  CHECK(floats(weights_of(model, "conv1").blobs(0)) == std::vector<float>{1.0F, 2.0F, 3.0F, 4.0F});
  CHECK(model.weights.layer_size() == 4);
}

TEST_CASE("layers planned with other algorithms have other observers, and float weights stay as they are") {
  const nuq::Graph graph = graph_of(network, network_weights());
  nuq::QuantizationSettings settings;
  settings.batch_num = 3;
  settings.plan["conv1"].activation.algorithm = nuq::ActivationAlgorithm::hfmg;
  settings.plan["conv1"].activation.num_of_bins = 2048;
  settings.plan["fc"].activation.algorithm = nuq::ActivationAlgorithm::min_max;
  settings.plan["fc"].activation.asymmetric = false;
  const nuq::Model model = nuq::calibration_model(graph, settings, "record.txt");
  std::string wanted = replaced(network, "layer { name: \"conv1\"",
                                "layer {\n  name: \"conv1_hfmg\"\n  type: \"HFMG\"\n  bottom: \"data\"\n  hfmg_param "
                                "{\n    batch_num: 3\n    with_offset: true\n    num_of_bins: 2048\n    object_layer: "
                                "\"conv1\"\n    record_file_path: \"record.txt\"\n  }\n}\nlayer { name: \"conv1\"");
  wanted = replaced(wanted, "layer { name: \"fc\"",
                    "layer {\n  name: \"fc_min_max\"\n  type: \"MinMax\"\n  bottom: \"sum\"\n  min_max_param {\n    "
                    "batch_num: 3\n    with_offset: false\n    object_layer: \"fc\"\n    record_file_path: "
                    "\"record.txt\"\n  }\n}\nlayer { name: \"fc\"");
  CHECK(model.text == wanted);
  CHECK(model.weights.SerializeAsString() == network_weights().bytes());
  const nuq::Graph read = reread(model);
  const auto& observer = read.find("conv1_hfmg")->operation.get<nuq::ops::ActivationObserver>();
  CHECK(observer.plan == settings.plan.at("conv1").activation);
  CHECK(observer.batch_num == 3);
  CHECK(observer.layers == std::vector<std::string>{"conv1"});
  CHECK(observer.record != nullptr);
  CHECK(read.find("fc_min_max")->operation.get<nuq::ops::ActivationObserver>().plan ==
        settings.plan.at("fc").activation);
}

}  // namespace caffe_quantized_model_test
